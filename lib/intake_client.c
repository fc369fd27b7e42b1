/* intake_client.c -- records, one at a time, each waited for. */
#include "lib/intake_client.h"

#include "lib/clock.h"
#include "lib/frame.h"
#include "lib/intake_protocol.h"
#include "lib/peers.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

enum { RECONNECT_MS = 100, WORKER = 0 };

struct intake_client {
	char *socket;  /* owned */
	char *program; /* owned */
	uint8_t boot[INTAKE_BOOT_BYTES];
	struct frame_link *link; /* owned; NULL: not connected */
	uint64_t sequence;       /* of the record in hand */
	uint64_t settled;        /* durable or refused up to here */
	uint64_t number;
	uint8_t *packed; /* owned: the record in hand, until it is settled */
	size_t size;
	char refusal[INTAKE_REASON_BYTES + 1];
};

struct intake_client *intake_client_new(const char *socket, const char *program)
{
	struct intake_client *client = calloc(1, sizeof(*client));

	if (!client)
		return NULL;
	client->socket = strdup(socket);
	client->program = strdup(program);
	if (!client->socket || !client->program ||
		record_random(client->boot, sizeof(client->boot)))
		intake_client_close(&client);
	return client;
}

void intake_client_close(struct intake_client **client)
{
	struct intake_client *old = *client;

	if (!old)
		return;
	frame_link_close(&old->link);
	free(old->packed);
	free(old->socket);
	free(old->program);
	free(old);
	*client = NULL;
}

const char *intake_client_refusal(const struct intake_client *client)
{
	return client->refusal;
}

static int time_left(uint64_t end_ms)
{
	uint64_t now_ms = clock_steady_ms();

	return now_ms < end_ms ? (int)(end_ms - now_ms) : 0;
}

static int say_hello(struct intake_client *client)
{
	struct slice program = slice_of(client->program);
	struct intake_hello hello = {.worker = htonl(WORKER),
		.program_size = htonl((uint32_t)program.size)};
	const struct slice pieces[] = {
		slice_make(&hello, sizeof(hello)), program};

	memcpy(hello.boot, client->boot, sizeof(hello.boot));
	return frame_send_pieces(
		client->link, INTAKE_HELLO, pieces, 2, FRAME_NO_DESCRIPTOR);
}

static int open_link(struct intake_client *client)
{
	const struct frame_limits limits = {
		.payload_bytes = INTAKE_RECORD_BYTES,
		.queued_bytes = INTAKE_QUEUE_BYTES,
		.descriptors = false};
	char who[PEER_TEXT_BYTES];
	int descriptor, error = frame_connect(client->socket, &descriptor);

	if (error)
		return error;
	if (!peer_is(descriptor, PEER(PROGRAM_ARCHIVER), who) ||
		fcntl(descriptor, F_SETFL, O_NONBLOCK) < 0) {
		close(descriptor);
		return EPERM;
	}
	client->link = frame_link_new(descriptor, limits);
	return client->link ? say_hello(client) : ENOMEM;
}

/* The archiver knows what of ours is on disk; the rest is sent again. */
static int take_welcome(struct intake_client *client, struct slice payload)
{
	struct intake_welcome welcome;

	if (payload.size != sizeof(welcome))
		return EPROTO;
	memcpy(&welcome, payload.at, sizeof(welcome));
	if (be64toh(welcome.sequence) >= client->sequence) {
		client->settled = client->sequence;
		return 0;
	}
	return frame_send(client->link, INTAKE_RECORD,
		slice_make(client->packed, client->size));
}

static int take_durable(struct intake_client *client, struct slice payload)
{
	struct intake_durable durable;

	if (payload.size != sizeof(durable))
		return EPROTO;
	memcpy(&durable, payload.at, sizeof(durable));
	client->settled = be64toh(durable.sequence);
	if (client->settled == client->sequence)
		client->number = be64toh(durable.number);
	return client->settled > client->sequence ? EPROTO : 0;
}

static int take_refused(struct intake_client *client, struct slice payload)
{
	struct intake_refused refused;
	struct slice reason;

	if (payload.size < sizeof(refused))
		return EPROTO;
	memcpy(&refused, payload.at, sizeof(refused));
	if (be64toh(refused.sequence) != client->sequence)
		return EPROTO;
	reason = slice_part(payload, sizeof(refused), INTAKE_REASON_BYTES);
	memcpy(client->refusal, reason.at, reason.size);
	client->refusal[reason.size] = 0;
	if (!reason.size)
		strcpy(client->refusal, "no reason was given");
	client->settled = client->sequence;
	return 0;
}

static int take_frame(struct intake_client *client, const struct frame *frame)
{
	if (frame->type == INTAKE_WELCOME)
		return take_welcome(client, frame->payload);
	if (frame->type == INTAKE_DURABLE)
		return take_durable(client, frame->payload);
	if (frame->type == INTAKE_REFUSED)
		return take_refused(client, frame->payload);
	return EPROTO;
}

/* Writes what is left and waits for an answer. */
static int wait_for_frame(struct intake_client *client, uint64_t end_ms)
{
	struct pollfd socket = {
		.fd = frame_link_descriptor(client->link), .events = POLLIN};
	int left_ms = time_left(end_ms);
	int error = frame_flush(client->link);

	if (error || !left_ms)
		return error ? error : ETIMEDOUT;
	if (frame_wants_to_write(client->link))
		socket.events |= POLLOUT;
	(void)poll(&socket, 1, left_ms);
	return 0;
}

/* Reads and writes until the record is settled or the time is up. */
static int talk(struct intake_client *client, uint64_t end_ms)
{
	while (client->settled < client->sequence) {
		struct frame frame;
		int error = frame_receive(client->link, &frame);

		if (error == 0)
			error = take_frame(client, &frame);
		else if (error == EAGAIN)
			error = wait_for_frame(client, end_ms);
		if (error)
			return error;
	}
	return 0;
}

/* Until the record in hand is settled, over as many connections as it takes. */
static int settle(struct intake_client *client, uint64_t end_ms)
{
	while (client->settled < client->sequence) {
		int error = 0;

		if (!client->link)
			error = open_link(client);
		else if (client->packed)
			error = frame_send(client->link, INTAKE_RECORD,
				slice_make(client->packed, client->size));
		if (!error)
			error = talk(client, end_ms);
		if (error)
			frame_link_close(&client->link);
		if (!time_left(end_ms) && client->settled < client->sequence)
			return ETIMEDOUT;
		if (error)
			(void)poll(NULL, 0,
				time_left(end_ms) < RECONNECT_MS
					? time_left(end_ms)
					: RECONNECT_MS);
	}
	return 0;
}

static int pack(struct intake_client *client, Sipwarden__Record__Record *record)
{
	Sipwarden__Record__Submission from =
		SIPWARDEN__RECORD__SUBMISSION__INIT;
	Sipwarden__Record__Submission *before = record->submission;

	from.boot = (ProtobufCBinaryData){sizeof(client->boot), client->boot};
	from.worker = WORKER;
	from.sequence = client->sequence + 1;
	record->format = 1;
	record->submission = &from;
	client->size = sipwarden__record__record__get_packed_size(record);
	if (client->size <= INTAKE_RECORD_BYTES)
		client->packed = malloc(client->size);
	if (client->packed)
		sipwarden__record__record__pack(record, client->packed);
	record->submission = before;
	if (client->size > INTAKE_RECORD_BYTES)
		return EMSGSIZE;
	return client->packed ? 0 : ENOMEM;
}

int intake_client_submit(struct intake_client *client,
	Sipwarden__Record__Record *record, int timeout_ms, uint64_t *number)
{
	uint64_t end_ms = clock_steady_ms() + (uint64_t)timeout_ms;
	int error = 0;

	*number = 0;
	/* One of an earlier call, whose time was up. */
	if (client->packed)
		error = settle(client, end_ms);
	if (error)
		return error;
	free(client->packed);
	client->packed = NULL;
	error = pack(client, record);
	if (error)
		return error;
	client->sequence++;
	client->number = 0;
	client->refusal[0] = 0;
	error = settle(client, end_ms);
	if (error)
		return error;
	free(client->packed);
	client->packed = NULL;
	*number = client->number;
	return client->refusal[0] ? EBADMSG : 0;
}
