/* number_test.c -- numbers rise, and tell their time and node. */
#include "lib/record/number.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void tells_time_and_node(void **state)
{
	const struct {
		uint64_t wall_us;
		uint32_t node;
		uint64_t number;
	} cases[] = {{RECORD_EPOCH_US, 0, 0}, {RECORD_EPOCH_US, 4095, 4095},
		{RECORD_EPOCH_US + 1, 1, 4097},
		{UINT64_C(1767225600000000), 7,
			UINT64_C(189388800000000) * 4096 + 7},
		{RECORD_EPOCH_US + (UINT64_C(1) << 51) - 1, 4095,
			(UINT64_C(1) << 63) - 1}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t number =
			record_number_make(cases[i].wall_us, cases[i].node);

		assert_int_equal(number, cases[i].number);
		assert_int_equal(
			record_number_wall_us(number), cases[i].wall_us);
		assert_int_equal(record_number_node(number), cases[i].node);
	}
	/* Outside of what 51 bits hold. */
	assert_int_equal(record_number_make(0, 1), 1);
	assert_int_equal(
		record_number_make(UINT64_MAX, 4095), (UINT64_C(1) << 63) - 1);
}

static void never_goes_back(void **state)
{
	uint64_t last = 0;
	const uint64_t times[] = {0, 0, RECORD_EPOCH_US + 100, RECORD_EPOCH_US,
		RECORD_EPOCH_US + 100, RECORD_EPOCH_US + 101,
		RECORD_EPOCH_US + 102, 5};

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		uint64_t next =
			record_number_next(last, times[i], i % 2 ? 4095 : 0);

		assert_true(next > last);
		assert_true(record_number_wall_us(next) >
			    record_number_wall_us(last));
		last = next;
	}
	assert_int_equal(record_number_wall_us(record_number_next(
				 last, RECORD_EPOCH_US + 5000, 1)),
		RECORD_EPOCH_US + 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_time_and_node),
		cmocka_unit_test(never_goes_back)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
