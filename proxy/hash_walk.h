/* hash_walk.h -- walks a uthash table in pieces while it changes.
 *
 * uthash doubles its buckets and never halves them, and a bucket's entries go
 * to two buckets that have its number in their low bits. Counting the low bits
 * from the top down therefore meets every entry that stays, before and after
 * the table has grown (as Redis' SCAN does).
 */
#ifndef PROXY_HASH_WALK_H
#define PROXY_HASH_WALK_H

#include <stdint.h>

static inline uint32_t bits_turned(uint32_t bits)
{
	uint32_t turned = 0;

	for (int i = 0; i < 32; i++)
		turned |= (bits >> i & 1u) << (31 - i);
	return turned;
}

/* The bucket after this one; 0: that was the last. buckets: how many there are
 * now, a power of two. */
static inline uint32_t hash_walk_next(uint32_t bucket, uint32_t buckets)
{
	uint32_t mask = buckets - 1;

	return bits_turned(bits_turned(bucket | ~mask) + 1);
}

#endif
