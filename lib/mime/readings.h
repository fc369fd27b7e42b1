/* readings.h -- every text that readers may see in the same bytes. */
#ifndef LIB_MIME_READINGS_H
#define LIB_MIME_READINGS_H

#include "lib/arena.h"
#include "lib/slice.h"

#include <stdbool.h>
#include <stddef.h>

enum { READINGS_MAX = 8 };

struct readings {
	struct slice texts[READINGS_MAX]; /* valid UTF-8, none twice */
	size_t count;
	const char *unseen; /* a character set that we do not have */
	bool spent;         /* the arena is */
};

/* Reads bytes as charset says (absent: not declared), as they themselves say
 * (byte order mark, XML declaration, meta element) and as they look. textual:
 * declared as text, so that some reader shows it whatever is in it; all other
 * bytes have a text only when they make a good one. Returns NULL, or the phrase
 * of what is wrong: a mark that contradicts the character set. */
const char *readings_make(struct readings *readings, struct arena *arena,
	struct slice bytes, struct slice charset, bool textual)
	__attribute__((warn_unused_result));

#endif
