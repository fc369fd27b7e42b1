/* bitflip.h -- finds the one bit that makes a CRC wrong. */
#ifndef ARCHIVER_JOURNAL_BITFLIP_H
#define ARCHIVER_JOURNAL_BITFLIP_H

#include "lib/slice.h"

/* The entry whose whole bytes (head, payload) are given fails its CRC. True
 * when one single flipped bit explains it; *bit counts from the entry's start,
 * eight to a byte, the lowest first. Linear in bytes. */
bool bitflip_find(struct slice entry, uint64_t *bit);

#endif
