/* frame_test.c -- frames arrive whole, in order, or the link ends. */
#include "lib/frame.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const struct frame_limits limits = {
	.payload_bytes = 100000, .queued_bytes = 4000000, .descriptors = true};

static void make_pair(struct frame_link **a, struct frame_link **b, int flags,
	struct frame_limits b_limits)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | flags, 0, pair), 0);
	*a = frame_link_new(pair[0], limits);
	*b = frame_link_new(pair[1], b_limits);
	assert_non_null(*a);
	assert_non_null(*b);
}

static void *bytes_of(size_t size, unsigned seed)
{
	unsigned char *bytes = malloc(size + 1);

	assert_non_null(bytes);
	for (size_t i = 0; i < size; i++)
		bytes[i] = (unsigned char)(i * 31 + seed);
	return bytes;
}

static void expect(struct frame_link *link, uint32_t type, size_t size)
{
	struct frame frame;
	void *bytes = bytes_of(size, type);

	assert_int_equal(frame_receive(link, &frame), 0);
	assert_int_equal(frame.type, type);
	assert_int_equal(frame.payload.size, size);
	assert_memory_equal(frame.payload.at, bytes, size);
	free(bytes);
}

/* The socket fills; frames of all sizes come out as they went in. */
static void carries_all_sizes_in_order(void **state)
{
	struct frame_link *a, *b;
	struct frame frame;
	uint32_t sent = 0, received = 0;

	(void)state;
	make_pair(&a, &b, SOCK_NONBLOCK, limits);
	assert_int_equal(frame_receive(b, &frame), EAGAIN);
	for (; sent < 60; sent++) {
		size_t size = (size_t)sent * sent * 27;
		void *bytes = bytes_of(size, sent);

		assert_int_equal(
			frame_send(a, sent, slice_make(bytes, size)), 0);
		free(bytes);
	}
	assert_true(frame_wants_to_write(a));
	while (received < sent) {
		expect(b, received, (size_t)received * received * 27);
		received++;
		assert_int_equal(frame_flush(a), 0);
	}
	assert_false(frame_wants_to_write(a));
	assert_int_equal(frame_receive(b, &frame), EAGAIN);
	frame_link_close(&a);
	assert_int_equal(frame_receive(b, &frame), ECONNRESET);
	frame_link_close(&b);
}

static void joins_pieces(void **state)
{
	const struct slice pieces[] = {SLICE("one "), SLICE(""), SLICE("two")};
	struct frame_link *a, *b;
	struct frame frame;

	(void)state;
	make_pair(&a, &b, SOCK_NONBLOCK, limits);
	assert_int_equal(
		frame_send_pieces(a, 7, pieces, 3, FRAME_NO_DESCRIPTOR), 0);
	assert_int_equal(frame_receive(b, &frame), 0);
	assert_true(slice_equal(frame.payload, SLICE("one two")));
	frame_link_close(&a);
	frame_link_close(&b);
}

static void says_what_is_too_much(void **state)
{
	const struct frame_limits small = {
		.payload_bytes = 1000, .queued_bytes = 300000};
	struct frame_link *a, *b;
	char *bytes = bytes_of(1001, 0);
	int error, sent = 0;

	(void)state;
	make_pair(&b, &a, SOCK_NONBLOCK, small);
	assert_int_equal(frame_send(a, 1, slice_make(bytes, 1001)), EMSGSIZE);
	while ((error = frame_send(a, 1, slice_make(bytes, 1000))) == 0)
		sent++;
	assert_int_equal(error, ENOBUFS);
	assert_true(sent > 290);
	/* What was refused left nothing behind. */
	for (; sent; sent--) {
		struct frame frame;

		assert_int_equal(frame_receive(b, &frame), 0);
		assert_int_equal(frame.payload.size, 1000);
		assert_int_equal(frame_flush(a), 0);
	}
	frame_link_close(&a);
	frame_link_close(&b);
	free(bytes);
}

static void carries_descriptors_with_their_frames(void **state)
{
	struct frame_link *a, *b;

	(void)state;
	make_pair(&a, &b, SOCK_NONBLOCK, limits);
	for (uint32_t i = 0; i < 60; i++) {
		int file = memfd_create("frame-test", 0);
		struct slice payload = SLICE("payload");

		assert_true(file >= 0);
		assert_int_equal(pwrite(file, &i, sizeof(i), 0), sizeof(i));
		assert_int_equal(frame_send_pieces(a, i, &payload, 1,
					 i % 3 ? file : FRAME_NO_DESCRIPTOR),
			0);
		close(file);
	}
	for (uint32_t i = 0; i < 60; i++) {
		struct frame frame;
		uint32_t found = UINT32_MAX;

		assert_int_equal(frame_receive(b, &frame), 0);
		assert_int_equal(frame.type, i);
		assert_int_equal(
			frame.descriptor != FRAME_NO_DESCRIPTOR, i % 3 != 0);
		if (i % 3 == 0)
			continue;
		assert_int_equal(
			pread(frame.descriptor, &found, sizeof(found), 0),
			sizeof(found));
		assert_int_equal(found, i);
		close(frame.descriptor);
	}
	frame_link_close(&a);
	frame_link_close(&b);
}

static void ends_who_breaks_the_rules(void **state)
{
	const struct {
		const char *bytes;
		size_t size;
	} cases[] = {{"\0\0\0\0\0\0\0\1", 8}, {"\0\0\0\3\0\0\0\1", 8},
		{"\377\377\377\377\0\0\0\1", 8}, {"\0\1\206\245\0\0\0\1", 8},
		/* Says that a descriptor comes, and brings none. */
		{"\0\0\0\4\200\0\0\1", 8}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct frame_link *a, *b;
		struct frame frame;

		make_pair(&a, &b, SOCK_NONBLOCK, limits);
		assert_int_equal(write(frame_link_descriptor(a), cases[i].bytes,
					 cases[i].size),
			cases[i].size);
		assert_int_equal(frame_receive(b, &frame), EPROTO);
		frame_link_close(&a);
		frame_link_close(&b);
	}
}

static size_t open_files(void)
{
	size_t count = 0;

	for (int i = 0; i < 256; i++)
		count += fcntl(i, F_GETFD) >= 0;
	return count;
}

static void closes_descriptors_that_nobody_asked_for(void **state)
{
	const struct frame_limits none = {
		.payload_bytes = 1000, .queued_bytes = 1000};
	struct frame_link *a, *b;
	struct frame frame;
	struct slice payload = SLICE("x");
	size_t before = open_files();

	(void)state;
	make_pair(&a, &b, SOCK_NONBLOCK, none);
	assert_int_equal(
		frame_send_pieces(a, 1, &payload, 1, STDERR_FILENO), 0);
	assert_int_equal(frame_receive(b, &frame), EPROTO);
	frame_link_close(&a);
	frame_link_close(&b);
	/* Nor do those stay that were never fetched. */
	make_pair(&a, &b, SOCK_NONBLOCK, limits);
	for (int i = 0; i < 10; i++)
		assert_int_equal(
			frame_send_pieces(a, 1, &payload, 1, STDERR_FILENO), 0);
	assert_int_equal(frame_receive(b, &frame), 0);
	close(frame.descriptor);
	frame_link_close(&a);
	frame_link_close(&b);
	assert_int_equal(open_files(), before);
}

static void listens_where_nobody_lives(void **state)
{
	char folder[] = "/tmp/frame-test-XXXXXX", path[64], plain[64];
	int first, second, client;
	struct stat status;

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/socket", folder);
	(void)snprintf(plain, sizeof(plain), "%s/plain", folder);
	assert_int_equal(frame_connect(path, &client), ENOENT);
	assert_int_equal(frame_listen(path, &first), 0);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0660);
	assert_int_equal(frame_listen(path, &second), EADDRINUSE);
	assert_int_equal(frame_connect(path, &client), 0);
	close(client);
	close(first);
	/* Left over by one who died. */
	assert_int_equal(frame_connect(path, &client), ECONNREFUSED);
	assert_int_equal(frame_listen(path, &first), 0);
	close(first);
	close(open(plain, O_CREAT | O_RDWR, 0600));
	assert_int_equal(frame_listen(plain, &first), EEXIST);
	unlink(plain);
	unlink(path);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(carries_all_sizes_in_order),
		cmocka_unit_test(joins_pieces),
		cmocka_unit_test(says_what_is_too_much),
		cmocka_unit_test(carries_descriptors_with_their_frames),
		cmocka_unit_test(ends_who_breaks_the_rules),
		cmocka_unit_test(closes_descriptors_that_nobody_asked_for),
		cmocka_unit_test(listens_where_nobody_lives)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
