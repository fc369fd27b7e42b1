/* index_test.c -- the index is the same however it came about. */
#include "archiver/store/index/index.h"

#include "archiver/store/index/shard.h"
#include "lib/log.h"
#include "tests/unit/archiver/store/made_journal.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { HOUR = 3600, DAY = 24 * HOUR, QUIET = 1800 };
/* 2026-12-01T00:00:00Z, from MADE_START */
#define NEXT_MONTH (8.5 * DAY)

#define PEOPLE                                                                 \
	.from = "sip:alice@example.com", .to = "sip:bob@example.com",          \
	.direction = SIPWARDEN__RECORD__DIRECTION__DIRECTION_INTERNAL

static struct made_folders folders;

static int set_up(void **state)
{
	(void)state;
	made_folders(&folders);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	made_remove(&folders);
	return 0;
}

static void remove_index(void)
{
	char command[128];

	(void)snprintf(command, sizeof(command), "rm -rf '%s'", folders.index);
	assert_int_equal(system(command), 0);
}

/* --- reading the index back ----------------------------------------------- */

static int add_row(void *context, int count, char **values, char **names)
{
	struct buffer {
		char *at;
		size_t size, room;
	} *text = context;

	(void)names;
	for (int i = 0; i < count; i++)
		text->size += (size_t)snprintf(text->at + text->size,
			text->room - text->size, "%s%s", i ? "|" : "",
			values[i] ? values[i] : "");
	text->size += (size_t)snprintf(
		text->at + text->size, text->room - text->size, "\n");
	assert_true(text->size < text->room);
	return 0;
}

/* The rows of a query over all shards; the caller frees them. */
static char *rows(const char *sql)
{
	struct {
		char *at;
		size_t size, room;
	} text = {.at = calloc(1, 4 * 1024 * 1024), .room = 4 * 1024 * 1024};
	unsigned months[SHARDS];
	int error;
	size_t count = shard_list(folders.index, months, &error);

	assert_non_null(text.at);
	for (size_t i = 0; i < count; i++) {
		sqlite3 *connection;

		assert_int_equal(shard_open_to_read(
					 folders.index, months[i], &connection),
			SQLITE_OK);
		assert_int_equal(
			sqlite3_exec(connection, sql, add_row, &text, NULL),
			SQLITE_OK);
		sqlite3_close(connection);
	}
	return text.at;
}

static void expect_rows(const char *sql, const char *wanted)
{
	char *found = rows(sql);

	assert_string_equal(found, wanted);
	free(found);
}

/* Everything in the index but how it was made. */
static char *whole_index(void)
{
	return rows("SELECT 'message', message.* FROM message ORDER BY number;"
		    "SELECT 'record', record.* FROM record ORDER BY number;"
		    "SELECT 'conversation', ordinal, first, last, hex(stream)"
		    " FROM conversation ORDER BY ordinal;"
		    "SELECT 'part', part.* FROM part;"
		    "SELECT 'attached', attached.* FROM attached;"
		    "SELECT 'tally', tally.* FROM tally;"
		    "SELECT 'hits', rowid FROM words"
		    " WHERE words MATCH 'lunch OR word7' ORDER BY rowid");
}

/* The words of the index against the columns they were made of. */
static void check_words(void)
{
	free(rows("PRAGMA query_only=0; INSERT INTO words(words, rank)"
		  " VALUES('integrity-check', 1)"));
}

/* --- what becomes of records ---------------------------------------------- */

static const struct made seen_twice[] = {
	{.id = "m", .stream = "s", .node = "fe1", .text = "hello", PEOPLE},
	{.at_s = 63, .id = "m", .stream = "s", .text = "hello", PEOPLE},
	{.at_s = 63.5, .id = "m", .about = 1},
	{.at_s = 63.6, .id = "m", .about = 2},
	{.at_s = 65, .id = "m", .stream = "s", .text = "hello", PEOPLE},
	{.at_s = 66, .kind = "audit", PEOPLE},
};

static void one_message_has_several_observations(void **state)
{
	uint64_t numbers[6];
	struct index *index;
	char wanted[400];

	(void)state;
	made_journal(&folders, seen_twice, 6, numbers);
	index = made_index(&folders);
	assert_int_equal(index_position(index), numbers[5]);
	/* The third came after 64 s: another message. */
	(void)snprintf(wanted, sizeof(wanted), "%llu|2|1\n%llu|1|1\n",
		(unsigned long long)numbers[0], (unsigned long long)numbers[4]);
	expect_rows("SELECT number, observations, conversation FROM message",
		wanted);
	expect_rows("SELECT a.number - a.message != 0,"
		    " a.kind FROM attached a WHERE message ="
		    " (SELECT min(number) FROM message)",
		"1|1\n1|2\n1|2\n");
	expect_rows("SELECT kind, verdict, count FROM tally",
		"1|0|3\n2|0|2\n6|0|1\n");
	expect_rows("SELECT group_concat(facts) LIKE '%node=fe1%node=home1%'"
		    " FROM message",
		"1\n");
	check_words();
	index_close(&index);
}

static const struct made texts[] = {
	{.id = "i",
		.stream = "s",
		.method = "INVITE",
		.text = "lunch?",
		PEOPLE},
	{.at_s = 300,
		.id = "m",
		.stream = "s",
		.text = "lunch?",
		.repeats = "i",
		PEOPLE},
	{.at_s = 301,
		.id = "n",
		.stream = "s",
		.text = "no",
		.repeats = "x",
		PEOPLE},
};

static void repeated_texts_are_linked(void **state)
{
	uint64_t numbers[3];
	struct index *index;
	char wanted[100];

	(void)state;
	made_journal(&folders, texts, 3, numbers);
	index = made_index(&folders);
	(void)snprintf(wanted, sizeof(wanted), "0\n%llu\n0\n",
		(unsigned long long)numbers[0]);
	expect_rows("SELECT same_as FROM message ORDER BY number", wanted);
	index_close(&index);
}

static const struct made talk[] = {
	/* opens nothing: an answer, and a registration */
	{.id = "0", .stream = "s", .status = 200, PEOPLE},
	{.at_s = 1, .id = "1", .stream = "r", .method = "REGISTER", PEOPLE},
	{.at_s = 2, .id = "2", .stream = "s", .text = "one", PEOPLE},
	{.at_s = 3, .id = "3", .stream = "s", .status = 200, PEOPLE},
	{.at_s = 4, .id = "4", .stream = "t", .text = "other", PEOPLE},
	{.at_s = 2 + QUIET, .id = "5", .stream = "s", .text = "two", PEOPLE},
	/* a second of silence too much */
	{.at_s = 3 + 2 * QUIET,
		.id = "6",
		.stream = "s",
		.text = "three",
		PEOPLE},
	/* without a stream: by itself */
	{.at_s = 4 + 2 * QUIET, .id = "7", .text = "four", PEOPLE},
	{.at_s = 5 + 2 * QUIET, .id = "8", .text = "five", PEOPLE},
};

static void silence_ends_a_conversation(void **state)
{
	uint64_t numbers[9];
	struct index *index;

	(void)state;
	made_journal(&folders, talk, 9, numbers);
	index = made_index(&folders);
	expect_rows("SELECT conversation FROM message ORDER BY number",
		"0\n0\n1\n1\n2\n1\n3\n4\n5\n");
	index_close(&index);
}

static void a_day_ends_a_conversation(void **state)
{
	struct journal_writer *writer = made_writer(&folders);
	struct made said = {.stream = "s", .text = "again", PEOPLE};
	struct index *index;
	char id[16];

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		(void)snprintf(id, sizeof(id), "%u", i);
		said.id = id;
		said.at_s = i * 1000.0;
		(void)made_take(writer, &said, i + 1);
	}
	assert_int_equal(journal_writer_commit(writer), 0);
	journal_writer_close(&writer);
	index = made_index(&folders);
	/* 24 h are 86.4 times 1000 s */
	expect_rows("SELECT conversation, count(*) FROM message"
		    " GROUP BY conversation",
		"1|87\n2|13\n");
	index_close(&index);
}

static const struct made over_midnight[] = {
	{.at_s = NEXT_MONTH - 10,
		.id = "1",
		.stream = "s",
		.text = "one",
		PEOPLE},
	{.at_s = NEXT_MONTH - 1,
		.id = "2",
		.stream = "s",
		.node = "fe1",
		.text = "two",
		PEOPLE},
	{.at_s = NEXT_MONTH + 1,
		.id = "2",
		.stream = "s",
		.text = "two",
		PEOPLE},
	{.at_s = NEXT_MONTH + 2, .id = "2", .about = 2},
	{.at_s = NEXT_MONTH + 3,
		.id = "3",
		.stream = "s",
		.text = "three",
		PEOPLE},
};

/* Records stand in the shard of their month; a message and a conversation
 * that began before its first go on where they began. */
static void the_turn_of_a_month_cuts_nothing(void **state)
{
	uint64_t numbers[5];
	struct index *index;

	(void)state;
	made_journal(&folders, over_midnight, 5, numbers);
	for (int again = 0; again < 2; again++) {
		index = made_index(&folders);
		expect_rows("SELECT count(*) FROM record", "2\n3\n");
		expect_rows("SELECT group_concat(observations), count(*)"
			    " FROM message",
			"1,2|2\n1|1\n");
		expect_rows("SELECT count(*) FROM attached", "2\n0\n");
		expect_rows("SELECT conversation, count(*) FROM part"
			    " GROUP BY conversation",
			"1|3\n");
		expect_rows("SELECT last = max(message) FROM conversation, part"
			    " GROUP BY ordinal",
			"1\n");
		expect_rows("SELECT count(*) FROM words"
			    " WHERE words MATCH '\"\x01node=home1\"'",
			"2\n1\n");
		check_words();
		index_close(&index);
	}
}

/* --- the same, however it came about -------------------------------------- */

enum { MANY = 3000 };

/* Traffic over the turn of a month: people talk, some is seen twice, each
 * message has an outcome. */
static void make_many(const struct made_folders *into)
{
	struct journal_writer *writer = made_writer(into);

	for (unsigned i = 0; i < MANY; i++) {
		char id[16], stream[16], text[64];
		struct made made = {.id = id,
			.stream = stream,
			.text = text,
			.node = i % 3 == 1 ? "fe1" : "home1",
			PEOPLE};

		made.at_s = NEXT_MONTH - 20 + i * (40.0 / MANY);
		(void)snprintf(id, sizeof(id), "id%u", i / 3);
		(void)snprintf(stream, sizeof(stream), "s%u", i / 3 % 20);
		(void)snprintf(text, sizeof(text), "lunch word%u", i / 3 % 50);
		if (i % 3 == 2)
			made.about = i; /* the record before */
		(void)made_take(writer, &made, i + 1);
	}
	assert_int_equal(journal_writer_commit(writer), 0);
	journal_writer_close(&writer);
}

static char *index_of_all(void)
{
	struct index *index = made_index(&folders);
	char *found;

	index_close(&index);
	found = whole_index();
	check_words();
	return found;
}

static void a_rebuilt_index_is_the_same(void **state)
{
	char *first, *second, *third;

	(void)state;
	make_many(&folders);
	first = index_of_all();
	assert_true(strlen(first) > 100000);
	remove_index();
	second = index_of_all();
	assert_string_equal(first, second);
	/* the second month alone is lost */
	{
		char path[SHARD_PATH_BYTES];

		shard_path(folders.index, 2026 * 12 + 11, path);
		assert_int_equal(unlink(path), 0);
	}
	third = index_of_all();
	assert_string_equal(first, third);
	free(first);
	free(second);
	free(third);
}

/* In small batches, opened anew for each: what memory knew must be read back.
 */
static void stops_between_change_nothing(void **state)
{
	struct journal_reader *reader;
	struct journal_entry entry;
	struct journal_fault fault;
	struct index *index = NULL;
	char *first, *second;
	unsigned count = 0;

	(void)state;
	make_many(&folders);
	first = index_of_all();
	remove_index();
	assert_int_equal(journal_reader_open(folders.journal, 0, &reader), 0);
	while (journal_reader_next(reader, &entry, &fault) == 0) {
		struct index_entry taken = {.number = entry.number,
			.segment = entry.segment,
			.offset = entry.offset,
			.payload = entry.payload};

		if (!index)
			assert_int_equal(index_open(folders.index, "this boot",
						 QUIET, &index),
				0);
		assert_int_equal(index_take(index, &taken), 0);
		if (++count % 37 == 0)
			index_close(&index);
	}
	index_close(&index);
	journal_reader_close(&reader);
	assert_int_equal(count, MANY);
	second = whole_index();
	assert_string_equal(first, second);
	check_words();
	free(first);
	free(second);
}

/* A child indexes until it is killed, at many moments; then the rest. */
static void a_killed_indexer_loses_and_repeats_nothing(void **state)
{
	char *first, *second;

	(void)state;
	make_many(&folders);
	first = index_of_all();
	remove_index();
	for (unsigned i = 0; i < 25; i++) {
		pid_t child = fork();

		assert_true(child >= 0);
		if (child == 0) {
			struct index *index;
			struct indexer *indexer;

			if (index_open(folders.index, "this boot", QUIET,
				    &index) ||
				indexer_open(index, folders.journal, &indexer))
				_exit(1);
			/* every step commits */
			index_wait_begin(index);
			for (;;)
				(void)indexer_step(indexer);
		}
		(void)usleep(2000 + i * 1500);
		assert_int_equal(kill(child, SIGKILL), 0);
		assert_int_equal(waitpid(child, NULL, 0), child);
	}
	second = index_of_all();
	assert_string_equal(first, second);
	free(first);
	free(second);
}

/* --- shards that cannot be trusted ---------------------------------------- */

static void spoil(const char *path, off_t offset)
{
	int file = open(path, O_RDWR | O_CLOEXEC);
	char junk[4096];

	assert_true(file >= 0);
	memset(junk, 0xa5, sizeof(junk));
	assert_int_equal(
		pwrite(file, junk, sizeof(junk), offset), sizeof(junk));
	close(file);
}

static void a_spoilt_shard_is_made_anew(void **state)
{
	char path[SHARD_PATH_BYTES], *first, *second;

	(void)state;
	make_many(&folders);
	first = index_of_all();
	for (unsigned month = 10; month <= 11; month++)
		for (off_t page = 0; page < 2; page++) {
			shard_path(folders.index, 2026 * 12 + month, path);
			spoil(path, page * 4096);
			second = index_of_all();
			assert_string_equal(first, second);
			free(second);
		}
	free(first);
}

static void limit_files(rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* No byte can be written, so the shards can be neither written nor opened
 * again; nothing is passed over meanwhile. */
static void a_full_disk_delays_and_loses_nothing(void **state)
{
	char *first, *second;
	struct index *index;
	struct indexer *indexer;

	(void)state;
	make_many(&folders);
	first = index_of_all();
	remove_index();
	assert_int_equal(
		index_open(folders.index, "this boot", 1800, &index), 0);
	assert_int_equal(indexer_open(index, folders.journal, &indexer), 0);
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(indexer_step(indexer), 0);
	limit_files(0);
	assert_false(indexer_catch_up(indexer));
	assert_int_equal(index_position(index), 0);
	for (int i = 0; i < 3; i++)
		assert_true(indexer_step(indexer) > 0);
	limit_files(RLIM_INFINITY);
	/* the first step finds it open again, at an earlier position */
	assert_int_equal(indexer_step(indexer), 0);
	assert_true(indexer_catch_up(indexer));
	indexer_close(&indexer);
	index_close(&index);
	second = whole_index();
	assert_string_equal(first, second);
	free(first);
	free(second);
}

/* A reader meets the damage first and says so. */
static void a_reported_shard_is_made_anew(void **state)
{
	char *first, *second;
	struct index *index;
	struct indexer *indexer;

	(void)state;
	make_many(&folders);
	first = index_of_all();
	index = made_index(&folders);
	assert_int_equal(indexer_open(index, folders.journal, &indexer), 0);
	index_report_broken(index, 2026 * 12 + 10);
	assert_true(indexer_catch_up(indexer));
	indexer_close(&indexer);
	index_close(&index);
	second = whole_index();
	assert_string_equal(first, second);
	free(first);
	free(second);
}

/* Left open under another boot of the machine: pages may be lost. */
static void an_unclean_boot_makes_it_anew(void **state)
{
	struct index *index;
	pid_t child;

	(void)state;
	make_many(&folders);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		index = made_index(&folders);
		_exit(index_position(index) ? 0 : 1);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
	/* in the same boot it is trusted */
	assert_int_equal(
		index_open(folders.index, "this boot", QUIET, &index), 0);
	assert_true(index_position(index) > 0);
	index_close(&index);
	/* closed cleanly: in another boot too */
	assert_int_equal(index_open(folders.index, "boot 2", QUIET, &index), 0);
	assert_true(index_position(index) > 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(0); /* never closes it */
	assert_int_equal(waitpid(child, NULL, 0), child);
	/* a second process is kept out meanwhile */
	{
		struct index *other;

		assert_int_equal(
			index_open(folders.index, "boot 2", QUIET, &other),
			EBUSY);
		assert_null(other);
	}
	index_close(&index);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(index_open(folders.index, "boot 3", QUIET, &index));
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(index_open(folders.index, "boot 4", QUIET, &index), 0);
	assert_int_equal(index_position(index), 0);
	index_close(&index);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_message_has_several_observations),
		TEST(repeated_texts_are_linked),
		TEST(silence_ends_a_conversation),
		TEST(a_day_ends_a_conversation),
		TEST(the_turn_of_a_month_cuts_nothing),
		TEST(a_rebuilt_index_is_the_same),
		TEST(stops_between_change_nothing),
		TEST(a_killed_indexer_loses_and_repeats_nothing),
		TEST(a_spoilt_shard_is_made_anew),
		TEST(a_full_disk_delays_and_loses_nothing),
		TEST(a_reported_shard_is_made_anew),
		TEST(an_unclean_boot_makes_it_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
