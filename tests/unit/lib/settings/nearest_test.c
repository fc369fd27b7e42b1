/* nearest_test.c -- which known word was meant. */
#include "lib/settings/nearest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void counts_slips(void **state)
{
	static const struct {
		const char *a, *b;
		size_t distance;
	} cases[] = {
		{"", "", 0},
		{"listen", "listen", 0},
		{"", "log", 3},
		{"log", "", 3},
		{"listne", "listen", 1}, /* neighbours swapped */
		{"lisen", "listen", 1},
		{"llisten", "listen", 1},
		{"lixten", "listen", 1},
		{"kitten", "sitting", 3},
		{"ca", "abc", 3},
		{"abcd", "badc", 2},
		{"0123456789012345678901234567890123456789012345678901234567"
		 "890123",
			"log", SIZE_MAX},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (edit_distance(cases[i].a, cases[i].b) != cases[i].distance)
			fail_msg("%s %s: %zu", cases[i].a, cases[i].b,
				edit_distance(cases[i].a, cases[i].b));
}

static const char *guess(const char *wanted)
{
	static const char *const words[] = {
		"listen", "limits", "users", "unseen", "log"};
	struct nearest nearest = {NULL, 0};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		nearest_try(&nearest, wanted, words[i]);
	return nearest.word;
}

static void guesses_what_is_near_alone(void **state)
{
	(void)state;
	assert_string_equal(guess("listne"), "listen");
	assert_string_equal(guess("limit"), "limits");
	assert_string_equal(guess("user"), "users");
	assert_null(guess("frobnicate"));
	assert_null(guess("zz"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_slips),
		cmocka_unit_test(guesses_what_is_near_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
