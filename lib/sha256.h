/* sha256.h -- SHA-256 of bytes that lie in pieces.
 *
 * OpenSSL looks the algorithm up at each digest, which costs more than the
 * digest of a short text: here it is looked up once.
 */
#ifndef LIB_SHA256_H
#define LIB_SHA256_H

#include "lib/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum { SHA256_BYTES = 32, SHA256_BLOCK_BYTES = 64 };

/* The digest of the pieces, one behind the other. False when memory is short.
 * Any thread. */
bool sha256_pieces(const struct slice *pieces, size_t count,
	uint8_t digest[SHA256_BYTES]) __attribute__((warn_unused_result));
/* HMAC-SHA-256 (RFC 2104) with a key of at most a block. */
bool sha256_keyed(struct slice key, struct slice text,
	uint8_t digest[SHA256_BYTES]) __attribute__((warn_unused_result));

#endif
