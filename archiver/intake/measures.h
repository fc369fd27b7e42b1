/* measures.h -- what the intake tells of itself (lib/stats). */
#ifndef ARCHIVER_INTAKE_MEASURES_H
#define ARCHIVER_INTAKE_MEASURES_H

#include "lib/stats/stats.h"

#include <stdint.h>

enum { MEASURES_BATCHES = 64 };

/* Of the last batches, for their means. */
struct recent {
	uint64_t us[MEASURES_BATCHES], sum_us;
};

/* Zeroed before first use but for stats. */
struct measures {
	struct stats *stats; /* borrowed; NULL: nobody asks */
	struct recent gathers, syncs;
	uint64_t batches;
};

/* Of one maker's turn. */
void measures_records(
	struct measures *measures, uint64_t records, uint64_t refused);
/* A batch is on disk. last: number of its last record. */
void measures_batch(struct measures *measures, uint64_t bytes,
	uint64_t gather_us, uint64_t sync_us, uint64_t last);
/* The disk refused one. */
void measures_stall(struct measures *measures);
void measures_clock_jump(struct measures *measures);
void measures_state(
	struct measures *measures, uint64_t makers, bool disk_is_low);

#endif
