/* markup_test.c -- what HTML and XML show. */
#include "lib/mime/markup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
	const char *text;
	const char *html;
	const char *xml;
} cases[] = {
	{"a", "a", "a"},
	{"a<b", "a", "a"},
	{"a < b", "a < b", "a < b"},
	{"<", "<", "<"},
	{"<b>a</b>", "a", "a"},
	{"a<br>b", "a\nb", "ab"},
	{"<p>a</p>", "\na\n", "a"},
	{"a<!-- x --!>b-->c", "ab-->c", "ab-->c"},
	{"a<!--->b", "ab", "ab"},
	{"a<!-- b", "a", "a"},
	{"a<![CDATA[<b>]]>c", "a]]>c", "a<b>c"},
	{"a<![CDATA[b", "a", "ab"},
	{"a<?x y?>b", "ab", "ab"},
	{"a<!DOCTYPE html>b", "ab", "ab"},
	{"<a b='>'>c", "c", "c"},
	{"<a b=\">\">c", "c", "c"},
	{"<a b'>c'>d", "c'>d", "c'>d"},
	{"a<style>b</style>c", "ac", "abc"},
	{"a<script>b", "a", "ab"},
	{"&amp;&lt&#65;&#x41&#X41;", "&<AAA", "&<AAA"},
	{"&auml;&Auml", "\xC3\xA4\xC3\x84", "\xC3\xA4\xC3\x84"},
	{"&ampx", "&x", "&x"},
	{"&unknown;", "&unknown;", "&unknown;"},
	{"&;&#;&#x;&", "&;&#;&#x;&", "&;&#;&#x;&"},
	{"&#0;a&#xD800;", "a\xEF\xBF\xBD", "a\xEF\xBF\xBD"},
	{"&#99999999999999999999;", "\xEF\xBF\xBD", "\xEF\xBF\xBD"},
	{"&ffr;&aopf;&lscr;", "fal", "fal"},
};

static void markup_is_taken_off(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct arena *arena = arena_new(1 << 20);
		struct slice shown;

		assert_true(markup_show(
			arena, slice_of(cases[i].text), false, &shown));
		if (!slice_equal(shown, slice_of(cases[i].html)))
			fail_msg("%s: %.*s", cases[i].text, SLICE_ARGS(shown));
		assert_true(markup_show(
			arena, slice_of(cases[i].text), true, &shown));
		if (!slice_equal(shown, slice_of(cases[i].xml)))
			fail_msg("%s: %.*s", cases[i].text, SLICE_ARGS(shown));
		arena_release(&arena);
	}
}

static void references_alone_are_decoded(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	struct slice decoded;

	(void)state;
	assert_true(markup_decode(arena, SLICE("<a b='&#99;'>&lt;"), &decoded));
	assert_true(slice_equal(decoded, SLICE("<a b='c'><")));
	arena_release(&arena);
}

static const struct {
	const char *bytes;
	const char *charset;
} declared[] = {
	{"<?xml version='1.0' encoding='utf-16'?>", "utf-16"},
	{"<?xml version=\"1.0\" encoding=\"x\"?>", "x"},
	{"<?xml version='1.0'?> encoding='x'", NULL},
	{"<META http-equiv=a content='text/html; CHARSET=Utf-7'>", "Utf-7"},
	{"<meta charset=\"shift_jis\">", "shift_jis"},
	{"charset=x", NULL},
	{"", NULL},
};

static void own_character_set_is_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(declared) / sizeof(*declared); i++) {
		const struct slice found =
			markup_charset(slice_of(declared[i].bytes));

		if (!slice_equal(found, slice_of(declared[i].charset)))
			fail_msg("%s: %.*s", declared[i].bytes,
				SLICE_ARGS(found));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(markup_is_taken_off),
		cmocka_unit_test(references_alone_are_decoded),
		cmocka_unit_test(own_character_set_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
