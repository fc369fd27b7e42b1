/* scan_link.c -- one worker's connection to the scanner, and its jobs. */
#include "proxy/stages/scan_link.h"

#include "lib/map.h"
#include "proxy/local_link.h"
#include "proxy/stages/chain.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct scan_job {
	UT_hash_handle hh;
	uint32_t number;
	scan_done_fn *done;
	void *context; /* borrowed */
};

struct scan_link {
	struct local_link *link;         /* owned */
	const struct settings *settings; /* borrowed */
	struct scan_job *jobs;           /* owned, by number */
	uint32_t last_job;
	uint64_t generation;
	uint64_t refused;
};

static void finish(struct scan_link *link, struct scan_job *job,
	const struct scan_answer *answer)
{
	scan_done_fn *done = job->done;
	void *context = job->context;

	HASH_DEL(link->jobs, job);
	free(job);
	done(context, answer);
}

static void connected(void *context)
{
	(void)context; /* the scanner says hello */
}

static void fail_all(struct scan_link *link)
{
	const struct scan_answer away = {
		.outcome = SCAN_FAILED, .name = SLICE("the scanner is away")};

	/* A job that is done may take back others: start anew each time. */
	while (link->jobs)
		finish(link, link->jobs, &away);
}

/* At the start it may come later than we do; that is no loss. */
static void lost(void *context)
{
	struct scan_link *link = context;

	chain_stage_gone(link->settings, STAGE_VIRUS_SCAN);
	fail_all(link);
}

static bool take_hello(struct scan_link *link, struct slice payload)
{
	uint64_t generation;

	if (payload.size < sizeof(generation))
		return false;
	memcpy(&generation, payload.at, sizeof(generation));
	link->generation = be64toh(generation);
	return true;
}

static bool take_verdict(struct scan_link *link, struct slice payload)
{
	struct scan_verdict_head head;
	struct scan_answer answer;
	struct scan_job *job;
	uint32_t number;

	if (payload.size < sizeof(head))
		return false;
	memcpy(&head, payload.at, sizeof(head));
	if (ntohl(head.name_size) != payload.size - sizeof(head) ||
		ntohl(head.name_size) > SCAN_NAME_BYTES)
		return false;
	answer = (struct scan_answer){.outcome = ntohl(head.outcome),
		.generation = be64toh(head.generation),
		.size = be64toh(head.size),
		.name = slice_from(payload, sizeof(head))};
	memcpy(answer.sha256, head.sha256, sizeof(answer.sha256));
	if (answer.outcome < SCAN_CLEAN || answer.outcome > SCAN_BUSY)
		return false;
	number = ntohl(head.job);
	HASH_FIND_INT(link->jobs, &number, job);
	if (job) /* else it was taken back meanwhile */
		finish(link, job, &answer);
	return true;
}

static bool frame(void *context, const struct frame *frame)
{
	struct scan_link *link = context;

	switch (frame->type) {
	case SCAN_HELLO:
		return take_hello(link, frame->payload);
	case SCAN_VERDICT:
		return take_verdict(link, frame->payload);
	default:
		return false;
	}
}

struct scan_link *scan_link_new(
	uv_loop_t *loop, struct timers *timers, const struct settings *settings)
{
	const struct frame_limits limits = {.payload_bytes = SCAN_PAYLOAD_BYTES,
		.queued_bytes = SCAN_QUEUE_BYTES};
	struct scan_link *link = calloc(1, sizeof(*link));
	struct local_link_host host = {.name = "scanner",
		.away_event = "event=scanner-away",
		.there_event = "event=scanner-there",
		.program = PROGRAM_SCANNER,
		.context = link,
		.connected = connected,
		.frame = frame,
		.lost = lost};

	if (!link)
		return NULL;
	link->settings = settings;
	link->link = local_link_new(
		loop, timers, settings->virus_scan.socket, limits, &host);
	if (!link->link) {
		free(link);
		return NULL;
	}
	return link;
}

void scan_link_close(struct scan_link **link)
{
	if (!*link)
		return;
	fail_all(*link);
	local_link_close(&(*link)->link);
	free(*link);
	*link = NULL;
}

/* Sealed, so that what is scanned is what was written. */
static int seal(struct slice bytes, int *descriptor)
{
	int made = memfd_create("content", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int error = made < 0 ? errno : 0;
	size_t written = 0;

	while (!error && written < bytes.size) {
		ssize_t size =
			write(made, bytes.at + written, bytes.size - written);

		if (size < 0)
			error = errno == EINTR ? 0 : errno;
		else
			written += (size_t)size;
	}
	if (!error && fcntl(made, F_ADD_SEALS,
			      F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK |
				      F_SEAL_SEAL) < 0)
		error = errno;
	if (error && made >= 0)
		close(made);
	*descriptor = made;
	return error;
}

static int send_request(struct scan_link *link, const struct scan_job *job,
	struct slice name, uint32_t deadline_ms, uint32_t sender,
	int descriptor)
{
	struct scan_request_head head = {.job = htonl(job->number),
		.deadline_ms = htonl(deadline_ms),
		.sender = htonl(sender)};
	struct slice pieces[2] = {slice_make(&head, sizeof(head)),
		slice_part(name, 0, SCAN_NAME_BYTES)};

	head.name_size = htonl((uint32_t)pieces[1].size);
	return local_link_send(link->link, SCAN_REQUEST, pieces, 2, descriptor);
}

int scan_submit(struct scan_link *link, struct slice bytes, struct slice name,
	uint32_t deadline_ms, uint32_t sender, scan_done_fn *done,
	void *context, uint32_t *number)
{
	struct scan_job *job;
	int descriptor, error;

	if (!local_link_is_up(link->link))
		return ENOTCONN;
	job = calloc(1, sizeof(*job));
	if (!job)
		return ENOMEM;
	error = seal(bytes, &descriptor);
	if (error) {
		free(job);
		return error;
	}
	job->number = ++link->last_job;
	job->done = done;
	job->context = context;
	error = send_request(link, job, name, deadline_ms, sender, descriptor);
	close(descriptor);
	if (error) {
		link->refused++;
		free(job);
		return error;
	}
	HASH_ADD_INT(link->jobs, number, job);
	*number = job->number;
	return 0;
}

void scan_cancel(struct scan_link *link, uint32_t number)
{
	uint32_t wire = htonl(number);
	struct slice piece = slice_make(&wire, sizeof(wire));
	struct scan_job *job;

	HASH_FIND_INT(link->jobs, &number, job);
	if (!job)
		return;
	HASH_DEL(link->jobs, job);
	free(job);
	if (local_link_send(link->link, SCAN_CANCEL, &piece, 1,
		    FRAME_NO_DESCRIPTOR) != 0)
		return; /* then its answer is for nobody */
}

uint64_t scan_generation(const struct scan_link *link)
{
	return link->generation;
}

bool scan_is_up(const struct scan_link *link)
{
	return local_link_is_up(link->link);
}

size_t scan_jobs(const struct scan_link *link)
{
	return HASH_COUNT(link->jobs);
}

uint64_t scan_refused(const struct scan_link *link)
{
	return link->refused;
}
