/* archiving.h -- records of passages: what is written, and what waits for it.
 */
#ifndef PROXY_ARCHIVING_ARCHIVING_H
#define PROXY_ARCHIVING_ARCHIVING_H

#include "proxy/passage.h"

/* The passage goes away: nobody waits for its record any more. */
void archiving_forget(struct passage *passage);
/* The outcome record of a request that has a record: the events noted since the
 * last one. Written when the final answer has gone, and at the end. */
void archiving_outcome(struct passage *passage);
/* Notes an event for it (branch NULL: our own answer, "answered"). */
void archiving_event(struct passage *passage, struct branch *branch,
	const char *event, unsigned status);

#endif
