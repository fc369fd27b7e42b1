/* queue.c -- jobs that wait for a worker, shared out per sender. */
#include "scanners/queue.h"

#include "lib/log.h"

#include <stdlib.h>
#include <unistd.h>

TAILQ_HEAD(job_list, job);

enum { QUEUE_BUCKETS = 1024 };

struct lane {
	uint32_t sender;
	size_t waiting, running;
	struct job_list jobs;
	TAILQ_ENTRY(lane) link;
	LIST_ENTRY(lane) in_bucket;
};

TAILQ_HEAD(lane_list, lane);
LIST_HEAD(bucket, lane);

struct queue {
	size_t limit, workers;
	size_t waiting, running;
	uint64_t earliest_ms;   /* no waiting job must be answered before */
	struct lane_list lanes; /* in the order of their turns */
	struct bucket buckets[QUEUE_BUCKETS]; /* the same, by sender */
};

void job_free(struct job *job)
{
	must(!job->lane);
	if (job->descriptor >= 0)
		close(job->descriptor);
	free(job);
}

struct queue *queue_new(size_t limit, size_t workers)
{
	struct queue *queue = calloc(1, sizeof(*queue));

	if (!queue)
		return NULL;
	queue->limit = limit;
	queue->workers = workers;
	queue->earliest_ms = UINT64_MAX;
	TAILQ_INIT(&queue->lanes);
	return queue;
}

void queue_free(struct queue **queue)
{
	if (!*queue)
		return;
	must(TAILQ_EMPTY(&(*queue)->lanes));
	free(*queue);
	*queue = NULL;
}

/* There are never more lanes than jobs, and those have a limit. */
static struct lane *lane_of(struct queue *queue, uint32_t sender)
{
	struct bucket *bucket = &queue->buckets[sender % QUEUE_BUCKETS];
	struct lane *lane;

	LIST_FOREACH(lane, bucket, in_bucket)
	if (lane->sender == sender)
		return lane;
	lane = calloc(1, sizeof(*lane));
	if (!lane)
		return NULL;
	lane->sender = sender;
	TAILQ_INIT(&lane->jobs);
	TAILQ_INSERT_TAIL(&queue->lanes, lane, link);
	LIST_INSERT_HEAD(bucket, lane, in_bucket);
	return lane;
}

static void lane_drop_idle(struct queue *queue, struct lane *lane)
{
	if (lane->waiting || lane->running)
		return;
	TAILQ_REMOVE(&queue->lanes, lane, link);
	LIST_REMOVE(lane, in_bucket);
	free(lane);
}

static void lane_leave(struct queue *queue, struct job *job)
{
	must(job->lane && job->lane->waiting > 0);
	TAILQ_REMOVE(&job->lane->jobs, job, in_lane);
	job->lane->waiting--;
	queue->waiting--;
}

static struct lane *longest_lane(struct queue *queue)
{
	struct lane *lane, *longest = NULL;

	TAILQ_FOREACH(lane, &queue->lanes, link)
	if (!longest || lane->waiting > longest->waiting)
		longest = lane;
	return longest;
}

/* Room for one job of this lane: taken from the longest lane, unless that
 * would only turn the two about. */
static struct job *make_way(struct queue *queue, const struct lane *lane)
{
	struct lane *longest = longest_lane(queue);
	struct job *newest;

	if (!longest || longest->waiting <= lane->waiting + 1)
		return NULL;
	newest = TAILQ_LAST(&longest->jobs, job_list);
	queue_remove(queue, newest);
	return newest;
}

struct job *queue_add(struct queue *queue, struct job *job)
{
	struct lane *lane = lane_of(queue, job->sender);
	struct job *loser = NULL;

	must(!job->lane);
	if (!lane)
		return job;
	if (queue->waiting >= queue->limit) {
		loser = make_way(queue, lane);
		if (!loser) {
			lane_drop_idle(queue, lane);
			return job;
		}
	}
	TAILQ_INSERT_TAIL(&lane->jobs, job, in_lane);
	lane->waiting++;
	queue->waiting++;
	job->lane = lane;
	if (job->answer_by_ms < queue->earliest_ms)
		queue->earliest_ms = job->answer_by_ms;
	return loser;
}

struct job *queue_next(struct queue *queue)
{
	struct lane *lane;

	TAILQ_FOREACH(lane, &queue->lanes, link)
	{
		size_t room = queue->workers + (lane->running ? 0 : 1);

		if (lane->waiting && queue->running < room)
			return TAILQ_FIRST(&lane->jobs);
	}
	return NULL;
}

void queue_start(struct queue *queue, struct job *job)
{
	struct lane *lane = job->lane;

	lane_leave(queue, job);
	lane->running++;
	queue->running++;
	TAILQ_REMOVE(&queue->lanes, lane, link);
	TAILQ_INSERT_TAIL(&queue->lanes, lane, link);
}

void queue_end(struct queue *queue, struct job *job)
{
	struct lane *lane = job->lane;

	must(lane && lane->running > 0);
	lane->running--;
	queue->running--;
	job->lane = NULL;
	lane_drop_idle(queue, lane);
}

void queue_remove(struct queue *queue, struct job *job)
{
	struct lane *lane = job->lane;

	lane_leave(queue, job);
	job->lane = NULL;
	lane_drop_idle(queue, lane);
}

/* Looks through all jobs only when one may be due. */
static struct job *look_for_expired(struct queue *queue, uint64_t now_ms)
{
	uint64_t earliest_ms = UINT64_MAX;
	struct lane *lane;
	struct job *job;

	TAILQ_FOREACH(lane, &queue->lanes, link)
	TAILQ_FOREACH(job, &lane->jobs, in_lane)
	{
		if (job->answer_by_ms <= now_ms)
			return job;
		if (job->answer_by_ms < earliest_ms)
			earliest_ms = job->answer_by_ms;
	}
	queue->earliest_ms = earliest_ms;
	return NULL;
}

struct job *queue_expired(
	struct queue *queue, uint64_t now_ms, uint64_t *next_ms)
{
	struct job *job = NULL;

	if (queue->earliest_ms <= now_ms)
		job = look_for_expired(queue, now_ms);
	if (!job && queue->earliest_ms < *next_ms)
		*next_ms = queue->earliest_ms;
	return job;
}

struct job *queue_any(struct queue *queue)
{
	struct lane *lane;

	TAILQ_FOREACH(lane, &queue->lanes, link)
	if (lane->waiting)
		return TAILQ_FIRST(&lane->jobs);
	return NULL;
}

size_t queue_waiting(const struct queue *queue)
{
	return queue->waiting;
}
