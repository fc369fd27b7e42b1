/* log_limit_test.c -- a source has one line in a minute, all together few. */
#include "proxy/transports/log_limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static union address address(unsigned a, unsigned b)
{
	union address made;
	char text[ADDRESS_TEXT_SIZE];

	(void)snprintf(text, sizeof(text), "10.0.%u.%u:5060", a, b);
	assert_true(address_parse(text, &made));
	return made;
}

static void source_has_one_line_in_a_minute(void **state)
{
	struct log_limit limit = {0};
	union address one = address(0, 1), two = address(0, 2), moved = one;
	uint64_t silenced = 99;

	(void)state;
	moved.v4.sin_port = 7;
	assert_true(log_limit_allows(&limit, &one, 1000, &silenced));
	assert_int_equal(silenced, 0);
	for (int i = 0; i < 500; i++)
		assert_false(log_limit_allows(&limit, &one, 2000, &silenced));
	/* Another port is the same source, another host is not. */
	assert_false(log_limit_allows(&limit, &moved, 2000, &silenced));
	assert_true(log_limit_allows(&limit, &two, 2000, &silenced));
	assert_int_equal(silenced, 501);
	assert_false(log_limit_allows(
		&limit, &one, 1000 + LOG_LIMIT_MS - 1, &silenced));
	assert_true(
		log_limit_allows(&limit, &one, 1000 + LOG_LIMIT_MS, &silenced));
	assert_int_equal(silenced, 1);
}

static void many_sources_have_few_lines(void **state)
{
	struct log_limit limit = {0};
	unsigned lines = 0;
	uint64_t silenced;

	(void)state;
	for (unsigned i = 0; i < 65536; i++) {
		union address from = address(i / 256, i % 256);

		lines += log_limit_allows(&limit, &from, 1000, &silenced);
	}
	assert_int_equal(lines, LOG_LIMIT_LINES);
}

static void what_was_kept_back_is_told_at_the_end(void **state)
{
	struct log_limit limit = {0};
	union address one = address(0, 1);
	uint64_t silenced;

	(void)state;
	assert_int_equal(log_limit_rest(&limit, 500), 0);
	assert_true(log_limit_allows(&limit, &one, 1000, &silenced));
	assert_int_equal(log_limit_rest(&limit, 1000 + LOG_LIMIT_MS), 0);
	assert_false(log_limit_allows(&limit, &one, 1001, &silenced));
	assert_false(log_limit_allows(&limit, &one, 1002, &silenced));
	assert_int_equal(log_limit_rest(&limit, 1003), 0);
	assert_int_equal(log_limit_rest(&limit, 1000 + LOG_LIMIT_MS), 2);
	assert_int_equal(log_limit_rest(&limit, 1001 + LOG_LIMIT_MS), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(source_has_one_line_in_a_minute),
		cmocka_unit_test(many_sources_have_few_lines),
		cmocka_unit_test(what_was_kept_back_is_told_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
