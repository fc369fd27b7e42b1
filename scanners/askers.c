/* askers.c -- connections of those who send files to be judged. */
#include "scanners/askers.h"

#include "lib/clock.h"
#include "lib/frame.h"
#include "lib/log.h"
#include "lib/peers.h"
#include "scanners/scanner.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	ASKERS_LIMIT = 64,
	ASKER_TURN_FRAMES = 64, /* read from one before the next one's turn */
	ASKER_MARGIN_PARTS = 10,
	ASKER_MARGIN_MS = 250
};

TAILQ_HEAD(asker_jobs, job);

struct asker {
	struct askers *askers;   /* borrowed */
	struct frame_link *link; /* owned */
	struct watch watch;
	bool writing; /* the loop watches for readiness to write */
	bool more;    /* its turn ended before all was read */
	bool broken;  /* to be closed when its turn ends */
	struct asker_jobs jobs;
	TAILQ_ENTRY(asker) of_askers;
};

TAILQ_HEAD(asker_list, asker);

struct askers {
	struct loop *loop;       /* borrowed */
	struct scanner *scanner; /* borrowed */
	char *path;              /* owned */
	int listening;
	struct watch watch;
	struct asker_list list;
	size_t count;
	struct strangers strangers;
	bool full; /* said so */
};

static void asker_close(struct asker *asker)
{
	struct askers *askers = asker->askers;
	struct job *job;

	while ((job = TAILQ_FIRST(&asker->jobs))) {
		TAILQ_REMOVE(&asker->jobs, job, of_asker);
		job->asker = NULL;
		scanner_drop(askers->scanner, job);
	}
	loop_forget(askers->loop, frame_link_descriptor(asker->link));
	frame_link_close(&asker->link);
	TAILQ_REMOVE(&askers->list, asker, of_askers);
	askers->count--;
	free(asker);
}

static void asker_watch(struct asker *asker)
{
	const bool wanted = frame_wants_to_write(asker->link);

	if (wanted == asker->writing)
		return;
	asker->writing = wanted;
	loop_want_write(asker->askers->loop, frame_link_descriptor(asker->link),
		&asker->watch, wanted);
}

/* An asker that breaks the protocol, is gone or does not read its answers. */
static void asker_break(struct asker *asker, const char *why)
{
	if (!asker->broken)
		log_warn("asker is closed reason=\"%s\"", why);
	asker->broken = true;
}

void askers_tell(struct job *job, const struct verdict *verdict)
{
	struct asker *asker = job->asker;

	if (asker) {
		TAILQ_REMOVE(&asker->jobs, job, of_asker);
		if (!asker->broken &&
			scan_verdict_send(asker->link, job->number, verdict))
			asker_break(asker, "it does not take its verdicts");
		asker_watch(asker);
		/* broken ones are closed by the next askers_read_on */
		asker->more |= asker->broken;
	}
	job_free(job);
}

/* The answer must be there before the asker gives up, or content that defeats
 * a worker would look like a scanner that is away. */
static uint64_t answer_by(uint32_t deadline_ms)
{
	uint32_t margin = deadline_ms / ASKER_MARGIN_PARTS;

	if (margin > ASKER_MARGIN_MS)
		margin = ASKER_MARGIN_MS;
	return clock_steady_ms() + deadline_ms - margin;
}

static struct job *job_by_number(const struct asker *asker, uint32_t number)
{
	struct job *job;

	TAILQ_FOREACH(job, &asker->jobs, of_asker)
	if (job->number == number)
		return job;
	return NULL;
}

/* Takes the descriptor over. */
static void take_request(struct asker *asker, struct frame *frame)
{
	struct scan_request request;
	struct job *job;

	if (frame->descriptor < 0 ||
		!scan_request_read(frame->payload, &request) ||
		job_by_number(asker, request.job)) {
		asker_break(asker, "it broke the protocol");
		return;
	}
	job = calloc(1, sizeof(*job));
	if (!job) {
		asker_break(asker, "memory is short");
		return;
	}
	job->asker = asker;
	job->number = request.job;
	job->sender = request.sender;
	job->answer_by_ms = answer_by(request.deadline_ms);
	job->descriptor = frame->descriptor;
	frame->descriptor = FRAME_NO_DESCRIPTOR;
	memcpy(job->name, request.name.at, request.name.size);
	for (size_t i = 0; i < request.name.size; i++)
		if (job->name[i] == '\0')
			job->name[i] = '_';
	TAILQ_INSERT_TAIL(&asker->jobs, job, of_asker);
	scanner_take(asker->askers->scanner, job);
}

static void take_cancel(struct asker *asker, const struct frame *frame)
{
	struct job *job;
	uint32_t number;

	if (!scan_cancel_read(frame->payload, &number)) {
		asker_break(asker, "it broke the protocol");
		return;
	}
	job = job_by_number(asker, number);
	if (!job)
		return; /* the verdict was on its way */
	TAILQ_REMOVE(&asker->jobs, job, of_asker);
	job->asker = NULL;
	scanner_drop(asker->askers->scanner, job);
}

static void take_frame(struct asker *asker, struct frame *frame)
{
	if (frame->type == SCAN_REQUEST)
		take_request(asker, frame);
	else if (frame->type == SCAN_CANCEL)
		take_cancel(asker, frame);
	else
		asker_break(asker, "it broke the protocol");
	if (frame->descriptor >= 0)
		close(frame->descriptor);
}

static void asker_read(struct asker *asker)
{
	struct frame frame;
	int error = frame_flush(asker->link);

	for (int i = 0; i < ASKER_TURN_FRAMES && !error && !asker->broken;
		i++) {
		error = frame_receive(asker->link, &frame);
		if (!error)
			take_frame(asker, &frame);
	}
	if (error == EPROTO)
		asker_break(asker, "it broke the protocol");
	if (asker->broken || (error && error != EAGAIN)) {
		asker_close(asker);
		return;
	}
	asker->more = error != EAGAIN;
	asker_watch(asker);
}

static void asker_ready(void *owner)
{
	asker_read(owner);
}

static int say_hello(struct asker *asker)
{
	uint64_t generation;
	uint32_t signatures;

	if (!scanner_generation(
		    asker->askers->scanner, &generation, &signatures))
		return 0; /* it follows when they have loaded */
	return scan_hello_send(asker->link, generation, signatures);
}

/* Takes the descriptor over. */
static void asker_new(struct askers *askers, int descriptor)
{
	struct asker *asker = calloc(1, sizeof(*asker));

	if (!asker) {
		close(descriptor);
		return;
	}
	asker->askers = askers;
	asker->watch = (struct watch){asker_ready, asker};
	TAILQ_INIT(&asker->jobs);
	asker->link = frame_link_new(descriptor,
		(struct frame_limits){.payload_bytes = SCAN_PAYLOAD_BYTES,
			.queued_bytes = SCAN_QUEUE_BYTES,
			.descriptors = true});
	if (!asker->link ||
		loop_watch(askers->loop, descriptor, &asker->watch) != 0) {
		frame_link_close(&asker->link);
		free(asker);
		return;
	}
	TAILQ_INSERT_TAIL(&askers->list, asker, of_askers);
	askers->count++;
	if (say_hello(asker) != 0)
		asker_close(asker);
	else
		asker_watch(asker);
}

static void accept_one(void *owner)
{
	struct askers *askers = owner;
	char who[PEER_TEXT_BYTES];
	int descriptor = accept4(
		askers->listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (descriptor < 0)
		return;
	if (!peer_is(descriptor, PEER(PROGRAM_PROXY) | PEER_PEOPLE, who)) {
		strangers_say(&askers->strangers, who);
		close(descriptor);
	} else if (askers->count >= ASKERS_LIMIT) {
		if (!askers->full)
			log_error("too many askers, more are turned away "
				  "limit=%d",
				ASKERS_LIMIT);
		askers->full = true;
		close(descriptor);
	} else {
		askers->full = false;
		asker_new(askers, descriptor);
	}
}

int askers_new(struct loop *loop, struct scanner *scanner, const char *path,
	struct askers **askers)
{
	struct askers *made = calloc(1, sizeof(*made));
	int error = made ? 0 : ENOMEM;

	if (error)
		return error;
	made->loop = loop;
	made->scanner = scanner;
	made->watch = (struct watch){accept_one, made};
	TAILQ_INIT(&made->list);
	made->path = strdup(path);
	error = made->path ? frame_listen(path, &made->listening) : ENOMEM;
	if (error) {
		free(made->path);
		free(made);
		return error;
	}
	*askers = made;
	error = loop_watch(loop, made->listening, &made->watch);
	must(!error);
	return 0;
}

void askers_free(struct askers **askers)
{
	struct askers *old = *askers;
	struct asker *asker;

	if (!old)
		return;
	while ((asker = TAILQ_FIRST(&old->list))) {
		(void)!frame_flush(asker->link);
		asker_close(asker);
	}
	unlink(old->path);
	loop_forget(old->loop, old->listening);
	close(old->listening);
	free(old->path);
	free(old);
	*askers = NULL;
}

void askers_hello(struct askers *askers)
{
	struct asker *asker;

	TAILQ_FOREACH(asker, &askers->list, of_askers)
	{
		if (!asker->broken && say_hello(asker) != 0) {
			asker_break(asker, "it does not take its verdicts");
			asker->more = true;
		}
		asker_watch(asker);
	}
}

bool askers_read_on(struct askers *askers)
{
	struct asker *asker, *next;
	bool more = false;

	for (asker = TAILQ_FIRST(&askers->list); asker; asker = next) {
		next = TAILQ_NEXT(asker, of_askers);
		if (asker->more)
			asker_read(asker);
	}
	TAILQ_FOREACH(asker, &askers->list, of_askers)
	more |= asker->more;
	return more;
}
