/* errands.c -- what another thread asks of a worker, done between two turns of
 * its loop. */
#include "proxy/errands.h"

#include <errno.h>
#include <time.h>

static void asked(uv_async_t *wake)
{
	struct errands *errands = wake->data;
	errand_fn *run = NULL;
	void *context = NULL;

	pthread_mutex_lock(&errands->lock);
	if (errands->state == ERRAND_ASKED) {
		errands->state = ERRAND_RUNS;
		run = errands->run;
		context = errands->context;
	}
	pthread_mutex_unlock(&errands->lock);
	if (!run)
		return; /* taken back */
	run(errands->worker, context);
	pthread_mutex_lock(&errands->lock);
	errands->state = ERRAND_DONE;
	pthread_cond_signal(&errands->changed);
	pthread_mutex_unlock(&errands->lock);
}

bool errands_start(
	struct errands *errands, uv_loop_t *loop, struct worker *worker)
{
	pthread_condattr_t steady;

	*errands = (struct errands){.worker = worker};
	pthread_mutex_init(&errands->asking, NULL);
	pthread_mutex_init(&errands->lock, NULL);
	pthread_condattr_init(&steady);
	pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
	pthread_cond_init(&errands->changed, &steady);
	pthread_condattr_destroy(&steady);
	errands->wake.data = errands;
	return uv_async_init(loop, &errands->wake, asked) == 0;
}

void errands_end(struct errands *errands)
{
	pthread_mutex_destroy(&errands->asking);
	pthread_mutex_destroy(&errands->lock);
	pthread_cond_destroy(&errands->changed);
}

static struct timespec after(unsigned timeout_ms)
{
	struct timespec at;

	(void)clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += timeout_ms / 1000;
	at.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_nsec -= 1000000000;
		at.tv_sec++;
	}
	return at;
}

bool errand_do(struct errands *errands, errand_fn *run, void *context,
	unsigned timeout_ms)
{
	struct timespec until;
	bool late = false, done;

	pthread_mutex_lock(&errands->asking);
	until = after(timeout_ms);
	pthread_mutex_lock(&errands->lock);
	errands->run = run;
	errands->context = context;
	errands->state = ERRAND_ASKED;
	uv_async_send(&errands->wake);
	/* Once begun it is waited for, since it works on our context. */
	while (errands->state == ERRAND_RUNS ||
		(errands->state == ERRAND_ASKED && !late)) {
		if (errands->state == ERRAND_RUNS)
			pthread_cond_wait(&errands->changed, &errands->lock);
		else
			late = pthread_cond_timedwait(&errands->changed,
				       &errands->lock, &until) == ETIMEDOUT;
	}
	done = errands->state == ERRAND_DONE;
	errands->state = ERRAND_NONE;
	pthread_mutex_unlock(&errands->lock);
	pthread_mutex_unlock(&errands->asking);
	return done;
}
