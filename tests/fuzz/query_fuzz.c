/* query_fuzz.c -- any query is read or refused, and what was read runs.
 *
 * A plan that SQLite cannot run would be a bug of the compiler: its words are
 * all quoted, its expressions within the limits of both parsers.
 */
#include "archiver/store/index/shard.h"
#include "lib/log.h"
#include "lib/query/query.h"
#include "lib/query/words.h"
#include "lib/query_protocol.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct shard *open_shard(void)
{
	char folder[] = "/tmp/query-fuzz-XXXXXX";
	struct shard *shard;

	must(mkdtemp(folder));
	must(shard_open(folder, 2026 * 12, "fuzz", &shard) == SQLITE_OK);
	must(sqlite3_exec(shard->connection,
		     "INSERT INTO message(number, shown, text, sender,"
		     " recipient, facts, files) VALUES(1, 1, 'a lunch',"
		     " 'b', 'c', 'd', 'e');"
		     "INSERT INTO words(rowid, text, sender, recipient,"
		     " facts, files) VALUES(1, 'a lunch', 'b', 'c', 'd',"
		     " 'e');",
		     NULL, NULL, NULL) == SQLITE_OK);
	return shard;
}

static void run(struct shard *shard, const struct query_plan *plan)
{
	sqlite3_stmt *statement;
	char *sql;
	int result;

	must(asprintf(&sql, "SELECT m.number FROM %s m.number >= 0%s%s%s",
		     plan->match ? "words CROSS JOIN message m ON m.number ="
				   " words.rowid WHERE words MATCH ?1 AND"
				 : "message m WHERE",
		     plan->condition ? " AND (" : "",
		     plan->condition ? plan->condition : "",
		     plan->condition ? ")" : "") >= 0);
	result = sqlite3_prepare_v2(
		shard->connection, sql, -1, &statement, NULL);
	if (result != SQLITE_OK)
		log_panic("%s: %s", sqlite3_errmsg(shard->connection), sql);
	if (plan->match)
		sqlite3_bind_text(statement, 1, plan->match, -1, SQLITE_STATIC);
	for (size_t i = 0; i < plan->argument_count; i++)
		sqlite3_bind_text(statement, QUERY_FIRST_ARGUMENT + (int)i,
			plan->arguments[i], -1, SQLITE_STATIC);
	do
		result = sqlite3_step(statement);
	while (result == SQLITE_ROW);
	if (result != SQLITE_DONE)
		log_panic("%s: %s %s", sqlite3_errmsg(shard->connection), sql,
			plan->match ? plan->match : "");
	sqlite3_finalize(statement);
	free(sql);
}

static void check_marks(const struct query *query, struct slice text)
{
	struct query_mark marks[QUERY_MARKS];
	size_t count = query_marks(query, text, marks), end = 0;

	for (size_t i = 0; i < count; i++) {
		must(marks[i].start >= end && marks[i].size > 0);
		end = marks[i].start + marks[i].size;
	}
	must(end <= text.size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct shard *shard;
	struct slice text = slice_make(data, size);
	struct query *query;
	struct query_fault fault = {.column = 0};
	struct query_plan plan;

	if (!shard)
		shard = open_shard();
	if (query_parse(text, &query, &fault)) {
		must(fault.column > 0 && fault.column <= size + 1);
		must(fault.text[0]);
		return 0;
	}
	must(query_compile(query, &plan) == 0);
	run(shard, &plan);
	check_marks(query, text);
	query_plan_clear(&plan);
	query_release(&query);
	return 0;
}
