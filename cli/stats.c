/* stats.c -- asks every program of this machine how it does. */
#include "cli/commands.h"
#include "cli/moment.h"
#include "cli/running.h"
#include "cli/text.h"
#include "lib/stats/names.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { STATS_TIMEOUT_S = 10, NAME_COLUMNS = 26 };

static long long number_at(const json_t *row, const char *name)
{
	return (long long)json_integer_value(json_object_get(row, name));
}

static void print_name(const char *name)
{
	(void)printf("  %-*s", NAME_COLUMNS, name);
}

/* "message 20, outcome 18" without what is zero. */
static void print_counts(const json_t *counts)
{
	const char *key, *before = "";
	json_t *value;

	json_object_foreach((json_t *)counts, key, value)
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

/* --- what the archive holds ----------------------------------------------- */

static void print_shards(const json_t *archive)
{
	const json_t *shards = json_object_get(archive, "shards");

	for (size_t i = 0; i < json_array_size(shards); i++) {
		const json_t *shard = json_array_get(shards, i);
		const char *name =
			json_string_value(json_object_get(shard, "shard"));

		print_name("shard");
		text_print(stdout, slice_of(name ? name : ""));
		(void)printf(", %lld bytes\n", number_at(shard, "bytes"));
	}
}

static void print_archive(const json_t *archive)
{
	const json_t *mark = json_object_get(archive, "watermark");

	(void)puts("archive");
	print_name("records");
	(void)printf("%lld\n", number_at(archive, "records"));
	print_name("kinds");
	print_counts(json_object_get(archive, "kinds"));
	print_name("verdicts");
	print_counts(json_object_get(archive, "verdicts"));
	print_name("conversations");
	(void)printf("%lld\n", number_at(archive, "conversations"));
	print_name("indexed");
	(void)printf("to record %lld", number_at(mark, "record"));
	if (json_is_string(json_object_get(mark, "at"))) {
		(void)fputs(" of ", stdout);
		moment_print(json_string_value(json_object_get(mark, "at")));
	}
	(void)printf(
		", %lld behind the journal\n", number_at(archive, "behind"));
	print_shards(archive);
}

/* --- one program ---------------------------------------------------------- */

static bool is_of_queue(const char *name)
{
	return strncmp(name, "queue.", 6) == 0 && strchr(name + 6, '.');
}

/* A queue's first row stands for all of them. */
static bool begins_queue(const char *name)
{
	size_t size = strlen(name);

	return is_of_queue(name) && size > 6 &&
	       strcmp(name + size - 6, ".limit") == 0;
}

static long long of_queue(
	const json_t *values, const char *limit, const char *which)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "%.*s.%s", (int)strlen(limit) - 6,
		limit, which);
	return number_at(values, name);
}

static void print_queues(const struct stats_table *table, const json_t *values)
{
	bool begun = false;

	for (size_t i = 0; i < table->count; i++) {
		const char *name = table->names[i].name;

		if (!begins_queue(name))
			continue;
		if (!begun)
			(void)printf("  %-*s%12s%12s%12s%12s\n", NAME_COLUMNS,
				"queue", "depth", "limit", "highest",
				"refused");
		begun = true;
		(void)printf("  %-*.*s%12lld%12lld%12lld%12lld\n", NAME_COLUMNS,
			(int)strlen(name) - 12, name + 6,
			of_queue(values, name, "depth"),
			number_at(values, name),
			of_queue(values, name, "highest"),
			of_queue(values, name, "refused"));
	}
}

/* Is this row one of those that print_queues shows? */
static bool is_shown(const struct stats_table *table, const char *name)
{
	for (size_t i = 0; i < table->count; i++) {
		const char *limit = table->names[i].name;

		if (begins_queue(limit) &&
			strncmp(limit, name, strlen(limit) - 5) == 0 &&
			strcmp(strrchr(name, '.'), ".bytes") != 0)
			return true;
	}
	return false;
}

static void print_values(const struct stats_table *table, const json_t *values)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct stats_name *name = &table->names[i];
		const json_t *value = json_object_get(values, name->name);

		if (is_shown(table, name->name))
			continue;
		print_name(name->name);
		if (name->kind == STATS_LABELLED)
			print_counts(value);
		else
			(void)printf(
				"%lld\n", (long long)json_integer_value(value));
	}
}

static void print_sources(const json_t *program)
{
	const json_t *sources = json_object_get(program, "sources");

	for (size_t i = 0; i < json_array_size(sources); i++) {
		const json_t *source = json_array_get(sources, i);

		print_name("dropped from");
		text_print(stdout, slice_of(json_string_value(json_object_get(
					   source, "address"))));
		(void)printf("  %lld, last: ", number_at(source, "dropped"));
		text_print(stdout, slice_of(json_string_value(
					   json_object_get(source, "last"))));
		(void)putchar('\n');
	}
}

static void print_words(const json_t *program)
{
	static const char *const words[] = {"rules", "generation"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const char *word =
			json_string_value(json_object_get(program, words[i]));

		if (!word)
			continue;
		print_name(words[i]);
		text_print(stdout, slice_of(word));
		(void)putchar('\n');
	}
}

static void print_program(
	const struct stats_table *table, const json_t *program)
{
	const json_t *values = json_object_get(program, "values");
	const char *away = json_string_value(json_object_get(program, "do"));
	const char *version =
		json_string_value(json_object_get(program, "version"));
	long long up_s = number_at(program, "up_s");

	if (away) {
		(void)printf("%s  away: %s\n", table->program, away);
		return;
	}
	(void)printf("%s  up %lld d %02lld:%02lld:%02lld  version ",
		table->program, up_s / 86400, up_s / 3600 % 24, up_s / 60 % 60,
		up_s % 60);
	text_print(stdout, slice_of(version ? version : ""));
	(void)putchar('\n');
	print_queues(table, values);
	print_values(table, values);
	print_words(program);
	print_sources(program);
}

/* --- all of them ---------------------------------------------------------- */

static json_t *ask_program(
	const struct settings *settings, enum control_program program)
{
	const char *word = control_program_word(program);
	json_t *request = json_pack("{s:s}", "do", "stats"), *done = NULL;
	enum ask_result asked = running_ask(settings, program, request,
		STATS_TIMEOUT_S, ask_print_row, NULL, &done);
	char advice[512];

	json_decref(request);
	if (asked == ASK_DONE)
		return done;
	if (asked == ASK_AWAY)
		(void)snprintf(advice, sizeof(advice),
			"start sipwarden-%s --config %.400s", word,
			settings->file);
	else
		(void)snprintf(advice, sizeof(advice),
			"it is there and does not answer; see its log");
	return json_pack("{s:b,s:s}", "away", 1, "do", advice);
}

static json_t *ask_programs(const struct settings *settings)
{
	json_t *programs = json_object();

	for (int i = 0; i < CONTROL_PROGRAMS; i++)
		if (running_is_wanted(settings, (enum control_program)i))
			(void)json_object_set_new(programs,
				control_program_word((enum control_program)i),
				ask_program(settings, (enum control_program)i));
	return programs;
}

static void print_all(const json_t *all, bool json)
{
	const json_t *programs = json_object_get(all, "programs");

	if (json) {
		ask_print_json(all);
		return;
	}
	for (int i = 0; i < CONTROL_PROGRAMS; i++) {
		const json_t *program =
			json_object_get(programs, stats_tables[i].program);

		if (program)
			print_program(&stats_tables[i], program);
	}
	if (json_object_get(all, "watermark"))
		print_archive(all);
}

/* What the store says of the archive, and beside it what each program says. */
static int show(const struct settings *settings, bool json)
{
	json_t *request = json_pack("{s:s}", "do", "stats"), *all;
	json_t *programs = ask_programs(settings);
	enum ask_result asked =
		ask(settings, request, ask_print_row, NULL, &all);

	if (asked != ASK_DONE)
		all = json_object();
	(void)json_object_set_new(all, "programs", programs);
	print_all(all, json);
	json_decref(all);
	json_decref(request);
	if (asked == ASK_AWAY)
		return ask_say_away(settings);
	return asked == ASK_DONE ? command_finish_output() : COMMAND_FAILED;
}

static int watch(const struct settings *settings, bool json, uint64_t watch_s)
{
	for (;;) {
		if (!json && isatty(STDOUT_FILENO))
			(void)fputs("\033[H\033[2J", stdout);
		(void)show(settings, json);
		if (command_finish_output() != COMMAND_OK)
			return COMMAND_FAILED;
		(void)sleep((unsigned)watch_s);
	}
}

/* For docs/operations.md. */
static int print_names(void)
{
	static const char *const kinds[] = {[STATS_COUNT] = "count",
		[STATS_LEVEL] = "level",
		[STATS_HIGHEST] = "level, highest of the workers",
		[STATS_LABELLED] = "counts by label"};

	for (int i = 0; i < STATS_TABLES; i++) {
		const struct stats_table *table = &stats_tables[i];

		(void)printf("| `%s` | kind | what |\n|---|---|---|\n",
			table->program);
		for (size_t j = 0; j < table->count; j++)
			(void)printf("| `%s` | %s | %s |\n",
				table->names[j].name,
				kinds[table->names[j].kind],
				table->names[j].text);
		(void)putchar('\n');
	}
	return command_finish_output();
}

int command_stats(int argc, char **argv)
{
	struct ask_options options;
	struct settings *settings;
	int result = ask_options(
		argc, argv, ASK_TAKES_WATCH | ASK_TAKES_NAMES, &options);

	if (result != COMMAND_OK)
		return result;
	if (options.rest < argc) {
		(void)fprintf(stderr,
			"sipwarden stats takes options alone; \"%s\" is none\n",
			argv[options.rest]);
		return COMMAND_USAGE;
	}
	if (options.names)
		return print_names();
	settings = settings_read_or_exit(options.config);
	result = options.watch_s
			 ? watch(settings, options.json, options.watch_s)
			 : show(settings, options.json);
	settings_release(&settings);
	return result;
}
