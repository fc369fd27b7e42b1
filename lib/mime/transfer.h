/* transfer.h -- Content-Transfer-Encoding (RFC 2045 6). */
#ifndef LIB_MIME_TRANSFER_H
#define LIB_MIME_TRANSFER_H

#include "lib/arena.h"
#include "lib/slice.h"

#include <stdbool.h>

enum transfer_encoding {
	TRANSFER_IDENTITY, /* 7bit, 8bit, binary or none */
	TRANSFER_BASE64,
	TRANSFER_QUOTED_PRINTABLE,
	TRANSFER_UNKNOWN
};

/* name is the value of the header; absent: TRANSFER_IDENTITY. */
enum transfer_encoding transfer_encoding_of(struct slice name);
/* Both decode strictly and return NULL, or the phrase of what is wrong: what
 * readers would decode in different ways is refused. plain is absent when the
 * arena is spent. */
const char *transfer_base64(struct arena *arena, struct slice encoded,
	struct slice *plain) __attribute__((warn_unused_result));
const char *transfer_quoted_printable(struct arena *arena, struct slice encoded,
	struct slice *plain) __attribute__((warn_unused_result));
/* Decodes what there is, skipping all else, up to padding. out has room for
 * encoded.size bytes; returns how many were written. */
size_t transfer_base64_lax(struct slice encoded, char *out);

#endif
