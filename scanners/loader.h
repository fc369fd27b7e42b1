/* loader.h -- the process that holds one generation of signatures. */
#ifndef SCANNERS_LOADER_H
#define SCANNERS_LOADER_H

#include "lib/settings.h"

#include <stdnoreturn.h>

/* The folder for unpacked members, emptied at start: DATA/scanner. */
void loader_scratch(const struct settings *settings, char *path, size_t size);
/* Removes all that is in a folder, not the folder itself. */
int loader_empty(const char *path) __attribute__((warn_unused_result));

/* Loads the signatures unless they are generation in_use (0: none), tells the
 * parent over link, then forks workers on request until link closes. To be
 * called in a fresh child of parent. */
noreturn void loader_run(
	int link, int parent, uint64_t in_use, const struct settings *settings);

#endif
