/* digest.h -- the digests that prove a record: of its parts, and the chain.
 *
 * docs/archive-format.md gives the exact bytes. They cover ids and salted
 * digests, never plaintext, so that an erased part breaks no proof.
 */
#ifndef LIB_RECORD_DIGEST_H
#define LIB_RECORD_DIGEST_H

#include "lib/record/record.pb-c.h"
#include "lib/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	RECORD_DIGEST_BYTES = 32,
	RECORD_SALT_BYTES = 32,
	RECORD_ID_BYTES = 16 /* message id, stream, boot */
};

/* Random bytes from the kernel. 0 or errno. */
int record_random(uint8_t *bytes, size_t size)
	__attribute__((warn_unused_result));
/* SHA-256(salt || data). 0 or ENOMEM. */
int record_part_digest(struct slice salt, struct slice data,
	uint8_t digest[RECORD_DIGEST_BYTES])
	__attribute__((warn_unused_result));
/* What a part that is being made points to. */
struct record_part_room {
	uint8_t salt[RECORD_SALT_BYTES];
	uint8_t digest[RECORD_DIGEST_BYTES];
};
/* Makes a part of data with a fresh salt. The part borrows data and room. 0 or
 * errno. */
int record_part_make(struct slice data, struct record_part_room *room,
	Sipwarden__Record__Part *part) __attribute__((warn_unused_result));
/* True when the part holds salt and data and its digest is theirs. */
bool record_part_holds(const Sipwarden__Record__Part *part);
/* True when salt and data are gone and the digest stands alone. */
bool record_part_erased(const Sipwarden__Record__Part *part);
/* The chain value of a record behind `previous`. Reads every field that the
 * chain covers but intake, whose number and time are given here. 0 or ENOMEM.
 */
int record_chain(const Sipwarden__Record__Record *record,
	const uint8_t previous[RECORD_DIGEST_BYTES], uint64_t number,
	uint64_t taken_us, uint8_t chain[RECORD_DIGEST_BYTES])
	__attribute__((warn_unused_result));

#endif
