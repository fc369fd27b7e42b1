/* publisher_test.c -- failures that a broker seldom shows, forced on
 * librdkafka's own stand-in for one. What a real broker keeps is tested in
 * tests/live/kafka; this stand-in keeps no position and no transactions. */
#include "archiver/publisher/publisher.h"

#include "archiver/publisher/position.h"
#include "lib/clock.h"
#include "tests/unit/archiver/publisher/heard.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

enum { RECORDS = 20, LIMIT_MS = 60000, PRODUCE = 0, END_TRANSACTION = 26 };

static const struct position_name name = {"sipwarden.records", .node = 1};

struct story {
	char root[64], journal[80], position[80];
	uint64_t first, last; /* record numbers */
	rd_kafka_t *owner;
	rd_kafka_mock_cluster_t *cluster;
	struct publisher *publisher;
	struct heard heard;
};

static void make_journal(struct story *story)
{
	struct journal_reader *reader;
	struct journal_entry entry;
	struct journal_fault fault;

	sample_folder(story->root);
	(void)snprintf(story->journal, sizeof(story->journal), "%s/journal",
		story->root);
	(void)snprintf(story->position, sizeof(story->position), "%s/position",
		story->root);
	assert_int_equal(mkdir(story->journal, 0750), 0);
	sample_journal(story->journal, 1, RECORDS, 5, 200, 1024 * 1024);
	assert_int_equal(journal_reader_open(story->journal, 0, &reader), 0);
	while (journal_reader_next(reader, &entry, &fault) == 0) {
		if (!story->first)
			story->first = entry.number;
		story->last = entry.number;
	}
	journal_reader_close(&reader);
}

static void make_cluster(struct story *story)
{
	char why[256];

	story->owner = rd_kafka_new(
		RD_KAFKA_PRODUCER, rd_kafka_conf_new(), why, sizeof(why));
	assert_non_null(story->owner);
	story->cluster = rd_kafka_mock_cluster_new(story->owner, 1);
	assert_non_null(story->cluster);
	assert_int_equal(rd_kafka_mock_topic_create(
				 story->cluster, "sipwarden.records", 4, 1),
		0);
}

static void begin(struct story *story)
{
	struct publisher_options options = {.topic = "sipwarden.records",
		.node = 1,
		.partitions = 4,
		.replication = 1,
		.commit_ms = 50,
		.journal = story->journal,
		.folder = story->root};
	char why[PUBLISHER_WHY_BYTES];

	options.brokers = rd_kafka_mock_cluster_bootstraps(story->cluster);
	story->heard = heard_begin();
	assert_int_equal(publisher_open(&options, &story->publisher, why), 0);
}

static struct story *make_story(void)
{
	struct story *story = calloc(1, sizeof(*story));

	assert_non_null(story);
	make_journal(story);
	make_cluster(story);
	return story;
}

/* Steps until these words are logged. */
static bool steps_until(struct story *story, const char *words)
{
	uint64_t end = clock_steady_ms() + LIMIT_MS;

	while (clock_steady_ms() < end) {
		int wait = publisher_step(story->publisher);

		if (heard_count(&story->heard, words))
			return true;
		if (wait)
			usleep((useconds_t)(wait > 100 ? 100 : wait) * 1000);
	}
	return false;
}

static void end(struct story *story)
{
	heard_end(&story->heard);
	publisher_close(&story->publisher);
	rd_kafka_mock_cluster_destroy(story->cluster);
	rd_kafka_destroy(story->owner);
	sample_folder_remove(story->root);
	free(story);
}

static bool caught_up(struct story *story)
{
	return steps_until(story, "published up to") &&
	       publisher_position(story->publisher) == story->last;
}

static void publishes_all_and_keeps_a_copy_of_the_position(void **state)
{
	struct story *story = make_story();
	uint64_t copy = 0;
	bool done;

	(void)state;
	begin(story);
	done = caught_up(story);
	publisher_finish(story->publisher);
	assert_int_equal(position_read(story->position, &name, &copy), 0);
	assert_int_equal(copy, story->last);
	end(story);
	assert_true(done);
}

static void a_lost_position_is_an_alarm_and_never_zero(void **state)
{
	struct story *story = make_story();
	unsigned alarms, from;
	char words[64];
	bool done;

	(void)state;
	(void)snprintf(words, sizeof(words), "goes on behind record=%llu",
		(unsigned long long)story->last);
	assert_int_equal(
		position_write(story->position, &name, story->last), 0);
	begin(story);
	done = caught_up(story);
	alarms = heard_count(&story->heard, "Kafka has lost the position");
	from = heard_count(&story->heard, words);
	end(story);
	assert_true(done);
	assert_int_equal(alarms, 1);
	assert_int_equal(from, 1);
}

static void publishes_nothing_when_both_positions_are_gone_wrong(void **state)
{
	struct story *story = make_story();
	FILE *file = fopen(story->position, "we");
	uint64_t position;
	bool told;

	(void)state;
	assert_non_null(file);
	assert_int_equal(fclose(file), 0);
	begin(story);
	told = steps_until(story, "so nothing is published");
	for (int i = 0; i < 5; i++)
		(void)publisher_step(story->publisher);
	position = publisher_position(story->publisher);
	end(story);
	assert_true(told);
	assert_int_equal(position, 0);
}

struct failure {
	int16_t request;
	int times;
	rd_kafka_resp_err_t code;
	const char *told;
};

static const struct failure failures[] = {
	{PRODUCE, 1, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
		"A transaction failed, its records go again"},
	{PRODUCE, 3, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
		"A transaction failed, its records go again"},
	{END_TRANSACTION, 1, RD_KAFKA_RESP_ERR_PRODUCER_FENCED,
		"takes nothing more from this producer"},
};

/* None of them makes a dead letter, and none is the end. */
static void goes_on_behind_each_failure(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		struct story *story = make_story();
		unsigned letters;
		bool told, done;

		for (int j = 0; j < failures[i].times; j++)
			rd_kafka_mock_push_request_errors(story->cluster,
				failures[i].request, 1, failures[i].code);
		begin(story);
		told = steps_until(story, failures[i].told);
		done = told && caught_up(story);
		letters = heard_count(&story->heard, "refuses a record");
		end(story);
		assert_true(told);
		assert_true(done);
		assert_int_equal(letters, 0);
	}
}

/* Refused in the batch, then alone. */
static void a_record_refused_alone_becomes_a_dead_letter(void **state)
{
	struct story *story = make_story();
	char words[64], path[160];
	bool done;

	(void)state;
	(void)snprintf(words, sizeof(words), "event=dead-letter record=%llu",
		(unsigned long long)story->first);
	(void)snprintf(path, sizeof(path), "%s/dead-letters/%llu.record",
		story->root, (unsigned long long)story->first);
	rd_kafka_mock_push_request_errors(story->cluster, PRODUCE, 2,
		RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
		RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
	begin(story);
	done = steps_until(story, words) && caught_up(story);
	assert_int_equal(access(path, R_OK), 0);
	end(story);
	assert_true(done);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			publishes_all_and_keeps_a_copy_of_the_position),
		cmocka_unit_test(a_lost_position_is_an_alarm_and_never_zero),
		cmocka_unit_test(
			publishes_nothing_when_both_positions_are_gone_wrong),
		cmocka_unit_test(goes_on_behind_each_failure),
		cmocka_unit_test(a_record_refused_alone_becomes_a_dead_letter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
