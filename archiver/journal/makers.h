/* makers.h -- which submissions of each record maker have been taken.
 *
 * A pair (boot, worker) counts its records; the table knows the last sequence
 * of each of the latest MAKERS_LIMIT pairs. It stands in each segment's header,
 * so the last segment alone tells what is a repeat, and who began and has not
 * said that it stopped.
 */
#ifndef ARCHIVER_JOURNAL_MAKERS_H
#define ARCHIVER_JOURNAL_MAKERS_H

#include "lib/record/digest.h"
#include "lib/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	MAKERS_LIMIT = 1024,
	MAKER_BYTES = 48, /* in a header, before the node's name */
	MAKER_NODE_BYTES = 255,
	MAKERS_BYTES = MAKERS_LIMIT * (MAKER_BYTES + MAKER_NODE_BYTES)
};

/* Numbers of the archive format. */
enum maker_state {
	MAKER_QUIET = 0,   /* never said that it began: nothing is lost */
	MAKER_RUNNING = 1, /* began, and has not said that it stopped */
	MAKER_STOPPED = 2, /* said so, behind all that it had */
	MAKER_TOLD = 3     /* went without a word; a gap record tells it */
};

struct maker {
	uint8_t boot[RECORD_ID_BYTES];
	uint32_t worker;
	char node[MAKER_NODE_BYTES + 1]; /* "" unless it said that it began */
	enum maker_state state, durable_state;
	uint64_t taken;   /* last sequence that was numbered */
	uint64_t durable; /* last sequence on disk */
	uint64_t number;  /* record number of `taken`; 0 taken: when it began */
	uint64_t durable_number;
	/* The latest time at which something in its records was observed: what
	 * is not here was handed to the queue later than that. */
	uint64_t observed_us, durable_observed_us;
	uint64_t seen_ms; /* steady; for the intake alone */
};

struct makers {
	size_t count;
	struct maker all[MAKERS_LIMIT];
};

/* NULL when it is not known. */
struct maker *makers_find(struct makers *makers,
	const uint8_t boot[RECORD_ID_BYTES], uint32_t worker);
/* Notes a record under its number; a new pair takes the place of the one that
 * was silent longest. A record without a whole submission is passed over. */
void makers_note(struct makers *makers, const Sipwarden__Record__Record *record,
	uint64_t number);
/* All that was taken is on disk. */
void makers_settle(struct makers *makers);
/* Bytes that makers_write needs at most. */
size_t makers_bytes(const struct makers *makers);
/* Writes what is durable, at most MAKERS_BYTES; *count is how many. Returns
 * the bytes. */
size_t makers_write(const struct makers *makers, char *bytes, size_t *count);
/* False when these are not `count` makers. */
bool makers_read(struct makers *makers, struct slice bytes, size_t count);

#endif
