/* stats.c -- what the store holds, and how far it is. */
#include "archiver/store/stats.h"

#include "archiver/store/index/document.h"
#include "archiver/store/index/shard.h"
#include "archiver/store/indexer.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

enum { BEHIND_LIMIT = 1000000 };

const struct stats_kind stats_kinds[STATS_KINDS] = {
	{"message", SIPWARDEN__RECORD__KIND__KIND_MESSAGE},
	{"outcome", SIPWARDEN__RECORD__KIND__KIND_OUTCOME},
	{"gap", SIPWARDEN__RECORD__KIND__KIND_GAP},
	{"boot", SIPWARDEN__RECORD__KIND__KIND_BOOT},
	{"checkpoint", SIPWARDEN__RECORD__KIND__KIND_CHECKPOINT},
	{"audit", SIPWARDEN__RECORD__KIND__KIND_AUDIT},
	{"unknown", SIPWARDEN__RECORD__KIND__KIND_UNKNOWN},
};

static int sum_shard(struct library *library, unsigned month, const char *sql,
	int64_t value, uint64_t *sum)
{
	sqlite3_stmt *statement;
	int result = library_prepare(library, month, sql, &statement);

	if (result != SQLITE_OK)
		return EIO;
	sqlite3_bind_int64(statement, 1, value);
	result = sqlite3_step(statement);
	if (result == SQLITE_ROW)
		*sum += (uint64_t)sqlite3_column_int64(statement, 0);
	else if (result != SQLITE_DONE)
		library_failed(library, month, result);
	sqlite3_finalize(statement);
	return result == SQLITE_ROW || result == SQLITE_DONE ? 0 : EIO;
}

int stats_sum(
	struct library *library, const char *sql, int64_t value, uint64_t *sum)
{
	const unsigned *months;
	size_t count = library_months(library, &months);
	int error = 0;

	*sum = 0;
	for (size_t i = 0; i < count && !error; i++)
		error = sum_shard(library, months[i], sql, value, sum);
	return error;
}

static int add_sum(struct library *library, json_t *object, const char *name,
	const char *sql, int64_t value)
{
	uint64_t sum;
	int error = stats_sum(library, sql, value, &sum);

	json_object_set_new(object, name, json_integer((json_int_t)sum));
	return error;
}

static int add_kinds(struct library *library, json_t *done)
{
	json_t *kinds = json_object();
	int error = 0;

	json_object_set_new(done, "kinds", kinds);
	for (int i = 0; i < STATS_KINDS && !error; i++)
		error = add_sum(library, kinds, stats_kinds[i].name,
			"SELECT sum(count) FROM tally WHERE kind = ?1",
			stats_kinds[i].kind);
	return error;
}

/* Of messages, not of observations. */
static int add_verdicts(struct library *library, json_t *done)
{
	json_t *verdicts = json_object();
	int error = 0;

	json_object_set_new(done, "verdicts", verdicts);
	for (int i = 0; i < OUTCOME_WORDS && !error; i++)
		error = add_sum(library, verdicts,
			outcome_word_text((enum outcome_word)i),
			"SELECT count(*) FROM message"
			" WHERE shown AND verdict = ?1",
			i);
	return error;
}

static void add_shards(struct library *library, json_t *done)
{
	const unsigned *months;
	size_t count = library_months(library, &months);
	json_t *shards = json_array();

	for (size_t i = 0; i < count; i++) {
		char path[SHARD_PATH_BYTES];
		struct stat status;

		shard_path(
			index_folder(library_index(library)), months[i], path);
		if (stat(path, &status) == 0)
			json_array_append_new(
				shards, json_pack("{s:s,s:I}", "shard",
						strrchr(path, '/') + 1, "bytes",
						(json_int_t)status.st_size));
	}
	json_object_set_new(done, "shards", shards);
}

int stats_run(struct library *library, json_t **done)
{
	int error;

	*done = json_object();
	json_object_set_new(*done, "watermark", library_watermark(library));
	error = add_sum(library, *done, "records",
		"SELECT sum(count) FROM tally WHERE ?1 = 0", 0);
	if (!error)
		error = add_kinds(library, *done);
	if (!error)
		error = add_verdicts(library, *done);
	if (!error)
		error = add_sum(library, *done, "conversations",
			"SELECT count(*) FROM conversation WHERE ?1 = 0", 0);
	add_shards(library, *done);
	json_object_set_new(*done, "behind",
		json_integer((json_int_t)indexer_behind(library_index(library),
			library_journal(library), BEHIND_LIMIT)));
	if (error) {
		json_decref(*done);
		*done = NULL;
	}
	return error;
}
