/* expression_test.c -- folds the letters of an expression, not its signs. */
#include "policies/content/expression.h"

#include "policies/content/fold.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

static const struct {
	const char *expression, *folded; /* NULL: refused */
} cases[] = {
	{"falcon", "falcon"},
	{"FALCON", "falcon"},
	{"\\S+\\D\\W\\B", "\\S+\\D\\W\\B"},
	{"\\p{Greek}\\PL\\pN", "\\p{Greek}\\PL\\pN"},
	{"(?P<Name>A)(?i)B", "(?P<name>a)(?i)b"},
	{"(*UCP)A", "(*UCP)a"},
	{"[A-Z]{2}[0-9]", "[abcdefghijklmnopqrstuvwxyz]{2}[0-9]"},
	{"[^A-C]", "[^abc]"},
	{"[]A]", "[]a]"},
	{"[^]A]", "[^]a]"},
	{"[[:alpha:]X]", "[[:alpha:]x]"},
	{"[ -]", "[\\ \\-]"},
	{"[\\d-]", "[\\d\\-]"},
	{"straße+", "stra(?:ss)e+"},
	{"саr", "car"},
	{"я[а-г]", "я[aбbr]"},
	{"[ａ-ｃ］]", "[abc\\]]"},
	{"[一-龥]+", "[一-龥]+"},
	{"é\\é", "ee"},
	{"a\u0301b", "ab"},
	{"[a-\\d]", "[a\\-\\d]"},
	{"\\", NULL},
	{"\\Qx\\E", NULL},
	{"[я-а]", NULL},
	{"[", "["}, /* left to vectorscan to refuse */
	{"(?", "(?"},
	{"\\p{", "\\p{"},
	{"\\d{2}\\p{L}+x{3}", "\\d{2}\\p{L}+x{3}"},
	{"\\p{L}{12,18}", NULL}, /* seconds to compile */
	{"(\\p{L}x){9}", NULL},
	{"[\\p{L}]{9}", NULL},
	{"\\pL\\pL\\pL\\pL", NULL},
};

static void folds_letters_and_leaves_signs(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct arena *arena = arena_new(1 << 20);
		struct slice folded = {0};
		const char *why = NULL;
		bool done = expression_fold(
			slice_of(cases[i].expression), arena, &folded, &why);
		if (done != (cases[i].folded != NULL) ||
			(done && !slice_equal(
					 folded, slice_of(cases[i].folded))))
			fail_msg("%s: %.*s", cases[i].expression,
				SLICE_ARGS(folded));
		assert_true(done || why);
		arena_release(&arena);
	}
}

/* Ranges written out are bounded. */
static void refuses_what_grows_too_long(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	char text[7 * 100 + 1] = "";
	struct slice folded;
	const char *why = NULL;
	(void)state;
	for (size_t i = 0; i < 100; i++)
		strcat(text, "[\u0400-\u0780]");
	assert_false(expression_fold(slice_of(text), arena, &folded, &why));
	assert_non_null(strstr(why, "too long"));
	arena_release(&arena);
}

static int prepare(void **state)
{
	(void)state;
	return fold_prepare();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folds_letters_and_leaves_signs),
		cmocka_unit_test(refuses_what_grows_too_long),
	};
	return cmocka_run_group_tests(tests, prepare, NULL);
}
