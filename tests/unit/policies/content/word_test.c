/* word_test.c -- where words begin and end in a folded text. */
#include "policies/content/word.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* | stands where a border is asked for. */
static const struct {
	const char *left, *right;
	bool border;
} borders[] = {
	{"", "falcon", true},
	{"falcon", "", true},
	{"falcon", "er", false},
	{"falcon", "9", false},
	{"falcon", " x", true},
	{"falcon", "-x", true},
	{"falcon", "'s", true},
	{"_", "falcon", true},
	{"x@", "falcon", true},
	{"ястре", "б", false},
	{"ястреб", ".", true},
	{"falcon", "ж", false},
	{"我的", "秘密", true},
	{"我", "falcon", true},
	{"falcon", "は", true},
	{"스파이", "는", true},
	{"ラ", "ー", true},
	{"ท", "ี", false}, /* a mark belongs to its letter */
	{"हिन्द", "ी", false},
	{"!", "\u0941", true},
};

static void knows_where_words_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(borders) / sizeof(*borders); i++) {
		char text[64];
		size_t at = strlen(borders[i].left);
		strcpy(text, borders[i].left);
		strcat(text, borders[i].right);
		if (word_border(slice_of(text), at) != borders[i].border)
			fail_msg("%s|%s", borders[i].left, borders[i].right);
	}
}

static const struct {
	const char *text;
	size_t at, end;
} ends[] = {
	{"falconers fly", 6, 9},
	{"falcon", 6, 6},
	{"falcon fly", 6, 6},
	{"ястребы", 8, 14},
	{"秘密文件", 3, 3},
	{"", 0, 0},
};

static void finds_the_end_of_a_word(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		assert_int_equal(word_end(slice_of(ends[i].text), ends[i].at),
			ends[i].end);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_where_words_end),
		cmocka_unit_test(finds_the_end_of_a_word),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
