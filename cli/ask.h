/* ask.h -- asks the running store, for search, show, verify and stats. */
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include "lib/settings.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* What these commands take before their own words. */
struct ask_options {
	const char *config; /* --config, $SIPWARDEN_CONFIG, or the usual file */
	const char *journal; /* --journal; NULL: not given */
	bool json;           /* --json */
	uint64_t limit;      /* --limit; 0: none */
	uint64_t watch_s;    /* --watch; 0: once */
	bool names;          /* --names */
	int rest;            /* index of the first word that is no option */
};

enum {
	ASK_TAKES_LIMIT = 1,
	ASK_TAKES_JOURNAL = 2,
	ASK_TAKES_WATCH = 4,
	ASK_TAKES_NAMES = 8
};

/* Reads "--name VALUE" and "--name=VALUE" up to "--" or the first other word;
 * a word like -lunch is none of them. COMMAND_OK, or COMMAND_USAGE when said
 * on standard error what is wrong. */
int ask_options(
	int argc, char **argv, unsigned takes, struct ask_options *options);

/* A row of an answer; it is borrowed. */
typedef void ask_row_fn(void *context, const json_t *row);

enum ask_result {
	ASK_DONE,
	ASK_REFUSED, /* the store said why; it has been printed */
	ASK_AWAY     /* no store answers; nothing has been printed */
};

/* Sends a request and hands each row to row_fn. On ASK_DONE the caller
 * releases *done. A link that breaks in between counts as refused. */
enum ask_result ask(const struct settings *settings, const json_t *request,
	ask_row_fn *row, void *context, json_t **done);
/* The same over a link that is there (NULL: ASK_AWAY), which is closed; who
 * is at the other end, for messages. */
struct frame_link;
enum ask_result ask_over(struct frame_link *link, const char *who,
	const json_t *request, ask_row_fn *row, void *context, json_t **done);
/* Says that the store is away and what to do. Returns COMMAND_FAILED. */
int ask_say_away(const struct settings *settings);
/* For --json: prints a value as one line. */
void ask_print_json(const json_t *value);
/* An ask_row_fn that does so. */
ask_row_fn ask_print_row;

#endif
