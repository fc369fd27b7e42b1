/* frame.c -- messages between our programs over a local stream socket. */
#include "lib/frame.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	FRAME_HEAD_BYTES = 8,
	FRAME_TYPE_BYTES = 4,
	FRAME_READ_BYTES = 64 * 1024,
	FRAME_HELD_DESCRIPTORS = 64,
	FRAME_BACKLOG = 64
};

/* A descriptor that goes out with the byte at offset of the queue. */
struct outgoing_descriptor {
	size_t offset;
	int descriptor;
};

struct frame_link {
	int socket;
	struct frame_limits limits;
	char *in; /* owned; in_at..in_end is unread */
	size_t in_at, in_end, in_room;
	char *out; /* owned; out_at..out_end is unwritten */
	size_t out_at, out_end, out_room;
	int came[FRAME_HELD_DESCRIPTORS]; /* arrived, in order */
	size_t came_count;
	struct outgoing_descriptor leaving[FRAME_HELD_DESCRIPTORS];
	size_t leaving_count;
};

struct frame_link *frame_link_new(int descriptor, struct frame_limits limits)
{
	struct frame_link *link = calloc(1, sizeof(*link));

	if (!link) {
		close(descriptor);
		return NULL;
	}
	link->socket = descriptor;
	link->limits = limits;
	return link;
}

void frame_link_close(struct frame_link **link)
{
	struct frame_link *old = *link;

	if (!old)
		return;
	for (size_t i = 0; i < old->came_count; i++)
		close(old->came[i]);
	for (size_t i = 0; i < old->leaving_count; i++)
		close(old->leaving[i].descriptor);
	close(old->socket);
	free(old->in);
	free(old->out);
	free(old);
	*link = NULL;
}

int frame_link_descriptor(const struct frame_link *link)
{
	return link->socket;
}

bool frame_wants_to_write(const struct frame_link *link)
{
	return link->out_at < link->out_end;
}

/* Makes room for wanted more bytes behind *end, moving what is pending to the
 * front first. */
static int make_room(
	char **bytes, size_t *at, size_t *end, size_t *room, size_t wanted)
{
	size_t size;
	char *larger;

	if (*at && (*at == *end || *end + wanted > *room)) {
		memmove(*bytes, *bytes + *at, *end - *at);
		*end -= *at;
		*at = 0;
	}
	if (*end + wanted <= *room)
		return 0;
	size = *room ? *room * 2 : FRAME_READ_BYTES;
	if (size < *end + wanted)
		size = *end + wanted;
	larger = realloc(*bytes, size);
	if (!larger)
		return ENOMEM;
	*bytes = larger;
	*room = size;
	return 0;
}

static int out_room(struct frame_link *link, size_t wanted)
{
	size_t moved = link->out_at;
	int error = make_room(&link->out, &link->out_at, &link->out_end,
		&link->out_room, wanted);

	if (link->out_at != moved)
		for (size_t i = 0; i < link->leaving_count; i++)
			link->leaving[i].offset -= moved;
	return error;
}

static void put_number(char *at, uint32_t number)
{
	number = htonl(number);
	memcpy(at, &number, sizeof(number));
}

static uint32_t get_number(const char *at)
{
	uint32_t number;

	memcpy(&number, at, sizeof(number));
	return ntohl(number);
}

static int keep_leaving(struct frame_link *link, int descriptor)
{
	int copy;

	if (link->leaving_count == FRAME_HELD_DESCRIPTORS)
		return ENOBUFS;
	copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
	if (copy < 0)
		return errno;
	link->leaving[link->leaving_count++] = (struct outgoing_descriptor){
		.offset = link->out_end, .descriptor = copy};
	return 0;
}

static void append(struct frame_link *link, struct slice piece)
{
	if (piece.size)
		memcpy(link->out + link->out_end, piece.at, piece.size);
	link->out_end += piece.size;
}

int frame_send_pieces(struct frame_link *link, uint32_t type,
	const struct slice *pieces, size_t count, int descriptor)
{
	char head[FRAME_HEAD_BYTES];
	size_t size = 0;
	int error;

	for (size_t i = 0; i < count; i++) {
		if (pieces[i].size > link->limits.payload_bytes - size)
			return EMSGSIZE;
		size += pieces[i].size;
	}
	if (link->out_end - link->out_at + FRAME_HEAD_BYTES + size >
		link->limits.queued_bytes)
		return ENOBUFS;
	error = out_room(link, FRAME_HEAD_BYTES + size);
	if (!error && descriptor != FRAME_NO_DESCRIPTOR)
		error = keep_leaving(link, descriptor);
	if (error)
		return error;
	put_number(head, (uint32_t)(FRAME_TYPE_BYTES + size));
	if (descriptor != FRAME_NO_DESCRIPTOR)
		type |= FRAME_WITH_DESCRIPTOR;
	put_number(head + 4, type);
	append(link, slice_make(head, sizeof(head)));
	for (size_t i = 0; i < count; i++)
		append(link, pieces[i]);
	return frame_flush(link);
}

int frame_send(struct frame_link *link, uint32_t type, struct slice payload)
{
	return frame_send_pieces(link, type, &payload, 1, FRAME_NO_DESCRIPTOR);
}

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int) * FRAME_HELD_DESCRIPTORS)];
};

/* One sendmsg; a descriptor goes with the first byte of its frame, so what is
 * written stops in front of the next one. */
static ssize_t write_some(struct frame_link *link)
{
	struct iovec part = {.iov_base = link->out + link->out_at,
		.iov_len = link->out_end - link->out_at};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	union control control;
	bool with_descriptor = link->leaving_count > 0 &&
			       link->leaving[0].offset == link->out_at;
	size_t next = with_descriptor ? 1 : 0;
	ssize_t written;

	if (next < link->leaving_count)
		part.iov_len = link->leaving[next].offset - link->out_at;
	if (with_descriptor) {
		struct cmsghdr *head;

		message.msg_control = control.bytes;
		message.msg_controllen = CMSG_SPACE(sizeof(int));
		head = CMSG_FIRSTHDR(&message);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(head), &link->leaving[0].descriptor,
			sizeof(int));
	}
	written = sendmsg(link->socket, &message, MSG_NOSIGNAL);
	if (written > 0 && with_descriptor) {
		close(link->leaving[0].descriptor);
		link->leaving_count--;
		memmove(link->leaving, link->leaving + 1,
			link->leaving_count * sizeof(link->leaving[0]));
	}
	return written;
}

int frame_flush(struct frame_link *link)
{
	while (frame_wants_to_write(link)) {
		ssize_t written = write_some(link);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return errno == EAGAIN ? 0 : errno;
		link->out_at += (size_t)written;
	}
	return 0;
}

/* Descriptors that nobody asked for are closed and end the link. */
static int take_descriptors(struct frame_link *link, struct msghdr *message)
{
	int error = message->msg_flags & MSG_CTRUNC ? EPROTO : 0;

	for (struct cmsghdr *head = CMSG_FIRSTHDR(message); head;
		head = CMSG_NXTHDR(message, head)) {
		size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (head->cmsg_level != SOL_SOCKET ||
			head->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int came;

			memcpy(&came, CMSG_DATA(head) + i * sizeof(int),
				sizeof(int));
			if (!error && link->limits.descriptors &&
				link->came_count < FRAME_HELD_DESCRIPTORS) {
				link->came[link->came_count++] = came;
			} else {
				close(came);
				error = EPROTO;
			}
		}
	}
	return error;
}

static int read_some(struct frame_link *link)
{
	union control control;
	struct iovec part;
	struct msghdr message = {.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes)};
	ssize_t size;
	int error = make_room(&link->in, &link->in_at, &link->in_end,
		&link->in_room, FRAME_READ_BYTES);

	if (error)
		return error;
	part.iov_base = link->in + link->in_end;
	part.iov_len = link->in_room - link->in_end;
	do
		size = recvmsg(link->socket, &message, MSG_CMSG_CLOEXEC);
	while (size < 0 && errno == EINTR);
	if (size < 0)
		return errno;
	error = take_descriptors(link, &message);
	if (error)
		return error;
	if (size == 0)
		return ECONNRESET;
	link->in_end += (size_t)size;
	return 0;
}

/* 0 when a whole frame stands at in_at, EAGAIN when more is needed. */
static int whole_frame(const struct frame_link *link, size_t *size)
{
	size_t have = link->in_end - link->in_at;
	uint32_t length;

	if (have < FRAME_HEAD_BYTES)
		return EAGAIN;
	length = get_number(link->in + link->in_at);
	if (length < FRAME_TYPE_BYTES ||
		length - FRAME_TYPE_BYTES > link->limits.payload_bytes)
		return EPROTO;
	*size = length - FRAME_TYPE_BYTES;
	return have >= FRAME_HEAD_BYTES + *size ? 0 : EAGAIN;
}

static int hand_out(struct frame_link *link, size_t size, struct frame *frame)
{
	const char *head = link->in + link->in_at;

	frame->type = get_number(head + 4);
	frame->payload = slice_make(head + FRAME_HEAD_BYTES, size);
	frame->descriptor = FRAME_NO_DESCRIPTOR;
	link->in_at += FRAME_HEAD_BYTES + size;
	if (frame->type & FRAME_WITH_DESCRIPTOR) {
		frame->type &= ~FRAME_WITH_DESCRIPTOR;
		if (link->came_count == 0)
			return EPROTO;
		frame->descriptor = link->came[0];
		link->came_count--;
		memmove(link->came, link->came + 1,
			link->came_count * sizeof(link->came[0]));
	}
	return 0;
}

int frame_receive(struct frame_link *link, struct frame *frame)
{
	for (;;) {
		size_t size = 0;
		int error = whole_frame(link, &size);

		if (error == 0)
			return hand_out(link, size, frame);
		if (error != EAGAIN)
			return error;
		error = read_some(link);
		if (error)
			return error;
	}
}

static int local_address(const char *path, struct sockaddr_un *address)
{
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(address->sun_path))
		return ENAMETOOLONG;
	strcpy(address->sun_path, path);
	return 0;
}

static int connect_to(const struct sockaddr_un *address, int *descriptor)
{
	int made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (made < 0)
		return errno;
	if (connect(made, (const struct sockaddr *)address, sizeof(*address)) <
		0) {
		int error = errno;

		close(made);
		return error;
	}
	*descriptor = made;
	return 0;
}

int frame_connect(const char *path, int *descriptor)
{
	struct sockaddr_un address;
	int error = local_address(path, &address);

	return error ? error : connect_to(&address, descriptor);
}

/* A socket file that nobody answers behind is left over from a crash. */
static int remove_dead(const struct sockaddr_un *address)
{
	struct stat status;
	int descriptor, error;

	if (lstat(address->sun_path, &status) < 0)
		return errno == ENOENT ? 0 : errno;
	if (!S_ISSOCK(status.st_mode))
		return EEXIST;
	error = connect_to(address, &descriptor);
	if (error == 0) {
		close(descriptor);
		return EADDRINUSE;
	}
	return unlink(address->sun_path) < 0 ? errno : 0;
}

int frame_listen(const char *path, int *descriptor)
{
	struct sockaddr_un address;
	int made, error = local_address(path, &address);

	if (!error)
		error = remove_dead(&address);
	if (error)
		return error;
	made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (made < 0)
		return errno;
	if (bind(made, (struct sockaddr *)&address, sizeof(address)) < 0 ||
		chmod(path, 0660) < 0 || listen(made, FRAME_BACKLOG) < 0) {
		error = errno;
		close(made);
		return error;
	}
	*descriptor = made;
	return 0;
}
