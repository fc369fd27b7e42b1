/* rules_test.c -- what `sipwarden rules` shows and how it exits. */
#include "cli/commands.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "rules_test.XXXXXX";
static char *said, *complained;

/* Runs `rules` with these arguments behind the name; outputs are kept. */
static int run(const char *const *arguments, size_t count)
{
	char *argv[12] = {(char[]){"rules"}};
	FILE *out = stdout, *error = stderr;
	size_t size;
	free(said);
	free(complained);
	for (size_t i = 0; i < count; i++)
		assert_non_null(argv[i + 1] = strdup(arguments[i]));
	stdout = open_memstream(&said, &size);
	stderr = open_memstream(&complained, &size);
	int result = command_rules((int)count + 1, argv);
	(void)fclose(stdout);
	(void)fclose(stderr);
	stdout = out;
	stderr = error;
	for (size_t i = 1; i <= count; i++)
		free(argv[i]);
	return result;
}

static const char rules[] =
	"rules:\n"
	"  - {name: falcons, action: block, terms: [falcon], "
	"direction: outbound, reason: Not here}\n"
	"  - {name: cards, action: replace, with: '[x]', "
	"expressions: ['\\d{4}']}\n"
	"  - {name: notes, action: tag, terms: [note]}\n";

static const struct {
	const char *arguments[6];
	size_t count;
	int result;
	const char *said, *complained; /* somewhere in the output */
} cases[] = {
	{{path}, 1, COMMAND_OK, ": 3 rules, version ", ""},
	{{path, "--try", "the Falcon"}, 3, COMMAND_OK,
		"block    falcons, from byte 4: \"Falcon\"\n"
		"The message is refused: 403 Not here, by rule falcons.\n",
		""},
	{{"--direction", "inbound", path, "--try", "falcon"}, 5, COMMAND_OK,
		"The message goes on.\n", ""},
	{{path, "--try", "pin 1234, 5678."}, 3, COMMAND_OK,
		"The message goes on with \"pin [x], [x].\", by rule cards.\n",
		""},
	{{path, "--try", "pin 1234", "--fixed"}, 4, COMMAND_OK,
		"The message is refused: 403 Blocked by content rule, by rule "
		"cards.\n",
		""},
	{{path, "--try", "a note"}, 3, COMMAND_OK,
		"The message goes on, tagged by rule notes.\n", ""},
	/* nothing that a terminal would obey */
	{{path, "--try", "no\x1B[31mte note"}, 3, COMMAND_OK,
		"from byte 10: \"note\"", ""},
	{{path, "--try", "n\x1Bote"}, 3, COMMAND_OK, "\"n\\x1bote\"", ""},
	{{path, "--direction", "up"}, 3, COMMAND_USAGE, "",
		"there is no direction up"},
	{{path, "more"}, 2, COMMAND_USAGE, "", "usage: sipwarden rules FILE"},
	{{""}, 0, COMMAND_USAGE, "", "usage: sipwarden rules FILE"},
	{{path, "--tyr", "x"}, 3, COMMAND_USAGE, "", "--tyr"},
	{{"none-such"}, 1, COMMAND_CONFIGURATION, "",
		"none-such:1:1: the rule file cannot be read"},
};

static void shows_what_the_rules_make_of_a_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int result = run(cases[i].arguments, cases[i].count);
		if (result != cases[i].result || !strstr(said, cases[i].said) ||
			!strstr(complained, cases[i].complained))
			fail_msg("case %zu: %d\n%s%s", i, result, said,
				complained);
		assert_null(strchr(said, '\x1B'));
		if (result == COMMAND_OK)
			assert_string_equal(complained, "");
		else
			assert_string_equal(said, "");
	}
}

static int rules_write(void **state)
{
	int file = mkstemp(path);
	(void)state;
	if (file < 0)
		return -1;
	bool whole = write(file, rules, sizeof(rules) - 1) ==
		     (ssize_t)sizeof(rules) - 1;
	return close(file) == 0 && whole ? 0 : -1;
}

static int rules_remove(void **state)
{
	(void)state;
	free(said);
	free(complained);
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_what_the_rules_make_of_a_text),
	};
	return cmocka_run_group_tests(tests, rules_write, rules_remove);
}
