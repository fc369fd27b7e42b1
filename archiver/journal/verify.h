/* verify.h -- proves a journal from its first byte, or names what is wrong.
 *
 * Needs the folder alone: every CRC and padding, headers, marks and footers
 * against what they stand behind, numbers rising, the chain, the digests of
 * the parts. Works beside a running archiver and stops at what is durable.
 */
#ifndef ARCHIVER_JOURNAL_VERIFY_H
#define ARCHIVER_JOURNAL_VERIFY_H

#include "archiver/journal/journal.h"
#include "lib/record/digest.h"

enum { VERIFY_KINDS = 7, VERIFY_NODES = 64, VERIFY_NODE_BYTES = 256 };

struct verify_node {
	char name[VERIFY_NODE_BYTES];
	uint64_t records;
};

struct verify_counts {
	uint64_t records;
	uint64_t bytes; /* of segments, up to what is valid */
	uint64_t segments;
	uint64_t kinds[VERIFY_KINDS];           /* by enum Kind */
	struct verify_node nodes[VERIFY_NODES]; /* in order of appearance */
	size_t node_count;                      /* more are counted in none */
	uint64_t erased;                        /* parts */
	uint64_t faults;
	uint64_t last;                      /* record number */
	uint8_t chain[RECORD_DIGEST_BYTES]; /* behind it */
};

/* Gets each fault, and now and then (fault == NULL) the counts so far. False
 * stops the walk. */
typedef bool verify_fn(void *user, const struct journal_fault *fault,
	const struct verify_counts *counts);

/* 0 when the walk came to its end, with or without faults; ECANCELED when
 * `say` stopped it; else errno (ENOENT: there is no journal). */
int journal_verify(const char *folder, verify_fn *say, void *user,
	struct verify_counts *counts) __attribute__((warn_unused_result));

#endif
