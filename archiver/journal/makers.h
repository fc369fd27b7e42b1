/* makers.h -- which submissions of each record maker have been taken.
 *
 * A pair (boot, worker) counts its records; the table knows the last sequence
 * of each of the latest MAKERS_LIMIT pairs. It stands in each segment's header,
 * so the last segment alone tells what is a repeat.
 */
#ifndef ARCHIVER_JOURNAL_MAKERS_H
#define ARCHIVER_JOURNAL_MAKERS_H

#include "lib/record/digest.h"
#include "lib/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum { MAKERS_LIMIT = 1024, MAKER_BYTES = 40 };

struct maker {
	uint8_t boot[RECORD_ID_BYTES];
	uint32_t worker;
	uint64_t taken;   /* last sequence that was numbered */
	uint64_t durable; /* last sequence on disk */
	uint64_t number;  /* record number of `taken` */
	uint64_t durable_number;
};

struct makers {
	size_t count;
	struct maker all[MAKERS_LIMIT];
};

/* NULL when it is not known. */
struct maker *makers_find(struct makers *makers,
	const uint8_t boot[RECORD_ID_BYTES], uint32_t worker);
/* Notes a record; a new pair takes the place of the one that was silent
 * longest. */
void makers_note(struct makers *makers, const uint8_t boot[RECORD_ID_BYTES],
	uint32_t worker, uint64_t sequence, uint64_t number);
/* All that was taken is on disk. */
void makers_settle(struct makers *makers);
/* Bytes of what is durable, at most MAKERS_LIMIT * MAKER_BYTES; and back. */
size_t makers_write(const struct makers *makers, char *bytes);
bool makers_read(struct makers *makers, struct slice bytes);

#endif
