/* changed.h -- which settings two readings of a configuration differ in. */
#ifndef LIB_SETTINGS_CHANGED_H
#define LIB_SETTINGS_CHANGED_H

#include "lib/settings.h"

enum { SETTINGS_CHANGED = 128 };

/* Writes the dotted names of the settings whose text differs ("listen" for
 * anything in that list) and returns how many. They live as long as the
 * program. */
size_t settings_changed(const struct settings *before,
	const struct settings *after, const char *names[SETTINGS_CHANGED])
	__attribute__((warn_unused_result));

#endif
