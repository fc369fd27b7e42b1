/* ready.c -- passages that may go on: resumed at the end of the loop's turn. */
#include "proxy/ready.h"

#include "proxy/passage.h"

#include <stddef.h>

enum {
	/* A long line of one Call-ID must not keep the sockets waiting: what is
	 * left runs in the next turn. */
	READY_BATCH = 1000
};

static struct passage *take_first(struct ready *ready)
{
	struct passage *first = ready->first;

	if (first)
		ready_remove(ready, first);
	return first;
}

static void run(void *context)
{
	struct ready *ready = context;
	struct passage *passage;

	for (unsigned i = 0; i < READY_BATCH && (passage = take_first(ready));
		i++)
		if (passage->waiting)
			passage_resume(passage);
	if (ready->first)
		turn_end_ask(&ready->turn_end);
}

void ready_start(struct ready *ready, uv_loop_t *loop)
{
	turn_end_start(&ready->turn_end, loop, run, ready);
}

void ready_close(struct ready *ready)
{
	if (ready->turn_end.open)
		turn_end_close(&ready->turn_end, NULL);
}

void ready_add(struct ready *ready, struct passage *passage)
{
	if (passage->ready.link)
		return;
	if (!ready->first)
		ready->end = &ready->first;
	passage->ready.next = NULL;
	passage->ready.link = ready->end;
	*ready->end = passage;
	ready->end = &passage->ready.next;
	turn_end_ask(&ready->turn_end);
}

void ready_remove(struct ready *ready, struct passage *passage)
{
	if (!passage->ready.link)
		return;
	*passage->ready.link = passage->ready.next;
	if (passage->ready.next)
		passage->ready.next->ready.link = passage->ready.link;
	else
		ready->end = passage->ready.link;
	passage->ready.link = NULL;
	passage->ready.next = NULL;
}
