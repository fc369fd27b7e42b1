/* watch.c -- looks after what must not go wrong unseen: clock and disk. */
#include "archiver/intake/watch.h"

#include "lib/clock.h"
#include "lib/log.h"
#include "lib/record/number.h"

#include <inttypes.h>
#include <sys/statvfs.h>

void watch_start(struct watch *watch, uint64_t last)
{
	uint64_t time_us = last ? record_number_wall_us(last) : 0;

	*watch = (struct watch){
		.wall_us = clock_wall_us(), .steady_us = clock_steady_us()};
	if (time_us > watch->wall_us + (uint64_t)WATCH_JUMP_US)
		log_error("The clock stands behind the journal; record numbers "
			  "go on from the journal until it has caught up "
			  "event=clock-behind seconds=%" PRIu64,
			(time_us - watch->wall_us) / 1000000);
}

int64_t watch_clock(struct watch *watch)
{
	uint64_t wall_us = clock_wall_us(), steady_us = clock_steady_us();
	int64_t jump = (int64_t)(wall_us - watch->wall_us) -
		       (int64_t)(steady_us - watch->steady_us);

	watch->wall_us = wall_us;
	watch->steady_us = steady_us;
	if (jump <= WATCH_JUMP_US && jump >= -WATCH_JUMP_US)
		return 0;
	log_error("The wall clock jumped; record numbers never go back "
		  "event=clock-jump seconds=%" PRId64,
		jump / 1000000);
	return jump;
}

void watch_disk(struct watch *watch, const char *folder, uint64_t reserve_bytes)
{
	uint64_t now_ms = clock_steady_ms(), free_bytes;
	struct statvfs disk;

	if (watch->disk_ms && now_ms - watch->disk_ms < WATCH_DISK_MS)
		return;
	watch->disk_ms = now_ms;
	if (statvfs(folder, &disk) < 0)
		return;
	free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
	if (watch->disk_is_low == (free_bytes < reserve_bytes))
		return;
	watch->disk_is_low = !watch->disk_is_low;
	if (watch->disk_is_low)
		log_error("The disk of the journal is nearly full; make room, "
			  "or the archive stops event=disk-low free=%" PRIu64
			  " reserve=%" PRIu64,
			free_bytes, reserve_bytes);
	else
		log_info("The disk of the journal has room again "
			 "event=disk-room free=%" PRIu64,
			free_bytes);
}
