/* drops.h -- who sends what is not taken: the sources with the most of it.
 *
 * A bounded table: a new source takes the place of the one with the fewest and
 * goes on from its count (Metwally's "space saving"), so whoever floods is in
 * it, with a count that is never too low.
 */
#ifndef PROXY_DROPS_H
#define PROXY_DROPS_H

#include "lib/settings.h"

#include <stdint.h>

enum { DROPS_SOURCES = 32 };

struct drop_source {
	union address address; /* without its port */
	uint64_t count;        /* 0: free */
	uint64_t over;         /* at most so many of them were others' */
	const char *reason;    /* of the last one; static */
};

/* Of one worker; zeroed before first use. */
struct drops {
	struct drop_source sources[DROPS_SOURCES];
};

/* reason is static. */
void drops_note(
	struct drops *drops, const union address *source, const char *reason);
/* Adds what another worker has noted. */
void drops_merge(struct drops *drops, const struct drops *other);

#endif
