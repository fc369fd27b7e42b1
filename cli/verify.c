/* verify.c -- proves that the archive is whole. */
#include "archiver/journal/verify.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Where the rows of a walk go that is our own. */
struct folder {
	ask_row_fn *row;
	void *context;
};

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

static void print_done(const json_t *done, const char *whole)
{
	long long records = number_at(done, "records");
	long long faults = number_at(done, "faults");

	(void)printf("%lld record%s, ", records, records == 1 ? "" : "s");
	if (faults)
		(void)printf("%lld fault%s\n", faults, faults == 1 ? "" : "s");
	else
		(void)printf("%s\n", whole);
}

/* Any fault makes the command fail. */
static int finish(const struct ask_options *options, const json_t *done,
	const char *whole)
{
	int result;

	if (options->json)
		ask_print_json(done);
	else
		print_done(done, whole);
	result = command_finish_output();
	return number_at(done, "faults") ? COMMAND_FAILED : result;
}

/* --- a folder, without the store ------------------------------------------ */

static bool hear(void *user, const struct journal_fault *fault,
	const struct verify_counts *counts)
{
	const struct folder *folder = user;
	json_t *row = fault ? json_pack("{s:s}", "fault", fault->text)
			    : json_pack("{s:I}", "checked",
				      (json_int_t)counts->records);

	folder->row(folder->context, row);
	json_decref(row);
	return true;
}

static const char *const kinds[VERIFY_KINDS] = {
	"unknown", "message", "outcome", "gap", "boot", "checkpoint", "audit"};

static json_t *done_of(const struct verify_counts *counts)
{
	json_t *done =
		json_pack("{s:I,s:I}", "records", (json_int_t)counts->records,
			"faults", (json_int_t)counts->faults);
	json_t *by_kind = json_object();

	for (int i = 0; i < VERIFY_KINDS; i++)
		(void)json_object_set_new(by_kind, kinds[i],
			json_integer((json_int_t)counts->kinds[i]));
	(void)json_object_set_new(done, "kinds", by_kind);
	return done;
}

static int verify_folder(const struct ask_options *options, const char *journal)
{
	struct progress progress = {.shown = false};
	struct folder folder = {.row = options->json ? ask_print_row : take_row,
		.context = &progress};
	static struct verify_counts counts;
	json_t *done;
	int result, error = journal_verify(journal, hear, &folder, &counts);

	clear_progress(&progress);
	if (error) {
		(void)fprintf(stderr,
			"sipwarden: the journal in %s cannot be read: %s\n",
			journal,
			error == ENOENT ? "there is none" : strerror(error));
		return COMMAND_FAILED;
	}
	done = done_of(&counts);
	result = finish(options, done, "the chain agrees");
	json_decref(done);
	return result;
}

static int verify_store(const struct ask_options *options)
{
	struct settings *settings = settings_read_or_exit(options->config);
	json_t *request = json_pack("{s:s}", "do", "verify");
	struct progress progress = {.shown = false};
	json_t *done;
	int result = COMMAND_FAILED;
	enum ask_result asked = ask(settings, request,
		options->json ? ask_print_row : take_row, &progress, &done);

	clear_progress(&progress);
	if (asked == ASK_AWAY) {
		(void)fprintf(stderr,
			"sipwarden: no store answers at %s; its journal is "
			"read without it, and no index is compared\n",
			settings->store.socket);
		result = verify_folder(options, settings->archive.journal);
	}
	if (asked == ASK_DONE)
		result = finish(options, done, "chain and counts agree");
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
	return options.journal ? verify_folder(&options, options.journal)
			       : verify_store(&options);
}
