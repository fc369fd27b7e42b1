/* queue.h -- jobs that wait for a worker, shared out per sender.
 *
 * Each sender has a lane. Workers take from the lanes in turn, and one worker
 * more than `workers` stands by for senders who have nothing running, so that
 * nobody can take all of them with slow files. A full queue drops the
 * newest job of whoever has most waiting, so nobody can fill it either.
 */
#ifndef SCANNERS_QUEUE_H
#define SCANNERS_QUEUE_H

#include "lib/scan_protocol.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

struct asker;
struct lane;

struct job {
	struct asker *asker; /* borrowed; NULL: nobody waits for it any more */
	uint32_t number;     /* the asker's */
	uint32_t sender;
	uint64_t answer_by_ms; /* steady clock */
	int descriptor;        /* owned; -1 once a worker has it */
	char name[SCAN_NAME_BYTES + 1];
	struct lane *lane; /* the queue's; NULL when it is in none */
	TAILQ_ENTRY(job) in_lane;
	TAILQ_ENTRY(job) of_asker;
};

/* Closes the descriptor and frees. */
void job_free(struct job *job);

struct queue;

/* limit: jobs waiting; workers: jobs running, but for the stand-by. NULL when
 * memory is short. */
struct queue *queue_new(size_t limit, size_t workers)
	__attribute__((warn_unused_result));
/* The queue must be empty and nothing running. */
void queue_free(struct queue **queue);

/* Takes the job in and returns NULL; or returns the job that found no place:
 * this one, or another one that had to give way. */
struct job *queue_add(struct queue *queue, struct job *job)
	__attribute__((warn_unused_result));
/* The job whose turn it is, still waiting; NULL when none may run now. */
struct job *queue_next(struct queue *queue);
/* A waiting job begins to run. */
void queue_start(struct queue *queue, struct job *job);
/* A running job has ended. */
void queue_end(struct queue *queue, struct job *job);
/* A waiting job leaves without having run. */
void queue_remove(struct queue *queue, struct job *job);
/* Any waiting job that must be answered by now; NULL when there is none, then
 * *next_ms is the earliest moment to come (unchanged without jobs). */
struct job *queue_expired(
	struct queue *queue, uint64_t now_ms, uint64_t *next_ms);
/* Any waiting job, or NULL. */
struct job *queue_any(struct queue *queue);
size_t queue_waiting(const struct queue *queue);

#endif
