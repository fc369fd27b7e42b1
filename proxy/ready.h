/* ready.h -- passages that may go on: resumed at the end of the loop's turn.
 *
 * For whoever frees the way of another passage from within a step of its own.
 */
#ifndef PROXY_READY_H
#define PROXY_READY_H

#include "proxy/transports/turn_end.h"

#include <stdbool.h>
#include <uv.h>

struct passage;

/* Of one worker; zeroed before ready_start. */
struct ready {
	struct passage *first, **end; /* borrowed, in the order of asking */
	struct turn_end turn_end;
};

void ready_start(struct ready *ready, uv_loop_t *loop);
/* Nobody is resumed any more. */
void ready_close(struct ready *ready);
/* Once, however often it is asked. */
void ready_add(struct ready *ready, struct passage *passage);
/* The passage goes, or has been resumed otherwise. */
void ready_remove(struct ready *ready, struct passage *passage);

#endif
