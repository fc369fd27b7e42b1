/* scan_link.h -- one worker's connection to the scanner, and its jobs. */
#ifndef PROXY_STAGES_SCAN_LINK_H
#define PROXY_STAGES_SCAN_LINK_H

#include "lib/scan_protocol.h"
#include "lib/slice.h"
#include "proxy/stages/stage.h"

#include <stdbool.h>
#include <stdint.h>

struct scan_answer {
	enum scan_outcome outcome;
	uint64_t generation;
	uint64_t size;
	unsigned char sha256[SCAN_DIGEST_BYTES];
	struct slice name; /* borrowed for the call */
};

/* Called once for each job that was taken and not cancelled, from the loop.
 * A lost scanner answers SCAN_FAILED. */
typedef void scan_done_fn(void *context, const struct scan_answer *answer);

/* Hands the bytes (copied into a sealed memfd) to the scanner. 0 and the job's
 * number; ENOTCONN while the scanner is away; else errno. */
int scan_submit(struct scan_link *link, struct slice bytes, struct slice name,
	uint32_t deadline_ms, uint32_t sender, scan_done_fn *done,
	void *context, uint32_t *job) __attribute__((warn_unused_result));
/* No answer comes any more. */
void scan_cancel(struct scan_link *link, uint32_t job);
/* Of the signatures, as the scanner last said; 0: never. */
uint64_t scan_generation(const struct scan_link *link);
bool scan_is_up(const struct scan_link *link);
/* Jobs that are with the scanner. */
size_t scan_jobs(const struct scan_link *link);
/* Jobs that could not be handed over while the scanner was there. */
uint64_t scan_refused(const struct scan_link *link);

#endif
