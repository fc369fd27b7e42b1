/* library.c -- the index and the journal, opened for one reader's question. */
#include "archiver/store/library.h"

#include "archiver/journal/segment.h"
#include "archiver/store/index/shard.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/record/number.h"

#include <stdlib.h>
#include <string.h>

enum { CONNECTIONS = 4, STEPS_BETWEEN_LOOKS = 100000 };

struct library {
	struct index *index;         /* borrowed */
	const char *journal;         /* borrowed */
	const atomic_bool *stopping; /* borrowed */
	unsigned months[SHARDS];
	size_t month_count;
	uint64_t position; /* of the index when this was opened */
	struct {
		unsigned month;
		sqlite3 *connection;
	} open[CONNECTIONS]; /* the last used first */
	struct segment segment;
};

struct library *library_open(
	struct index *index, const char *journal, const atomic_bool *stopping)
{
	struct library *library = calloc(1, sizeof(*library));
	int error;

	if (!library)
		return NULL;
	library->index = index;
	library->journal = journal;
	library->stopping = stopping;
	library->segment.descriptor = -1;
	/* Before the list: what stands there is then in a listed shard. */
	library->position = index_position(index);
	library->month_count =
		shard_list(index_folder(index), library->months, &error);
	return library;
}

void library_close(struct library **library)
{
	if (!*library)
		return;
	for (size_t i = 0; i < CONNECTIONS; i++)
		sqlite3_close((*library)->open[i].connection);
	segment_close(&(*library)->segment);
	free(*library);
	*library = NULL;
}

struct index *library_index(const struct library *library)
{
	return library->index;
}

const char *library_journal(const struct library *library)
{
	return library->journal;
}

uint64_t library_position(const struct library *library)
{
	return library->position;
}

bool library_must_stop(const struct library *library)
{
	return atomic_load(library->stopping);
}

size_t library_months(struct library *library, const unsigned **months)
{
	*months = library->months;
	return library->month_count;
}

static int look_up(void *context)
{
	return library_must_stop(context) ? 1 : 0;
}

/* Moves the entry at place to the front. */
static sqlite3 *to_front(struct library *library, size_t place)
{
	sqlite3 *connection = library->open[place].connection;
	unsigned month = library->open[place].month;

	memmove(&library->open[1], &library->open[0],
		place * sizeof(library->open[0]));
	library->open[0].month = month;
	library->open[0].connection = connection;
	return connection;
}

int library_shard(struct library *library, unsigned month, sqlite3 **connection)
{
	size_t place = 0;
	int result;

	while (place < CONNECTIONS - 1 && library->open[place].connection &&
		library->open[place].month != month)
		place++;
	if (library->open[place].connection &&
		library->open[place].month == month) {
		*connection = to_front(library, place);
		return SQLITE_OK;
	}
	result = shard_open_to_read(
		index_folder(library->index), month, connection);
	if (result != SQLITE_OK) {
		library_failed(library, month, result);
		return result;
	}
	sqlite3_progress_handler(
		*connection, STEPS_BETWEEN_LOOKS, look_up, library);
	sqlite3_close_v2(library->open[place].connection);
	library->open[place].connection = *connection;
	library->open[place].month = month;
	to_front(library, place);
	return SQLITE_OK;
}

int library_prepare(struct library *library, unsigned month, const char *sql,
	sqlite3_stmt **statement)
{
	sqlite3 *connection;
	int result = library_shard(library, month, &connection);

	*statement = NULL;
	if (result != SQLITE_OK)
		return result;
	result = sqlite3_prepare_v2(connection, sql, -1, statement, NULL);
	if (result != SQLITE_OK)
		library_failed(library, month, result);
	return result;
}

void library_failed(struct library *library, unsigned month, int result)
{
	if (shard_is_broken(result))
		index_report_broken(library->index, month);
	log_error("The index cannot be read shard=%04u-%02u reason=\"%s\"",
		month / 12, month % 12 + 1, sqlite3_errstr(result));
}

static bool place_of(struct library *library, uint64_t number,
	uint64_t *segment, uint64_t *offset)
{
	sqlite3_stmt *statement;
	bool found = false;

	if (library_prepare(library, shard_month(number),
		    "SELECT segment, place FROM record WHERE number = ?1",
		    &statement) != SQLITE_OK)
		return false;
	sqlite3_bind_int64(statement, 1, (int64_t)number);
	if (sqlite3_step(statement) == SQLITE_ROW) {
		*segment = (uint64_t)sqlite3_column_int64(statement, 0);
		*offset = (uint64_t)sqlite3_column_int64(statement, 1);
		found = true;
	}
	sqlite3_finalize(statement);
	return found;
}

Sipwarden__Record__Record *library_record(
	struct library *library, uint64_t number)
{
	struct segment *segment = &library->segment;
	Sipwarden__Record__Record *record;
	struct segment_entry entry;
	uint64_t name, offset;
	const char *wrong;

	if (!place_of(library, number, &name, &offset))
		return NULL;
	if ((segment->descriptor < 0 || segment->number != name) &&
		segment_open(segment, library->journal, name) != 0)
		return NULL;
	/* What was in the window may not have been whole then. */
	segment->filled = 0;
	if (segment_read(segment, offset, segment->size, &entry, &wrong) != 0)
		return NULL;
	record = sipwarden__record__record__unpack(
		NULL, entry.payload.size, (const uint8_t *)entry.payload.at);
	if (record && (!record->intake || record->intake->number != number)) {
		sipwarden__record__record__free_unpacked(record, NULL);
		return NULL;
	}
	return record;
}

json_t *library_time(uint64_t wall_us)
{
	char text[CLOCK_TEXT_SIZE];

	clock_text(wall_us, text);
	return json_string(text);
}

json_t *library_watermark(const struct library *library)
{
	uint64_t position = index_position(library->index);
	json_t *watermark = json_object();

	json_object_set_new(
		watermark, "record", json_integer((json_int_t)position));
	json_object_set_new(watermark, "at",
		position ? library_time(record_number_wall_us(position))
			 : json_null());
	json_object_set_new(watermark, "pending",
		json_integer((json_int_t)index_pending(library->index)));
	return watermark;
}
