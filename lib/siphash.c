/* siphash.c -- SipHash-2-4: a fast keyed hash for tables and tokens. */
#include "lib/siphash.h"

struct state {
	uint64_t v0, v1, v2, v3;
	uint64_t word; /* bytes not yet taken in */
	size_t size;   /* of all that came */
};

static uint64_t rotate(uint64_t value, unsigned bits)
{
	return value << bits | value >> (64 - bits);
}

static void round_once(struct state *s)
{
	s->v0 += s->v1;
	s->v1 = rotate(s->v1, 13) ^ s->v0;
	s->v0 = rotate(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = rotate(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = rotate(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = rotate(s->v1, 17) ^ s->v2;
	s->v2 = rotate(s->v2, 32);
}

static void take_word(struct state *s, uint64_t word)
{
	s->v3 ^= word;
	round_once(s);
	round_once(s);
	s->v0 ^= word;
}

static uint64_t little_endian(const unsigned char *bytes)
{
	uint64_t word = 0;

	for (unsigned i = 0; i < 8; i++)
		word |= (uint64_t)bytes[i] << (8 * i);
	return word;
}

static void take(struct state *s, struct slice piece)
{
	const unsigned char *at = (const unsigned char *)piece.at;
	size_t left = piece.size;

	while (left && s->size % 8 != 0) {
		s->word |= (uint64_t)*at++ << (8 * (s->size % 8));
		left--;
		if (++s->size % 8 == 0) {
			take_word(s, s->word);
			s->word = 0;
		}
	}
	for (; left >= 8; at += 8, left -= 8, s->size += 8)
		take_word(s, little_endian(at));
	for (; left; left--, s->size++)
		s->word |= (uint64_t)*at++ << (8 * (s->size % 8));
}

uint64_t siphash(const unsigned char key[SIPHASH_KEY_BYTES],
	const struct slice *pieces, size_t count)
{
	uint64_t k0 = little_endian(key), k1 = little_endian(key + 8);
	struct state s = {.v0 = k0 ^ 0x736f6d6570736575u,
		.v1 = k1 ^ 0x646f72616e646f6du,
		.v2 = k0 ^ 0x6c7967656e657261u,
		.v3 = k1 ^ 0x7465646279746573u};

	for (size_t i = 0; i < count; i++)
		take(&s, pieces[i]);
	take_word(&s, s.word | (uint64_t)s.size << 56);
	s.v2 ^= 0xff;
	for (int i = 0; i < 4; i++)
		round_once(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
