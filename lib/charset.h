/* charset.h -- bytes in any character set made into UTF-8. */
#ifndef LIB_CHARSET_H
#define LIB_CHARSET_H

#include "lib/arena.h"
#include "lib/slice.h"

#include <stdbool.h>

/* Byte order marks; a mark of UTF-32LE begins with that of UTF-16LE. */
enum charset_mark {
	CHARSET_MARK_NONE,
	CHARSET_MARK_UTF8,
	CHARSET_MARK_UTF16LE,
	CHARSET_MARK_UTF16BE,
	CHARSET_MARK_UTF32LE,
	CHARSET_MARK_UTF32BE
};

enum charset_outcome {
	CHARSET_SOUND,   /* text is what the bytes say */
	CHARSET_BROKEN,  /* not valid in it: text is the best that can be had */
	CHARSET_UNKNOWN, /* no such character set here; no text */
	CHARSET_SPENT    /* the arena, or the memory, is used up; no text */
};

/* What becomes of bytes that are not valid in their character set. */
enum charset_repair {
	CHARSET_REPLACE, /* U+FFFD */
	CHARSET_DROP,    /* nothing */
	CHARSET_REFUSE   /* no text then */
};

/* Strict: no overlong forms, surrogates or code points over 10FFFF (RFC 3629);
 * NUL is valid. */
bool charset_is_utf8(struct slice bytes);
bool charset_is_ascii(struct slice bytes);
/* How many bytes the valid UTF-8 character at the start of bytes has; 0 when
 * there is none. */
size_t charset_utf8_size(struct slice bytes);
/* Writes a code point (U+FFFD for what is none) to out, at most 4 bytes;
 * returns their number. */
size_t charset_utf8_put(char *out, uint32_t code);
enum charset_mark charset_mark_of(struct slice bytes);
/* The name for UTF-8 or US-ASCII, in any spelling that is in use. */
bool charset_names_utf8(struct slice charset);
/* True when a text in charset may begin with mark. */
bool charset_allows_mark(struct slice charset, enum charset_mark mark);
/* True for UTF-16 and UTF-32 by a name that leaves the byte order open. */
bool charset_leaves_order_open(struct slice charset);
/* Reads bytes (a leading mark is dropped) as charset, through ICU; NULs are
 * dropped. text lives in the arena. */
enum charset_outcome charset_decode(struct arena *arena, struct slice bytes,
	struct slice charset, enum charset_repair repair, struct slice *text)
	__attribute__((warn_unused_result));
/* Valid UTF-8 as it is, each other byte as ISO 8859-1, NULs dropped. Borrows
 * from bytes when nothing is to be done. False when the arena is spent. */
bool charset_mend(struct arena *arena, struct slice bytes, struct slice *text)
	__attribute__((warn_unused_result));
/* What careless readers show: overlong forms are decoded, every other invalid
 * byte and all controls but HT, LF and CR dropped. */
bool charset_mend_carelessly(struct arena *arena, struct slice bytes,
	struct slice *text) __attribute__((warn_unused_result));

#endif
