/* running.c -- asks the running programs at their control sockets. */
#include "cli/running.h"

#include "cli/commands.h"
#include "lib/frame.h"
#include "lib/query_protocol.h"

#include <stdio.h>
#include <sys/socket.h>

static struct frame_link *connect_program(const struct settings *settings,
	enum control_program program, int timeout_s)
{
	const struct frame_limits limits = {.payload_bytes = QUERY_ROW_BYTES,
		.queued_bytes = QUERY_QUEUE_BYTES};
	const struct timeval patience = {.tv_sec = timeout_s};
	char path[CONTROL_PATH_BYTES];
	int descriptor;

	if (!control_path(settings, program, path) ||
		frame_connect(path, &descriptor) != 0)
		return NULL;
	(void)setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience,
		sizeof(patience));
	return frame_link_new(descriptor, limits);
}

enum ask_result running_ask(const struct settings *settings,
	enum control_program program, const json_t *request, int timeout_s,
	ask_row_fn *row, void *context, json_t **done)
{
	return ask_over(connect_program(settings, program, timeout_s),
		control_program_word(program), request, row, context, done);
}

int running_say_away(
	const struct settings *settings, enum control_program program)
{
	const char *word = control_program_word(program);
	char path[CONTROL_PATH_BYTES];

	(void)control_path(settings, program, path);
	(void)fprintf(stderr,
		"sipwarden: no %s answers at %s: start sipwarden-%s --config "
		"%s, or name the configuration that it runs with (--config "
		"FILE); you must be root, its user, or in the group "
		"sipwarden\n",
		word, path, word, settings->file);
	return COMMAND_FAILED;
}

bool running_is_wanted(
	const struct settings *settings, enum control_program program)
{
	return program != CONTROL_PUBLISHER || settings->kafka.brokers;
}
