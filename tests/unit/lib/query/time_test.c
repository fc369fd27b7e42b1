/* time_test.c -- dates cover what they say, zones included. */
#include "lib/query/query.h"

#include "lib/clock.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct {
	const char *text, *first, *last;
} good[] = {
	{"2026", "2026-01-01T00:00:00.000000Z", "2026-12-31T23:59:59.999999Z"},
	{"2026-02", "2026-02-01T00:00:00.000000Z",
		"2026-02-28T23:59:59.999999Z"},
	{"2028-02-29", "2028-02-29T00:00:00.000000Z",
		"2028-02-29T23:59:59.999999Z"},
	{"2026-12", "2026-12-01T00:00:00.000000Z",
		"2026-12-31T23:59:59.999999Z"},
	{"2026-11-22T15:04", "2026-11-22T15:04:00.000000Z",
		"2026-11-22T15:04:59.999999Z"},
	{"2026-11-22t15:04:05Z", "2026-11-22T15:04:05.000000Z",
		"2026-11-22T15:04:05.999999Z"},
	{"2026-11-22T15:04:05.25Z", "2026-11-22T15:04:05.250000Z",
		"2026-11-22T15:04:05.259999Z"},
	{"2026-11-22T01:00+02:00", "2026-11-21T23:00:00.000000Z",
		"2026-11-21T23:00:59.999999Z"},
	{"2026-11-22T23:30:00-01:00", "2026-11-23T00:30:00.000000Z",
		"2026-11-23T00:30:00.999999Z"},
};

static const char *const bad[] = {"", "26", "2026-13", "2026-00", "2026-02-30",
	"2026-11-31", "2026-1-1", "2026-11-22T", "2026-11-22T24:00",
	"2026-11-22T10", "2026-11-22T10:61", "2026-11-22T10:00+1", "yesterday",
	"2026-11-22x", "2026-11-22T10:00:00.", "1969"};

static void times_cover_what_they_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		uint64_t first, last;
		char text[CLOCK_TEXT_SIZE];

		if (!query_read_time(slice_of(good[i].text), &first, &last))
			fail_msg("refused: %s", good[i].text);
		clock_text(first, text);
		assert_string_equal(text, good[i].first);
		clock_text(last, text);
		assert_string_equal(text, good[i].last);
	}
}

static void other_texts_are_no_times(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint64_t first, last;

		if (query_read_time(slice_of(bad[i]), &first, &last))
			fail_msg("taken: %s", bad[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_cover_what_they_say),
		cmocka_unit_test(other_texts_are_no_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
