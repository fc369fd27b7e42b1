/* run.h -- one scenario as it runs: a proxy, its people, a clock, a network.
 *
 * The proxy is the product's own worker on a loop of its own; transports,
 * archive link and scan link are the doubles in network.c, archive.c and
 * scanner.c. Time stands still while messages are passed and goes on in steps
 * of 10 ms where the scenario says so. Each message that a person gets must be
 * expected at the very time at which it comes.
 */
#ifndef TESTS_SCENARIOS_RUN_H
#define TESTS_SCENARIOS_RUN_H

#include "lib/settings.h"
#include "proxy/worker.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdnoreturn.h>

enum { PEOPLE = 12, VALUES = 16, STEP_US = 10000 };

/* One line of a scenario with the indented lines behind it. */
struct step {
	const char *file;
	unsigned line;
	char *text;   /* owned */
	char **block; /* owned, each without its indentation */
	size_t block_count;
};

/* A message that a person sent or got. */
struct heard {
	struct heard *next;
	struct message *message; /* held */
	uint64_t at_us;
	bool expected; /* got: the scenario has met it */
};

struct person {
	char name[32];
	char user[32];
	char domain[64];
	enum transport transport;
	union address address;
	uint32_t generation; /* of its connection */
	bool gone;           /* connects are refused; datagrams get lost */
	bool unreachable;    /* sending there fails at once */
	struct heard *got, *said;
	unsigned branches, calls, cseq;
};

struct written {
	struct written *next;
	uint64_t sequence;
	char text[512];
	char name[32]; /* of a message: its method or status */
};

struct run {
	const struct step *step; /* borrowed: the one that runs */
	jmp_buf failed;
	char folder[64];
	char *config, *rules; /* owned: blocks of the scenario */
	struct settings *settings;
	struct proxy proxy;
	struct worker worker;
	bool started, draining;
	uint64_t origin_us; /* steady time of the scenario's 0 */
	struct person people[PEOPLE];
	size_t person_count;
	struct transports *transports;
	struct archive_link *archive;
	struct scan_link *scanner;
	struct {
		char name[16], value[256];
	} values[VALUES];
	size_t value_count;
	char *ladder; /* owned */
	size_t ladder_size;
	FILE *ladder_file;
	int log; /* descriptor of the proxy's log lines */
};

/* The scenario that runs: the doubles stand behind the product's own names. */
extern struct run *the_run;

noreturn void run_fail(struct run *run, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* "name=value" or NULL. */
const char *step_option(struct run *run, char **words, const char *name);
/* Microseconds of "500ms", "32s", "3m"; fails on anything else. */
uint64_t run_time(struct run *run, const char *text);
uint64_t run_now_us(const struct run *run);
void ladder_add(struct run *run, const struct person *person, const char *arrow,
	const struct message *message, const char *note);
struct person *person_named(struct run *run, const char *name);
/* "$x": what it stands for; the first use in a check gives it its value. */
const char *value_of(struct run *run, const char *name);
void value_set(struct run *run, const char *name, const char *value);

/* clock.c */
void clock_begin(void);
void clock_go_to(struct run *run, uint64_t at_us);
/* Runs the loop until nothing is left to do at this time. */
void settle(struct run *run);

/* proxy.c */
void proxy_start(struct run *run);
/* As kill -9: nothing more is sent or recorded. */
void proxy_kill(struct run *run);

/* network.c */
void network_deliver(
	struct run *run, struct person *person, const char *bytes, size_t size);
void network_close(struct run *run, struct person *person);
const struct heard *person_unexpected(const struct person *person);
void heard_free(struct heard **list);

/* archive.c */
bool archive_turn(struct run *run);
void archive_command(struct run *run, char **words);
void archive_check(struct run *run, const char *wanted);
void archive_reset(void);

/* scanner.c */
bool scanner_turn(struct run *run);
void scanner_command(struct run *run, char **words);
void scanner_reset(void);

/* compose.c */
void compose_and_send(struct run *run, struct person *person, char **words);
/* expect.c */
void expect_message(struct run *run, struct person *person, char **words);

#endif
