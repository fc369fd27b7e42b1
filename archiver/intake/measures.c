/* measures.c -- what the intake tells of itself (lib/stats). */
#include "archiver/intake/measures.h"

#include "lib/stats/names.h"

static void add(
	struct measures *measures, enum stats_of_archiver which, uint64_t more)
{
	if (measures->stats)
		stats_add(measures->stats, 0, which, more);
}

static void set(
	struct measures *measures, enum stats_of_archiver which, uint64_t value)
{
	if (measures->stats)
		stats_set(measures->stats, 0, which, value);
}

/* The mean of those that there were, as many as are kept. */
static uint64_t mean_with(
	struct recent *recent, uint64_t batches, uint64_t fresh_us)
{
	uint64_t *place = &recent->us[batches % MEASURES_BATCHES];

	recent->sum_us += fresh_us - *place;
	*place = fresh_us;
	return recent->sum_us /
	       (batches < MEASURES_BATCHES ? batches + 1 : MEASURES_BATCHES);
}

void measures_records(
	struct measures *measures, uint64_t records, uint64_t refused)
{
	add(measures, ARCHIVER_RECORDS, records);
	add(measures, ARCHIVER_REFUSED, refused);
}

void measures_batch(struct measures *measures, uint64_t bytes,
	uint64_t gather_us, uint64_t sync_us, uint64_t last)
{
	set(measures, ARCHIVER_GATHER_US,
		mean_with(&measures->gathers, measures->batches, gather_us));
	set(measures, ARCHIVER_SYNC_US,
		mean_with(&measures->syncs, measures->batches, sync_us));
	if (measures->stats)
		stats_raise(
			measures->stats, 0, ARCHIVER_SYNC_WORST_US, sync_us);
	measures->batches++;
	add(measures, ARCHIVER_BATCHES, 1);
	add(measures, ARCHIVER_RECORD_BYTES, bytes);
	set(measures, ARCHIVER_LAST, last);
	set(measures, ARCHIVER_STALLED, 0);
}

void measures_stall(struct measures *measures)
{
	add(measures, ARCHIVER_FAILED, 1);
	set(measures, ARCHIVER_STALLED, 1);
}

void measures_clock_jump(struct measures *measures)
{
	add(measures, ARCHIVER_CLOCK_JUMPS, 1);
}

void measures_state(
	struct measures *measures, uint64_t makers, bool disk_is_low)
{
	set(measures, ARCHIVER_MAKERS, makers);
	set(measures, ARCHIVER_DISK_LOW, disk_is_low);
}
