/* settings.h -- beyond lib/settings.h: for the command line and for tests. */
#ifndef LIB_SETTINGS_SETTINGS_H
#define LIB_SETTINGS_SETTINGS_H

#include "lib/settings.h"
#include "lib/slice.h"

/* settings_read of text that is in memory already; path is for messages and
 * for its folder. */
size_t settings_read_memory(const char *path, struct slice text,
	struct settings **settings,
	struct settings_fault faults[SETTINGS_FAULTS])
	__attribute__((warn_unused_result));
/* On standard error: a line each, then what to do. */
void settings_print_faults(
	const char *path, const struct settings_fault *faults, size_t count);

#endif
