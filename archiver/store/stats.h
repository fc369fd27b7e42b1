/* stats.h -- what the store holds, and how far it is. */
#ifndef ARCHIVER_STORE_STATS_H
#define ARCHIVER_STORE_STATS_H

#include "archiver/store/library.h"

/* Records of each kind in the index, by the names that stats uses. */
struct stats_kind {
	const char *name;
	int kind;
};
enum { STATS_KINDS = 7 };
extern const struct stats_kind stats_kinds[STATS_KINDS];

/* {"watermark", "records", "kinds", "verdicts", "conversations", "shards",
 * "behind"}. 0, EIO or ENOMEM. */
int stats_run(struct library *library, json_t **done)
	__attribute__((warn_unused_result));
/* Sums the first column of a query over all shards. */
int stats_sum(struct library *library, const char *sql, int64_t value,
	uint64_t *sum) __attribute__((warn_unused_result));

#endif
