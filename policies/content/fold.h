/* fold.h -- makes one spelling of the many in which a text can be written.
 *
 * Patterns and texts go through the same function, so that what looks or
 * reads alike is alike: case, width, ligatures and other compatibility forms
 * (NFKC_Casefold), accents and other marks put on letters, invisible and
 * direction characters, controls, white space (any run is one space), digits
 * of any script, dashes, quotes, and letters that look Latin.
 */
#ifndef POLICIES_CONTENT_FOLD_H
#define POLICIES_CONTENT_FOLD_H

#include "lib/slice.h"

#include <stddef.h>
#include <stdint.h>
#include <unicode/utypes.h>

/* Grows as needed and is used again for the next text. */
struct folded {
	char *bytes;  /* owned; valid UTF-8 */
	uint32_t *at; /* owned; at[i]: where in the original the code point
		       * behind bytes[i] begins; at[size]: its size */
	size_t size;
	size_t room;
};

enum {
	FOLD_MOST = 32,            /* code points that one may become */
	FOLD_TEXT_SIZE = 64 << 20, /* bytes of a text */
	FOLD_KEEP = 1 << 20        /* bytes kept between texts */
};

/* Once before any other call; 0, or ENOMEM, or EIO (ICU has no data). */
int fold_prepare(void) __attribute__((warn_unused_result));
/* Folds a text (bytes that are not UTF-8 become U+FFFD). 0, ENOMEM, E2BIG. */
int fold_text(struct folded *folded, struct slice text)
	__attribute__((warn_unused_result));
/* The code points that one becomes: their number, 0 when it vanishes. */
size_t fold_point(UChar32 point, UChar32 points[FOLD_MOST]);
/* Where the original of the folded bytes before `to` ends: behind the marks
 * and invisible characters that belong to the last of them. to > 0. */
size_t fold_end(const struct folded *folded, size_t to);
/* Writes a code point as UTF-8; the bytes written, at most 4. */
size_t point_write(char *bytes, UChar32 point);
/* Frees what was grown; the struct is empty and usable again. */
void folded_clear(struct folded *folded);

#endif
