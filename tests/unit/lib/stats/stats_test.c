/* stats_test.c -- counts and levels of several shards, read while written. */
#include "lib/stats/stats.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

enum { COUNT, LEVEL, HIGHEST, LABELLED, ROWS };
static const struct stats_name rows[ROWS] = {{"count", STATS_COUNT, ""},
	{"level", STATS_LEVEL, ""}, {"highest", STATS_HIGHEST, ""},
	{"by.label", STATS_LABELLED, ""}};
static const struct stats_table table = {"test", rows, ROWS};

static void adds_shards_up(void **state)
{
	struct stats *stats = stats_new(&table, 2);

	(void)state;
	assert_non_null(stats);
	stats_add(stats, 0, COUNT, 3);
	stats_add(stats, 1, COUNT, 4);
	stats_set(stats, 0, LEVEL, 10);
	stats_set(stats, 1, LEVEL, 5);
	stats_set(stats, 1, LEVEL, 6);
	stats_raise(stats, 0, HIGHEST, 7);
	stats_raise(stats, 0, HIGHEST, 2);
	stats_raise(stats, 1, HIGHEST, 5);
	assert_int_equal(stats_value(stats, COUNT), 7);
	assert_int_equal(stats_value(stats, LEVEL), 16);
	assert_int_equal(stats_value(stats, HIGHEST), 7);
	stats_release(&stats);
	assert_null(stats);
}

static void counts_by_label(void **state)
{
	struct stats *stats = stats_new(&table, 2);
	json_t *all, *labels;

	(void)state;
	stats_add_label(stats, 0, LABELLED, SLICE("one"), 1);
	stats_add_label(stats, 1, LABELLED, SLICE("one"), 2);
	stats_set_label(stats, 1, LABELLED, SLICE("two"), 9);
	stats_add_label(stats, 1, LABELLED, SLICE("\x1b[31m\xff"), 1);
	assert_int_equal(stats_label_value(stats, LABELLED, SLICE("one")), 3);
	assert_int_equal(stats_label_value(stats, LABELLED, SLICE("on")), 0);
	all = stats_json(stats);
	labels = json_object_get(all, "by.label");
	assert_int_equal(json_object_size(labels), 3);
	assert_int_equal(json_integer_value(json_object_get(labels, "one")), 3);
	assert_int_equal(json_integer_value(json_object_get(labels, "two")), 9);
	assert_int_equal(
		json_integer_value(json_object_get(labels, "?[31m?")), 1);
	json_decref(all);
	stats_release(&stats);
}

static void bounds_labels(void **state)
{
	struct stats *stats = stats_new(&table, 1);
	char label[300];
	json_t *all, *labels, *value;
	const char *key;
	json_int_t sum = 0;

	(void)state;
	for (int i = 0; i < 2 * STATS_LABELS; i++) {
		(void)snprintf(label, sizeof(label), "label %d %0200d", i, 0);
		stats_add_label(stats, 0, LABELLED, slice_of(label), 1);
	}
	all = stats_json(stats);
	labels = json_object_get(all, "by.label");
	assert_int_equal(json_object_size(labels), STATS_LABELS + 1);
	json_object_foreach(labels, key, value)
	{
		assert_true(strlen(key) <= STATS_LABEL_BYTES);
		sum += json_integer_value(value);
	}
	assert_int_equal(sum, 2 * STATS_LABELS);
	assert_int_equal(json_integer_value(json_object_get(labels, "other")),
		STATS_LABELS);
	json_decref(all);
	stats_release(&stats);
}

struct reading {
	struct stats *stats;
	atomic_bool over;
};

static void *read_on(void *context)
{
	struct reading *reading = context;
	uint64_t before = 0;

	while (!atomic_load(&reading->over)) {
		uint64_t now = stats_value(reading->stats, COUNT);
		json_t *all = stats_json(reading->stats);

		if (now < before || !all)
			return NULL;
		before = now;
		json_decref(all);
	}
	return reading;
}

static void is_read_while_it_is_written(void **state)
{
	struct reading reading = {.stats = stats_new(&table, 1)};
	pthread_t reader;
	void *result;
	char label[32];

	(void)state;
	assert_int_equal(pthread_create(&reader, NULL, read_on, &reading), 0);
	for (int i = 0; i < 20000; i++) {
		stats_add(reading.stats, 0, COUNT, 1);
		(void)snprintf(label, sizeof(label), "label %d", i % 300);
		stats_add_label(reading.stats, 0, LABELLED, slice_of(label), 1);
	}
	atomic_store(&reading.over, true);
	assert_int_equal(pthread_join(reader, &result), 0);
	assert_non_null(result);
	assert_int_equal(stats_value(reading.stats, COUNT), 20000);
	stats_release(&reading.stats);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adds_shards_up),
		cmocka_unit_test(counts_by_label),
		cmocka_unit_test(bounds_labels),
		cmocka_unit_test(is_read_while_it_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
