/* handover.h -- bounded rings from each worker to each other, one wake-up per
 * batch.
 *
 * One ring for each pair of workers, a worker and itself included: so each has
 * one writer and one reader and needs no lock. A post marks its receiver; the
 * wake-up (an eventfd) follows once, at the end of the sender's turn. A
 * receiver takes a bounded number of items from each sender in a turn, then
 * lets its sockets have theirs.
 */
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
	HANDOVER_CALL,              /* run item (a struct handover_call) */
	HANDOVER_KINDS
};

/* For anything else that one worker asks of another; the receiver calls it
 * (no handover_receive needed). */
struct handover_call {
	void (*run)(struct handover_call *call, unsigned worker);
};

struct handover_item {
	enum handover_kind kind;
	void *content; /* owned by the ring while in it */
};

struct handover;

enum { HANDOVER_KEY_BYTES = 16 };

/* rings of `room` items (rounded up to a power of two) for workers² pairs. */
struct handover *handover_new(unsigned workers, size_t room)
	__attribute__((warn_unused_result));
/* When all workers have detached and their loops have ended. Items still in
 * the rings are given to their discard functions. */
void handover_release(struct handover **handover);
/* Random bytes, the same for all workers of this process, made at the start:
 * keys the choice of a Call-ID's owner. */
const uint8_t *handover_key(const struct handover *handover);

/* Called by worker `to` on its loop for each item, in the order of each
 * sender. */
typedef void handover_fn(
	void *context, unsigned from, struct handover_item item);
/* One receiver function for a kind; registers the worker's wake-up on first
 * use (again on the same loop: nothing happens). Before the loop runs. Keeps
 * the loop alive until handover_detach. */
int handover_attach(struct handover *handover, unsigned worker, uv_loop_t *loop)
	__attribute__((warn_unused_result));
/* receive NULL: items of this kind are discarded. */
void handover_receive(struct handover *handover, unsigned worker,
	enum handover_kind kind, handover_fn *receive, void *context);
/* What frees an item for `worker` that is never received. */
void handover_discard(struct handover *handover, unsigned worker,
	enum handover_kind kind, void (*discard)(void *content));
/* Called on the worker's loop when a post of its own has been refused and
 * there is room again. One function per worker. */
void handover_on_room(struct handover *handover, unsigned worker,
	void (*room)(void *context), void *context);
/* On the worker's loop, which must turn once more before it is closed. Posts
 * to this worker stay in its rings from now on. */
void handover_detach(struct handover *handover, unsigned worker);
/* By the thread of worker `from` only. EAGAIN when the ring is full: nothing
 * was taken. The wake-up follows at the end of this turn of the sender's loop,
 * or in its next one when posted outside; at once when `from` is not attached.
 * to == from works alike: the item is received in a later turn. */
int handover_post(struct handover *handover, unsigned from, unsigned to,
	struct handover_item item) __attribute__((warn_unused_result));
/* Items waiting for `to`; any thread. */
size_t handover_depth(const struct handover *handover, unsigned to);
/* Items in the fullest ring to it; any thread. */
size_t handover_deepest(const struct handover *handover, unsigned to);
/* Items that fit into one ring. */
size_t handover_room(const struct handover *handover);

#endif
