/* rest.h -- how much of the journal a reader has still before him. */
#ifndef ARCHIVER_JOURNAL_REST_H
#define ARCHIVER_JOURNAL_REST_H

#include <stdint.h>

enum { JOURNAL_REST_RECORDS = 100000, JOURNAL_REST_MS = 300 };

struct journal_rest {
	uint64_t records; /* as far as was counted */
	uint64_t age_s;   /* of the oldest of them; 0: there is none */
};

/* What is durable behind this record (0: from the beginning), counted up to
 * JOURNAL_REST_RECORDS or for JOURNAL_REST_MS. Any thread may ask; a journal
 * that cannot be read counts as far as it can. */
struct journal_rest journal_rest(const char *folder, uint64_t after);

#endif
