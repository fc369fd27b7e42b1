/* indexer.h -- keeps the index up with the journal. */
#ifndef ARCHIVER_STORE_INDEXER_H
#define ARCHIVER_STORE_INDEXER_H

#include "archiver/store/index/index.h"

#include <stdbool.h>

struct indexer;

/* index and journal (a folder) are borrowed. 0 or errno. */
int indexer_open(struct index *index, const char *journal,
	struct indexer **indexer) __attribute__((warn_unused_result));
void indexer_close(struct indexer **indexer);
/* Reads a bounded number of records and commits when it is time. Returns how
 * many milliseconds may pass before the next call, unless the descriptor
 * becomes readable: 0, there is more. -1: only the descriptor matters. */
int indexer_step(struct indexer *indexer);
int indexer_descriptor(const struct indexer *indexer);
/* Calls indexer_step until all that is durable is committed; false when the
 * index or the journal cannot be read. */
bool indexer_catch_up(struct indexer *indexer);
/* Records of the journal behind the last committed one; stops counting at
 * limit. Any thread may ask. */
uint64_t indexer_behind(
	const struct index *index, const char *journal, uint64_t limit);

#endif
