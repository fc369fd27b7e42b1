/* reload.c -- has the proxy take rules and users anew, the scanner its
 * signatures. */
#include "cli/commands.h"
#include "cli/running.h"
#include "cli/text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
	RELOAD_TIMEOUT_S = 120,
	STEP_MS = 100,
	STEPS = RELOAD_TIMEOUT_S * 1000 / STEP_MS
};

static void say(const char *text)
{
	(void)fputs("sipwarden: ", stderr);
	text_print(stderr, slice_of(text ? text : ""));
	(void)fputc('\n', stderr);
}

/* Faults, and settings that stay as they were. */
static void print_row(void *context, const json_t *row)
{
	const char *fault = json_string_value(json_object_get(row, "fault"));
	const char *setting =
		json_string_value(json_object_get(row, "restart"));

	(void)context;
	if (fault)
		say(fault);
	if (!setting)
		return;
	(void)fputs("sipwarden: changed but needs a restart: ", stderr);
	text_print(stderr, slice_of(setting));
	(void)fputc('\n', stderr);
}

static void print_proxy(const json_t *done)
{
	(void)printf("proxy\trules %lld\tversion ",
		(long long)json_integer_value(json_object_get(done, "rules")));
	text_print(stdout,
		slice_of(json_string_value(json_object_get(done, "version"))));
	(void)printf("\tusers %lld\n",
		(long long)json_integer_value(json_object_get(done, "users")));
}

static int reload_proxy(
	const struct settings *settings, const struct ask_options *options)
{
	json_t *request = json_pack("{s:s}", "do", "reload"), *done;
	int result = COMMAND_FAILED;
	enum ask_result asked =
		running_ask(settings, CONTROL_PROXY, request, RELOAD_TIMEOUT_S,
			options->json ? ask_print_row : print_row, NULL, &done);

	if (asked == ASK_AWAY)
		result = running_say_away(settings, CONTROL_PROXY);
	if (asked == ASK_DONE) {
		if (options->json)
			ask_print_json(done);
		else
			print_proxy(done);
		result = COMMAND_OK;
	}
	json_decref(done);
	json_decref(request);
	return result;
}

/* The scanner loads beside its work; it is asked until it says what came of
 * that. NULL: it did not, or nobody is there (*asked). */
static json_t *wait_for_signatures(
	const struct settings *settings, enum ask_result *asked)
{
	const struct timespec pause = {.tv_nsec = STEP_MS * 1000000L};
	json_t *request = json_pack("{s:s}", "do", "reload"), *done = NULL;

	for (int i = 0; i < STEPS; i++) {
		json_decref(done);
		*asked = running_ask(settings, CONTROL_SCANNER, request,
			RELOAD_TIMEOUT_S, ask_print_row, NULL, &done);
		if (*asked != ASK_DONE ||
			!json_is_true(json_object_get(done, "loading")))
			break;
		(void)json_object_set(
			request, "ticket", json_object_get(done, "ticket"));
		(void)nanosleep(&pause, NULL);
	}
	json_decref(request);
	return done;
}

static int reload_scanner(
	const struct settings *settings, const struct ask_options *options)
{
	enum ask_result asked;
	json_t *done = wait_for_signatures(settings, &asked);
	const char *fault = json_string_value(json_object_get(done, "fault"));
	int result = COMMAND_FAILED;

	if (asked == ASK_AWAY) {
		result = running_say_away(settings, CONTROL_SCANNER);
	} else if (asked == ASK_DONE && fault && *fault) {
		say(fault);
	} else if (asked == ASK_DONE) {
		if (options->json)
			ask_print_json(done);
		else
			(void)printf("scanner\tsignatures %lld\tgeneration "
				     "%s\n",
				(long long)json_integer_value(
					json_object_get(done, "signatures")),
				json_string_value(
					json_object_get(done, "generation")));
		result = COMMAND_OK;
	}
	json_decref(done);
	return result;
}

static bool scans(const struct settings *settings)
{
	for (size_t i = 0; i < settings->before_routing_count; i++)
		if (settings->before_routing[i] == STAGE_VIRUS_SCAN)
			return true;
	for (size_t i = 0; i < settings->after_routing_count; i++)
		if (settings->after_routing[i] == STAGE_VIRUS_SCAN)
			return true;
	return false;
}

int command_reload(int argc, char **argv)
{
	struct ask_options options;
	struct settings *settings;
	int result = ask_options(argc, argv, 0, &options);

	if (result != COMMAND_OK)
		return result;
	if (options.rest < argc) {
		(void)fprintf(stderr,
			"sipwarden reload takes options alone; \"%s\" is "
			"none\n",
			argv[options.rest]);
		return COMMAND_USAGE;
	}
	settings = settings_read_or_exit(options.config);
	result = reload_proxy(settings, &options);
	if (scans(settings) && reload_scanner(settings, &options) != COMMAND_OK)
		result = COMMAND_FAILED;
	settings_release(&settings);
	return result == COMMAND_OK ? command_finish_output() : result;
}
