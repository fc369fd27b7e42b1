/* search.h -- answers a query: the newest message first, all of them. */
#ifndef ARCHIVER_STORE_SEARCH_H
#define ARCHIVER_STORE_SEARCH_H

#include "archiver/store/library.h"

struct search_request {
	struct slice query;
	uint64_t limit;  /* 0: all */
	uint64_t before; /* only messages numbered below; 0: all */
};

/* Sends a row for each message found. 0 and *done; EINVAL, EIO, ENOMEM with a
 * sentence; or what answer->row returned. The caller releases *done. */
int search_run(struct library *library, const struct search_request *request,
	const struct answer *answer, json_t **done,
	char sentence[LIBRARY_SENTENCE_BYTES])
	__attribute__((warn_unused_result));

#endif
