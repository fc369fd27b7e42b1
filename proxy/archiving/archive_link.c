/* archive_link.c -- one worker's connection to the archiver. */
#include "proxy/archiving/archive_link.h"

#include "lib/clock.h"
#include "lib/intake_protocol.h"
#include "lib/log.h"
#include "proxy/archiving/own_records.h"
#include "proxy/local_link.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum {
	/* What may wait for the archiver, in all. */
	QUEUE_BYTES = 64 * 1024 * 1024
};

/* A packed record that is not known to be durable yet. */
struct held_record {
	struct held_record *next;
	uint64_t sequence;
	size_t size;
	unsigned char bytes[];
};

struct archive_link {
	struct local_link *link; /* owned */
	struct timers *timers;   /* borrowed */
	const struct settings *settings;
	unsigned char boot[INTAKE_BOOT_BYTES];
	uint32_t worker;
	bool welcome; /* the archiver has said up to where it has ours */
	uint64_t last_sequence;
	struct held_record *first, *last; /* owned, in order */
	struct held_record *unsent;       /* the first not sent on this link */
	struct archive_wait *waits;       /* borrowed, oldest first */
	struct {
		uint64_t messages, from_us, to_us;
	} gap;
	uint64_t checkpoint; /* sequence of the last one */
	uint64_t stopped;    /* sequence of the stop's record, 0: none */
	struct archive_counts counts;
};

static void wait_unlink(struct archive_wait *wait)
{
	struct archive_link *link = wait->link;

	timer_cancel(link->timers, &wait->deadline);
	DL_DELETE2(link->waits, wait, before, next);
	wait->link = NULL;
}

void archive_wait_cancel(struct archive_wait *wait)
{
	if (wait->link)
		wait_unlink(wait);
}

static void expired(struct timer *timer)
{
	struct archive_wait *wait =
		(struct archive_wait *)((char *)timer -
					offsetof(
						struct archive_wait, deadline));

	wait_unlink(wait);
	wait->done(wait, ETIMEDOUT);
}

static void wait_add(
	struct archive_link *link, struct archive_wait *wait, uint64_t sequence)
{
	wait->link = link;
	wait->sequence = sequence;
	DL_APPEND2(link->waits, wait, before, next);
	timer_set(link->timers, &wait->deadline,
		link->settings->archive.hold_ms, expired);
}

/* Sequences rise, so the oldest wait stands first. What is told may add or
 * cancel others. */
static void settle_waits(struct archive_link *link, uint64_t sequence)
{
	while (link->waits && link->waits->sequence <= sequence) {
		struct archive_wait *wait = link->waits;

		wait_unlink(wait);
		wait->done(wait, 0);
	}
}

static void refuse_wait(struct archive_link *link, uint64_t sequence)
{
	struct archive_wait *wait;

	for (wait = link->waits; wait; wait = wait->next)
		if (wait->sequence == sequence)
			break;
	if (!wait)
		return;
	wait_unlink(wait);
	wait->done(wait, EBADMSG);
}

static int send_record(
	struct archive_link *link, const struct held_record *held)
{
	struct slice piece = slice_make(held->bytes, held->size);

	return local_link_send(
		link->link, INTAKE_RECORD, &piece, 1, FRAME_NO_DESCRIPTOR);
}

/* As far as the archiver reads; the rest goes with its next answer. */
static void send_on(struct archive_link *link)
{
	while (link->welcome && link->unsent &&
		send_record(link, link->unsent) == 0)
		link->unsent = link->unsent->next;
}

static void forget_durable(struct archive_link *link, uint64_t sequence)
{
	while (link->first && link->first->sequence <= sequence) {
		struct held_record *held = link->first;

		if (link->unsent == held)
			link->unsent = held->next;
		link->first = held->next;
		link->counts.queued--;
		link->counts.queued_bytes -= held->size;
		link->counts.durable++;
		free(held);
	}
	if (!link->first)
		link->last = NULL;
}

static void connected(void *context)
{
	struct archive_link *link = context;
	char program[300];
	struct intake_hello hello = {.worker = htonl(link->worker)};
	struct slice pieces[2];

	(void)snprintf(program, sizeof(program), "proxy %s",
		link->settings->server.name);
	memcpy(hello.boot, link->boot, sizeof(hello.boot));
	pieces[0] = slice_make(&hello, sizeof(hello));
	pieces[1] = slice_of(program);
	hello.program_size = htonl((uint32_t)pieces[1].size);
	link->counts.connected = true;
	link->welcome = false;
	if (local_link_send(link->link, INTAKE_HELLO, pieces, 2,
		    FRAME_NO_DESCRIPTOR) != 0)
		return; /* the link tells that it is lost */
}

static void lost(void *context)
{
	struct archive_link *link = context;

	link->counts.connected = false;
	link->welcome = false;
	link->unsent = link->first;
}

static void tell_gap(struct archive_link *link);

static bool take_welcome(struct archive_link *link, struct slice payload)
{
	struct intake_welcome welcome;
	uint64_t sequence;

	if (payload.size != sizeof(welcome))
		return false;
	memcpy(&welcome, payload.at, sizeof(welcome));
	sequence = be64toh(welcome.sequence);
	if (sequence > link->last_sequence)
		return false;
	forget_durable(link, sequence);
	link->unsent = link->first;
	link->welcome = true;
	tell_gap(link);
	send_on(link);
	settle_waits(link, sequence);
	return true;
}

static bool take_durable(struct archive_link *link, struct slice payload)
{
	struct intake_durable durable;
	uint64_t sequence;

	if (payload.size != sizeof(durable))
		return false;
	memcpy(&durable, payload.at, sizeof(durable));
	sequence = be64toh(durable.sequence);
	if (sequence > link->last_sequence)
		return false;
	forget_durable(link, sequence);
	settle_waits(link, sequence);
	tell_gap(link);
	send_on(link);
	return true;
}

/* Everything before it may still be on its way to the disk; it alone is
 * settled. */
static bool take_refused(struct archive_link *link, struct slice payload)
{
	struct intake_refused refused;
	struct held_record **place = &link->first, *before = NULL;
	uint64_t sequence;

	if (payload.size < sizeof(refused))
		return false;
	memcpy(&refused, payload.at, sizeof(refused));
	sequence = be64toh(refused.sequence);
	log_error("The archiver refused a record event=record-refused: %.*s",
		SLICE_ARGS(slice_from(payload, sizeof(refused))));
	link->counts.refused++;
	for (; *place && (*place)->sequence != sequence;
		place = &(*place)->next)
		before = *place;
	if (*place) {
		struct held_record *held = *place;

		*place = held->next;
		if (link->last == held)
			link->last = before;
		if (link->unsent == held)
			link->unsent = held->next;
		link->counts.queued--;
		link->counts.queued_bytes -= held->size;
		free(held);
	}
	refuse_wait(link, sequence);
	return true;
}

static bool frame(void *context, const struct frame *frame)
{
	struct archive_link *link = context;

	switch (frame->type) {
	case INTAKE_WELCOME:
		return take_welcome(link, frame->payload);
	case INTAKE_DURABLE:
		return take_durable(link, frame->payload);
	case INTAKE_REFUSED:
		return take_refused(link, frame->payload);
	default:
		return false;
	}
}

struct archive_link *archive_link_new(uv_loop_t *loop, struct timers *timers,
	const struct settings *settings, const unsigned char boot[16],
	unsigned worker)
{
	const struct frame_limits limits = {
		.payload_bytes = INTAKE_RECORD_BYTES,
		.queued_bytes = 2 * INTAKE_RECORD_BYTES};
	struct archive_link *link = calloc(1, sizeof(*link));
	struct local_link_host host = {.name = "archiver",
		.away_event = "event=archiver-away",
		.there_event = "event=archiver-there",
		.program = PROGRAM_ARCHIVER,
		.context = link,
		.connected = connected,
		.frame = frame,
		.lost = lost};

	if (!link)
		return NULL;
	link->timers = timers;
	link->settings = settings;
	link->worker = worker;
	memcpy(link->boot, boot, sizeof(link->boot));
	link->link = local_link_new(
		loop, timers, settings->archive.socket, limits, &host);
	if (!link->link) {
		free(link);
		return NULL;
	}
	return link;
}

void archive_link_close(struct archive_link **link)
{
	struct held_record *held;

	if (!*link)
		return;
	if ((*link)->first || (*link)->gap.messages)
		log_error("Stopped without the archiver: what passed is not in "
			  "the archive event=stopped-without-archiver "
			  "records=%llu in_gap=%llu worker=%u",
			(unsigned long long)(*link)->counts.queued,
			(unsigned long long)(*link)->gap.messages,
			(*link)->worker);
	while ((held = (*link)->first)) {
		(*link)->first = held->next;
		free(held);
	}
	while ((*link)->waits)
		wait_unlink((*link)->waits);
	local_link_close(&(*link)->link);
	free(*link);
	*link = NULL;
}

static struct held_record *pack(
	struct archive_link *link, Sipwarden__Record__Record *record)
{
	Sipwarden__Record__Submission submission =
		SIPWARDEN__RECORD__SUBMISSION__INIT;
	struct held_record *held;
	size_t size;

	submission.boot.data = link->boot;
	submission.boot.len = sizeof(link->boot);
	submission.worker = link->worker;
	submission.sequence = link->last_sequence + 1;
	record->submission = &submission;
	size = sipwarden__record__record__get_packed_size(record);
	held = size <= INTAKE_RECORD_BYTES ? malloc(sizeof(*held) + size)
					   : NULL;
	if (held) {
		held->next = NULL;
		held->sequence = submission.sequence;
		held->size =
			sipwarden__record__record__pack(record, held->bytes);
	}
	record->submission = NULL;
	return held;
}

static void append(struct archive_link *link, struct held_record *held)
{
	link->last_sequence = held->sequence;
	if (link->last)
		link->last->next = held;
	else
		link->first = held;
	link->last = held;
	if (!link->unsent)
		link->unsent = held;
	link->counts.queued++;
	link->counts.queued_bytes += held->size;
	link->counts.submitted++;
}

static void count_lost(struct archive_link *link)
{
	uint64_t now = clock_wall_us();

	if (link->gap.messages++ == 0) {
		link->gap.from_us = now;
		log_error("The archiver is away and the queue is full: what "
			  "need not wait passes without a record; a gap record "
			  "will say how much event=gap-begins worker=%u",
			link->worker);
	}
	link->gap.to_us = now;
	link->counts.lost_in_gaps++;
}

static bool is_full(const struct archive_link *link)
{
	return link->counts.queued >= ARCHIVE_QUEUE_RECORDS ||
	       link->counts.queued_bytes >= QUEUE_BYTES;
}

/* Whether there is room or not: it is small, and there is one of its kind. */
static bool submit_own(struct archive_link *link, struct own_record *own)
{
	struct held_record *held = pack(link, &own->record);

	if (held)
		append(link, held);
	return held != NULL;
}

/* What passed without a record is told before the next one. */
static void submit_gap(struct archive_link *link)
{
	Sipwarden__Record__Gap gap = SIPWARDEN__RECORD__GAP__INIT;
	struct own_record own;

	gap.messages = link->gap.messages;
	gap.from_us = link->gap.from_us;
	gap.to_us = link->gap.to_us;
	gap.reason = (char *)"the archiver was away";
	if (!own_record_gap(&own, link->settings, &gap) ||
		!submit_own(link, &own))
		return;
	log_info("The gap is over and told in the archive event=gap-ends "
		 "messages=%llu worker=%u",
		(unsigned long long)link->gap.messages, link->worker);
	link->gap.messages = 0;
	link->counts.gaps++;
}

static void tell_gap(struct archive_link *link)
{
	if (link->gap.messages && !is_full(link))
		submit_gap(link);
}

void archive_started(struct archive_link *link, const struct last_run *before)
{
	Sipwarden__Record__Boot boot = SIPWARDEN__RECORD__BOOT__INIT;
	struct own_record own;

	boot.turn = SIPWARDEN__RECORD__TURN__TURN_STARTED;
	if (before && before->found) {
		boot.previous = (ProtobufCBinaryData){
			sizeof(before->boot), (uint8_t *)before->boot};
		boot.previous_us = before->began_us;
	}
	if (!own_record_boot(&own, link->settings, &boot) ||
		!submit_own(link, &own))
		log_fatal("Out of memory at start");
}

void archive_checkpoint(struct archive_link *link, uint64_t until_us)
{
	Sipwarden__Record__Checkpoint checkpoint =
		SIPWARDEN__RECORD__CHECKPOINT__INIT;
	struct own_record own;

	if (link->last_sequence == link->checkpoint || is_full(link))
		return;
	tell_gap(link);
	checkpoint.until_us = until_us;
	checkpoint.records = link->last_sequence;
	checkpoint.unrecorded = link->counts.lost_in_gaps;
	if (own_record_checkpoint(&own, link->settings, &checkpoint) &&
		submit_own(link, &own))
		link->checkpoint = link->last_sequence;
	send_on(link);
}

bool archive_say_stopped(struct archive_link *link)
{
	Sipwarden__Record__Boot boot = SIPWARDEN__RECORD__BOOT__INIT;
	struct own_record own;

	if (link->stopped && link->last_sequence == link->stopped)
		return link->first == NULL;
	archive_checkpoint(link, clock_wall_us());
	tell_gap(link);
	boot.turn = SIPWARDEN__RECORD__TURN__TURN_STOPPED;
	if (own_record_boot(&own, link->settings, &boot) &&
		submit_own(link, &own))
		link->stopped = link->last_sequence;
	send_on(link);
	return false;
}

int archive_submit(struct archive_link *link, Sipwarden__Record__Record *record,
	uint64_t *sequence, struct archive_wait *wait)
{
	struct held_record *held;

	*sequence = 0;
	tell_gap(link);
	held = is_full(link) ? NULL : pack(link, record);
	if (!held) {
		if (wait) {
			link->counts.turned_away++;
			return ENOBUFS;
		}
		count_lost(link);
		return 0;
	}
	append(link, held);
	*sequence = held->sequence;
	if (wait)
		wait_add(link, wait, held->sequence);
	send_on(link);
	return 0;
}

const struct archive_counts *archive_counts(const struct archive_link *link)
{
	return &link->counts;
}

bool archive_idle(const struct archive_link *link)
{
	return link->first == NULL || !link->counts.connected;
}
