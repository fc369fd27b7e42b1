/* waiting.h -- what is looked at again after 0.5, 1, 2 or 4 s: since each queue
 * has one interval, the oldest in it is always the first that is due. */
#ifndef TESTS_LOAD_WAITING_H
#define TESTS_LOAD_WAITING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* T1 to T2 of RFC 3261 17. */
enum { WAITING_QUEUES = 4 };

struct waiting_entry {
	uint64_t number, due_us;
	unsigned what;
};

struct waiting_queue {
	struct waiting_entry *ring; /* owned */
	size_t first, count, room;
};

struct waiting {
	struct waiting_queue queues[WAITING_QUEUES];
};

/* queue 0: 0.5 s, 1: 1 s, 2: 2 s, 3 and above: 4 s. */
void waiting_put(struct waiting *waiting, unsigned queue, uint64_t now_us,
	uint64_t number, unsigned what);
/* The next that is due. */
bool waiting_take(
	struct waiting *waiting, uint64_t now_us, struct waiting_entry *entry);
void waiting_release(struct waiting *waiting);

#endif
