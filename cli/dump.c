/* dump.c -- shows what the proxy has under way, one line each. */
#include "cli/commands.h"
#include "cli/running.h"
#include "cli/text.h"
#include "lib/arena.h"

#include <stdio.h>
#include <string.h>

enum { DUMP_TIMEOUT_S = 90 };

static const char *const kinds[] = {"bindings", "transactions", "connections"};

static bool is_kind(const char *word)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i], word) == 0)
			return true;
	return false;
}

static void print_value(const json_t *value)
{
	if (json_is_integer(value))
		(void)printf("%lld", (long long)json_integer_value(value));
	else if (json_is_string(value))
		text_print(stdout, slice_make(json_string_value(value),
					   json_string_length(value)));
	if (json_is_string(value) && !json_string_length(value))
		(void)putchar('-');
}

/* Fields with a tab between, under a line with their names. */
static void print_row(void *context, const json_t *row)
{
	bool *begun = context;
	const char *key, *before = "";
	json_t *value;

	json_object_foreach((json_t *)row, key, value)
	{
		if (*begun)
			break;
		(void)printf("%s%s", before, key);
		before = "\t";
	}
	if (!*begun)
		(void)putchar('\n');
	*begun = true;
	before = "";
	json_object_foreach((json_t *)row, key, value)
	{
		(void)fputs(before, stdout);
		print_value(value);
		before = "\t";
	}
	(void)putchar('\n');
}

/* On standard error, so that the lines are nothing but entries. */
static int say_rest(const json_t *done)
{
	long long silent = json_integer_value(json_object_get(done, "silent"));

	if (json_is_true(json_object_get(done, "more")))
		(void)fprintf(stderr, "sipwarden: there are more; --limit was "
				      "reached\n");
	if (!silent)
		return command_finish_output();
	(void)fprintf(stderr,
		"sipwarden: %lld worker%s did not answer, so this is not all; "
		"see worker.late_ms in `sipwarden stats`\n",
		silent, silent == 1 ? "" : "s");
	return COMMAND_FAILED;
}

static int dump(const struct settings *settings,
	const struct ask_options *options, const char *what)
{
	json_t *request = json_pack("{s:s,s:s,s:I}", "do", "dump", "what", what,
		"limit", (json_int_t)options->limit);
	bool begun = false;
	int result = COMMAND_FAILED;
	json_t *done;
	enum ask_result asked = running_ask(settings, CONTROL_PROXY, request,
		DUMP_TIMEOUT_S, options->json ? ask_print_row : print_row,
		&begun, &done);

	if (asked == ASK_AWAY)
		result = running_say_away(settings, CONTROL_PROXY);
	if (asked == ASK_DONE && options->json)
		ask_print_json(done);
	if (asked == ASK_DONE)
		result = say_rest(done);
	json_decref(done);
	json_decref(request);
	return result;
}

int command_dump(int argc, char **argv)
{
	struct ask_options options;
	struct settings *settings;
	int result = ask_options(argc, argv, ASK_TAKES_LIMIT, &options);

	if (result != COMMAND_OK)
		return result;
	if (options.rest + 1 != argc || !is_kind(argv[options.rest])) {
		(void)fprintf(stderr,
			"sipwarden dump takes one of bindings, transactions "
			"and connections; `sipwarden help dump` tells what "
			"else\n");
		return COMMAND_USAGE;
	}
	settings = settings_read_or_exit(options.config);
	result = dump(settings, &options, argv[options.rest]);
	settings_release(&settings);
	return result;
}
