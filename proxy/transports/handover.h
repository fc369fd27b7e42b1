/* handover.h -- bounded rings from each worker to each other, one wake-up per
 * batch. */
#ifndef PROXY_TRANSPORTS_HANDOVER_H
#define PROXY_TRANSPORTS_HANDOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

enum handover_kind {
	HANDOVER_MESSAGE,     /* arrived for its owner */
	HANDOVER_SEND,        /* to be sent on the receiver's connection */
	HANDOVER_SEND_FAILED, /* back to the sender */
	HANDOVER_CONNECTION_CLOSED, /* to all */
	HANDOVER_CALL               /* run item (a struct handover_call) */
};

/* For anything else that one worker asks of another; the receiver calls it. */
struct handover_call {
	void (*run)(struct handover_call *call, unsigned worker);
};

struct handover_item {
	enum handover_kind kind;
	void *content; /* owned by the ring while in it */
};

struct handover;

/* rings of `room` items (rounded up to a power of two) for workers² pairs. */
struct handover *handover_new(unsigned workers, size_t room)
	__attribute__((warn_unused_result));
void handover_release(struct handover **handover);
/* Called by worker `to` on its loop for each item, in the order of each
 * sender. */
typedef void handover_fn(
	void *context, unsigned from, struct handover_item item);
/* One receiver function for a kind; registers the worker's wake-up on first
 * use. Before the loop runs. */
int handover_attach(struct handover *handover, unsigned worker, uv_loop_t *loop)
	__attribute__((warn_unused_result));
void handover_receive(struct handover *handover, unsigned worker,
	enum handover_kind kind, handover_fn *receive, void *context);
void handover_detach(struct handover *handover, unsigned worker);
/* EAGAIN when the ring is full: nothing was taken. The wake-up follows at the
 * end of this turn of the sender's loop. */
int handover_post(struct handover *handover, unsigned from, unsigned to,
	struct handover_item item) __attribute__((warn_unused_result));
size_t handover_depth(const struct handover *handover, unsigned to);

#endif
