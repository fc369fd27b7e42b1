/* connection.c -- one record maker: what it said, what it is still owed. */
#include "archiver/intake/connection.h"

#include "archiver/intake/check.h"
#include "lib/clock.h"
#include "lib/log.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

/* Answers are small; nothing is sent while something waits (connection_settle),
 * so this is never reached by a maker that does not read. */
enum { ANSWER_QUEUE_BYTES = 64 * 1024 };

int connection_open(struct connection *connection, int descriptor)
{
	const struct frame_limits limits = {
		.payload_bytes = INTAKE_RECORD_BYTES,
		.queued_bytes = ANSWER_QUEUE_BYTES,
		.descriptors = false};

	*connection =
		(struct connection){.link = frame_link_new(descriptor, limits)};
	return connection->link ? 0 : ENOMEM;
}

void maker_close(struct connection *connection)
{
	frame_link_close(&connection->link);
	*connection = (struct connection){.link = NULL};
}

bool connection_is_open(const struct connection *connection)
{
	return connection->link != NULL;
}

bool connection_may_be_read(const struct connection *connection)
{
	return connection->link && !connection->welcome_due &&
	       !connection->refusal && !frame_wants_to_write(connection->link);
}

static const char *take_hello(struct connection *connection,
	struct slice payload, const struct journal_writer *writer)
{
	static const uint8_t no_boot[INTAKE_BOOT_BYTES];
	struct intake_hello hello;
	struct slice program;

	if (connection->greeted)
		return "it said hello twice";
	if (payload.size < sizeof(hello))
		return "its hello is short";
	memcpy(&hello, payload.at, sizeof(hello));
	program = slice_from(payload, sizeof(hello));
	if (ntohl(hello.program_size) != program.size ||
		program.size >= CONNECTION_PROGRAM_BYTES)
		return "the name in its hello is too long or cut";
	if (memcmp(hello.boot, no_boot, sizeof(no_boot)) == 0)
		return "its hello names no boot";
	memcpy(connection->boot, hello.boot, sizeof(hello.boot));
	memcpy(connection->program, program.at, program.size);
	connection->worker = ntohl(hello.worker);
	connection->greeted = connection->welcome_due = true;
	journal_writer_known(writer, connection->boot, connection->worker,
		&connection->taken, &connection->number);
	connection->last = connection->taken;
	return NULL;
}

static void refuse(
	struct connection *connection, uint64_t sequence, const char *reason)
{
	connection->last = sequence;
	connection->refusal = reason;
	if (connection->refused++ == 0)
		log_error("A record was refused: %s program=\"%s\" worker=%u "
			  "sequence=%" PRIu64,
			reason, connection->program, connection->worker,
			sequence);
}

/* Sequences rise by one. A connection may begin above what is known: its
 * maker had records refused, or the journal was begun anew. */
static bool follows(struct connection *connection, uint64_t sequence)
{
	if (sequence == connection->last + 1)
		return true;
	if (connection->begun)
		return false;
	if (connection->last)
		log_warn("A maker goes on behind records that are not here "
			 "program=\"%s\" worker=%u last=%" PRIu64
			 " next=%" PRIu64,
			connection->program, connection->worker,
			connection->last, sequence);
	return true;
}

static const char *take_checked(struct connection *connection,
	struct journal_writer *writer, const Sipwarden__Record__Record *record,
	struct slice packed)
{
	uint64_t sequence = record->submission->sequence;
	const char *reason;

	if (sequence <= connection->last) {
		connection->durable_due = true;
		return NULL;
	}
	reason = follows(connection, sequence)
			 ? check_record(record)
			 : "its sequence does not follow the one before";
	connection->begun = true;
	if (reason) {
		refuse(connection, sequence, reason);
		return NULL;
	}
	if (journal_writer_take(writer, record, packed, clock_wall_us(),
		    &connection->number))
		return "memory is short";
	connection->last = connection->taken = sequence;
	connection->records++;
	connection->durable_due = true;
	return NULL;
}

static const char *take_record(struct connection *connection,
	struct journal_writer *writer, struct slice packed)
{
	Sipwarden__Record__Record *record;
	const char *wrong = NULL;

	if (!connection->greeted)
		return "it sent a record before its hello";
	record = sipwarden__record__record__unpack(
		NULL, packed.size, (const uint8_t *)packed.at);
	if (!record)
		refuse(connection, connection->last + 1,
			"the bytes are not a record");
	else if (!check_submission(
			 record, connection->boot, connection->worker))
		refuse(connection, connection->last + 1,
			"its submission is not that of this connection");
	else
		wrong = take_checked(connection, writer, record, packed);
	sipwarden__record__record__free_unpacked(record, NULL);
	return wrong;
}

const char *connection_read(
	struct connection *connection, struct journal_writer *writer)
{
	const char *wrong = NULL;

	connection->more = false;
	for (int i = 0; !wrong && connection_may_be_read(connection); i++) {
		struct frame frame;
		int error;

		if (i == CONNECTION_TURN_FRAMES) {
			connection->more = true;
			return NULL;
		}
		error = frame_receive(connection->link, &frame);
		if (error == EAGAIN)
			return NULL;
		if (error)
			return error == ECONNRESET ? "" : strerror(error);
		if (frame.type == INTAKE_HELLO)
			wrong = take_hello(connection, frame.payload, writer);
		else if (frame.type == INTAKE_RECORD)
			wrong = take_record(connection, writer, frame.payload);
		else
			wrong = "it sent a frame that makers do not send";
	}
	/* More may stand in the link's own memory, where poll sees nothing. */
	connection->more = !wrong;
	return wrong;
}

static int send_durable(struct connection *connection)
{
	struct intake_durable durable = {.sequence = htobe64(connection->taken),
		.number = htobe64(connection->number)};

	connection->durable_due = false;
	return frame_send(connection->link, INTAKE_DURABLE,
		slice_make(&durable, sizeof(durable)));
}

static int send_welcome(struct connection *connection)
{
	struct intake_welcome welcome = {
		.sequence = htobe64(connection->taken)};

	connection->welcome_due = false;
	return frame_send(connection->link, INTAKE_WELCOME,
		slice_make(&welcome, sizeof(welcome)));
}

static int send_refusal(struct connection *connection)
{
	struct intake_refused refused = {.sequence = htobe64(connection->last)};
	const struct slice pieces[] = {slice_make(&refused, sizeof(refused)),
		slice_of(connection->refusal)};

	connection->refusal = NULL;
	return frame_send_pieces(connection->link, INTAKE_REFUSED, pieces, 2,
		FRAME_NO_DESCRIPTOR);
}

/* Acknowledgements are cumulative, so one that must wait for a maker that does
 * not read is simply replaced by the next. */
bool connection_settle(struct connection *connection)
{
	int error = 0;

	if (frame_wants_to_write(connection->link))
		return true;
	if (connection->durable_due)
		error = send_durable(connection);
	if (!error && connection->welcome_due)
		error = send_welcome(connection);
	if (!error && connection->refusal)
		error = send_refusal(connection);
	return error == 0;
}
