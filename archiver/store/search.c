/* search.c -- answers a query: the newest message first, all of them. */
#include "archiver/store/search.h"

#include "archiver/store/index/document.h"
#include "archiver/store/index/shard.h"
#include "archiver/store/snippet.h"
#include "lib/query/query.h"
#include "lib/record/number.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* A conversation that has been counted. */
struct counted {
	int64_t conversation;
	UT_hash_handle hh;
};

struct search {
	struct library *library;
	const struct search_request *request;
	const struct answer *answer;
	struct query *query;
	struct query_plan plan;
	char *sql;
	struct counted *counted;
	uint64_t messages, conversations;
	bool more; /* the limit was reached, and there was another */
};

enum {
	ROW_NUMBER,
	ROW_CONVERSATION,
	ROW_FROM,
	ROW_TO,
	ROW_DIRECTION,
	ROW_VERDICT,
	ROW_DISPOSITION,
	ROW_STATUS,
	ROW_KIND,
	ROW_METHOD,
	ROW_OBSERVATIONS,
	ROW_SAME_AS,
	ROW_TEXT,
	ROW_FILES
};

#define ROW_SQL                                                                \
	"SELECT m.number, m.conversation, m.from_address, m.to_address,"       \
	" m.direction, m.verdict, m.disposition, m.status, m.kind, m.method,"  \
	" m.observations, m.same_as, m.text, m.files FROM "

/* FTS5 leads, in the order of its rowids: a range of dates and the newest few
 * then cost what they hold, not what the shard holds. */
static char *statement_of(const struct search *search)
{
	const struct query_plan *plan = &search->plan;
	bool all = query_wants_signalling(search->query);
	char *sql;
	int size = asprintf(&sql,
		ROW_SQL "%s m.number >= ?2 AND m.number <= ?3%s%s%s%s"
			" ORDER BY %s DESC",
		plan->match ? "words CROSS JOIN message m"
			      " ON m.number = words.rowid"
			      " WHERE words MATCH ?1"
			      " AND words.rowid >= ?2 AND words.rowid <= ?3 AND"
			    : "message m WHERE",
		all ? "" : " AND m.shown", plan->condition ? " AND (" : "",
		plan->condition ? plan->condition : "",
		plan->condition ? ")" : "",
		plan->match ? "words.rowid" : "m.number");

	return size < 0 ? NULL : sql;
}

static void bind_plan(
	const struct search *search, sqlite3_stmt *statement, uint64_t high)
{
	const struct query_plan *plan = &search->plan;

	if (plan->match)
		sqlite3_bind_text(statement, 1, plan->match, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 2, (int64_t)plan->low);
	sqlite3_bind_int64(statement, 3, (int64_t)high);
	for (size_t i = 0; i < plan->argument_count; i++)
		sqlite3_bind_text(statement, QUERY_FIRST_ARGUMENT + (int)i,
			plan->arguments[i], -1, SQLITE_STATIC);
}

static bool count_conversation(struct search *search, int64_t conversation)
{
	struct counted *counted;

	HASH_FIND(hh, search->counted, &conversation, sizeof(conversation),
		counted);
	if (counted || conversation == 0)
		return true;
	counted = calloc(1, sizeof(*counted));
	if (!counted)
		return false;
	counted->conversation = conversation;
	HASH_ADD(hh, search->counted, conversation, sizeof(conversation),
		counted);
	if (!counted->hh.tbl) {
		free(counted);
		return false;
	}
	search->conversations++;
	return true;
}

static struct slice column(sqlite3_stmt *statement, int place)
{
	const void *bytes = sqlite3_column_text(statement, place);

	return slice_make(bytes ? bytes : "",
		(size_t)sqlite3_column_bytes(statement, place));
}

static void set_text(
	json_t *row, const char *name, sqlite3_stmt *statement, int place)
{
	struct slice text = column(statement, place);

	json_object_set_new(row, name, json_stringn(text.at, text.size));
}

static void set_number(
	json_t *row, const char *name, sqlite3_stmt *statement, int place)
{
	json_object_set_new(row, name,
		json_integer(sqlite3_column_int64(statement, place)));
}

static json_t *participants_of(sqlite3_stmt *statement)
{
	struct slice from = column(statement, ROW_FROM);
	struct slice to = column(statement, ROW_TO);
	json_t *participants = json_array();

	json_array_append_new(participants, json_stringn(from.at, from.size));
	if (!slice_equal_nocase(from, to))
		json_array_append_new(
			participants, json_stringn(to.at, to.size));
	return participants;
}

static json_t *row_of(const struct search *search, sqlite3_stmt *statement)
{
	uint64_t number = (uint64_t)sqlite3_column_int64(statement, ROW_NUMBER);
	int verdict = sqlite3_column_int(statement, ROW_VERDICT);
	json_t *row = json_object();

	set_number(row, "conversation", statement, ROW_CONVERSATION);
	set_number(row, "record", statement, ROW_NUMBER);
	json_object_set_new(
		row, "at", library_time(record_number_wall_us(number)));
	set_text(row, "from", statement, ROW_FROM);
	set_text(row, "to", statement, ROW_TO);
	json_object_set_new(row, "participants", participants_of(statement));
	set_text(row, "direction", statement, ROW_DIRECTION);
	json_object_set_new(row, "verdict",
		json_string(outcome_word_text(
			(enum outcome_word)(verdict % OUTCOME_WORDS))));
	set_text(row, "disposition", statement, ROW_DISPOSITION);
	set_number(row, "status", statement, ROW_STATUS);
	set_text(row, "kind", statement, ROW_KIND);
	set_text(row, "method", statement, ROW_METHOD);
	set_number(row, "observations", statement, ROW_OBSERVATIONS);
	set_number(row, "same_text_as", statement, ROW_SAME_AS);
	snippet_add(row, search->query, column(statement, ROW_TEXT));
	json_object_set_new(
		row, "files", snippet_pieces(column(statement, ROW_FILES)));
	return row;
}

static int give_row(struct search *search, sqlite3_stmt *statement)
{
	json_t *row;
	int error;

	if (search->request->limit &&
		search->messages == search->request->limit) {
		search->more = true;
		return 0;
	}
	row = row_of(search, statement);
	error = row ? search->answer->row(search->answer->context, row)
		    : ENOMEM;
	json_decref(row);
	search->messages++;
	if (!error &&
		!count_conversation(search,
			sqlite3_column_int64(statement, ROW_CONVERSATION)))
		error = ENOMEM;
	return error;
}

static int search_shard(struct search *search, unsigned month, uint64_t high)
{
	sqlite3_stmt *statement;
	int error = 0;
	int result = library_prepare(
		search->library, month, search->sql, &statement);

	if (result != SQLITE_OK)
		return EIO;
	bind_plan(search, statement, high);
	while (!error && !search->more &&
		(result = sqlite3_step(statement)) == SQLITE_ROW)
		error = give_row(search, statement);
	if (!error && result != SQLITE_ROW && result != SQLITE_DONE) {
		library_failed(search->library, month, result);
		error = EIO;
	}
	sqlite3_finalize(statement);
	return error;
}

static bool shard_may_hold(
	const struct search *search, unsigned month, uint64_t high)
{
	return shard_first_number(month) <= high &&
	       shard_first_number(month + 1) > search->plan.low;
}

static int search_shards(struct search *search)
{
	const unsigned *months;
	size_t count = library_months(search->library, &months);
	uint64_t high = search->plan.high;
	int error = 0;

	if (search->request->before && search->request->before <= high)
		high = search->request->before - 1;
	for (size_t i = count; i-- > 0 && !error && !search->more;)
		if (shard_may_hold(search, months[i], high))
			error = search_shard(search, months[i], high);
	return error;
}

static json_t *done_of(const struct search *search, json_t *watermark)
{
	json_t *done = json_object();

	json_object_set_new(
		done, "messages", json_integer((json_int_t)search->messages));
	json_object_set_new(done, "conversations",
		json_integer((json_int_t)search->conversations));
	json_object_set_new(done, "more", json_boolean(search->more));
	json_object_set_new(done, "watermark", watermark);
	return done;
}

static int parse(struct search *search, char *sentence)
{
	struct query_fault fault;
	int error = query_parse(search->request->query, &search->query, &fault);

	if (error == EINVAL)
		(void)snprintf(sentence, LIBRARY_SENTENCE_BYTES,
			"The query cannot be read at column %zu: %s.",
			fault.column, fault.text);
	if (!error)
		error = query_compile(search->query, &search->plan);
	return error;
}

static void release(struct search *search)
{
	struct counted *counted, *next;

	HASH_ITER (hh, search->counted, counted, next) {
		HASH_DEL(search->counted, counted);
		free(counted);
	}
	query_plan_clear(&search->plan);
	query_release(&search->query);
	free(search->sql);
}

int search_run(struct library *library, const struct search_request *request,
	const struct answer *answer, json_t **done,
	char sentence[LIBRARY_SENTENCE_BYTES])
{
	struct search search = {
		.library = library, .request = request, .answer = answer};
	json_t *watermark = library_watermark(library);
	int error;

	(void)snprintf(sentence, LIBRARY_SENTENCE_BYTES,
		"The index cannot be read; the store's log says why.");
	error = parse(&search, sentence);
	if (!error) {
		search.sql = statement_of(&search);
		error = search.sql ? search_shards(&search) : ENOMEM;
	}
	if (error)
		json_decref(watermark);
	else
		*done = done_of(&search, watermark);
	release(&search);
	return error;
}
