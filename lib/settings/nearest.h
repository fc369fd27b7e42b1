/* nearest.h -- which known word was meant. */
#ifndef LIB_SETTINGS_NEAREST_H
#define LIB_SETTINGS_NEAREST_H

#include <stddef.h>

/* The best guess so far; begin with all zero. */
struct nearest {
	const char *word; /* borrowed; NULL: nothing is near */
	size_t distance;
};

/* Letters to insert, remove, change or swap to get from a to b; words of more
 * than 63 bytes are as far apart as can be. */
size_t edit_distance(const char *a, const char *b);
/* Takes candidate when it is nearer to wanted than what was tried before, and
 * near enough that a slip of the hand explains it. */
void nearest_try(
	struct nearest *nearest, const char *wanted, const char *candidate);

#endif
