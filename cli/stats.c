/* stats.c -- prints what the archive holds and how far its index is. */
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/moment.h"
#include "cli/text.h"

#include <stdio.h>

static long long number_at(const json_t *row, const char *name)
{
	return (long long)json_integer_value(json_object_get(row, name));
}

/* "records 38: message 20, outcome 18" without what is zero. */
static void print_counts(const json_t *done, const char *name)
{
	json_t *counts = json_object_get(done, name);
	const char *key, *before = "";
	json_t *value;

	json_object_foreach(counts, key, value)
	{
		if (json_integer_value(value) == 0)
			continue;
		(void)fputs(before, stdout);
		text_print(stdout, slice_of(key));
		(void)printf(" %lld", (long long)json_integer_value(value));
		before = ", ";
	}
	(void)fputs(*before ? "\n" : "none\n", stdout);
}

static void print_shards(const json_t *done)
{
	const json_t *shards = json_object_get(done, "shards");

	for (size_t i = 0; i < json_array_size(shards); i++) {
		const json_t *shard = json_array_get(shards, i);
		const char *name =
			json_string_value(json_object_get(shard, "shard"));

		(void)fputs("shard          ", stdout);
		text_print(stdout, slice_of(name ? name : ""));
		(void)printf(", %lld bytes\n", number_at(shard, "bytes"));
	}
}

static void print_stats(const json_t *done)
{
	const json_t *mark = json_object_get(done, "watermark");

	(void)printf("records        %lld\n", number_at(done, "records"));
	(void)fputs("kinds          ", stdout);
	print_counts(done, "kinds");
	(void)fputs("verdicts       ", stdout);
	print_counts(done, "verdicts");
	(void)printf("conversations  %lld\n", number_at(done, "conversations"));
	(void)printf(
		"indexed        to record %lld", number_at(mark, "record"));
	if (json_is_string(json_object_get(mark, "at"))) {
		(void)fputs(" of ", stdout);
		moment_print(json_string_value(json_object_get(mark, "at")));
	}
	(void)printf(", %lld behind the journal\n", number_at(done, "behind"));
	print_shards(done);
}

int command_stats(int argc, char **argv)
{
	struct ask_options options;
	struct settings *settings;
	json_t *request, *done;
	enum ask_result asked;
	int result = ask_options(argc, argv, 0, &options);

	if (result != COMMAND_OK)
		return result;
	if (options.rest < argc) {
		(void)fprintf(stderr,
			"sipwarden stats takes options alone; \"%s\" is none\n",
			argv[options.rest]);
		return COMMAND_USAGE;
	}
	settings = settings_read_or_exit(options.config);
	request = json_pack("{s:s}", "do", "stats");
	asked = ask(settings, request, ask_print_row, NULL, &done);
	result = COMMAND_FAILED;
	if (asked == ASK_AWAY)
		result = ask_say_away(settings);
	if (asked == ASK_DONE) {
		if (options.json)
			ask_print_json(done);
		else
			print_stats(done);
		result = command_finish_output();
	}
	json_decref(done);
	json_decref(request);
	settings_release(&settings);
	return result;
}
