/* protocol_test.c -- frames of askers, whole and broken. */
#include "scanners/protocol.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static const struct frame_limits limits = {.payload_bytes = SCAN_PAYLOAD_BYTES,
	.queued_bytes = SCAN_QUEUE_BYTES,
	.descriptors = true};

struct request_case {
	const char *what;
	uint32_t name_size; /* as the head says */
	size_t name_bytes;  /* as there are */
	bool whole;
};

static const struct request_case request_cases[] = {
	{"no name", 0, 0, true},
	{"a name", 5, 5, true},
	{"the longest name", SCAN_NAME_BYTES, SCAN_NAME_BYTES, true},
	{"too long", SCAN_NAME_BYTES + 1, SCAN_NAME_BYTES + 1, false},
	{"says more", 6, 5, false},
	{"says less", 4, 5, false},
	{"says very much", 0xffffffff, 5, false},
};

static void requests_are_exact(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(request_cases) / sizeof(request_cases[0]);
		i++) {
		const struct request_case *at = &request_cases[i];
		struct scan_request_head head = {
			htonl(7), htonl(500), htonl(9), htonl(at->name_size)};
		char bytes[1024];
		struct scan_request request;

		memset(bytes, 'n', sizeof(bytes));
		memcpy(bytes, &head, sizeof(head));
		if (scan_request_read(
			    slice_make(bytes, sizeof(head) + at->name_bytes),
			    &request) != at->whole)
			fail_msg("%s", at->what);
		if (!at->whole)
			continue;
		assert_int_equal(request.job, 7);
		assert_int_equal(request.deadline_ms, 500);
		assert_int_equal(request.sender, 9);
		assert_int_equal(request.name.size, at->name_bytes);
	}
}

static void short_payloads_are_refused(void **state)
{
	const char bytes[sizeof(struct scan_verdict_head)] = {0};
	struct scan_request request;
	struct verdict verdict;
	uint32_t job;

	(void)state;
	for (size_t size = 0; size < sizeof(struct scan_request_head); size++)
		assert_false(
			scan_request_read(slice_make(bytes, size), &request));
	for (size_t size = 0; size <= sizeof(bytes); size++)
		assert_false(scan_verdict_read(
			slice_make(bytes, size), &job, &verdict));
	for (size_t size = 0; size < 9; size++)
		assert_int_equal(
			scan_cancel_read(slice_make(bytes, size), &job),
			size == 4);
}

static void make_pair(struct frame_link *ends[2])
{
	int sockets[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
	ends[0] = frame_link_new(sockets[0], limits);
	ends[1] = frame_link_new(sockets[1], limits);
}

static void verdicts_go_and_come(void **state)
{
	struct verdict sent = {.outcome = SCAN_INFECTED,
		.generation = 0x0102030405060708,
		.size = 0x1122334455667788,
		.sha256 = {1, 2, 3},
		.name = "Eicar"};
	struct frame_link *ends[2];
	struct verdict came;
	struct frame frame;
	uint32_t job;

	(void)state;
	make_pair(ends);
	assert_int_equal(scan_verdict_send(ends[0], 42, &sent), 0);
	assert_int_equal(frame_receive(ends[1], &frame), 0);
	assert_int_equal(frame.type, SCAN_VERDICT);
	assert_int_equal(frame.payload.size,
		sizeof(struct scan_verdict_head) + strlen("Eicar"));
	/* network order */
	assert_memory_equal(frame.payload.at + 8, "\1\2\3\4\5\6\7\10", 8);
	assert_true(scan_verdict_read(frame.payload, &job, &came));
	assert_int_equal(job, 42);
	assert_int_equal(came.outcome, sent.outcome);
	assert_int_equal(came.generation, sent.generation);
	assert_int_equal(came.size, sent.size);
	assert_memory_equal(came.sha256, sent.sha256, SCAN_DIGEST_BYTES);
	assert_string_equal(came.name, "Eicar");
	frame_link_close(&ends[0]);
	frame_link_close(&ends[1]);
}

static void hello_is_twelve_bytes(void **state)
{
	struct frame_link *ends[2];
	struct frame frame;

	(void)state;
	make_pair(ends);
	assert_int_equal(scan_hello_send(ends[0], 0x0102030405060708, 9), 0);
	assert_int_equal(frame_receive(ends[1], &frame), 0);
	assert_int_equal(frame.type, SCAN_HELLO);
	assert_int_equal(frame.payload.size, 12);
	assert_memory_equal(frame.payload.at, "\1\2\3\4\5\6\7\10\0\0\0\11", 12);
	frame_link_close(&ends[0]);
	frame_link_close(&ends[1]);
}

static void names_are_one_line(void **state)
{
	char name[SCAN_NAME_BYTES + 1], longer[SCAN_NAME_BYTES + 100];

	(void)state;
	verdict_name(name, slice_of("Win.Test\r\n\x7f\xc3\xa4 x"));
	assert_string_equal(name, "Win.Test????? x");
	memset(longer, 'a', sizeof(longer));
	verdict_name(name, slice_make(longer, sizeof(longer)));
	assert_int_equal(strlen(name), SCAN_NAME_BYTES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_exact),
		cmocka_unit_test(short_payloads_are_refused),
		cmocka_unit_test(verdicts_go_and_come),
		cmocka_unit_test(hello_is_twelve_bytes),
		cmocka_unit_test(names_are_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
