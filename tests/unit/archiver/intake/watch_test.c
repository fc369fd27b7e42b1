/* watch_test.c -- a clock that jumps is noticed, one that runs is not. */
#include "archiver/intake/watch.h"

#include "lib/clock.h"
#include "lib/record/number.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static uint64_t wall_us, steady_us;

static uint64_t read_wall(void)
{
	return wall_us;
}

static uint64_t read_steady(void)
{
	return steady_us;
}

static void notices_jumps_both_ways(void **state)
{
	const struct {
		int64_t wall, steady, jump;
	} cases[] = {{1000000, 1000000, 0}, {3600000000, 3600000000, 0},
		{5000000, 0, 0}, {5000001, 0, 5000001}, {1000, 1000, 0},
		{-5000000, 0, 0}, {-5000001, 0, -5000001},
		{0, 6000000, -6000000}};
	struct watch watch;

	(void)state;
	clock_replace(read_wall, read_steady);
	wall_us = RECORD_EPOCH_US + UINT64_C(1000000000000);
	watch_start(&watch, record_number_make(wall_us + 9000000, 1));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		wall_us += (uint64_t)cases[i].wall;
		steady_us += (uint64_t)cases[i].steady;
		assert_int_equal(watch_clock(&watch), cases[i].jump);
	}
	clock_replace(NULL, NULL);
}

static void says_when_the_disk_is_low_and_when_not(void **state)
{
	struct watch watch;

	(void)state;
	clock_replace(NULL, read_steady);
	steady_us = 1000000;
	watch_start(&watch, 0);
	watch_disk(&watch, "/tmp", UINT64_MAX);
	assert_true(watch.disk_is_low);
	/* Not looked at again before its time. */
	watch_disk(&watch, "/tmp", 0);
	assert_true(watch.disk_is_low);
	steady_us += (uint64_t)WATCH_DISK_MS * 1000;
	watch_disk(&watch, "/tmp", 0);
	assert_false(watch.disk_is_low);
	clock_replace(NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(notices_jumps_both_ways),
		cmocka_unit_test(says_when_the_disk_is_low_and_when_not)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
