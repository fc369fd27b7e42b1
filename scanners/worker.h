/* worker.h -- the process that reads hostile bytes, one job at a time. */
#ifndef SCANNERS_WORKER_H
#define SCANNERS_WORKER_H

#include "lib/settings.h"
#include "scanners/inside.h"
#include "scanners/virus/engine.h"

#include <stdnoreturn.h>

/* Judges jobs from link (a descriptor, taken over) until it closes. scratch
 * is this worker's own folder. */
noreturn void worker_run(int link, struct engine *engine, const char *scratch,
	const struct settings *settings);

/* One file: checks its seals and size, digests, scans. Exported for tests. */
void worker_judge(struct engine *engine, const struct settings *settings,
	int descriptor, const char *name, uint32_t budget_ms,
	struct inside_result *result, char verdict[SCAN_NAME_BYTES + 1]);

#endif
