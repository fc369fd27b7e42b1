/* generation.c -- the parent's side of a loader and its workers. */
#include "scanners/generation.h"

#include "lib/clock.h"
#include "lib/frame.h"
#include "lib/log.h"
#include "scanners/inside.h"
#include "scanners/loader.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	WORKER_JOBS = 1000,     /* then it is replaced */
	WORKER_PAUSE_MS = 1000, /* after one that died without a job */
	/* Lines about lost workers: whoever sends what they die of must not
	 * fill the log. */
	LOSS_WINDOW_MS = 60 * 1000,
	LOSS_LINES = 10
};

enum worker_state { WORKER_ABSENT, WORKER_ASKED, WORKER_IDLE, WORKER_BUSY };

struct worker {
	struct generation *generation; /* borrowed */
	uint32_t slot;
	enum worker_state state;
	struct frame_link *link; /* owned; NULL when absent */
	struct watch watch;
	struct job *job; /* owned while busy */
	uint32_t jobs;
	uint64_t kill_at_ms;
	uint64_t not_before_ms;
};

struct generation {
	struct loop *loop;               /* borrowed */
	const struct settings *settings; /* borrowed */
	struct generation_listener listener;
	enum generation_state state;
	uint64_t id;
	uint32_t signatures, complaints;
	char text[512];
	pid_t loader;
	struct frame_link *link; /* owned; NULL once the loader is gone */
	struct watch watch;
	bool retired;
	uint64_t loss_window_ms;
	uint32_t loss_lines;
	uint64_t losses_silenced;
	uint32_t worker_count;
	struct worker workers[];
};

static struct frame_link *link_to_child(int descriptor)
{
	if (fcntl(descriptor, F_SETFL, O_NONBLOCK) < 0) {
		close(descriptor);
		return NULL;
	}
	return frame_link_new(descriptor,
		(struct frame_limits){.payload_bytes = INSIDE_PAYLOAD_BYTES,
			.queued_bytes = INSIDE_QUEUE_BYTES,
			.descriptors = false});
}

static void close_link(struct loop *loop, struct frame_link **link)
{
	if (!*link)
		return;
	loop_forget(loop, frame_link_descriptor(*link));
	frame_link_close(link);
}

static void order_kill(struct generation *generation, uint32_t slot)
{
	if (generation->link && frame_send(generation->link, INSIDE_KILL,
					slice_make(&slot, sizeof(slot))) != 0)
		log_warn("loader does not take orders pid=%d",
			(int)generation->loader);
}

static void judged(struct worker *worker, const struct verdict *verdict)
{
	struct generation *generation = worker->generation;
	struct job *job = worker->job;

	worker->job = NULL;
	generation->listener.judged(generation->listener.owner, job, verdict);
}

static void tell_loss(const struct worker *worker, const char *why)
{
	struct generation *generation = worker->generation;
	const uint64_t now_ms = clock_steady_ms();

	if (now_ms >= generation->loss_window_ms) {
		generation->loss_window_ms = now_ms + LOSS_WINDOW_MS;
		generation->loss_lines = 0;
	}
	if (generation->loss_lines >= LOSS_LINES) {
		generation->losses_silenced++;
		return;
	}
	generation->loss_lines++;
	log_warn("worker lost event=scan-worker-lost reason=\"%s\" file=\"%s\" "
		 "silenced=%llu",
		why, worker->job->name,
		(unsigned long long)generation->losses_silenced);
	generation->losses_silenced = 0;
}

/* Content that a worker dies of is unscannable. One that died before it had
 * any content will do so again: not at once. */
static void worker_lose(struct worker *worker, const char *why)
{
	struct generation *generation = worker->generation;
	struct verdict verdict = {
		.outcome = SCAN_UNSCANNABLE, .generation = generation->id};

	close_link(generation->loop, &worker->link);
	if (worker->state == WORKER_ASKED)
		worker->not_before_ms = clock_steady_ms() + WORKER_PAUSE_MS;
	worker->state = WORKER_ABSENT;
	if (worker->job) {
		tell_loss(worker, why);
		verdict_name(verdict.name, slice_of(why));
		judged(worker, &verdict);
	}
}

static void worker_kill(struct worker *worker, const char *why)
{
	order_kill(worker->generation, worker->slot);
	worker_lose(worker, why);
}

/* What a worker says is as hostile as what it has read. */
static bool read_result(struct slice payload, struct inside_result *result,
	struct verdict *verdict)
{
	if (payload.size < sizeof(*result))
		return false;
	memcpy(result, payload.at, sizeof(*result));
	if (result->outcome < SCAN_CLEAN || result->outcome > SCAN_FAILED)
		return false;
	verdict->outcome = (enum scan_outcome)result->outcome;
	verdict->size = result->size;
	memcpy(verdict->sha256, result->sha256, sizeof(verdict->sha256));
	verdict_name(verdict->name, slice_from(payload, sizeof(*result)));
	return true;
}

static void worker_result(struct worker *worker, struct slice payload)
{
	struct verdict verdict = {.generation = worker->generation->id};
	struct inside_result result;

	if (!read_result(payload, &result, &verdict)) {
		worker_kill(worker, "worker broke its protocol");
		return;
	}
	worker->state = WORKER_IDLE;
	if (++worker->jobs >= WORKER_JOBS || result.spent ||
		worker->generation->retired) {
		close_link(worker->generation->loop, &worker->link);
		worker->state = WORKER_ABSENT;
	}
	judged(worker, &verdict);
}

static void worker_ready(void *owner)
{
	struct worker *worker = owner;
	struct generation *generation = worker->generation;
	struct frame frame;
	const int error = frame_receive(worker->link, &frame);

	if (error == EAGAIN)
		return;
	if (error)
		worker_lose(worker, "worker died");
	else if (frame.type == INSIDE_AWAKE && worker->state == WORKER_ASKED)
		worker->state = WORKER_IDLE;
	else if (frame.type == INSIDE_RESULT && worker->state == WORKER_BUSY)
		worker_result(worker, frame.payload);
	else
		worker_kill(worker, "worker broke its protocol");
	generation->listener.changed(generation->listener.owner);
}

/* Hands one end of a new link to the loader, which forks the worker. */
static int worker_ask(struct worker *worker)
{
	struct generation *generation = worker->generation;
	const struct slice slot =
		slice_make(&worker->slot, sizeof(worker->slot));
	int ends[2], error;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return errno;
	error = frame_send_pieces(
		generation->link, INSIDE_WORKER, &slot, 1, ends[1]);
	close(ends[1]);
	if (error) {
		close(ends[0]);
		return error;
	}
	worker->link = link_to_child(ends[0]);
	if (!worker->link)
		return ENOMEM;
	worker->watch = (struct watch){worker_ready, worker};
	error = loop_watch(generation->loop,
		frame_link_descriptor(worker->link), &worker->watch);
	if (error) {
		frame_link_close(&worker->link);
		return error;
	}
	worker->state = WORKER_ASKED;
	worker->jobs = 0;
	return 0;
}

static void loader_gone(struct generation *generation)
{
	close_link(generation->loop, &generation->link);
	for (uint32_t i = 0; i < generation->worker_count; i++)
		if (generation->workers[i].state != WORKER_ABSENT)
			worker_lose(&generation->workers[i], "worker died");
	if (generation->state == GENERATION_LOADING ||
		generation->state == GENERATION_READY)
		generation->state = GENERATION_DEAD;
}

static void loader_says(
	struct generation *generation, const struct frame *frame)
{
	struct inside_ready ready;
	struct slice text = frame->payload;

	must(generation->state == GENERATION_LOADING);
	switch (frame->type) {
	case INSIDE_READY:
		must(text.size >= sizeof(ready));
		memcpy(&ready, text.at, sizeof(ready));
		text = slice_from(text, sizeof(ready));
		generation->id = ready.generation;
		generation->signatures = ready.signatures;
		generation->complaints = ready.complaints;
		generation->state = GENERATION_READY;
		break;
	case INSIDE_SAME:
		generation->state = GENERATION_SAME;
		break;
	case INSIDE_AGAIN:
		generation->state = GENERATION_AGAIN;
		break;
	default:
		must(frame->type == INSIDE_BROKEN);
		generation->state = GENERATION_BROKEN;
	}
	(void)snprintf(generation->text, sizeof(generation->text), "%.*s",
		SLICE_ARGS(text));
}

static void loader_ready(void *owner)
{
	struct generation *generation = owner;
	struct frame frame;
	const int error = frame_receive(generation->link, &frame);

	if (error == EAGAIN)
		return;
	if (error)
		loader_gone(generation);
	else
		loader_says(generation, &frame);
	generation->listener.changed(generation->listener.owner);
}

/* Both ends; the child gets one of them and never comes back. */
static pid_t fork_loader(
	struct generation *generation, uint64_t in_use, int *descriptor)
{
	const int parent = getpid();
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	pid = fork();
	if (pid == 0)
		loader_run(ends[1], parent, in_use, generation->settings);
	close(ends[1]);
	if (pid < 0)
		close(ends[0]);
	*descriptor = ends[0];
	return pid;
}

static bool start_loader(struct generation *generation, uint64_t in_use)
{
	int descriptor;

	generation->loader = fork_loader(generation, in_use, &descriptor);
	if (generation->loader < 0)
		return false;
	generation->link = link_to_child(descriptor);
	if (!generation->link)
		return false;
	generation->watch = (struct watch){loader_ready, generation};
	if (loop_watch(generation->loop, descriptor, &generation->watch) == 0)
		return true;
	frame_link_close(&generation->link);
	return false;
}

struct generation *generation_new(struct loop *loop,
	const struct settings *settings, uint64_t in_use, uint32_t workers,
	const struct generation_listener *listener)
{
	struct generation *generation = calloc(
		1, sizeof(*generation) + workers * sizeof(struct worker));

	if (!generation)
		return NULL;
	generation->loop = loop;
	generation->settings = settings;
	generation->listener = *listener;
	generation->worker_count = workers;
	for (uint32_t i = 0; i < workers; i++) {
		generation->workers[i].generation = generation;
		generation->workers[i].slot = i;
	}
	if (!start_loader(generation, in_use)) {
		free(generation);
		return NULL;
	}
	return generation;
}

void generation_free(struct generation **generation)
{
	struct generation *old = *generation;

	if (!old)
		return;
	for (uint32_t i = 0; i < old->worker_count; i++) {
		must(!old->workers[i].job);
		close_link(old->loop, &old->workers[i].link);
	}
	close_link(old->loop, &old->link);
	free(old);
	*generation = NULL;
}

enum generation_state generation_state(const struct generation *generation)
{
	return generation->state;
}

uint64_t generation_id(const struct generation *generation)
{
	return generation->id;
}

uint32_t generation_signatures(const struct generation *generation)
{
	return generation->signatures;
}

uint32_t generation_complaints(const struct generation *generation)
{
	return generation->complaints;
}

const char *generation_text(const struct generation *generation)
{
	return generation->text;
}

void generation_forget(struct generation *generation, pid_t pid)
{
	if (generation && generation->loader == pid)
		generation->loader = 0;
}

void generation_stop(struct generation *generation)
{
	struct verdict verdict = {
		.outcome = SCAN_FAILED, .generation = generation->id};

	verdict_name(verdict.name, SLICE("stopping"));
	if (generation->loader > 0) /* its workers die with it */
		(void)kill(generation->loader, SIGKILL);
	for (uint32_t i = 0; i < generation->worker_count; i++)
		if (generation->workers[i].job)
			judged(&generation->workers[i], &verdict);
}

static struct worker *in_state(
	const struct generation *generation, enum worker_state state)
{
	for (uint32_t i = 0; i < generation->worker_count; i++)
		if (generation->workers[i].state == state)
			return (struct worker *)&generation->workers[i];
	return NULL;
}

void generation_workers(
	const struct generation *generation, uint32_t *ready, uint32_t *busy)
{
	*ready = *busy = 0;
	for (uint32_t i = 0; i < generation->worker_count; i++) {
		enum worker_state state = generation->workers[i].state;

		*busy += state == WORKER_BUSY;
		*ready += state == WORKER_BUSY || state == WORKER_IDLE;
	}
}

bool generation_has_idle(const struct generation *generation)
{
	return in_state(generation, WORKER_IDLE) != NULL;
}

bool generation_is_busy(const struct generation *generation)
{
	return in_state(generation, WORKER_BUSY) != NULL;
}

/* libclamav is told to stop a little before it is killed: a stop is cheaper. */
static uint32_t budget_until(uint64_t kill_at_ms)
{
	const uint64_t now = clock_steady_ms();
	const uint64_t left = kill_at_ms > now ? kill_at_ms - now : 0;

	return (uint32_t)(left - left / 10);
}

bool generation_give(
	struct generation *generation, struct job *job, uint64_t kill_at_ms)
{
	struct worker *worker = in_state(generation, WORKER_IDLE);
	const struct inside_job head = {budget_until(kill_at_ms)};
	const struct slice pieces[] = {
		slice_make(&head, sizeof(head)), slice_of(job->name)};

	must(worker && !generation->retired);
	if (frame_send_pieces(worker->link, INSIDE_JOB, pieces, 2,
		    job->descriptor) != 0) {
		worker_kill(worker, "worker died");
		return false;
	}
	close(job->descriptor);
	job->descriptor = -1;
	worker->state = WORKER_BUSY;
	worker->job = job;
	worker->kill_at_ms = kill_at_ms;
	return true;
}

void generation_retire(struct generation *generation)
{
	generation->retired = true;
	for (uint32_t i = 0; i < generation->worker_count; i++) {
		struct worker *worker = &generation->workers[i];

		if (worker->state == WORKER_BUSY)
			continue;
		close_link(generation->loop, &worker->link);
		worker->state = WORKER_ABSENT;
	}
}

static void worker_tend(
	struct worker *worker, uint64_t now_ms, uint64_t *next_ms)
{
	const struct generation *generation = worker->generation;

	if (worker->state == WORKER_BUSY && worker->kill_at_ms <= now_ms)
		worker_kill(worker, "time limit");
	if (worker->state == WORKER_ABSENT && generation->link &&
		!generation->retired && generation->state == GENERATION_READY) {
		if (worker->not_before_ms <= now_ms && worker_ask(worker) != 0)
			worker->not_before_ms = now_ms + WORKER_PAUSE_MS;
		if (worker->state == WORKER_ABSENT &&
			worker->not_before_ms < *next_ms)
			*next_ms = worker->not_before_ms;
	}
	if (worker->state == WORKER_BUSY && worker->kill_at_ms < *next_ms)
		*next_ms = worker->kill_at_ms;
}

void generation_tend(
	struct generation *generation, uint64_t now_ms, uint64_t *next_ms)
{
	for (uint32_t i = 0; i < generation->worker_count; i++)
		worker_tend(&generation->workers[i], now_ms, next_ms);
}
