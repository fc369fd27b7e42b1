/* running.h -- asks the running programs at their control sockets. */
#ifndef CLI_RUNNING_H
#define CLI_RUNNING_H

#include "cli/ask.h"
#include "lib/control.h"

/* As ask, at the control socket of this program; it has timeout_s to answer. */
enum ask_result running_ask(const struct settings *settings,
	enum control_program program, const json_t *request, int timeout_s,
	ask_row_fn *row, void *context, json_t **done);
/* Says that it is away and what to do. Returns COMMAND_FAILED. */
int running_say_away(
	const struct settings *settings, enum control_program program);
/* A configuration may have no Kafka, and then no publisher runs. */
bool running_is_wanted(
	const struct settings *settings, enum control_program program);

#endif
