/* watch.h -- looks after what must not go wrong unseen: clock and disk. */
#ifndef ARCHIVER_INTAKE_WATCH_H
#define ARCHIVER_INTAKE_WATCH_H

#include <stdbool.h>
#include <stdint.h>

/* A jump of the wall clock against the steady one that is an alarm. */
#define WATCH_JUMP_US INT64_C(5000000)
enum { WATCH_DISK_MS = 5000 };

struct watch {
	uint64_t wall_us, steady_us; /* when it was last looked at */
	uint64_t disk_ms;
	bool disk_is_low;
};

/* Looks at the clocks; `last` is the number of the last record (0: none), which
 * stands in for the clock of the run before. Logs. */
void watch_start(struct watch *watch, uint64_t last);
/* By how much the wall clock has jumped since the call before, 0 when by less
 * than WATCH_JUMP_US. Logs a jump. */
int64_t watch_clock(struct watch *watch);
/* Every WATCH_DISK_MS: logs when less than reserve_bytes are free where folder
 * lies, and when there is room again. */
void watch_disk(
	struct watch *watch, const char *folder, uint64_t reserve_bytes);

#endif
