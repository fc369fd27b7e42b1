/* intake_test.c -- the archiver keeps what it acknowledges, once, in order. */
#include "archiver/intake/intake.h"

#include "tests/unit/archiver/intake/house.h"

#include <stdatomic.h>

static void acknowledges_what_is_on_disk(void **state)
{
	struct house house;
	struct frame_link *link;
	uint64_t boots = 0;

	(void)state;
	house_make(&house);
	house_start(&house);
	link = maker_connect(&house, "proxy-a", 3);
	assert_int_equal(expect(link, INTAKE_WELCOME), 0);
	for (uint64_t i = 1; i <= 50; i++) {
		send_sample(link, "proxy-a", 3, i, 1000);
		wait_durable(link, i);
		assert_int_equal(
			count_records(&house, "proxy-a", 3, &boots), i);
	}
	assert_int_equal(boots, 50);
	/* Many at once, over several segments. */
	for (uint64_t i = 51; i <= 2000; i++)
		send_sample(link, "proxy-a", 3, i, 1000);
	wait_durable(link, 2000);
	assert_int_equal(count_records(&house, "proxy-a", 3, &boots), 2000);
	frame_link_close(&link);
	assert_true(house_stop(&house));
	sample_folder_remove(house.folder);
}

static void drops_repeats_after_reconnect_and_restart(void **state)
{
	struct house house;
	struct frame_link *link;
	uint64_t boots = 0;

	(void)state;
	house_make(&house);
	house_start(&house);
	link = maker_connect(&house, "proxy-a", 1);
	assert_int_equal(expect(link, INTAKE_WELCOME), 0);
	for (uint64_t i = 1; i <= 10; i++)
		send_sample(link, "proxy-a", 1, i, 100);
	wait_durable(link, 10);
	frame_link_close(&link);
	link = maker_connect(&house, "proxy-a", 1);
	assert_int_equal(expect(link, INTAKE_WELCOME), 10);
	/* The acknowledgement of 8 to 10 was lost, says the maker. */
	send_sample(link, "proxy-a", 1, 8, 100);
	wait_durable(link, 10);
	for (uint64_t i = 9; i <= 12; i++)
		send_sample(link, "proxy-a", 1, i, 100);
	while (expect(link, INTAKE_DURABLE) < 12)
		;
	frame_link_close(&link);
	assert_true(house_stop(&house));
	house_start(&house);
	link = maker_connect(&house, "proxy-a", 1);
	assert_int_equal(expect(link, INTAKE_WELCOME), 12);
	send_sample(link, "proxy-a", 1, 12, 100);
	wait_durable(link, 12);
	send_sample(link, "proxy-a", 1, 13, 100);
	wait_durable(link, 13);
	frame_link_close(&link);
	/* Others are not known. */
	link = maker_connect(&house, "proxy-a", 2);
	assert_int_equal(expect(link, INTAKE_WELCOME), 0);
	frame_link_close(&link);
	link = maker_connect(&house, "proxy-b", 1);
	assert_int_equal(expect(link, INTAKE_WELCOME), 0);
	frame_link_close(&link);
	assert_true(house_stop(&house));
	assert_int_equal(count_records(&house, "proxy-a", 1, &boots), 13);
	assert_int_equal(boots, 2);
	sample_folder_remove(house.folder);
}

/* The maker is quiet while others fill many segments. */
static void knows_quiet_makers_after_many_segments(void **state)
{
	struct house house;
	struct frame_link *quiet, *busy;

	(void)state;
	house_make(&house);
	house_start(&house);
	quiet = maker_connect(&house, "quiet", 1);
	assert_int_equal(expect(quiet, INTAKE_WELCOME), 0);
	for (uint64_t i = 1; i <= 3; i++)
		send_sample(quiet, "quiet", 1, i, 100);
	wait_durable(quiet, 3);
	busy = maker_connect(&house, "busy", 1);
	assert_int_equal(expect(busy, INTAKE_WELCOME), 0);
	for (uint64_t i = 1; i <= 500; i++)
		send_sample(busy, "busy", 1, i, 4000);
	wait_durable(busy, 500);
	frame_link_close(&quiet);
	frame_link_close(&busy);
	assert_true(house_stop(&house));
	house_start(&house);
	quiet = maker_connect(&house, "quiet", 1);
	assert_int_equal(expect(quiet, INTAKE_WELCOME), 3);
	frame_link_close(&quiet);
	assert_true(house_stop(&house));
	sample_folder_remove(house.folder);
}

enum spoiling {
	SPOIL_NOTHING,
	SPOIL_FORMAT,
	SPOIL_KIND,
	SPOIL_DIGEST,
	SPOIL_CONTENT,
	SPOIL_SALT,
	SPOIL_NODE,
	SPOIL_ID,
	SPOIL_METADATA,
	SPOIL_BOOT,
	SPOIL_WORKER,
	SPOIL_JUMP,
	SPOIL_COUNT
};

static void spoil(struct sample *sample, enum spoiling how)
{
	Sipwarden__Record__Record *record = &sample->record;

	if (how == SPOIL_FORMAT)
		record->format = 2;
	else if (how == SPOIL_KIND)
		record->kind = (Sipwarden__Record__Kind)7;
	else if (how == SPOIL_DIGEST)
		sample->metadata_digest[31] ^= 1;
	else if (how == SPOIL_CONTENT)
		sample->bytes[0] ^= 1;
	else if (how == SPOIL_SALT)
		sample->content.salt.len = 31;
	else if (how == SPOIL_NODE)
		record->node = "";
	else if (how == SPOIL_ID)
		record->message_id.len = 15;
	else if (how == SPOIL_METADATA)
		record->metadata = NULL;
	else if (how == SPOIL_BOOT)
		sample->boot[0] ^= 1;
	else if (how == SPOIL_WORKER)
		sample->submission.worker++;
	else if (how == SPOIL_JUMP)
		sample->submission.sequence += 5;
}

static void refuses_each_spoiled_record(void **state)
{
	struct house house;
	struct frame_link *link;
	uint64_t sequence = 1;

	(void)state;
	house_make(&house);
	house_start(&house);
	link = maker_connect(&house, "proxy-a", 1);
	assert_int_equal(expect(link, INTAKE_WELCOME), 0);
	for (enum spoiling how = SPOIL_NOTHING; how < SPOIL_COUNT; how++) {
		struct sample *sample =
			sample_make("proxy-a", 1, sequence, 100);

		spoil(sample, how);
		if (how == SPOIL_JUMP)
			sequence = sample->submission.sequence;
		send_record(link, &sample->record);
		sample_free(sample);
		assert_int_equal(
			expect(link, how == SPOIL_NOTHING ? INTAKE_DURABLE
							  : INTAKE_REFUSED),
			sequence);
		sequence++;
		/* And the next one is taken. */
		send_sample(link, "proxy-a", 1, sequence, 100);
		wait_durable(link, sequence);
		sequence++;
	}
	assert_int_equal(
		frame_send(link, INTAKE_RECORD, SLICE("\xff no record")), 0);
	assert_int_equal(expect(link, INTAKE_REFUSED), sequence);
	frame_link_close(&link);
	assert_true(house_stop(&house));
	sample_folder_remove(house.folder);
}

static void cuts_off_who_breaks_the_protocol(void **state)
{
	struct intake_hello hello = {.boot = "boot"};
	const struct {
		const char *what;
		uint32_t type;
		size_t size;
		bool greeted;
		bool descriptor;
	} cases[] = {{"a record before hello", INTAKE_RECORD, 10, false, false},
		{"a short hello", INTAKE_HELLO, 10, false, false},
		{"a second hello", INTAKE_HELLO, sizeof(hello), true, false},
		{"an answer", INTAKE_DURABLE, 16, true, false},
		{"an unknown frame", 77, 0, true, false},
		{"too long a frame", INTAKE_RECORD, INTAKE_RECORD_BYTES + 1,
			true, false},
		{"a descriptor", INTAKE_RECORD, 10, true, true}};
	char *bytes = calloc(1, INTAKE_RECORD_BYTES + 1);
	struct house house;
	struct frame_link *good;

	(void)state;
	assert_non_null(bytes);
	memcpy(bytes, &hello, sizeof(hello));
	house_make(&house);
	house_start(&house);
	good = maker_connect(&house, "good", 1);
	assert_int_equal(expect(good, INTAKE_WELCOME), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct frame_limits limits = {
			.payload_bytes = 5u << 20, .queued_bytes = 6u << 20};
		const struct slice payload = slice_make(bytes, cases[i].size);
		struct frame_link *link;
		struct frame frame;
		int descriptor, error;

		if (cases[i].greeted) {
			link = maker_connect(&house, "bad", 1);
			assert_int_equal(expect(link, INTAKE_WELCOME), 0);
		} else {
			assert_int_equal(
				frame_connect(house.socket, &descriptor), 0);
			link = frame_link_new(descriptor, limits);
		}
		error = frame_send_pieces(link, cases[i].type, &payload, 1,
			cases[i].descriptor ? house.stop[0]
					    : FRAME_NO_DESCRIPTOR);
		assert_true(
			error == 0 || error == EPIPE || error == ECONNRESET);
		assert_int_equal(frame_receive(link, &frame), ECONNRESET);
		frame_link_close(&link);
		/* Nobody else notices. */
		send_sample(good, "good", 1, i + 1, 100);
		wait_durable(good, i + 1);
	}
	frame_link_close(&good);
	assert_true(house_stop(&house));
	sample_folder_remove(house.folder);
	free(bytes);
}

/* Without blocking: for one who sends more than the archiver takes. */
static void wait_durable_and_flush(struct frame_link *link, uint64_t sequence)
{
	uint64_t durable = 0;

	while (durable < sequence) {
		struct pollfd socket = {
			.fd = frame_link_descriptor(link), .events = POLLIN};
		struct frame frame;
		int error = frame_receive(link, &frame);

		if (error == 0 && frame.type == INTAKE_DURABLE)
			durable = number_at(frame.payload, 0);
		assert_true(error == 0 || error == EAGAIN);
		assert_int_equal(frame_flush(link), 0);
		if (frame_wants_to_write(link))
			socket.events |= POLLOUT;
		if (error == EAGAIN)
			(void)poll(&socket, 1, -1);
	}
	assert_int_equal(durable, sequence);
}

/* One never reads its acknowledgements, one stops in the middle of a frame;
 * the third is served. */
static void serves_others_beside_slow_makers(void **state)
{
	struct house house;
	struct frame_link *deaf, *good;
	int half;

	(void)state;
	house_make(&house);
	house.options.gather_us = 0;
	house_start(&house);
	deaf = maker_connect(&house, "deaf", 1);
	assert_int_equal(
		fcntl(frame_link_descriptor(deaf), F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(frame_connect(house.socket, &half), 0);
	assert_int_equal(write(half, "\0\0\1", 3), 3);
	good = maker_connect(&house, "good", 1);
	assert_int_equal(expect(good, INTAKE_WELCOME), 0);
	for (uint64_t i = 1; i <= 1000; i++) {
		send_sample(deaf, "deaf", 1, i, 20);
		send_sample(good, "good", 1, i, 20);
		wait_durable(good, i);
	}
	/* The last of the deaf one is in the journal all the same. */
	frame_link_close(&good);
	close(half);
	wait_durable_and_flush(deaf, 1000);
	frame_link_close(&deaf);
	assert_true(house_stop(&house));
	sample_folder_remove(house.folder);
}

static void a_second_archiver_ends_with_a_sentence(void **state)
{
	struct house house;
	struct intake *second;
	struct intake_options options;
	char why[INTAKE_WHY_BYTES], other[128];

	(void)state;
	house_make(&house);
	house_start(&house);
	assert_int_equal(intake_open(&house.options, &second, why), EBUSY);
	assert_non_null(strstr(why, house.journal));
	assert_non_null(strstr(why, "another archiver works there"));
	/* Another journal, the same socket. */
	options = house.options;
	(void)snprintf(other, sizeof(other), "%s/other", house.folder);
	options.journal = other;
	assert_int_equal(intake_open(&options, &second, why), EADDRINUSE);
	assert_non_null(strstr(why, house.socket));
	/* A folder that is not there. */
	(void)snprintf(other, sizeof(other), "%s/no/journal", house.folder);
	assert_int_equal(intake_open(&options, &second, why), ENOENT);
	assert_non_null(strstr(why, other));
	assert_true(house_stop(&house));
	house.options.socket = "/tmp/journal-test-not-there/socket";
	assert_int_equal(intake_open(&house.options, &second, why), ENOENT);
	assert_non_null(strstr(why, "/tmp/journal-test-not-there of"));
	sample_folder_remove(house.folder);
}

static atomic_int disk_error; /* what the disk of the test says */

static ssize_t failing_write(
	int descriptor, const void *bytes, size_t size, off_t offset)
{
	errno = atomic_load(&disk_error);
	return errno ? -1 : pwrite(descriptor, bytes, size, offset);
}

/* Nothing is acknowledged while the disk is full; all of it once there is room.
 */
static void waits_for_a_full_disk(void **state)
{
	const struct journal_disk disk = {.write = failing_write,
		.sync = fdatasync,
		.allocate = posix_fallocate};
	struct house house;
	struct frame_link *link;
	struct pollfd answer;
	uint64_t boots = 0;

	(void)state;
	house_make(&house);
	house.options.disk = &disk;
	house_start(&house);
	link = maker_connect(&house, "proxy-a", 1);
	assert_int_equal(expect(link, INTAKE_WELCOME), 0);
	send_sample(link, "proxy-a", 1, 1, 100);
	wait_durable(link, 1);
	atomic_store(&disk_error, ENOSPC);
	for (uint64_t i = 2; i <= 50; i++)
		send_sample(link, "proxy-a", 1, i, 100);
	answer = (struct pollfd){
		.fd = frame_link_descriptor(link), .events = POLLIN};
	assert_int_equal(poll(&answer, 1, 50), 0);
	atomic_store(&disk_error, 0);
	wait_durable(link, 50);
	frame_link_close(&link);
	assert_true(house_stop(&house));
	assert_int_equal(count_records(&house, "proxy-a", 1, &boots), 50);
	assert_int_equal(boots, 1);
	sample_folder_remove(house.folder);
}

/* Thirty kills in the middle of work; the maker sends again what it has no
 * acknowledgement for. Everything is there once. */
static void loses_nothing_through_kills(void **state)
{
	enum { KILLS = 30, WINDOW = 40 };
	struct house house;
	uint64_t acknowledged = 0, boots = 0;
	unsigned chance = 12345;

	(void)state;
	house_make(&house);
	(void)signal(SIGPIPE, SIG_IGN);
	for (int i = 0; i < KILLS; i++) {
		pid_t child = house_fork(&house);
		struct frame_link *link = maker_connect(&house, "maker", 1);
		uint64_t known = expect(link, INTAKE_WELCOME);
		uint64_t next = known + 1, first = known;
		uint64_t work = (uint64_t)rand_r(&chance) % 200;

		assert_true(known >= acknowledged);
		while (acknowledged < first + work) {
			struct frame frame;

			for (; next <= acknowledged + WINDOW; next++)
				send_sample(link, "maker", 1, next,
					(size_t)rand_r(&chance) % 3000 + 1);
			assert_int_equal(frame_receive(link, &frame), 0);
			assert_int_equal(frame.type, INTAKE_DURABLE);
			acknowledged = number_at(frame.payload, 0);
		}
		kill_it(child);
		frame_link_close(&link);
	}
	house_start(&house);
	assert_true(house_stop(&house));
	assert_true(count_records(&house, "maker", 1, &boots) >= acknowledged);
	assert_true(acknowledged > 1000);
	assert_int_equal(boots, KILLS + 1);
	sample_folder_remove(house.folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(acknowledges_what_is_on_disk),
		cmocka_unit_test(drops_repeats_after_reconnect_and_restart),
		cmocka_unit_test(knows_quiet_makers_after_many_segments),
		cmocka_unit_test(refuses_each_spoiled_record),
		cmocka_unit_test(cuts_off_who_breaks_the_protocol),
		cmocka_unit_test(serves_others_beside_slow_makers),
		cmocka_unit_test(a_second_archiver_ends_with_a_sentence),
		cmocka_unit_test(waits_for_a_full_disk),
		cmocka_unit_test(loses_nothing_through_kills)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
