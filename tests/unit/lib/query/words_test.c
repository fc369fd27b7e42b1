/* words_test.c -- text is cut into the words that people look for. */
#include "lib/query/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* Words with spaces between; '+' before one that shares the place. */
static void cut(const char *text, enum words_mode mode, char *out, size_t room)
{
	struct words words;
	struct word word;
	size_t used = 0;

	*out = '\0';
	words_start(&words, slice_of(text), mode);
	while (words_next(&words, &word)) {
		assert_true(word.end <= strlen(text) && word.start < word.end);
		used += (size_t)snprintf(out + used, room - used, "%s%s%.*s",
			used ? " " : "", word.same_place ? "+" : "",
			(int)word.size, word.text);
	}
}

static const struct {
	const char *text, *in_text, *in_query;
} cases[] = {
	{"", "", ""},
	{" ,;-- ", "", ""},
	{"Lunch at NOON?", "lunch at noon", "lunch at noon"},
	{"don't", "don t", "don t"},
	{"Straße STRASSE", "strasse strasse", "strasse strasse"},
	{"Café CAFE\xcc\x81", "cafe cafe", "cafe cafe"},
	{"ｆａｌｃｏｎ ﬁsh", "falcon fish", "falcon fish"},
	{"fal\xe2\x80\x8b"
	 "con fal\xc2\xad"
	 "con",
		"falcon falcon", "falcon falcon"},
	{"悬", "悬", "悬"},
	{"悬空", "悬 +悬空 空", "悬空"},
	{"在悬空中", "在 +在悬 悬 +悬空 空 +空中 中", "在悬 悬空 空中"},
	{"vip客户a", "vip 客 +客户 户 a", "vip 客户 a"},
	{"悬, 空", "悬 空", "悬 空"},
	{"회의", "회 +회의 의", "회의"},
	{"ok 😀 now", "ok 😀 now", "ok 😀 now"},
	{"\x01"
	 "Alice@Example.com next",
		"\x01"
		"alice@example.com next",
		"\x01"
		"alice@example.com next"},
	{"a\x03"
	 "b",
		"a \x03 b", "a \x03 b"},
	{"bad\xff\xfe"
	 "bytes",
		"bad bytes", "bad bytes"},
	{"\xcc\x81", "", ""},
};

static void words_are_cut_and_folded(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char out[400];

		cut(cases[i].text, WORDS_OF_TEXT, out, sizeof(out));
		assert_string_equal(out, cases[i].in_text);
		cut(cases[i].text, WORDS_OF_QUERY, out, sizeof(out));
		assert_string_equal(out, cases[i].in_query);
	}
}

/* A run of 1,000 letters is cut, at the same places in text and query. */
static void long_words_are_cut_alike(void **state)
{
	char long_word[1001], text[1400], query[1400];

	(void)state;
	memset(long_word, 'x', sizeof(long_word) - 1);
	long_word[1000] = '\0';
	cut(long_word, WORDS_OF_TEXT, text, sizeof(text));
	cut(long_word, WORDS_OF_QUERY, query, sizeof(query));
	assert_string_equal(text, query);
	assert_int_equal(strchr(text, ' ') - text, WORD_BYTES);
}

static void any_says_whether_there_is_a_word(void **state)
{
	(void)state;
	assert_false(words_any(SLICE("?!")));
	assert_false(words_any(SLICE("")));
	assert_true(words_any(SLICE("?a")));
	assert_true(words_any(SLICE("空")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_cut_and_folded),
		cmocka_unit_test(long_words_are_cut_alike),
		cmocka_unit_test(any_says_whether_there_is_a_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
