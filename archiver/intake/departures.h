/* departures.h -- record makers that went without a word, told in the journal.
 *
 * A maker that said that it began (lib/record/record.proto: Boot) says at its
 * stop that it has handed everything over. One that comes back under another
 * boot, or not at all, without having said so may have had records that nobody
 * will ever see: a gap record tells from when to when. Who is owed one stands
 * in the journal itself, so a restart of the archiver forgets nobody.
 */
#ifndef ARCHIVER_INTAKE_DEPARTURES_H
#define ARCHIVER_INTAKE_DEPARTURES_H

#include "archiver/intake/connection.h"

enum { DEPARTURES_LOOK_MS = 1000, DEPARTURES_LIMIT_MS = 60000 };

struct departures {
	struct journal_writer *writer;        /* borrowed */
	const struct connection *connections; /* borrowed */
	size_t connection_count;
	uint32_t limit_ms; /* a maker that is away longer does not come back */
	uint8_t boot[INTAKE_BOOT_BYTES]; /* of the archiver's own records */
	uint64_t sequence;               /* of the last of them */
	uint64_t look_ms;                /* steady: when it is looked next */
	size_t running;                  /* makers that are owed a look */
};

/* When it is time: takes a gap record for each maker that is gone. What memory
 * is too short for is taken at the next look. */
void departures_look(struct departures *departures, uint64_t now_ms);

#endif
