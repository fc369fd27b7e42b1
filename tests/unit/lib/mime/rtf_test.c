/* rtf_test.c -- what rich text shows. */
#include "lib/mime/rtf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
	const char *text;
	const char *shown;
} rich[] = {
	{"{\\rtf1 a}", "a"},
	{"{\\rtf1\\b a\\b0 b}", "ab"},
	{"{\\rtf1 a\\par b}", "a\nb"},
	{"{\\rtf1 a\\'e4b}", "a\xC3\xA4"
			     "b"},
	{"{\\rtf1\\ansicpg932 \\'83\\'65}", "\xE3\x83\x86"},
	{"{\\rtf1\\ansicpg1251 \\'f4}", "\xD1\x84"},
	{"{\\rtf1\\ansicpg99999 \\'e4}", "\xC3\xA4"},
	{"{\\rtf1\\u228?b}", "\xC3\xA4"
			     "b"},
	{"{\\rtf1\\uc2\\u228??b}", "\xC3\xA4"
				   "b"},
	{"{\\rtf1\\uc0\\u228 b}", "\xC3\xA4"
				  "b"},
	{"{\\rtf1\\u228\\'e4b}", "\xC3\xA4"
				 "b"},
	{"{\\rtf1\\u-3913?b}", "\xEF\x82\xB7"
			       "b"},
	{"{\\rtf1{\\fonttbl x}a}", "a"},
	{"{\\rtf1{\\*\\y x}a}", "a"},
	{"{\\rtf1{\\v x}a}", "a"},
	{"{\\rtf1\\v x\\v0 a}", "a"},
	{"{\\rtf1 \\{\\\\\\}}", "{\\}"},
	{"{\\rtf1\\bin3 x}ya}", "a"},
	{"{\\rtf1\\bin99999999 a}", ""},
	{"{\\rtf1 a\r\nb}", "ab"},
	{"}}}{\\rtf1 a", "a"},
	{"{\\rtf1 a\\", "a"},
};

static void rich_text_is_shown(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rich) / sizeof(*rich); i++) {
		struct arena *arena = arena_new(1 << 20);
		struct slice shown;

		assert_true(rtf_show(arena, slice_of(rich[i].text), &shown));
		if (!slice_equal(shown, slice_of(rich[i].shown)))
			fail_msg("%s: %.*s", rich[i].text, SLICE_ARGS(shown));
		arena_release(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rich_text_is_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
