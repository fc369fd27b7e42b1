/* loop.h -- waits for descriptors; one event at a time, so that whoever
 * handles it may close anything. */
#ifndef SCANNERS_LOOP_H
#define SCANNERS_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;

/* What to call when a descriptor is ready; lives as long as it is watched. */
struct watch {
	void (*ready)(void *owner);
	void *owner; /* borrowed */
};

/* NULL when the system has no more descriptors or memory. */
struct loop *loop_new(void) __attribute__((warn_unused_result));
void loop_free(struct loop **loop);

/* 0 or errno. */
int loop_watch(struct loop *loop, int descriptor, struct watch *watch)
	__attribute__((warn_unused_result));
/* Whether readiness to write counts too. */
void loop_want_write(
	struct loop *loop, int descriptor, struct watch *watch, bool wanted);
/* To be called before the descriptor is closed: a child that was forked
 * meanwhile may hold it open, and its events would go on. */
void loop_forget(struct loop *loop, int descriptor);
/* Waits until at_ms of the steady clock at most and handles one event. */
void loop_once(struct loop *loop, uint64_t at_ms);

#endif
