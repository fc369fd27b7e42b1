/* escape.h -- texts with escapes, read: quoted pairs, percent, JSON. */
#ifndef LIB_MIME_ESCAPE_H
#define LIB_MIME_ESCAPE_H

#include "lib/arena.h"
#include "lib/slice.h"

#include <stdbool.h>

/* The value of a hexadecimal digit, or -1. */
int escape_hex_digit(char c);
/* The value of count hexadecimal digits at the start of text, or -1. */
long escape_hex(struct slice text, size_t count);
/* %XX becomes that byte (RFC 3986 2.1), other percents stay. The result may be
 * any bytes. False when the arena is spent. */
bool escape_undo_percent(struct arena *arena, struct slice text,
	struct slice *bytes) __attribute__((warn_unused_result));
/* \c becomes c (RFC 3261 25.1), \uXXXX a character (RFC 3862 2.3.3); NULs are
 * dropped. UTF-8 stays valid. False when the arena is spent. */
bool escape_undo_pairs(struct arena *arena, struct slice text,
	struct slice *plain) __attribute__((warn_unused_result));
/* As escape_undo_pairs, with the letters of JSON: \n, \t … (RFC 8259 7). */
bool escape_undo_json(struct arena *arena, struct slice text,
	struct slice *plain) __attribute__((warn_unused_result));

#endif
