/* log_limit.c -- one line per source and minute, and few for all together, so
 * that a flood cannot fill the log. */
#include "proxy/transports/log_limit.h"

#include <string.h>

/* Steering it wins nothing: the number of lines is bounded as a whole. */
static size_t place_of(const union address *source)
{
	const unsigned char *at = (const void *)&source->v4.sin_addr;
	size_t size = sizeof(source->v4.sin_addr);
	size_t sum = 0;

	if (source->any.sa_family == AF_INET6) {
		at = source->v6.sin6_addr.s6_addr;
		size = sizeof(source->v6.sin6_addr);
	}
	while (size--)
		sum = sum * 31 + *at++;
	return sum % LOG_LIMIT_SOURCES;
}

bool log_limit_allows(struct log_limit *limit, const union address *source,
	uint64_t now_ms, uint64_t *silenced)
{
	size_t place = place_of(source);

	if (now_ms >= limit->window_ms) {
		limit->window_ms = now_ms + LOG_LIMIT_MS;
		limit->lines = 0;
	}
	if (limit->lines >= LOG_LIMIT_LINES ||
		(now_ms < limit->sources[place].until_ms &&
			address_same_host(
				&limit->sources[place].source, source))) {
		limit->silenced++;
		return false;
	}
	limit->lines++;
	limit->sources[place].source = *source;
	limit->sources[place].until_ms = now_ms + LOG_LIMIT_MS;
	*silenced = limit->silenced;
	limit->silenced = 0;
	return true;
}

uint64_t log_limit_rest(struct log_limit *limit, uint64_t now_ms)
{
	uint64_t rest = limit->silenced;

	if (!rest || now_ms < limit->window_ms)
		return 0;
	limit->window_ms = now_ms + LOG_LIMIT_MS;
	limit->lines = 1;
	limit->silenced = 0;
	return rest;
}
