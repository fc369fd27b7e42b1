/* words.h -- encoded words of headers (RFC 2047, RFC 2231 5). */
#ifndef LIB_MIME_WORDS_H
#define LIB_MIME_WORDS_H

#include "lib/arena.h"
#include "lib/slice.h"

#include <stdbool.h>

/* True when text may hold encoded words. */
bool words_present(struct slice text);
/* Decodes them wherever they stand, within quotes and within words too, as the
 * laxest readers do; the space between two goes. What cannot be decoded stays.
 * text is valid UTF-8, and so is plain. unknown: one names a character set that
 * we do not have. False when the arena is spent. */
bool words_read(struct arena *arena, struct slice text, struct slice *plain,
	bool *unknown) __attribute__((warn_unused_result));

#endif
