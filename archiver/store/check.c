/* check.c -- is the archive whole? Journal first, then the index against it.
 *
 * archiver/journal/verify proves the journal. Then journal and index are walked
 * in step, record by record, up to where the index stood when the question was
 * asked: counts agree because the records do, and each submission stands there
 * once.
 */
#include "archiver/store/check.h"

#include "archiver/journal/verify.h"
#include "archiver/store/cursor.h"
#include "archiver/store/index/rows.h"
#include "archiver/store/stats.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef Sipwarden__Record__Record Record;

enum { FAULTS_TOLD = 100, PROGRESS_RECORDS = 20000 };

/* The last sequence that came of a maker. */
struct maker {
	uint64_t maker, sequence;
	UT_hash_handle hh;
};

struct check {
	struct library *library;
	const struct answer *answer;
	uint64_t position; /* the index is compared up to here */
	struct cursor cursor;
	struct maker *makers;
	struct verify_counts counts;
	uint64_t faults, compared;
	uint64_t told; /* progress of the walk in hand */
	int error;     /* of answer->row, or memory */
};

static void send(struct check *check, json_t *row)
{
	if (!check->error)
		check->error =
			row ? check->answer->row(check->answer->context, row)
			    : ENOMEM;
	json_decref(row);
}

__attribute__((format(printf, 2, 3))) static void fault(
	struct check *check, const char *format, ...)
{
	char text[LIBRARY_SENTENCE_BYTES];
	va_list arguments;

	check->faults++;
	if (check->faults > FAULTS_TOLD)
		return;
	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	send(check, json_pack("{s:s}", "fault", text));
}

static void progress(struct check *check, uint64_t records)
{
	if (records < check->told + PROGRESS_RECORDS)
		return;
	check->told = records;
	send(check, json_pack("{s:I}", "checked", (json_int_t)records));
}

/* --- the journal ---------------------------------------------------------- */

static bool hear(void *user, const struct journal_fault *found,
	const struct verify_counts *counts)
{
	struct check *check = user;

	if (found)
		fault(check, "%s", found->text);
	else
		progress(check, counts->records);
	return !check->error && !library_must_stop(check->library);
}

static int check_journal(struct check *check)
{
	int error = journal_verify(
		library_journal(check->library), hear, check, &check->counts);

	if (error == ENOENT) /* nothing has been recorded yet */
		error = 0;
	return check->error ? check->error : error;
}

/* --- the index ------------------------------------------------------------ */

static void step_cursor(struct check *check)
{
	int error = cursor_next(&check->cursor);

	if (error && !check->error)
		check->error = error;
}

/* Records of the index below this number, which the journal should have. */
static void pass_strangers(struct check *check, uint64_t below)
{
	while (!check->error && check->cursor.number &&
		check->cursor.number < below) {
		fault(check,
			"the index has record %" PRIu64
			", which the journal has not",
			check->cursor.number);
		step_cursor(check);
	}
}

static void compare(struct check *check, uint64_t number, int kind)
{
	check->compared++;
	pass_strangers(check, number);
	if (check->error)
		return;
	if (check->cursor.number != number) {
		fault(check, "record %" PRIu64 " is missing in the index",
			number);
		return;
	}
	if (check->cursor.kind != kind)
		fault(check,
			"record %" PRIu64 " is of another kind in the index",
			number);
	step_cursor(check);
}

static struct maker *maker_of(struct check *check, const Record *record)
{
	uint64_t name = submission_maker(record->submission);
	struct maker *maker;

	HASH_FIND(hh, check->makers, &name, sizeof(name), maker);
	if (maker)
		return maker;
	maker = calloc(1, sizeof(*maker));
	if (!maker)
		return NULL;
	maker->maker = name;
	HASH_ADD(hh, check->makers, maker, sizeof(maker->maker), maker);
	if (maker->hh.tbl)
		return maker;
	free(maker);
	return NULL;
}

/* A maker's records stand in their order, each once. */
static void check_submission(
	struct check *check, uint64_t number, const Record *record)
{
	struct maker *maker;

	if (!record->submission || !record->submission->sequence)
		return;
	maker = maker_of(check, record);
	if (!maker) {
		check->error = ENOMEM;
		return;
	}
	if (record->submission->sequence <= maker->sequence)
		fault(check,
			"record %" PRIu64 " is submission %" PRIu64
			" of its maker, behind submission %" PRIu64,
			number, record->submission->sequence, maker->sequence);
	maker->sequence = record->submission->sequence;
}

static void take(struct check *check, const struct journal_entry *entry)
{
	Record *record = sipwarden__record__record__unpack(
		NULL, entry->payload.size, (const uint8_t *)entry->payload.at);
	int kind = SIPWARDEN__RECORD__KIND__KIND_UNKNOWN;

	if (record) {
		kind = (int)record->kind;
		check_submission(check, entry->number, record);
		sipwarden__record__record__free_unpacked(record, NULL);
	}
	compare(check, entry->number, kind);
	progress(check, check->compared);
}

static int walk(struct check *check, struct journal_reader *reader)
{
	while (!check->error) {
		struct journal_entry entry;
		struct journal_fault damage;
		int error = journal_reader_next(reader, &entry, &damage);

		if (error == EBADMSG) /* told by check_journal */
			continue;
		if (error && error != EAGAIN)
			return error;
		if (error || entry.number > check->position)
			break;
		if (library_must_stop(check->library))
			return EINTR;
		take(check, &entry);
	}
	if (!check->error)
		pass_strangers(check, check->position + 1);
	return check->error;
}

static int check_index(struct check *check)
{
	struct journal_reader *reader = NULL;
	int error = cursor_open(&check->cursor, check->library);

	check->told = 0;
	if (!error)
		error = journal_reader_open(
			library_journal(check->library), 0, &reader);
	if (!error)
		error = walk(check, reader);
	journal_reader_close(&reader);
	cursor_close(&check->cursor);
	return error;
}

static json_t *done_of(const struct check *check)
{
	json_t *done = json_object(), *kinds = json_object();

	for (int i = 0; i < STATS_KINDS; i++)
		json_object_set_new(kinds, stats_kinds[i].name,
			json_integer((json_int_t)check->counts
					     .kinds[stats_kinds[i].kind]));
	json_object_set_new(done, "records",
		json_integer((json_int_t)check->counts.records));
	json_object_set_new(
		done, "compared", json_integer((json_int_t)check->compared));
	json_object_set_new(
		done, "faults", json_integer((json_int_t)check->faults));
	json_object_set_new(done, "kinds", kinds);
	json_object_set_new(
		done, "watermark", library_watermark(check->library));
	return done;
}

static void release(struct check *check)
{
	struct maker *maker, *next;

	HASH_ITER (hh, check->makers, maker, next) {
		HASH_DEL(check->makers, maker);
		free(maker);
	}
}

int check_run(struct library *library, const struct answer *answer,
	json_t **done, char sentence[LIBRARY_SENTENCE_BYTES])
{
	struct check check = {.library = library,
		.answer = answer,
		.position = library_position(library)};
	int error = check_journal(&check);

	(void)snprintf(sentence, LIBRARY_SENTENCE_BYTES,
		"The check could not be finished; the store's log says why.");
	if (!error)
		error = check_index(&check);
	if (!error)
		*done = done_of(&check);
	release(&check);
	return error;
}
