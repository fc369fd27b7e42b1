/* measures.h -- what a worker tells of itself (lib/stats), ten times a second.
 *
 * Its parts count as they go, in plain numbers of their own; here they are
 * copied to where other threads may read them. A worker that hangs leaves its
 * last numbers standing, and worker.late_ms rises.
 */
#ifndef PROXY_MEASURES_H
#define PROXY_MEASURES_H

#include "lib/slice.h"
#include "lib/stats/stats.h"
#include "proxy/lifecycle.h"
#include "proxy/verdict.h"

#include <stdbool.h>
#include <stdint.h>

struct worker;
struct proxy;
union address;

enum { MEASURES_MS = 100 };

enum worker_queue {
	QUEUE_TRANSACTIONS,
	QUEUE_HANDOVER,
	QUEUE_CONNECTIONS,
	QUEUE_ARCHIVE,
	QUEUE_SCAN
};
enum { WORKER_QUEUES = QUEUE_SCAN + 1 };

/* What has been said of a queue. */
struct queue_state {
	bool full;           /* said so */
	uint64_t refused;    /* so far */
	uint64_t begun_with; /* when it got full */
	uint64_t full_ms;    /* steady: when it last turned away */
};

/* From the worker's tick; does something every MEASURES_MS. */
void measures_tick(struct worker *worker, uint64_t now_ms);
/* What belongs to no worker, by the thread that is asked; context is the
 * proxy. */
void measures_refresh(void *context);
/* "sources": who sends most of what is dropped; "rules": their version. */
void measures_more(void *context, json_t *done);

/* A message that was not taken: why (a static phrase), and from whom. */
void measures_dropped(
	void *worker, const union address *source, const char *reason);
/* A stage's refusal. */
void measures_refused(struct worker *worker, const char *stage,
	const struct verdict *verdict);

#endif
