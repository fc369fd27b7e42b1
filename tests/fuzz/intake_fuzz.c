/* intake_fuzz.c -- any frames from a record maker: what is taken is what the
 * archiver may take, each once and in order, and acknowledged. */
#include "archiver/intake/connection.h"
#include "archiver/journal/segment.h"
#include "lib/log.h"
#include "lib/record/digest.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerInitialize(int *count, char ***words);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SEGMENT_BYTES = 64 * 1024, INPUTS_PER_JOURNAL = 256, TURNS = 200 };

static char folder[] = "/dev/shm/intake-fuzz-XXXXXX";
static struct journal_writer *writer;
static uint8_t boot[INTAKE_BOOT_BYTES] = "boot";

static void remove_files(void)
{
	static const char *const names[] = {
		"durable", "lock", "next.reserved", "index", "makers"};
	char path[SEGMENT_PATH_BYTES];

	if (writer)
		journal_writer_close(&writer);
	for (uint64_t i = 1; i <= 4096; i++)
		if (segment_path(folder, i, path) != 0 || unlink(path) != 0)
			break;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		(void)unlink(path);
	}
}

static void remove_folder(void)
{
	remove_files();
	(void)rmdir(folder);
}

static void open_writer(void)
{
	struct journal_options options = {
		.folder = folder, .segment_bytes = SEGMENT_BYTES};

	remove_files();
	must(journal_writer_open(&options, &writer) == 0);
}

int LLVMFuzzerInitialize(int *count, char ***words)
{
	(void)count;
	(void)words;
	must(mkdtemp(folder));
	atexit(remove_folder);
	return 0;
}

static void send_hello(struct frame_link *maker, uint8_t worker)
{
	struct intake_hello hello = {
		.worker = htonl(worker), .program_size = htonl(4)};
	const struct slice pieces[] = {
		slice_make(&hello, sizeof(hello)), SLICE("fuzz")};

	memcpy(hello.boot, boot, sizeof(boot));
	(void)!frame_send_pieces(
		maker, INTAKE_HELLO, pieces, 2, FRAME_NO_DESCRIPTOR);
}

/* A record that is right but for what the bytes say of it. */
static void send_record(struct frame_link *maker, uint64_t sequence,
	uint8_t worker, struct slice bytes)
{
	Sipwarden__Record__Record record = SIPWARDEN__RECORD__RECORD__INIT;
	Sipwarden__Record__Submission from =
		SIPWARDEN__RECORD__SUBMISSION__INIT;
	Sipwarden__Record__Part part = SIPWARDEN__RECORD__PART__INIT;
	struct record_part_room room;
	uint8_t *packed;
	size_t size;

	must(record_part_make(bytes, &room, &part) == 0);
	from.boot = (ProtobufCBinaryData){sizeof(boot), boot};
	from.worker = worker;
	from.sequence = sequence;
	record.format = 1;
	record.kind = (Sipwarden__Record__Kind)(bytes.size % 8);
	record.node = (char *)(uintptr_t) "n";
	record.submission = &from;
	record.metadata = &part;
	size = sipwarden__record__record__get_packed_size(&record);
	packed = malloc(size);
	must(packed);
	sipwarden__record__record__pack(&record, packed);
	(void)!frame_send(maker, INTAKE_RECORD, slice_make(packed, size));
	free(packed);
}

/* Frames: a byte that says what, one that says how long, then so many bytes.
 * Long ones would fill the socket, where nobody reads meanwhile. */
static void send_next(
	struct frame_link *maker, struct slice *rest, uint64_t *sequence)
{
	uint8_t what = (uint8_t)rest->at[0];
	size_t size = rest->size > 1 ? (uint8_t)rest->at[1] : 0;
	struct slice bytes = slice_part(slice_from(*rest, 2), 0, size);

	*rest = slice_from(*rest, 2 + bytes.size);
	if (what < 0x20)
		send_hello(maker, what & 1);
	else if (what < 0x80)
		send_record(maker, ++*sequence, 0, bytes);
	else if (what < 0xa0)
		send_record(maker, what & 0x1f, what & 1, bytes);
	else
		(void)!frame_send(maker, what & 7, bytes);
}

/* Acknowledgements never go back, nor beyond what was sent. */
static void hear(struct frame_link *maker, uint64_t *durable)
{
	struct intake_durable answer;
	struct frame frame;

	while (frame_receive(maker, &frame) == 0) {
		must(frame.type == INTAKE_WELCOME ||
			frame.type == INTAKE_DURABLE ||
			frame.type == INTAKE_REFUSED);
		if (frame.type != INTAKE_DURABLE)
			continue;
		must(frame.payload.size == sizeof(answer));
		memcpy(&answer, frame.payload.at, sizeof(answer));
		must(be64toh(answer.sequence) >= *durable);
		*durable = be64toh(answer.sequence);
		must(be64toh(answer.number) <= journal_writer_last(writer));
	}
}

static void talk(struct connection *connection, struct frame_link *maker,
	struct slice rest)
{
	uint64_t sequence = 0, durable = 0, last = journal_writer_last(writer);

	for (int turn = 0; turn < TURNS; turn++) {
		uint64_t taken = connection->taken;
		bool greeted = connection->greeted;

		if (rest.size)
			send_next(maker, &rest, &sequence);
		if (connection_may_be_read(connection) &&
			connection_read(connection, writer))
			return;
		/* What is repeated is not kept twice. A greeting finds what was
		 * taken from its maker before. */
		must(!greeted || (journal_writer_last(writer) > last) ==
					 (connection->taken > taken));
		must(journal_writer_commit(writer) == 0);
		last = journal_writer_last(writer);
		if (!connection_settle(connection))
			return;
		hear(maker, &durable);
		if (!rest.size && !connection->more)
			return;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct frame_limits limits = {
		.payload_bytes = 1 << 20, .queued_bytes = 1 << 20};
	static unsigned inputs;
	struct connection connection;
	struct frame_link *maker;
	int pair[2];

	if (inputs++ % INPUTS_PER_JOURNAL == 0)
		open_writer();
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
	must(connection_open(&connection, pair[0]) == 0);
	maker = frame_link_new(pair[1], limits);
	must(maker);
	/* Another maker each time: sequences of one go on for ever. */
	memcpy(boot + 8, &inputs, sizeof(inputs));
	talk(&connection, maker, slice_make(data, size));
	frame_link_close(&maker);
	maker_close(&connection);
	return 0;
}
