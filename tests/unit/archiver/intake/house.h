/* house.h -- an archiver and record makers for tests. */
#ifndef TESTS_UNIT_ARCHIVER_INTAKE_HOUSE_H
#define TESTS_UNIT_ARCHIVER_INTAKE_HOUSE_H

#include "archiver/intake/intake.h"
#include "lib/clock.h"
#include "lib/frame.h"
#include "lib/intake_protocol.h"
#include "tests/unit/archiver/journal/sample.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* An archiver of the test's own, in a thread. */
struct house {
	char folder[64];
	char journal[96], socket[96];
	struct intake_options options;
	struct intake *intake;
	int stop[2];
	pthread_t thread;
};

static inline void *run(void *argument)
{
	struct house *house = argument;

	return intake_run(house->intake, house->stop[0]) ? house : NULL;
}

static inline void house_start(struct house *house)
{
	char why[INTAKE_WHY_BYTES];

	assert_int_equal(intake_open(&house->options, &house->intake, why), 0);
	assert_int_equal(pipe(house->stop), 0);
	assert_int_equal(pthread_create(&house->thread, NULL, run, house), 0);
}

static inline bool house_stop(struct house *house)
{
	void *whole;

	assert_int_equal(write(house->stop[1], "x", 1), 1);
	assert_int_equal(pthread_join(house->thread, &whole), 0);
	intake_close(&house->intake);
	close(house->stop[0]);
	close(house->stop[1]);
	return whole != NULL;
}

static inline void house_make(struct house *house)
{
	sample_folder(house->folder);
	(void)snprintf(house->journal, sizeof(house->journal), "%s/journal",
		house->folder);
	(void)snprintf(house->socket, sizeof(house->socket), "%s/socket",
		house->folder);
	house->options = (struct intake_options){.socket = house->socket,
		.journal = house->journal,
		.program = "sipwarden-archiver",
		.version = "test",
		.segment_bytes = 256 * 1024,
		.node = 1,
		.gather_us = 500};
}

/* One maker's connection, as a proxy's worker has it. */
static inline struct frame_link *maker_connect(
	const struct house *house, const char *boot, uint32_t worker)
{
	const struct frame_limits limits = {.payload_bytes = 5u << 20,
		.queued_bytes = INTAKE_QUEUE_BYTES,
		.descriptors = true};
	struct intake_hello hello = {
		.worker = htonl(worker), .program_size = htonl(5)};
	const struct slice pieces[] = {
		slice_make(&hello, sizeof(hello)), SLICE("proxy")};
	struct frame_link *link;
	int descriptor;

	memcpy(hello.boot, boot, strlen(boot));
	assert_int_equal(frame_connect(house->socket, &descriptor), 0);
	link = frame_link_new(descriptor, limits);
	assert_non_null(link);
	assert_int_equal(frame_send_pieces(link, INTAKE_HELLO, pieces, 2,
				 FRAME_NO_DESCRIPTOR),
		0);
	return link;
}

static inline uint64_t number_at(struct slice payload, size_t offset)
{
	uint64_t number;

	assert_true(payload.size >= offset + sizeof(number));
	memcpy(&number, payload.at + offset, sizeof(number));
	return be64toh(number);
}

static inline uint64_t expect(struct frame_link *link, uint32_t type)
{
	struct frame frame;

	assert_int_equal(frame_receive(link, &frame), 0);
	assert_int_equal(frame.type, type);
	return number_at(frame.payload, 0);
}

static inline void send_record(
	struct frame_link *link, Sipwarden__Record__Record *record)
{
	size_t size = sipwarden__record__record__get_packed_size(record);
	uint8_t *packed = malloc(size);

	assert_non_null(packed);
	sipwarden__record__record__pack(record, packed);
	assert_int_equal(
		frame_send(link, INTAKE_RECORD, slice_make(packed, size)), 0);
	free(packed);
}

static inline void send_sample(struct frame_link *link, const char *boot,
	uint32_t worker, uint64_t sequence, size_t size)
{
	struct sample *sample = sample_make(boot, worker, sequence, size);

	send_record(link, &sample->record);
	sample_free(sample);
}

static inline void wait_durable(struct frame_link *link, uint64_t sequence)
{
	uint64_t durable = 0;

	while (durable < sequence)
		durable = expect(link, INTAKE_DURABLE);
	assert_int_equal(durable, sequence);
}

/* Reads the journal: each record of (boot, worker) once, rising from 1 without
 * a hole. Returns how many; *boots counts the boot records. */
static inline uint64_t count_records(const struct house *house,
	const char *boot, uint32_t worker, uint64_t *boots)
{
	struct journal_reader *reader;
	struct journal_entry entry;
	struct journal_fault fault;
	uint64_t count = 0;
	uint8_t id[16] = {0};
	int error;

	memcpy(id, boot, strlen(boot));
	assert_int_equal(journal_reader_open(house->journal, 0, &reader), 0);
	while ((error = journal_reader_next(reader, &entry, &fault)) == 0) {
		Sipwarden__Record__Record *record =
			sipwarden__record__record__unpack(NULL,
				entry.payload.size,
				(const uint8_t *)entry.payload.at);

		assert_non_null(record);
		if (record->kind == SIPWARDEN__RECORD__KIND__KIND_BOOT)
			(*boots)++;
		else if (memcmp(record->submission->boot.data, id, 16) == 0 &&
			 record->submission->worker == worker)
			assert_int_equal(record->submission->sequence, ++count);
		sipwarden__record__record__free_unpacked(record, NULL);
	}
	assert_int_equal(error, EAGAIN);
	journal_reader_close(&reader);
	return count;
}

/* The archiver in a process of its own, for kill -9. */
static inline pid_t house_fork(struct house *house)
{
	int ready[2];
	pid_t child;
	char byte;

	assert_int_equal(pipe(ready), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		char why[INTAKE_WHY_BYTES];
		int never[2];

		/* Not to outlive a test that fails. */
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (pipe(never) ||
			intake_open(&house->options, &house->intake, why))
			_exit(1);
		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		(void)intake_run(house->intake, never[0]);
		_exit(0);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return child;
}

static inline void kill_it(pid_t child)
{
	int status;

	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
}

#endif
