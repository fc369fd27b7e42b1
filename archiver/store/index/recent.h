/* recent.h -- what the indexer must still remember of the last minutes.
 *
 * Two tables with a limit and an age: message ids (is this the same message
 * again?) and streams (does this message go on with a conversation?). Both are
 * found again in the shards after a restart, so they are memory alone and the
 * shards need no index on random keys.
 */
#ifndef ARCHIVER_STORE_INDEX_RECENT_H
#define ARCHIVER_STORE_INDEX_RECENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RECENT_KEY_BYTES = 16,
	RECENT_LIMIT = 1000000 /* of each table; the oldest go first */
};

struct recent_entry {
	unsigned char key[RECENT_KEY_BYTES];
	uint64_t value;       /* message number, or conversation */
	uint64_t first, last; /* record numbers */
};

struct recent;

struct recent *recent_new(void) __attribute__((warn_unused_result));
void recent_release(struct recent **recent);
/* NULL when it is not there. */
struct recent_entry *recent_find(
	const struct recent *recent, const unsigned char key[RECENT_KEY_BYTES]);
/* Sets an entry anew, as the youngest. False when memory is short. */
bool recent_put(struct recent *recent, const struct recent_entry *entry)
	__attribute__((warn_unused_result));
/* Forgets entries whose last is below this number. */
void recent_expire(struct recent *recent, uint64_t below);
size_t recent_count(const struct recent *recent);

#endif
