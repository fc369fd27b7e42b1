/* words_test.c -- encoded words are decoded as the laxest readers do. */
#include "lib/mime/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
	const char *text;
	const char *plain;
	bool unknown;
} cases[] = {
	{"none", "none", false},
	{"=?utf-8?Q?a=20b_c?=", "a b c", false},
	{"=?UTF-8?b?YWJj?=", "abc", false},
	{"x =?utf-8?Q?a?= y", "x a y", false},
	{"=?utf-8?Q?a?= =?utf-8?B?Yg==?=", "ab", false},
	{"=?utf-8?Q?a?=\r\n\t=?iso-8859-1?Q?=E4?=", "a\xC3\xA4", false},
	{"=?utf-8?Q?a?= x =?utf-8?Q?b?=", "a x b", false},
	{"=?utf-8?Q?=C3?= =?utf-8?Q?=A4?=", "\xC3\xA4", false},
	{"=?utf-8*de?Q?a?=", "a", false},
	{"a=?utf-8?Q?b?=c", "abc", false},
	{"=?utf-8?Q?=?=", "=", false},
	{"=?utf-8?Q?=4?=", "=4", false},
	{"=?utf-8?B?Y*W Jj?=", "abc", false},
	{"=?utf-8?Q?\?=", "", false},
	{"=?utf-8?X?a?=", "=?utf-8?X?a?=", false},
	{"=?utf-8?Q?a", "=?utf-8?Q?a", false},
	{"=?utf-8?Q?a?", "=?utf-8?Q?a?", false},
	{"=?", "=?", false},
	{"=?=?utf-8?Q?a?=", "=?a", false},
	{"=?x-none?Q?a?=", "=?x-none?Q?a?=", true},
	{"=?x-none?Q?a?= =?x-none?Q?b?= c", "=?x-none?Q?a?= =?x-none?Q?b?= c",
		true},
	{"=?x-none?Q?a?= =?utf-8?Q?b?=", "=?x-none?Q?a?=b", true},
	{"=?utf-8?Q?a=00b?=", "ab", false},
};

static void words_are_decoded(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct arena *arena = arena_new(1 << 20);
		struct slice plain;
		bool unknown;

		assert_true(words_read(
			arena, slice_of(cases[i].text), &plain, &unknown));
		if (!slice_equal(plain, slice_of(cases[i].plain)) ||
			unknown != cases[i].unknown)
			fail_msg("%s: %.*s", cases[i].text, SLICE_ARGS(plain));
		arena_release(&arena);
	}
}

static void presence_is_told(void **state)
{
	(void)state;
	assert_false(words_present(SLICE("a ?= b = ?")));
	assert_true(words_present(SLICE("a =?")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_decoded),
		cmocka_unit_test(presence_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
