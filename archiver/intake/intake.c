/* intake.c -- takes records from their makers, keeps them, says so. */
#include "archiver/intake/intake.h"

#include "archiver/intake/connection.h"
#include "archiver/intake/departures.h"
#include "archiver/intake/explain.h"
#include "archiver/intake/measures.h"
#include "archiver/intake/watch.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/peers.h"
#include "lib/record/number.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	RETRY_US = 1000000, /* of a commit that failed */
	QUIET_GATHERS = 10, /* silence after which nothing is gathered */
	LAST_FLUSH_MS = 1000,
	/* Places in the list for poll. */
	POLL_STOP = 0,
	POLL_LISTEN = 1,
	POLL_FIRST = 2
};

struct intake {
	const struct intake_options *options;
	struct journal_writer *writer;
	struct watch watch;
	struct departures departures;
	struct strangers strangers;
	struct measures measures;
	int listener;
	struct connection connections[INTAKE_CONNECTIONS];
	size_t places; /* used so far: what is behind them is free */
	struct pollfd polled[POLL_FIRST + INTAKE_CONNECTIONS];
	size_t turn;           /* who is read first */
	uint64_t begun_us;     /* steady: the batch's first record */
	uint64_t committed_us; /* steady: the last commit */
	bool at_once;          /* the batch began after silence */
	uint64_t retry_us;     /* steady: the disk failed; 0: it works */
	bool reserve_failed;
};

static void notice(void *user, enum journal_weight weight, const char *sentence)
{
	(void)user;
	if (weight == JOURNAL_ALARM)
		log_error("%s", sentence);
	else if (weight == JOURNAL_WARN)
		log_warn("%s", sentence);
	else
		log_info("%s", sentence);
}

/* Its first record is the boot. */
static int begin_departures(struct intake *intake)
{
	uint32_t limit_ms = intake->options->departure_ms;

	intake->departures = (struct departures){.writer = intake->writer,
		.connections = intake->connections,
		.connection_count = INTAKE_CONNECTIONS,
		.limit_ms = limit_ms ? limit_ms : DEPARTURES_LIMIT_MS,
		.sequence = 1};
	return record_random(
		intake->departures.boot, sizeof(intake->departures.boot));
}

/* A start is a record of its own, so that the chain shows each of them. */
static int take_boot(struct intake *intake)
{
	const struct intake_options *options = intake->options;
	Sipwarden__Record__Boot boot = SIPWARDEN__RECORD__BOOT__INIT;
	Sipwarden__Record__Record record = SIPWARDEN__RECORD__RECORD__INIT;
	Sipwarden__Record__Submission from =
		SIPWARDEN__RECORD__SUBMISSION__INIT;
	Sipwarden__Record__Part metadata;
	struct record_part_room room;
	uint8_t packed[512];
	uint64_t number;
	int error;

	boot.program = (char *)options->program;
	boot.version = (char *)options->version;
	boot.configuration = (ProtobufCBinaryData){
		RECORD_DIGEST_BYTES, (uint8_t *)options->configuration};
	must(sipwarden__record__boot__get_packed_size(&boot) <= sizeof(packed));
	error = record_part_make(
		slice_make(
			packed, sipwarden__record__boot__pack(&boot, packed)),
		&room, &metadata);
	if (!error)
		error = begin_departures(intake);
	if (error)
		return error;
	from.boot = (ProtobufCBinaryData){
		sizeof(intake->departures.boot), intake->departures.boot};
	from.sequence = intake->departures.sequence;
	record.format = 1;
	record.kind = SIPWARDEN__RECORD__KIND__KIND_BOOT;
	record.node = "archiver";
	record.submission = &from;
	record.metadata = &metadata;
	record.observed_us = clock_wall_us();
	return journal_writer_take_record(
		intake->writer, &record, record.observed_us, &number);
}

static int open_journal(struct intake *intake, char *why)
{
	const struct intake_options *options = intake->options;
	const struct journal_options journal = {.folder = options->journal,
		.segment_bytes = options->segment_bytes,
		.node = options->node,
		.notices = {.say = notice},
		.disk = options->disk};
	int error = journal_writer_open(&journal, &intake->writer);

	if (error)
		return explain_journal(error, options->journal, why);
	watch_start(&intake->watch, journal_writer_last(intake->writer));
	return 0;
}

static int open_socket(struct intake *intake, char *why)
{
	const char *path = intake->options->socket;
	int error = frame_listen(path, &intake->listener);

	return error ? explain_socket(error, path, why) : 0;
}

/* Only a start that will take records is one. */
static int record_boot(struct intake *intake, char *why)
{
	int error = take_boot(intake);

	if (!error)
		error = journal_writer_commit(intake->writer);
	return error ? explain_journal(error, intake->options->journal, why)
		     : 0;
}

int intake_open(const struct intake_options *options, struct intake **intake,
	char why[INTAKE_WHY_BYTES])
{
	struct intake *made = calloc(1, sizeof(*made));
	int error;

	*intake = NULL;
	(void)snprintf(why, INTAKE_WHY_BYTES, "Memory is short");
	if (!made)
		return ENOMEM;
	made->options = options;
	made->measures.stats = options->stats;
	made->listener = -1;
	error = open_journal(made, why);
	if (!error)
		error = open_socket(made, why);
	if (!error)
		error = record_boot(made, why);
	if (error)
		intake_close(&made);
	*intake = made;
	return error;
}

void intake_close(struct intake **intake)
{
	struct intake *old = *intake;

	if (!old)
		return;
	for (size_t i = 0; i < INTAKE_CONNECTIONS; i++)
		maker_close(&old->connections[i]);
	if (old->listener >= 0) {
		(void)unlink(old->options->socket);
		close(old->listener);
	}
	journal_writer_close(&old->writer);
	free(old);
	*intake = NULL;
}

static void end(struct connection *connection, const char *why)
{
	if (*why)
		log_error("A record maker was cut off: %s event=maker-cut-off "
			  "program=\"%s\" "
			  "worker=%u",
			why, connection->program, connection->worker);
	maker_close(connection);
}

static struct connection *free_place(struct intake *intake)
{
	for (size_t i = 0; i < INTAKE_CONNECTIONS; i++) {
		if (connection_is_open(&intake->connections[i]))
			continue;
		if (i >= intake->places)
			intake->places = i + 1;
		return &intake->connections[i];
	}
	return NULL;
}

static void accept_all(struct intake *intake)
{
	for (;;) {
		struct connection *place = free_place(intake);
		int descriptor = accept4(intake->listener, NULL, NULL,
			SOCK_NONBLOCK | SOCK_CLOEXEC);
		char who[PEER_TEXT_BYTES];

		if (descriptor < 0)
			return;
		if (!peer_is(descriptor,
			    PEER(PROGRAM_PROXY) | PEER(PROGRAM_STORE), who)) {
			strangers_say(&intake->strangers, who);
			close(descriptor);
		} else if (!place) {
			log_error("A record maker was turned away: there are "
				  "%d connections already",
				INTAKE_CONNECTIONS);
			close(descriptor);
		} else if (connection_open(place, descriptor)) {
			log_error("A record maker was turned away: memory is "
				  "short");
		}
	}
}

/* The maker has come back before we saw it leave. */
static void end_older(struct intake *intake, const struct connection *fresh)
{
	for (size_t i = 0; i < intake->places; i++) {
		struct connection *other = &intake->connections[i];

		if (other != fresh && connection_is_open(other) &&
			other->greeted && other->worker == fresh->worker &&
			memcmp(other->boot, fresh->boot, sizeof(other->boot)) ==
				0)
			end(other, "");
	}
}

static bool batch_is_full(const struct intake *intake)
{
	return journal_writer_batch_bytes(intake->writer) >= INTAKE_BATCH_BYTES;
}

static void read_one(struct intake *intake, struct connection *connection)
{
	bool empty = journal_writer_batch_bytes(intake->writer) == 0;
	uint64_t records = connection->records, refused = connection->refused;
	const char *wrong;

	if (empty && watch_clock(&intake->watch))
		measures_clock_jump(&intake->measures);
	wrong = connection_read(connection, intake->writer);
	measures_records(&intake->measures, connection->records - records,
		connection->refused - refused);
	if (empty && journal_writer_batch_bytes(intake->writer)) {
		uint64_t now_us = clock_steady_us();

		intake->begun_us = now_us;
		intake->at_once =
			now_us - intake->committed_us >
			(uint64_t)intake->options->gather_us * QUIET_GATHERS;
	}
	if (wrong)
		end(connection, wrong);
	else if (connection->welcome_due)
		end_older(intake, connection);
}

/* Each may take one turn; who begins goes round. */
static void read_all(struct intake *intake)
{
	for (size_t i = 0; i < intake->places; i++) {
		size_t at = (intake->turn + i) % intake->places;
		struct connection *connection = &intake->connections[at];
		const struct pollfd *polled = &intake->polled[POLL_FIRST + at];

		if (intake->retry_us || batch_is_full(intake))
			return;
		if (!connection_is_open(connection))
			continue;
		if (connection->more || polled->revents)
			read_one(intake, connection);
	}
	intake->turn++;
}

static void flush_all(struct intake *intake)
{
	for (size_t i = 0; i < intake->places; i++) {
		struct connection *connection = &intake->connections[i];

		if (connection_is_open(connection) &&
			frame_wants_to_write(connection->link) &&
			frame_flush(connection->link))
			end(connection, "");
	}
}

/* Everything taken is durable. */
static void settle_all(struct intake *intake)
{
	for (size_t i = 0; i < intake->places; i++) {
		struct connection *connection = &intake->connections[i];

		if (connection_is_open(connection) &&
			!connection_settle(connection))
			end(connection, "");
	}
}

/* Somebody waits for more than an acknowledgement. */
static bool answer_is_due(const struct intake *intake)
{
	for (size_t i = 0; i < intake->places; i++)
		if (connection_is_open(&intake->connections[i]) &&
			(intake->connections[i].welcome_due ||
				intake->connections[i].refusal))
			return true;
	return false;
}

static bool commit_is_due(const struct intake *intake, uint64_t now_us)
{
	if (intake->retry_us)
		return now_us >= intake->retry_us;
	return intake->at_once || batch_is_full(intake) ||
	       now_us - intake->begun_us >= intake->options->gather_us ||
	       answer_is_due(intake);
}

/* The disk refused. Nothing is acknowledged and nothing read until it takes
 * the batch; the makers hold what they have. Said once. */
static void stall(struct intake *intake, int error)
{
	if (!intake->retry_us)
		log_error("The journal takes no records; %s; it is tried again "
			  "every second: %s event=disk-full journal=%s",
			error == ENOSPC ? "make room on its disk"
					: "look at its disk",
			strerror(error), intake->options->journal);
	intake->retry_us = clock_steady_us() + RETRY_US;
	measures_stall(&intake->measures);
}

static void keep_reserve(struct intake *intake)
{
	int error = journal_writer_reserve(intake->writer);

	if (error && !intake->reserve_failed)
		log_error("No next segment can be made: %s; what is left in "
			  "this one event=reserve-gone bytes=%" PRIu64,
			strerror(error), journal_writer_room(intake->writer));
	intake->reserve_failed = error != 0;
}

static void commit(struct intake *intake)
{
	uint64_t bytes = journal_writer_batch_bytes(intake->writer);
	uint64_t from_us = clock_steady_us();
	int error = journal_writer_commit(intake->writer);

	if (error) {
		stall(intake, error);
		return;
	}
	if (intake->retry_us)
		log_info("The journal takes records again event=disk-free");
	intake->retry_us = 0;
	intake->committed_us = clock_steady_us();
	measures_batch(&intake->measures, bytes, from_us - intake->begun_us,
		intake->committed_us - from_us,
		journal_writer_last(intake->writer));
	settle_all(intake);
	keep_reserve(intake);
	watch_disk(&intake->watch, intake->options->journal,
		intake->options->reserve_bytes);
}

static void look_for_departures(struct intake *intake)
{
	bool empty = journal_writer_batch_bytes(intake->writer) == 0;

	if (intake->retry_us)
		return;
	departures_look(&intake->departures, clock_steady_ms());
	if (empty)
		intake->begun_us = clock_steady_us();
}

static void commit_or_settle(struct intake *intake)
{
	if (journal_writer_batch_bytes(intake->writer) == 0)
		settle_all(intake);
	else if (commit_is_due(intake, clock_steady_us()))
		commit(intake);
}

/* Microseconds until something must be done; -1: nothing. */
static int64_t time_left(const struct intake *intake)
{
	uint64_t now_us = clock_steady_us(), at_us;

	if (intake->retry_us)
		at_us = intake->retry_us;
	else if (journal_writer_batch_bytes(intake->writer))
		at_us = intake->begun_us + intake->options->gather_us;
	else if (intake->departures.running)
		at_us = intake->departures.look_ms * 1000;
	else
		return -1;
	return at_us > now_us ? (int64_t)(at_us - now_us) : 0;
}

static struct timespec time_of(int64_t us)
{
	return (struct timespec){
		.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
}

static bool more_is_here(const struct intake *intake)
{
	for (size_t i = 0; i < intake->places; i++)
		if (connection_may_be_read(&intake->connections[i]) &&
			intake->connections[i].more)
			return true;
	return false;
}

/* While records are gathered nothing else is looked at: makers' sockets hold
 * what comes, and one look takes it all. Returns the time that is left. */
static int64_t gather(const struct intake *intake, int64_t left_us)
{
	struct timespec left = time_of(left_us);

	if (left_us <= 0 || intake->retry_us || more_is_here(intake) ||
		journal_writer_batch_bytes(intake->writer) == 0)
		return left_us;
	(void)nanosleep(&left, NULL);
	return 0;
}

static void wait_for_work(struct intake *intake, int stop)
{
	int64_t left_us = gather(intake, time_left(intake));
	struct timespec left;
	uint64_t makers = 0;

	intake->polled[POLL_STOP] =
		(struct pollfd){.fd = stop, .events = POLLIN};
	intake->polled[POLL_LISTEN] =
		(struct pollfd){.fd = intake->listener, .events = POLLIN};
	for (size_t i = 0; i < intake->places; i++) {
		const struct connection *connection = &intake->connections[i];
		struct pollfd *polled = &intake->polled[POLL_FIRST + i];
		bool readable =
			connection_may_be_read(connection) && !intake->retry_us;

		*polled = (struct pollfd){.fd = -1};
		if (!connection_is_open(connection))
			continue;
		makers++;
		if (readable)
			polled->events = POLLIN;
		if (frame_wants_to_write(connection->link))
			polled->events |= POLLOUT;
		if (polled->events)
			polled->fd = frame_link_descriptor(connection->link);
		if (readable && connection->more)
			left_us = 0;
	}
	measures_state(&intake->measures, makers, intake->watch.disk_is_low);
	left = time_of(left_us);
	if (ppoll(intake->polled, POLL_FIRST + intake->places,
		    left_us < 0 ? NULL : &left, NULL) < 0)
		for (size_t i = 0; i < POLL_FIRST + intake->places; i++)
			intake->polled[i].revents = 0;
}

/* What has been acknowledged should reach the makers before we go. */
static void flush_for_a_while(struct intake *intake)
{
	uint64_t end_ms = clock_steady_ms() + LAST_FLUSH_MS;
	bool waiting = true;

	while (waiting && clock_steady_ms() < end_ms) {
		waiting = false;
		flush_all(intake);
		for (size_t i = 0; i < intake->places; i++)
			waiting |=
				connection_is_open(&intake->connections[i]) &&
				frame_wants_to_write(
					intake->connections[i].link);
		if (waiting)
			(void)poll(NULL, 0, 10);
	}
}

bool intake_run(struct intake *intake, int stop)
{
	log_info("taking records socket=%s journal=%s next=%" PRIu64,
		intake->options->socket, intake->options->journal,
		record_number_next(journal_writer_last(intake->writer),
			clock_wall_us(), intake->options->node));
	keep_reserve(intake);
	for (;;) {
		wait_for_work(intake, stop);
		if (intake->polled[POLL_STOP].revents)
			break;
		flush_all(intake);
		read_all(intake);
		if (intake->polled[POLL_LISTEN].revents)
			accept_all(intake);
		look_for_departures(intake);
		commit_or_settle(intake);
	}
	if (journal_writer_batch_bytes(intake->writer))
		commit(intake);
	flush_for_a_while(intake);
	return journal_writer_batch_bytes(intake->writer) == 0;
}
