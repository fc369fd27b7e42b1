/* ask.c -- asks the running store, for search, show, verify and stats. */
#include "cli/ask.h"

#include "cli/commands.h"
#include "cli/text.h"
#include "lib/frame.h"
#include "lib/peers.h"
#include "lib/query_protocol.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool set_number(const char *command, const char *option,
	const char *value, uint64_t *number)
{
	if (slice_to_number(slice_of(value), INT64_MAX, number) && *number > 0)
		return true;
	(void)fprintf(stderr,
		"sipwarden %s: %s takes a number from 1, not \"%s\"\n", command,
		option, value);
	return false;
}

/* The value of an option, behind '=' or in the next word; NULL: missing. */
static const char *value_of(int argc, char **argv, int *at, const char *name)
{
	const char *word = argv[*at];
	size_t size = strlen(name);

	if (word[size] == '=')
		return word + size + 1;
	return *at + 1 < argc ? argv[++*at] : NULL;
}

static bool is_option(const char *word, const char *name)
{
	size_t size = strlen(name);

	return strncmp(word, name, size) == 0 &&
	       (word[size] == '\0' || word[size] == '=');
}

static int refuse(const char *command, const char *word, const char *why)
{
	(void)fprintf(stderr,
		"sipwarden %s: %s \"%s\"; `sipwarden help %s` tells what it "
		"takes\n",
		command, why, word, command);
	return COMMAND_USAGE;
}

static int take_valued(int argc, char **argv, int *at, unsigned takes,
	struct ask_options *options)
{
	const char *command = argv[0], *word = argv[*at], *value = NULL;

	if (is_option(word, "--config")) {
		value = options->config = value_of(argc, argv, at, "--config");
	} else if (takes & ASK_TAKES_JOURNAL && is_option(word, "--journal")) {
		value = options->journal =
			value_of(argc, argv, at, "--journal");
	} else if (takes & ASK_TAKES_LIMIT && is_option(word, "--limit")) {
		value = value_of(argc, argv, at, "--limit");
		if (value &&
			!set_number(command, "--limit", value, &options->limit))
			return COMMAND_USAGE;
	} else if (takes & ASK_TAKES_WATCH && is_option(word, "--watch")) {
		value = value_of(argc, argv, at, "--watch");
		if (value && !set_number(command, "--watch", value,
				     &options->watch_s))
			return COMMAND_USAGE;
	} else {
		return refuse(command, word, "no option");
	}
	return value ? COMMAND_OK
		     : refuse(command, word, "a value is missing behind");
}

int ask_options(
	int argc, char **argv, unsigned takes, struct ask_options *options)
{
	const char *environment = getenv("SIPWARDEN_CONFIG");
	int at = 1;

	*options = (struct ask_options){
		.config = environment && *environment
				  ? environment
				  : COMMAND_CONFIGURATION_FILE};
	for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++) {
		int result;

		if (strcmp(argv[at], "--") == 0) {
			at++;
			break;
		}
		if (strcmp(argv[at], "--json") == 0) {
			options->json = true;
			continue;
		}
		if (takes & ASK_TAKES_NAMES &&
			strcmp(argv[at], "--names") == 0) {
			options->names = true;
			continue;
		}
		result = take_valued(argc, argv, &at, takes, options);
		if (result != COMMAND_OK)
			return result;
	}
	options->rest = at;
	return COMMAND_OK;
}

static void say(const char *sentence)
{
	(void)fputs("sipwarden: ", stderr);
	text_print(stderr, slice_of(sentence));
	(void)fputc('\n', stderr);
}

static struct frame_link *connect_store(const struct settings *settings)
{
	struct frame_limits limits = {.payload_bytes = QUERY_ROW_BYTES,
		.queued_bytes = QUERY_QUEUE_BYTES};
	char who[PEER_TEXT_BYTES];
	int descriptor;

	if (frame_connect(settings->store.socket, &descriptor) != 0)
		return NULL;
	peers_know(settings);
	if (!peer_is(descriptor, PEER(PROGRAM_STORE), who)) {
		say("Somebody else than the store answers at its socket: see "
		    "program_users.");
		close(descriptor);
		return NULL;
	}
	return frame_link_new(descriptor, limits);
}

static int send_request(struct frame_link *link, const json_t *request)
{
	char *text = json_dumps(request, JSON_COMPACT);
	int error =
		text ? frame_send(link, QUERY_REQUEST, slice_of(text)) : ENOMEM;

	free(text);
	return error;
}

static void say_of(const char *who, const char *what)
{
	char sentence[256];

	(void)snprintf(sentence, sizeof(sentence), "The %s %s", who, what);
	say(sentence);
}

static void say_error(const char *who, const json_t *value)
{
	const char *sentence =
		json_string_value(json_object_get(value, "error"));

	if (sentence)
		say(sentence);
	else
		say_of(who, "refused without a reason.");
}

/* ASK_AWAY stands for "more to come" here. */
static enum ask_result take_frame(const char *who, const struct frame *frame,
	ask_row_fn *row, void *context, json_t **done)
{
	json_t *value =
		json_loadb(frame->payload.at, frame->payload.size, 0, NULL);
	enum ask_result result = ASK_REFUSED;

	if (!json_is_object(value)) {
		say_of(who, "answered with what is no JSON object.");
	} else if (frame->type == QUERY_ROW) {
		row(context, value);
		result = ASK_AWAY;
	} else if (frame->type == QUERY_DONE) {
		*done = json_incref(value);
		result = ASK_DONE;
	} else {
		say_error(who, value);
	}
	json_decref(value);
	return result;
}

static enum ask_result take_answer(struct frame_link *link, const char *who,
	ask_row_fn *row, void *context, json_t **done)
{
	enum ask_result result = ASK_AWAY;

	while (result == ASK_AWAY) {
		struct frame frame;
		int error = frame_receive(link, &frame);

		if (error) {
			say_of(who,
				error == EAGAIN
					? "does not answer in time; see its "
					  "log."
					: "stopped before the answer was "
					  "whole; see its log, and ask "
					  "again.");
			return ASK_REFUSED;
		}
		result = take_frame(who, &frame, row, context, done);
	}
	return result;
}

enum ask_result ask_over(struct frame_link *link, const char *who,
	const json_t *request, ask_row_fn *row, void *context, json_t **done)
{
	enum ask_result result = ASK_AWAY;

	*done = NULL;
	if (link && send_request(link, request) == 0)
		result = take_answer(link, who, row, context, done);
	frame_link_close(&link);
	return result;
}

enum ask_result ask(const struct settings *settings, const json_t *request,
	ask_row_fn *row, void *context, json_t **done)
{
	return ask_over(
		connect_store(settings), "store", request, row, context, done);
}

int ask_say_away(const struct settings *settings)
{
	(void)fprintf(stderr,
		"sipwarden: no store answers at %s: start sipwarden-store "
		"--config %s, or name the configuration that it runs with "
		"(--config FILE)\n",
		settings->store.socket, settings->file);
	return COMMAND_FAILED;
}

void ask_print_json(const json_t *value)
{
	(void)json_dumpf(value, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
	(void)fputc('\n', stdout);
}

void ask_print_row(void *context, const json_t *row)
{
	(void)context;
	ask_print_json(row);
}
