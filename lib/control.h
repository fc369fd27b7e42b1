/* control.h -- where a running program is asked how it does and told to reload.
 *
 * One local socket for each program, in the folder of its own socket. Whoever
 * asks is root, the program's user or a member of the group "sipwarden". Over
 * lib/frame, as lib/query_protocol.h says: one QUERY_REQUEST {"do": WORD, …}
 * for each connection, answered by QUERY_ROWs and a QUERY_DONE, or a
 * QUERY_ERROR.
 *   {"do":"stats"}  every program: {"program", "version", "up_s", "values"}
 * and what the program has in its table of commands.
 */
#ifndef LIB_CONTROL_H
#define LIB_CONTROL_H

#include "lib/settings.h"
#include "lib/stats/stats.h"

#include <jansson.h>
#include <stdbool.h>

enum control_program {
	CONTROL_PROXY,
	CONTROL_SCANNER,
	CONTROL_ARCHIVER,
	CONTROL_PUBLISHER,
	CONTROL_STORE
};
enum { CONTROL_PROGRAMS = CONTROL_STORE + 1 };

enum {
	CONTROL_REQUEST_BYTES = 16 * 1024,
	CONTROL_ROW_BYTES = 256 * 1024,
	CONTROL_PATH_BYTES = 4096,
	CONTROL_SENTENCE_BYTES = 1024
};

/* "proxy" */
const char *control_program_word(enum control_program program);
/* Where a program with these settings is asked. False: the path is too long. */
bool control_path(const struct settings *settings, enum control_program program,
	char path[CONTROL_PATH_BYTES]);

struct control;
struct control_reply; /* of the request that is being answered */

/* Answers by rows and then control_done or control_refuse; without either it
 * counts as done. Runs on the thread of the control socket. */
typedef void control_fn(
	void *context, const json_t *request, struct control_reply *reply);

struct control_command {
	const char *name;
	control_fn *run;
};

struct control_host {
	void *context;
	struct stats *stats; /* borrowed */
	/* Before each look at stats; may be NULL. */
	void (*refresh)(void *context);
	/* Puts beside the values what is no number; may be NULL. */
	void (*more)(void *context, json_t *done);
	const struct control_command *commands; /* borrowed */
	size_t command_count;
};

/* Opens the socket, and starts a thread that answers there. NULL, and a line in
 * the log: nobody can ask this program, which does its work all the same. */
struct control *control_start(const struct settings *settings,
	enum control_program program, const struct control_host *host);
/* The same for programs with a loop of their own and no threads: call
 * control_turn whenever the descriptor is readable. It never waits: who does
 * not read his answer loses it. */
struct control *control_open(const struct settings *settings,
	enum control_program program, const struct control_host *host);
int control_descriptor(const struct control *control);
void control_turn(struct control *control);
/* Ends the thread, if there is one. Sets *control to NULL. */
void control_close(struct control **control);

/* One row; row is released. False: the asker is gone, or does not read. */
bool control_row(struct control_reply *reply, json_t *row);
/* The last word; done is released. */
void control_done(struct control_reply *reply, json_t *done);
void control_refuse(struct control_reply *reply, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
