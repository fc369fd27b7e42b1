/* check.c -- is the archive whole? Journal first, then the index against it.
 *
 * The journal is read once, from its first record to its durable end: checksums
 * (the reader's), chain and digests. In step with it goes the index, record by
 * record up to where it stood when the check began, so that counts agree
 * because the records do.
 */
#include "archiver/store/check.h"

#include "archiver/journal/journal.h"
#include "archiver/store/cursor.h"
#include "archiver/store/stats.h"
#include "lib/record/digest.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef Sipwarden__Record__Record Record;

enum { FAULTS_TOLD = 100, PROGRESS_RECORDS = 20000 };

struct check {
	struct library *library;
	const struct answer *answer;
	uint64_t position; /* the index is compared up to here */
	struct cursor cursor;
	uint64_t records, faults, last;
	uint64_t kinds[STATS_KINDS];
	uint8_t chain[RECORD_DIGEST_BYTES]; /* of the record before */
	bool chained;                       /* there was one, undamaged */
	int error;                          /* of answer->row, or memory */
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

static bool part_is_whole(const Sipwarden__Record__Part *part)
{
	return !part || record_part_holds(part) || record_part_erased(part);
}

static bool same_digest(ProtobufCBinaryData data, const uint8_t *digest)
{
	return data.len == RECORD_DIGEST_BYTES &&
	       memcmp(data.data, digest, RECORD_DIGEST_BYTES) == 0;
}

static void check_chain(struct check *check, const Record *record)
{
	const Sipwarden__Record__Intake *intake = record->intake;
	uint8_t chain[RECORD_DIGEST_BYTES];

	if (check->chained && !same_digest(intake->previous, check->chain))
		fault(check,
			"record %" PRIu64 " does not follow record %" PRIu64
			": the chain is broken between them",
			intake->number, check->last);
	check->chained = intake->chain.len == RECORD_DIGEST_BYTES &&
			 intake->previous.len == RECORD_DIGEST_BYTES;
	if (!check->chained) {
		fault(check, "record %" PRIu64 " has no chain value",
			intake->number);
		return;
	}
	memcpy(check->chain, intake->chain.data, sizeof(check->chain));
	if (record_chain(record, intake->previous.data, intake->number,
		    intake->taken_us, chain) != 0)
		check->error = ENOMEM;
	else if (!same_digest(intake->chain, chain))
		fault(check,
			"record %" PRIu64
			" is not what was chained: its ids or digests have "
			"changed",
			intake->number);
}

static void check_record(struct check *check, const Record *record)
{
	if (record->intake->number <= check->last)
		fault(check, "record %" PRIu64 " stands behind record %" PRIu64,
			record->intake->number, check->last);
	if (!part_is_whole(record->metadata))
		fault(check,
			"record %" PRIu64
			": the digest of its metadata is not that of its bytes",
			record->intake->number);
	if (!part_is_whole(record->content))
		fault(check,
			"record %" PRIu64
			": the digest of its content is not that of its bytes",
			record->intake->number);
	check_chain(check, record);
}

static void count_kind(struct check *check, int kind)
{
	for (int i = 0; i < STATS_KINDS; i++)
		if (stats_kinds[i].kind == kind)
			check->kinds[i]++;
}

static void step_cursor(struct check *check)
{
	int error = cursor_next(&check->cursor);

	if (error && !check->error)
		check->error = error;
}

/* The index up to this number must hold exactly what the journal holds. */
static void check_index(struct check *check, uint64_t number, int kind)
{
	if (number > check->position)
		return;
	while (!check->error && check->cursor.number &&
		check->cursor.number < number) {
		fault(check,
			"the index has record %" PRIu64
			", which the journal has not",
			check->cursor.number);
		step_cursor(check);
	}
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

static void take(struct check *check, const struct journal_entry *entry)
{
	Record *record = sipwarden__record__record__unpack(
		NULL, entry->payload.size, (const uint8_t *)entry->payload.at);
	int kind = SIPWARDEN__RECORD__KIND__KIND_UNKNOWN;

	if (record && record->intake) {
		kind = (int)record->kind;
		check_record(check, record);
	} else {
		fault(check, "record %" PRIu64 " cannot be read",
			entry->number);
		check->chained = false;
	}
	if (record)
		sipwarden__record__record__free_unpacked(record, NULL);
	check->records++;
	count_kind(check, kind);
	check_index(check, entry->number, kind);
	check->last = entry->number;
	if (check->records % PROGRESS_RECORDS == 0)
		send(check, json_pack("{s:I}", "checked",
				    (json_int_t)check->records));
}

static int read_journal(struct check *check, struct journal_reader *reader)
{
	while (!check->error) {
		struct journal_entry entry;
		struct journal_fault damage = {.text = ""};
		int error = journal_reader_next(reader, &entry, &damage);

		if (error == EAGAIN)
			break;
		if (error == EBADMSG) {
			fault(check, "%s", damage.text);
			check->chained = false;
			continue;
		}
		if (error)
			return error;
		if (library_must_stop(check->library))
			return EINTR;
		take(check, &entry);
	}
	return check->error;
}

/* What the index has behind the last record of the journal. */
static void check_rest(struct check *check)
{
	while (!check->error && check->cursor.number &&
		check->cursor.number <= check->position) {
		fault(check,
			"the index has record %" PRIu64
			", which the journal has not",
			check->cursor.number);
		step_cursor(check);
	}
}

static json_t *done_of(const struct check *check)
{
	json_t *done = json_object(), *kinds = json_object();

	for (int i = 0; i < STATS_KINDS; i++)
		json_object_set_new(kinds, stats_kinds[i].name,
			json_integer((json_int_t)check->kinds[i]));
	json_object_set_new(
		done, "records", json_integer((json_int_t)check->records));
	json_object_set_new(
		done, "faults", json_integer((json_int_t)check->faults));
	json_object_set_new(done, "kinds", kinds);
	json_object_set_new(
		done, "indexed_to", json_integer((json_int_t)check->position));
	json_object_set_new(
		done, "watermark", library_watermark(check->library));
	return done;
}

int check_run(struct library *library, const struct answer *answer,
	json_t **done, char sentence[LIBRARY_SENTENCE_BYTES])
{
	struct check check = {.library = library,
		.answer = answer,
		.position = library_position(library)};
	struct journal_reader *reader = NULL;
	int error = cursor_open(&check.cursor, library);

	(void)snprintf(sentence, LIBRARY_SENTENCE_BYTES,
		"The check could not be finished; the store's log says why.");
	if (!error)
		error = journal_reader_open(
			library_journal(library), 0, &reader);
	if (!error)
		error = read_journal(&check, reader);
	if (!error)
		check_rest(&check);
	journal_reader_close(&reader);
	cursor_close(&check.cursor);
	if (!error && !check.error)
		*done = done_of(&check);
	return error ? error : check.error;
}
