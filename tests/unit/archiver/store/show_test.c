/* show_test.c -- a conversation is told with all that was observed of it; the
 * archive is checked record by record. */
#include "archiver/store/show.h"

#include "archiver/store/check.h"
#include "archiver/store/index/shard.h"
#include "archiver/store/stats.h"
#include "tests/unit/archiver/store/made_journal.h"

#include <fcntl.h>

#define PEOPLE                                                                 \
	.from = "sip:eve@outside.net", .to = "sip:bob@example.com",            \
	.direction = SIPWARDEN__RECORD__DIRECTION__DIRECTION_INBOUND

static const struct made table[] = {
	{.id = "1",
		.stream = "s",
		.node = "fe1",
		.text = "see \x1b[31m you",
		PEOPLE},
	{.at_s = 0.1,
		.id = "1",
		.stream = "s",
		.text = "see \x1b[31m you",
		PEOPLE},
	{.at_s = 0.2, .id = "1", .about = 2},
	{.at_s = 0.3, .id = "1", .about = 1},
	{.at_s = 1,
		.id = "2",
		.stream = "s",
		.text = "falcon",
		.stage = "content-filter",
		.verdict = "answer",
		.rule = "falcon-names",
		.answer = 403,
		.file = "report.zip",
		.threat = "Eicar",
		PEOPLE},
	{.at_s = 2,
		.id = "3",
		.stream = "s",
		.text = "see you",
		.repeats = "1",
		PEOPLE},
	{.at_s = 3, .kind = "audit", PEOPLE},
};
enum { ROWS = sizeof(table) / sizeof(table[0]) };

static struct made_folders folders;
static uint64_t numbers[ROWS];
static const atomic_bool running = false;

static int set_up(void **state)
{
	(void)state;
	made_folders(&folders);
	made_journal(&folders, table, ROWS, numbers);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	made_remove(&folders);
	return 0;
}

static int keep(void *context, const json_t *row)
{
	json_array_append_new(context, json_deep_copy(row));
	return 0;
}

typedef int ask_fn(struct library *library, const struct answer *answer,
	json_t **done, char *sentence);

static int ask(struct index *index, ask_fn *asked, json_t *rows, json_t **done)
{
	char sentence[LIBRARY_SENTENCE_BYTES] = "";
	struct library *library =
		library_open(index, folders.journal, &running);
	struct answer answer = {keep, rows};
	int error;

	assert_non_null(library);
	*done = NULL;
	error = asked(library, &answer, done, sentence);
	if (error)
		*done = json_string(sentence);
	library_close(&library);
	return error;
}

static int ask_first(struct library *library, const struct answer *answer,
	json_t **done, char *sentence)
{
	return show_run(library, 1, answer, done, sentence);
}

static int ask_by_record(struct library *library, const struct answer *answer,
	json_t **done, char *sentence)
{
	return show_run(library, numbers[4], answer, done, sentence);
}

static int ask_none(struct library *library, const struct answer *answer,
	json_t **done, char *sentence)
{
	return show_run(library, 7, answer, done, sentence);
}

static int ask_check(struct library *library, const struct answer *answer,
	json_t **done, char *sentence)
{
	return check_run(library, answer, done, sentence);
}

static const char *text_in(const json_t *value, const char *path)
{
	struct slice rest = slice_of(path), name;

	while (slice_cut(&rest, '.', &name)) {
		char key[32];

		(void)snprintf(key, sizeof(key), "%.*s", SLICE_ARGS(name));
		value = json_is_array(value)
				? json_array_get(
					  value, (size_t)strtoul(key, NULL, 10))
				: json_object_get(value, key);
	}
	return json_string_value(value) ? json_string_value(value) : "(none)";
}

static json_int_t number_in(const json_t *row, const char *name)
{
	return json_integer_value(json_object_get(row, name));
}

static void a_conversation_tells_all(void **state)
{
	struct index *index = made_index(&folders);
	json_t *rows = json_array(), *done, *first, *second, *seen;
	char third[24];

	(void)state;
	assert_int_equal(ask(index, ask_first, rows, &done), 0);
	assert_int_equal(json_array_size(rows), 3);
	first = json_array_get(rows, 0);
	second = json_array_get(rows, 1);
	seen = json_object_get(first, "observations");
	assert_int_equal(json_array_size(seen), 2);
	assert_string_equal(text_in(first, "texts.0.text"), "see \x1b[31m you");
	assert_string_equal(text_in(first, "from.address"), "eve@outside.net");
	assert_string_equal(text_in(first, "from.name"), "Sara Dävis");
	assert_string_equal(text_in(first, "verdict"), "passed");
	assert_string_equal(text_in(seen, "0.node"), "fe1");
	assert_string_equal(text_in(seen, "1.node"), "home1");
	/* each observation has its own outcome */
	assert_string_equal(text_in(seen, "0.outcome.0.event"), "final");
	assert_string_equal(
		text_in(seen, "0.outcome.0.at"), "1970-01-01T00:00:00.000000Z");
	assert_int_equal(json_array_size(json_object_get(
				 json_array_get(seen, 0), "outcome")),
		1);
	assert_int_equal(json_array_size(json_object_get(
				 json_array_get(seen, 1), "outcome")),
		1);
	assert_string_equal(text_in(second, "verdict"), "infected");
	assert_string_equal(text_in(second, "attachments.0.threat"), "Eicar");
	assert_string_equal(
		text_in(second, "observations.0.trail.0.rule"), "falcon-names");
	assert_int_equal(
		number_in(json_object_get(second, "answer"), "status"), 403);
	(void)snprintf(
		third, sizeof(third), "%llu", (unsigned long long)numbers[5]);
	assert_int_equal(
		number_in(json_object_get(done, "same_text_as"), third),
		numbers[0]);
	assert_string_equal(
		text_in(done, "last"), "2026-11-22T12:00:02.000000Z");
	json_decref(done);
	json_array_clear(rows);
	assert_int_equal(ask(index, ask_by_record, rows, &done), 0);
	assert_int_equal(number_in(done, "conversation"), 1);
	json_decref(done);
	json_array_clear(rows);
	assert_int_equal(ask(index, ask_none, rows, &done), ENOENT);
	assert_string_equal(json_string_value(done),
		"There is no conversation 7; `sipwarden search` gives their "
		"numbers.");
	json_decref(done);
	json_decref(rows);
	index_close(&index);
}

static void stats_count_what_is_there(void **state)
{
	struct index *index = made_index(&folders);
	struct library *library =
		library_open(index, folders.journal, &running);
	json_t *done, *kinds;

	(void)state;
	assert_int_equal(stats_run(library, &done), 0);
	kinds = json_object_get(done, "kinds");
	assert_int_equal(number_in(done, "records"), ROWS);
	assert_int_equal(number_in(kinds, "message"), 4);
	assert_int_equal(number_in(kinds, "outcome"), 2);
	assert_int_equal(number_in(kinds, "audit"), 1);
	assert_int_equal(number_in(done, "conversations"), 1);
	assert_int_equal(number_in(done, "behind"), 0);
	assert_int_equal(
		number_in(json_object_get(done, "verdicts"), "infected"), 1);
	json_decref(done);
	library_close(&library);
	index_close(&index);
}

/* Runs a statement on the index behind its back. */
static void meddle(const char *sql)
{
	char path[SHARD_PATH_BYTES];
	sqlite3 *connection;

	shard_path(folders.index, 2026 * 12 + 10, path);
	assert_int_equal(sqlite3_open(path, &connection), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(connection, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(connection);
}

static void expect_faults(struct index *index, const char *says, size_t count)
{
	json_t *rows = json_array(), *done;
	char *text;

	assert_int_equal(ask(index, ask_check, rows, &done), 0);
	text = json_dumps(rows, 0);
	if ((size_t)number_in(done, "faults") != count || !strstr(text, says))
		fail_msg("%s", text);
	assert_int_equal(json_array_size(rows), count);
	free(text);
	json_decref(done);
	json_decref(rows);
}

static void a_whole_archive_has_no_faults(void **state)
{
	struct index *index = made_index(&folders);
	json_t *rows = json_array(), *done;

	(void)state;
	assert_int_equal(ask(index, ask_check, rows, &done), 0);
	assert_int_equal(json_array_size(rows), 0);
	assert_int_equal(number_in(done, "records"), ROWS);
	assert_int_equal(number_in(done, "compared"), ROWS);
	assert_int_equal(number_in(done, "faults"), 0);
	json_decref(done);
	json_decref(rows);
	index_close(&index);
}

static void an_index_that_differs_is_named(void **state)
{
	struct index *index = made_index(&folders);
	char sql[100];

	(void)state;
	(void)snprintf(sql, sizeof(sql), "DELETE FROM record WHERE number=%llu",
		(unsigned long long)numbers[3]);
	meddle(sql);
	expect_faults(index, "is missing in the index", 1);
	(void)snprintf(sql, sizeof(sql),
		"UPDATE record SET kind = 6 WHERE number=%llu",
		(unsigned long long)numbers[0]);
	meddle(sql);
	expect_faults(index, "is of another kind", 2);
	(void)snprintf(sql, sizeof(sql),
		"INSERT INTO record VALUES(%llu, 1, 0, 0, 0)",
		(unsigned long long)numbers[0] + 1);
	meddle(sql);
	expect_faults(index, "which the journal has not", 3);
	index_close(&index);
}

static void a_flipped_bit_is_named(void **state)
{
	struct index *index = made_index(&folders);
	char path[128], byte;
	off_t middle = 2000;
	int file;

	(void)state;
	(void)snprintf(
		path, sizeof(path), "%s/000000000001.journal", folders.journal);
	file = open(path, O_RDWR | O_CLOEXEC);
	assert_true(file >= 0);
	assert_int_equal(pread(file, &byte, 1, middle), 1);
	byte = (char)(byte ^ 0x10);
	assert_int_equal(pwrite(file, &byte, 1, middle), 1);
	close(file);
	{
		json_t *rows = json_array(), *done;
		char *text;

		assert_int_equal(ask(index, ask_check, rows, &done), 0);
		text = json_dumps(rows, 0);
		assert_true(number_in(done, "faults") > 0);
		assert_non_null(strstr(text, "segment 1, offset"));
		/* the damaged record is in the index, not in the journal */
		assert_non_null(strstr(text, "which the journal has not"));
		free(text);
		json_decref(done);
		json_decref(rows);
	}
	index_close(&index);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_conversation_tells_all),
		TEST(stats_count_what_is_there),
		TEST(a_whole_archive_has_no_faults),
		TEST(an_index_that_differs_is_named),
		TEST(a_flipped_bit_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
