/* measures.c -- what the scanner tells of itself (lib/stats). */
#include "scanners/measures.h"

#include "lib/clock.h"
#include "lib/stats/names.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

void measures_taken(struct stats *stats, size_t waiting)
{
	stats_add(stats, 0, SCANNER_JOBS, 1);
	stats_raise(stats, 0, SCANNER_QUEUE_HIGHEST, waiting);
}

void measures_refused(struct stats *stats)
{
	stats_add(stats, 0, SCANNER_QUEUE_REFUSED, 1);
}

void measures_expired(struct stats *stats)
{
	stats_add(stats, 0, SCANNER_EXPIRED, 1);
}

static struct slice outcome_word(enum scan_outcome outcome)
{
	switch (outcome) {
	case SCAN_CLEAN:
		return SLICE("clean");
	case SCAN_INFECTED:
		return SLICE("infected");
	case SCAN_UNSCANNABLE:
		return SLICE("unscannable");
	case SCAN_FAILED:
	case SCAN_BUSY: /* counted where it was refused or expired */
		break;
	}
	return SLICE("failed");
}

void measures_judged(struct stats *stats, const struct verdict *verdict)
{
	struct slice name = slice_of(verdict->name);

	stats_add_label(
		stats, 0, SCANNER_OUTCOMES, outcome_word(verdict->outcome), 1);
	if (verdict->outcome != SCAN_UNSCANNABLE)
		return;
	if (slice_equal(name, SLICE("time limit")))
		stats_add(stats, 0, SCANNER_TIMEOUTS, 1);
	if (slice_starts_nocase(name, SLICE("worker ")))
		stats_add(stats, 0, SCANNER_DEATHS, 1);
}

void measures_loaded(struct stats *stats, bool in_use)
{
	stats_add(stats, 0, SCANNER_LOADS, 1);
	if (!in_use)
		stats_add(stats, 0, SCANNER_LOADS_FAILED, 1);
}

/* Seconds since the newest file of the folder was written; 0: there is none. */
static uint64_t age_of_newest(const char *folder)
{
	DIR *open_folder = opendir(folder);
	const struct dirent *entry;
	uint64_t newest_s = 0, now_s = clock_wall_us() / 1000000;
	struct stat status;

	if (!open_folder)
		return 0;
	while ((entry = readdir(open_folder)))
		if (fstatat(dirfd(open_folder), entry->d_name, &status, 0) ==
				0 &&
			S_ISREG(status.st_mode) && status.st_mtime > 0 &&
			(uint64_t)status.st_mtime > newest_s)
			newest_s = (uint64_t)status.st_mtime;
	(void)closedir(open_folder);
	return newest_s && newest_s < now_s ? now_s - newest_s : 0;
}

void measures_now(struct stats *stats, const struct settings *settings,
	const struct queue *queue, const struct generation *current,
	uint64_t loaded_ms)
{
	uint32_t ready = 0, busy = 0;

	if (current)
		generation_workers(current, &ready, &busy);
	stats_set(stats, 0, SCANNER_WORKERS_READY, ready);
	stats_set(stats, 0, SCANNER_WORKERS_BUSY, busy);
	stats_set(stats, 0, SCANNER_QUEUE_LIMIT, settings->scanner.queue);
	stats_set(stats, 0, SCANNER_QUEUE_DEPTH, queue_waiting(queue));
	stats_set(stats, 0, SCANNER_SIGNATURES,
		current ? generation_signatures(current) : 0);
	stats_set(stats, 0, SCANNER_SIGNATURES_AGE,
		age_of_newest(settings->scanner.signatures));
	stats_set(stats, 0, SCANNER_LOADED_AGE,
		current ? (clock_steady_ms() - loaded_ms) / 1000 : 0);
}
