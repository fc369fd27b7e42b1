/* errands.h -- what another thread asks of a worker, done between two turns of
 * its loop.
 *
 * For whoever looks at a worker's own things or changes them: the worker does
 * it itself, a bounded piece at a time, and nothing of it needs a lock.
 */
#ifndef PROXY_ERRANDS_H
#define PROXY_ERRANDS_H

#include <pthread.h>
#include <stdbool.h>
#include <uv.h>

struct worker;
typedef void errand_fn(struct worker *worker, void *context);

/* Of one worker; started and ended by its owner. */
struct errands {
	uv_async_t wake;
	struct worker *worker;  /* borrowed */
	pthread_mutex_t asking; /* one asks at a time */
	pthread_mutex_t lock;   /* around what follows */
	pthread_cond_t changed;
	enum { ERRAND_NONE, ERRAND_ASKED, ERRAND_RUNS, ERRAND_DONE } state;
	errand_fn *run;
	void *context;
};

/* Before the loop runs; the handle is closed with the loop. */
bool errands_start(struct errands *errands, uv_loop_t *loop,
	struct worker *worker) __attribute__((warn_unused_result));
/* When neither the loop nor anybody who asks runs any more. */
void errands_end(struct errands *errands);
/* Has it done on the worker's loop and waits for that. Any thread but the
 * worker's. False: it was not begun within timeout_ms, and will not be. */
bool errand_do(struct errands *errands, errand_fn *run, void *context,
	unsigned timeout_ms) __attribute__((warn_unused_result));

#endif
