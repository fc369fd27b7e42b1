/* inflate.h -- Content-Encoding: gzip, deflate and lists of them. */
#ifndef LIB_MIME_INFLATE_H
#define LIB_MIME_INFLATE_H

#include "lib/arena.h"
#include "lib/slice.h"

enum inflate_outcome {
	INFLATE_DONE,
	INFLATE_UNKNOWN, /* a coding that we do not have */
	INFLATE_WRONG,   /* cut off, damaged, bytes left over, ambiguous */
	INFLATE_LARGE    /* more than the limit, in all layers together */
};

enum { INFLATE_LAYERS_MAX = 4 };

/* Undoes the codings that names lists, the last one first (RFC 9110 8.4).
 * limit_bytes bounds the layers together; what they took is taken off it. With
 * no coding but identity, plain borrows from coded. */
enum inflate_outcome inflate_read(struct arena *arena, struct slice coded,
	struct slice names, size_t *limit_bytes, struct slice *plain)
	__attribute__((warn_unused_result));

#endif
