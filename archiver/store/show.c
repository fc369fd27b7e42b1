/* show.c -- a conversation as it is recorded: rows for a transcript. */
#include "archiver/store/show.h"

#include "archiver/store/index/shard.h"
#include "archiver/store/transcript.h"
#include "lib/record/number.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Numbers of conversations are small, record numbers are not. */
static const uint64_t LEAST_RECORD = UINT64_C(1) << 40;

struct numbers {
	uint64_t *at; /* owned */
	size_t count, room;
	bool failed;
};

static void add_number(struct numbers *numbers, uint64_t number)
{
	uint64_t *larger;

	if (numbers->count == numbers->room) {
		numbers->room = numbers->room * 2 + 64;
		larger = realloc(
			numbers->at, numbers->room * sizeof(*numbers->at));
		if (!larger) {
			numbers->failed = true;
			numbers->room = numbers->count;
			return;
		}
		numbers->at = larger;
	}
	numbers->at[numbers->count++] = number;
}

/* First column of all rows of a query with one parameter. */
static int read_numbers(struct library *library, unsigned month,
	const char *sql, uint64_t value, struct numbers *numbers)
{
	sqlite3_stmt *statement;
	int result = library_prepare(library, month, sql, &statement);

	if (result != SQLITE_OK)
		return EIO;
	sqlite3_bind_int64(statement, 1, (int64_t)value);
	while ((result = sqlite3_step(statement)) == SQLITE_ROW)
		add_number(
			numbers, (uint64_t)sqlite3_column_int64(statement, 0));
	if (result != SQLITE_DONE)
		library_failed(library, month, result);
	sqlite3_finalize(statement);
	if (result != SQLITE_DONE)
		return EIO;
	return numbers->failed ? ENOMEM : 0;
}

static int one_number(struct library *library, unsigned month, const char *sql,
	uint64_t value, uint64_t *number)
{
	struct numbers numbers = {0};
	int error = read_numbers(library, month, sql, value, &numbers);

	*number = numbers.count ? numbers.at[0] : 0;
	free(numbers.at);
	return error;
}

static bool has_month(struct library *library, unsigned month)
{
	const unsigned *months;
	size_t count = library_months(library, &months);

	for (size_t i = 0; i < count; i++)
		if (months[i] == month)
			return true;
	return false;
}

/* The conversation of a record; 0 when it has none. */
static int conversation_of(
	struct library *library, uint64_t record, uint64_t *conversation)
{
	uint64_t message;
	int error;

	*conversation = 0;
	if (!has_month(library, shard_month(record)))
		return 0;
	error = one_number(library, shard_month(record),
		"SELECT message FROM record WHERE number = ?1", record,
		&message);
	if (error || !message || !has_month(library, shard_month(message)))
		return error;
	return one_number(library, shard_month(message),
		"SELECT conversation FROM message WHERE number = ?1", message,
		conversation);
}

/* The messages of a conversation; none when there is no such one. */
static int read_parts(struct library *library, uint64_t conversation,
	struct numbers *messages)
{
	const unsigned *months;
	size_t count = library_months(library, &months);
	int error = 0;

	for (size_t i = count; i-- > 0 && !error && messages->count == 0;)
		error = read_numbers(library, months[i],
			"SELECT message FROM part WHERE conversation = ?1"
			" ORDER BY message",
			conversation, messages);
	return error;
}

/* All records of one message, made into its row. */
static int give_message(struct library *library, uint64_t conversation,
	uint64_t message, const struct answer *answer)
{
	struct numbers records = {0};
	struct transcript *transcript = NULL;
	json_t *row;
	int error = read_numbers(library, shard_month(message),
		"SELECT ?1 UNION ALL SELECT * FROM (SELECT number FROM attached"
		" WHERE message = ?1 ORDER BY number)",
		message, &records);

	if (!error) {
		transcript = transcript_new(conversation, message);
		error = transcript ? 0 : ENOMEM;
	}
	for (size_t i = 0; i < records.count && !error; i++) {
		Sipwarden__Record__Record *record =
			library_record(library, records.at[i]);

		transcript_add(transcript, records.at[i], record);
		if (record)
			sipwarden__record__record__free_unpacked(record, NULL);
		if (library_must_stop(library))
			error = EINTR;
	}
	free(records.at);
	if (!transcript)
		return error;
	row = transcript_finish(&transcript);
	if (!error)
		error = answer->row(answer->context, row);
	json_decref(row);
	return error;
}

static int link_of(struct library *library, uint64_t message, uint64_t *link)
{
	*link = 0;
	return has_month(library, shard_month(message))
		       ? one_number(library, shard_month(message),
				 "SELECT same_as FROM message"
				 " WHERE number = ?1",
				 message, link)
		       : 0;
}

/* Which message each one repeats: {"MESSAGE": OTHER}. */
static int read_links(
	struct library *library, const struct numbers *messages, json_t *links)
{
	int error = 0;

	for (size_t i = 0; i < messages->count && !error; i++) {
		uint64_t link;
		char name[24];

		error = link_of(library, messages->at[i], &link);
		if (error || !link)
			continue;
		(void)snprintf(name, sizeof(name), "%llu",
			(unsigned long long)messages->at[i]);
		json_object_set_new(
			links, name, json_integer((json_int_t)link));
	}
	return error;
}

static int give_all(struct library *library, uint64_t conversation,
	const struct numbers *messages, const struct answer *answer)
{
	int error = 0;

	for (size_t i = 0; i < messages->count && !error; i++)
		error = give_message(
			library, conversation, messages->at[i], answer);
	return error;
}

static json_t *done_of(struct library *library, uint64_t conversation,
	const struct numbers *messages, json_t *links)
{
	json_t *done = json_object();

	json_object_set_new(
		done, "conversation", json_integer((json_int_t)conversation));
	json_object_set_new(
		done, "messages", json_integer((json_int_t)messages->count));
	json_object_set_new(done, "first",
		library_time(record_number_wall_us(messages->at[0])));
	json_object_set_new(done, "last",
		library_time(record_number_wall_us(
			messages->at[messages->count - 1])));
	json_object_set(done, "same_text_as", links);
	json_object_set_new(done, "watermark", library_watermark(library));
	return done;
}

int show_run(struct library *library, uint64_t conversation,
	const struct answer *answer, json_t **done,
	char sentence[LIBRARY_SENTENCE_BYTES])
{
	struct numbers messages = {0};
	json_t *links = json_object();
	uint64_t asked = conversation;
	int error = 0;

	(void)snprintf(sentence, LIBRARY_SENTENCE_BYTES,
		"The index cannot be read; the store's log says why.");
	if (conversation >= LEAST_RECORD)
		error = conversation_of(library, asked, &conversation);
	if (!error && conversation)
		error = read_parts(library, conversation, &messages);
	if (!error && messages.count == 0) {
		(void)snprintf(sentence, LIBRARY_SENTENCE_BYTES,
			"There is no conversation %llu; `sipwarden search` "
			"gives their numbers.",
			(unsigned long long)asked);
		error = ENOENT;
	}
	if (!error)
		error = read_links(library, &messages, links);
	if (!error)
		error = give_all(library, conversation, &messages, answer);
	if (!error)
		*done = done_of(library, conversation, &messages, links);
	json_decref(links);
	free(messages.at);
	return error;
}
