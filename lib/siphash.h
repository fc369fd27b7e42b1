/* siphash.h -- SipHash-2-4: a fast keyed hash for tables and tokens. */
#ifndef LIB_SIPHASH_H
#define LIB_SIPHASH_H

#include "lib/slice.h"

#include <stdint.h>

enum { SIPHASH_KEY_BYTES = 16 };

/* 64 bits over the pieces, one after the other, as if they were joined. */
uint64_t siphash(const unsigned char key[SIPHASH_KEY_BYTES],
	const struct slice *pieces, size_t count);
static inline uint64_t siphash_one(
	const unsigned char key[SIPHASH_KEY_BYTES], struct slice piece)
{
	return siphash(key, &piece, 1);
}

#endif
