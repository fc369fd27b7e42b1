/* homoglyphs_test.c -- letters of other alphabets that look like Latin ones. */
#include "policies/content/homoglyphs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
	UChar32 point, latin;
} cases[] = {
	{0x00F8, 'o'}, /* the first and the last of the table */
	{0xA731, 's'},
	{0x0430, 'a'},
	{0x0441, 'c'},
	{0x039D, 'n'}, /* Greek capital nu */
	{0x03BD, 'v'}, /* Greek small nu */
	{0x1F150, 'a'},
	{0x1F189, 'z'},
	{0x1F1E6, 'a'},
	{'q', 'q'},
	{0x0416, 0x0416}, /* Cyrillic zhe looks like no Latin letter */
	{0x1F18A, 0x1F18A},
	{0x10FFFF, 0x10FFFF},
};

static void finds_the_latin_look(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(homoglyph_of(cases[i].point), cases[i].latin);
}

/* Were the table out of order, the search would miss entries. */
static void finds_every_entry(void **state)
{
	size_t found = 0;
	(void)state;
	for (UChar32 point = 0; point <= 0xFFFF; point++) {
		UChar32 latin = homoglyph_of(point);
		if (latin == point)
			continue;
		assert_in_range(latin, 'a', 'z');
		found++;
	}
	assert_int_equal(found, HOMOGLYPHS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_latin_look),
		cmocka_unit_test(finds_every_entry),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
