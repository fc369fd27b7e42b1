/* faults.h -- what is wrong with a file, gathered and kept by position. */
#ifndef LIB_SETTINGS_FAULTS_H
#define LIB_SETTINGS_FAULTS_H

#include "lib/settings.h"

/* Where in a file; both count from 1. */
struct place {
	unsigned line, column;
};

struct faults {
	const char *file;           /* borrowed: its path, for the texts */
	struct settings_fault *out; /* borrowed: SETTINGS_FAULTS of them */
	struct place places[SETTINGS_FAULTS];
	size_t count;
};

/* Adds "file:line:column: sentence" where it belongs by position; when all
 * SETTINGS_FAULTS are taken, those furthest down are dropped. Control
 * characters become '?', so that a file cannot write to a terminal. */
void fault_add(struct faults *faults, struct place place, const char *format,
	...) __attribute__((format(printf, 3, 4)));

#endif
