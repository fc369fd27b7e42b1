/* ask_test.c -- options come before the query, whose words may begin with '-'.
 */
#include "cli/ask.h"

#include "cli/commands.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WORDS = 8 };

static const struct {
	const char *words[WORDS];
	unsigned takes;
	int result, rest;
	const char *config;
	uint64_t limit;
	bool json;
} cases[] = {
	{{"search"}, 0, COMMAND_OK, 1, COMMAND_CONFIGURATION_FILE, 0, false},
	{{"search", "lunch"}, 0, COMMAND_OK, 1, COMMAND_CONFIGURATION_FILE, 0,
		false},
	{{"search", "-lunch"}, 0, COMMAND_OK, 1, COMMAND_CONFIGURATION_FILE, 0,
		false},
	{{"search", "--json", "--config", "x", "a"}, 0, COMMAND_OK, 4, "x", 0,
		true},
	{{"search", "--config=x", "--limit=5", "a"}, ASK_TAKES_LIMIT,
		COMMAND_OK, 3, "x", 5, false},
	{{"search", "--limit", "7", "--", "--json"}, ASK_TAKES_LIMIT,
		COMMAND_OK, 4, COMMAND_CONFIGURATION_FILE, 7, false},
	{{"show", "--limit", "7"}, 0, COMMAND_USAGE, 0, NULL, 0, false},
	{{"search", "--limit", "0", "a"}, ASK_TAKES_LIMIT, COMMAND_USAGE, 0,
		NULL, 0, false},
	{{"search", "--limit", "x", "a"}, ASK_TAKES_LIMIT, COMMAND_USAGE, 0,
		NULL, 0, false},
	{{"search", "--limit"}, ASK_TAKES_LIMIT, COMMAND_USAGE, 0, NULL, 0,
		false},
	{{"search", "--config"}, 0, COMMAND_USAGE, 0, NULL, 0, false},
	{{"search", "--configs", "x"}, 0, COMMAND_USAGE, 0, NULL, 0, false},
};

static void options_are_read(void **state)
{
	(void)state;
	(void)unsetenv("SIPWARDEN_CONFIG");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ask_options options;
		char *words[WORDS];
		int count = 0;

		for (; count < WORDS && cases[i].words[count]; count++)
			words[count] = strdup(cases[i].words[count]);
		assert_int_equal(
			ask_options(count, words, cases[i].takes, &options),
			cases[i].result);
		if (cases[i].result == COMMAND_OK) {
			assert_int_equal(options.rest, cases[i].rest);
			assert_string_equal(options.config, cases[i].config);
			assert_int_equal(options.limit, cases[i].limit);
			assert_int_equal(options.json, cases[i].json);
		}
		while (count)
			free(words[--count]);
	}
}

static void the_environment_names_the_configuration(void **state)
{
	char *words[] = {(char *)(uintptr_t) "search"};
	struct ask_options options;

	(void)state;
	assert_int_equal(setenv("SIPWARDEN_CONFIG", "/x.yaml", 1), 0);
	assert_int_equal(ask_options(1, words, 0, &options), COMMAND_OK);
	assert_string_equal(options.config, "/x.yaml");
	assert_int_equal(setenv("SIPWARDEN_CONFIG", "", 1), 0);
	assert_int_equal(ask_options(1, words, 0, &options), COMMAND_OK);
	assert_string_equal(options.config, COMMAND_CONFIGURATION_FILE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_are_read),
		cmocka_unit_test(the_environment_names_the_configuration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
