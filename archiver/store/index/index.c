/* index.c -- the index over the journal: opening, committing, starting over. */
#include "archiver/store/index/index.h"

#include "archiver/store/index/inside.h"
#include "lib/log.h"
#include "lib/record/allocator.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

uint64_t index_number_before(uint64_t number, uint64_t span_us)
{
	uint64_t now = record_number_wall_us(number);

	return record_number_make(now > span_us ? now - span_us : 0, 0);
}

struct shard *index_shard(const struct index *index, uint64_t number)
{
	unsigned month = shard_month(number);

	if (index->now && index->now->month == month)
		return index->now;
	if (index->before && index->before->month == month)
		return index->before;
	return NULL;
}

static int prepare(struct shard *shard, const char *sql, uint64_t value,
	sqlite3_stmt **statement)
{
	int result =
		sqlite3_prepare_v2(shard->connection, sql, -1, statement, NULL);

	if (result == SQLITE_OK)
		sqlite3_bind_int64(*statement, 1, (int64_t)value);
	return result;
}

/* Columns: key, value, first, last. */
static int reload(struct shard *shard, struct recent *recent, const char *sql,
	uint64_t since)
{
	sqlite3_stmt *statement;
	int result = prepare(shard, sql, since, &statement);

	if (result != SQLITE_OK)
		return result;
	while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
		struct recent_entry entry = {
			.value = (uint64_t)sqlite3_column_int64(statement, 1),
			.first = (uint64_t)sqlite3_column_int64(statement, 2),
			.last = (uint64_t)sqlite3_column_int64(statement, 3)};

		if (sqlite3_column_bytes(statement, 0) != RECENT_KEY_BYTES)
			continue;
		memcpy(entry.key, sqlite3_column_blob(statement, 0),
			RECENT_KEY_BYTES);
		if (!recent_put(recent, &entry)) {
			result = SQLITE_NOMEM;
			break;
		}
	}
	sqlite3_finalize(statement);
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

static int reload_shard(struct index *index, struct shard *shard)
{
	uint64_t position = index->position;
	sqlite3_stmt *statement;
	int result = reload(shard, index->ids,
		"SELECT message_id, number, number, number FROM message"
		" WHERE number >= ?1 ORDER BY number",
		index_number_before(position, INDEX_LINK_S * 1000000ull));

	if (result == SQLITE_OK)
		result = reload(shard, index->streams,
			"SELECT stream, ordinal, first, last FROM conversation"
			" WHERE last >= ?1 ORDER BY last",
			index_number_before(position, index->quiet_us));
	if (result == SQLITE_OK)
		result = prepare(shard,
			"SELECT max(ordinal) FROM conversation WHERE ?1 >= 0",
			0, &statement);
	if (result != SQLITE_OK)
		return result;
	if (sqlite3_step(statement) == SQLITE_ROW) {
		uint64_t last = (uint64_t)sqlite3_column_int64(statement, 0);

		if (last >= index->next_conversation)
			index->next_conversation = last + 1;
	}
	sqlite3_finalize(statement);
	return SQLITE_OK;
}

static void forget(struct index *index)
{
	batch_clear(&index->batch);
	recent_release(&index->ids);
	recent_release(&index->streams);
	index->next_conversation = 1;
	index->position = index->pending = index->taken = 0;
}

static void take_position(struct index *index, struct shard *shard)
{
	uint64_t position = shard ? shard_position(shard->connection) : 0;

	if (position > index->position)
		index->position = index->taken = position;
}

/* What memory needs of the two newest shards. */
static int remember(struct index *index)
{
	int result = SQLITE_OK;

	forget(index);
	index->ids = recent_new();
	index->streams = recent_new();
	if (!index->ids || !index->streams)
		return SQLITE_NOMEM;
	take_position(index, index->before);
	take_position(index, index->now);
	if (index->before)
		result = reload_shard(index, index->before);
	if (result == SQLITE_OK && index->now)
		result = reload_shard(index, index->now);
	return result;
}

static void close_shards(struct index *index)
{
	shard_close(&index->before);
	shard_close(&index->now);
}

/* Removes this shard and all later ones: what comes after is read again. */
void index_remove_from(struct index *index, unsigned month)
{
	unsigned months[SHARDS];
	int error;
	size_t count = shard_list(index->folder, months, &error);

	log_warn("The index is made anew from the journal from=%04u-%02u",
		month / 12, month % 12 + 1);
	for (size_t i = count; i-- > 0 && months[i] >= month;) {
		struct shard **open =
			index->now && index->now->month == months[i]
				? &index->now
			: index->before && index->before->month == months[i]
				? &index->before
				: &(struct shard *){NULL};

		shard_remove(index->folder, months[i], open);
	}
}

/* Opens the two newest shards. SQLITE_CORRUPT: *month is broken. */
static int open_newest(struct index *index, unsigned *month)
{
	unsigned months[SHARDS];
	int error, result;
	size_t count = shard_list(index->folder, months, &error);

	if (count == 0)
		return SQLITE_OK;
	/* The older one first: when it is broken, both go. */
	if (count > 1) {
		*month = months[count - 2];
		result = shard_open(
			index->folder, *month, index->boot, &index->before);
		if (result != SQLITE_OK)
			return result;
	}
	*month = months[count - 1];
	return shard_open(index->folder, *month, index->boot, &index->now);
}

/* Opens what can be trusted, throws away what cannot. */
static int open_trusted(struct index *index)
{
	for (;;) {
		unsigned month = 0;
		int result = open_newest(index, &month);

		if (result == SQLITE_OK)
			result = remember(index);
		if (!shard_is_broken(result))
			return result;
		close_shards(index);
		index_remove_from(index, month);
	}
}

int index_say(const char *what, int result)
{
	log_error("%s reason=\"%s\"", what, sqlite3_errstr(result));
	return result == SQLITE_NOMEM ? ENOMEM : EIO;
}

static int make_folder(const char *folder)
{
	struct stat status;

	if (mkdir(folder, 0750) < 0 && errno != EEXIST)
		return errno;
	if (stat(folder, &status) < 0)
		return errno;
	return S_ISDIR(status.st_mode) ? 0 : ENOTDIR;
}

static int take_lock(const char *folder, int *lock)
{
	char path[SHARD_PATH_BYTES];

	(void)snprintf(path, sizeof(path), "%s/lock", folder);
	*lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (*lock < 0)
		return errno;
	if (flock(*lock, LOCK_EX | LOCK_NB) == 0)
		return 0;
	return errno == EWOULDBLOCK ? EBUSY : errno;
}

int index_open(const char *folder, const char *boot, uint32_t quiet_s,
	struct index **index)
{
	struct index *made = calloc(1, sizeof(*made));
	int error = made ? make_folder(folder) : ENOMEM;

	*index = NULL;
	if (!made)
		return error;
	made->lock = -1;
	if (!error)
		error = take_lock(folder, &made->lock);
	made->folder = strdup(folder);
	made->boot = strdup(boot);
	made->quiet_us = quiet_s * 1000000ull;
	made->arena = arena_new(RECORD_ARENA_BYTES);
	if (!error && (!made->folder || !made->boot || !made->arena))
		error = ENOMEM;
	if (!error) {
		int result = open_trusted(made);

		if (result != SQLITE_OK)
			error = index_say("The index cannot be opened", result);
	}
	if (error)
		index_close(&made);
	*index = made;
	return error;
}

void index_close(struct index **index)
{
	struct index *old = *index;

	if (!old)
		return;
	if (old->batch.count && index_commit(old) != 0)
		log_warn("The last batch is indexed again at the next start");
	close_shards(old);
	forget(old);
	arena_release(&old->arena);
	free(old->folder);
	free(old->boot);
	if (old->lock >= 0)
		close(old->lock);
	free(old);
	*index = NULL;
}

/* Goes back to what the shards say. Until that is done (the disk is full, say)
 * nothing can be taken. */
static int open_again(struct index *index)
{
	int result;

	close_shards(index);
	result = open_trusted(index);
	index->closed = result != SQLITE_OK;
	if (index->closed) {
		close_shards(index);
		forget(index);
	}
	return result;
}

int index_reopen(struct index *index)
{
	if (!index->closed)
		return 0;
	/* said when it was closed */
	return open_again(index) == SQLITE_OK ? ESTALE : EIO;
}

/* After a failure. */
static int start_over(struct index *index, unsigned month, int result)
{
	bool broken = shard_is_broken(result);
	int error = index_say(broken ? "A shard of the index is broken"
				     : "The index cannot be written",
		result);

	close_shards(index);
	if (broken)
		index_remove_from(index, month);
	result = open_again(index);
	if (result != SQLITE_OK)
		return index_say("The index cannot be opened again", result);
	return broken ? ESTALE : error;
}

int index_commit(struct index *index)
{
	unsigned broken, month;
	int result = index_reopen(index);

	if (result)
		return result;
	broken = atomic_exchange(&index->broken, 0);
	if (broken)
		return start_over(index, broken, SQLITE_CORRUPT);
	if (index->batch.count == 0)
		return 0;
	result = batch_write(index, &month);
	if (result != SQLITE_OK)
		return start_over(index, month, result);
	index->position = index->taken;
	batch_clear(&index->batch);
	index->pending = 0;
	return 0;
}

uint64_t index_pending(const struct index *index)
{
	return index->pending;
}

uint64_t index_position(const struct index *index)
{
	return index->position;
}

void index_wait_begin(struct index *index)
{
	index->waiting++;
}

void index_wait_end(struct index *index)
{
	index->waiting--;
}

bool index_is_waited_for(const struct index *index)
{
	return index->waiting > 0;
}

void index_report_broken(struct index *index, unsigned month)
{
	index->broken = month;
}

const char *index_folder(const struct index *index)
{
	return index->folder;
}
