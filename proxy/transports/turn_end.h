/* turn_end.h -- work gathered during a turn of a loop and done once, at its
 * end.
 *
 * Whoever has gathered something asks; the function runs once before the loop
 * waits again, whichever phase asked. Asking outside a turn keeps the loop from
 * waiting in its next one.
 */
#ifndef PROXY_TRANSPORTS_TURN_END_H
#define PROXY_TRANSPORTS_TURN_END_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct turn_end {
	uv_prepare_t prepare;
	uv_check_t check;
	uv_idle_t idle; /* active while asked: the loop does not wait then */
	void (*run)(void *context);
	void (*closed)(void *context);
	void *context; /* borrowed */
	bool asked;
	uint64_t turns; /* of the loop, counted after it has polled */
	unsigned open;  /* handles */
};

/* Does not keep the loop alive, except while asked. */
void turn_end_start(struct turn_end *turn_end, uv_loop_t *loop,
	void (*run)(void *context), void *context);
/* Loop thread only. run may ask again: then it runs in the next turn too. */
void turn_end_ask(struct turn_end *turn_end);
/* closed (may be NULL) is called when the struct may be freed. */
void turn_end_close(struct turn_end *turn_end, void (*closed)(void *context));

#endif
