/* log_limit.h -- one line per source and minute, and few for all together, so
 * that a flood cannot fill the log. */
#ifndef PROXY_TRANSPORTS_LOG_LIMIT_H
#define PROXY_TRANSPORTS_LOG_LIMIT_H

#include "lib/settings.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	LOG_LIMIT_MS = 60 * 1000,
	LOG_LIMIT_SOURCES = 64,
	LOG_LIMIT_LINES = 20 /* of all sources, in LOG_LIMIT_MS */
};

/* Of one worker; zeroed before first use. Forgets a source when another one
 * takes its place; LOG_LIMIT_LINES bounds what that may cost. */
struct log_limit {
	struct {
		union address source;
		uint64_t until_ms;
	} sources[LOG_LIMIT_SOURCES];
	uint64_t window_ms;
	unsigned lines;
	uint64_t silenced;
};

/* Whether a line about this host may be written now; then *silenced is how
 * many were not since the last one. */
bool log_limit_allows(struct log_limit *limit, const union address *source,
	uint64_t now_ms, uint64_t *silenced);

/* Once a window has passed with nothing but silence: how many lines it was;
 * else 0. For a last word when a flood is over. */
uint64_t log_limit_rest(struct log_limit *limit, uint64_t now_ms);

#endif
