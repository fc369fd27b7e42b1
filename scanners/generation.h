/* generation.h -- the parent's side of a loader and its workers. */
#ifndef SCANNERS_GENERATION_H
#define SCANNERS_GENERATION_H

#include "lib/settings.h"
#include "scanners/loop.h"
#include "scanners/protocol.h"
#include "scanners/queue.h"

#include <sys/types.h>

enum generation_state {
	GENERATION_LOADING,
	GENERATION_READY,
	GENERATION_SAME,   /* signatures are those in use; to be freed */
	GENERATION_BROKEN, /* signatures cannot be used; to be freed */
	GENERATION_AGAIN,  /* the folder changed meanwhile; to be freed */
	GENERATION_DEAD    /* the loader died; to be freed */
};

/* Whom a generation tells; never called from within a generation_ call
 * except generation_tend. */
struct generation_listener {
	void *owner; /* borrowed */
	/* The job is over; the listener frees it. */
	void (*judged)(
		void *owner, struct job *job, const struct verdict *verdict);
	/* The state has changed, or workers have become idle. */
	void (*changed)(void *owner);
};

struct generation;

/* Forks a loader. workers: how many to keep. NULL when the system is short of
 * something. */
struct generation *generation_new(struct loop *loop,
	const struct settings *settings, uint64_t in_use, uint32_t workers,
	const struct generation_listener *listener)
	__attribute__((warn_unused_result));
/* Ends loader and workers; their jobs must be over. */
void generation_free(struct generation **generation);

enum generation_state generation_state(const struct generation *generation);
uint64_t generation_id(const struct generation *generation);
uint32_t generation_signatures(const struct generation *generation);
uint32_t generation_complaints(const struct generation *generation);
/* What libclamav complained of, or why the folder cannot be used. */
const char *generation_text(const struct generation *generation);

/* Workers that idle or work, and those of them that work. */
void generation_workers(
	const struct generation *generation, uint32_t *ready, uint32_t *busy);
bool generation_has_idle(const struct generation *generation);
/* Gives the job to an idle worker, to be judged by kill_at_ms. False when that
 * worker turned out to be dead; the job stays the caller's then. */
bool generation_give(struct generation *generation, struct job *job,
	uint64_t kill_at_ms) __attribute__((warn_unused_result));
/* Takes no more jobs; finishes those it has. */
void generation_retire(struct generation *generation);
/* The process that had this pid has been waited for; generation may be NULL. */
void generation_forget(struct generation *generation, pid_t pid);
/* Kills loader and workers; their jobs have failed. */
void generation_stop(struct generation *generation);
bool generation_is_busy(const struct generation *generation);
/* Kills who is overdue, asks for missing workers, and lowers *next_ms to the
 * moment to come again. */
void generation_tend(
	struct generation *generation, uint64_t now_ms, uint64_t *next_ms);

#endif
