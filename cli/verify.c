/* verify.c -- proves that the archive is whole. */
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/text.h"

#include <stdio.h>
#include <unistd.h>

struct progress {
	bool shown; /* a line of progress stands on the terminal */
};

static void clear_progress(struct progress *progress)
{
	if (progress->shown)
		(void)fputs("\r\033[K", stderr);
	progress->shown = false;
}

static void show_progress(struct progress *progress, long long checked)
{
	if (!isatty(STDERR_FILENO))
		return;
	(void)fprintf(stderr, "\r%lld records checked", checked);
	progress->shown = true;
}

static void take_row(void *context, const json_t *row)
{
	struct progress *progress = context;
	const char *fault = json_string_value(json_object_get(row, "fault"));

	if (!fault) {
		show_progress(
			progress, (long long)json_integer_value(
					  json_object_get(row, "checked")));
		return;
	}
	clear_progress(progress);
	(void)fputs("fault: ", stdout);
	text_print(stdout, slice_of(fault));
	(void)putchar('\n');
}

static long long number_at(const json_t *done, const char *name)
{
	return (long long)json_integer_value(json_object_get(done, name));
}

static void print_done(const json_t *done)
{
	long long records = number_at(done, "records");
	long long faults = number_at(done, "faults");

	if (faults)
		(void)printf("%lld record%s, %lld fault%s\n", records,
			records == 1 ? "" : "s", faults,
			faults == 1 ? "" : "s");
	else
		(void)printf("%lld record%s, chain and counts agree\n", records,
			records == 1 ? "" : "s");
}

static int verify(const struct ask_options *options)
{
	struct settings *settings = settings_read_or_exit(options->config);
	json_t *request = json_pack("{s:s}", "do", "verify");
	struct progress progress = {.shown = false};
	json_t *done;
	int result = COMMAND_FAILED;
	enum ask_result asked = ask(settings, request,
		options->json ? ask_print_row : take_row, &progress, &done);

	clear_progress(&progress);
	if (asked == ASK_AWAY)
		result = ask_say_away(settings);
	if (asked == ASK_DONE) {
		if (options->json)
			ask_print_json(done);
		else
			print_done(done);
		result = command_finish_output();
		if (number_at(done, "faults"))
			result = COMMAND_FAILED;
	}
	json_decref(done);
	json_decref(request);
	settings_release(&settings);
	return result;
}

int command_verify(int argc, char **argv)
{
	struct ask_options options;
	int result = ask_options(argc, argv, ASK_TAKES_JOURNAL, &options);

	if (result != COMMAND_OK)
		return result;
	if (options.rest < argc) {
		(void)fprintf(stderr,
			"sipwarden verify takes options alone; \"%s\" is "
			"none\n",
			argv[options.rest]);
		return COMMAND_USAGE;
	}
	return verify(&options);
}
