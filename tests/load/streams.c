/* streams.c -- connections: made again when they break, cut into messages. */
#include "lib/clock.h"
#include "tests/load/channels_inside.h"
#include "tests/load/reading.h"

#include <err.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
	RETRY_US = 200000,
	OUT_MOST = 4 << 20,
	READ_BYTES = 65536,
	BACKLOG = 128
};

static void reserve(char **bytes, size_t *room, size_t wanted)
{
	if (wanted <= *room)
		return;
	*room = wanted < 4096 ? 4096 : wanted * 2;
	*bytes = realloc(*bytes, *room);
	if (!*bytes)
		err(1, "memory");
}

/* Several small messages follow each other: none waits for an ACK of TCP. */
static void do_not_delay(int fd)
{
	int yes = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
}

static int socket_at(const struct endpoint *own)
{
	int yes = 1;
	int fd = socket(own->address.ss_family,
		SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		err(1, "socket");
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(fd, (const void *)&own->address, own->size) != 0)
		err(1, "a socket at an address of our own");
	return fd;
}

/* Freed later: this turn's events may still name it. */
static void bury(struct stream *stream)
{
	struct stream **at = &stream->channel->accepted;

	while (*at != stream)
		at = &(*at)->next;
	*at = stream->next;
	stream->next = stream->channel->channels->dead;
	stream->channel->channels->dead = stream;
}

static void stream_down(struct stream *stream)
{
	if (stream->fd < 0)
		return;
	close(stream->fd);
	stream->fd = -1;
	stream->in_size = stream->out_size = 0;
	stream->connecting = false;
	stream->retry_us = clock_steady_us() + RETRY_US;
	if (!stream->ours)
		bury(stream);
}

static struct stream *stream_new(struct channel *channel, bool ours)
{
	struct stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		err(1, "memory");
	stream->reader = (struct reader){READ_STREAM, stream};
	stream->channel = channel;
	stream->ours = ours;
	stream->fd = -1;
	return stream;
}

static void connect_again(struct stream *stream)
{
	struct channel *channel = stream->channel;
	struct endpoint own = channel->own;

	/* The same host as the listener, any port. */
	endpoint_set_port(&own, 0);
	stream->fd = socket_at(&own);
	do_not_delay(stream->fd);
	stream->connecting = true;
	if (connect(stream->fd, (const void *)&channel->server.address,
		    channel->server.size) != 0 &&
		errno != EINPROGRESS) {
		stream_down(stream);
		return;
	}
	channel_watch(channel->channels, stream->fd, EPOLLIN | EPOLLOUT,
		&stream->reader);
}

void streams_open(struct channel *channel, const struct endpoint *own)
{
	channel->fd = socket_at(own);
	if (listen(channel->fd, BACKLOG) != 0)
		err(1, "listen");
	channel_own_name(channel, channel->fd);
	channel->read.what = READ_LISTENER;
	channel_watch(channel->channels, channel->fd, EPOLLIN, &channel->read);
	channel->stream = stream_new(channel, true);
	connect_again(channel->stream);
}

static void stream_free(struct stream *stream)
{
	if (stream->fd >= 0)
		close(stream->fd);
	free(stream->in);
	free(stream->out);
	free(stream);
}

void streams_close(struct channel *channel)
{
	struct stream *next;

	for (struct stream *at = channel->accepted; at; at = next) {
		next = at->next;
		stream_free(at);
	}
	stream_free(channel->stream);
	close(channel->fd);
}

void streams_bury(struct channels *channels)
{
	struct stream *next;

	for (struct stream *at = channels->dead; at; at = next) {
		next = at->next;
		stream_free(at);
	}
	channels->dead = NULL;
}

bool stream_ready(const struct stream *stream)
{
	return stream->fd >= 0 && !stream->connecting;
}

static void stream_write(struct stream *stream)
{
	ssize_t sent =
		send(stream->fd, stream->out, stream->out_size, MSG_NOSIGNAL);

	if (sent < 0 && errno != EAGAIN && errno != EINTR) {
		stream_down(stream);
		return;
	}
	if (sent > 0) {
		stream->out_size -= (size_t)sent;
		memmove(stream->out, stream->out + sent, stream->out_size);
	}
	channel_watch(stream->channel->channels, stream->fd,
		EPOLLIN | (stream->out_size ? EPOLLOUT : 0), &stream->reader);
}

bool stream_send(struct stream *stream, struct slice bytes)
{
	ssize_t sent = 0;

	if (!stream_ready(stream) || stream->out_size > OUT_MOST)
		return false;
	if (!stream->out_size)
		sent = send(stream->fd, bytes.at, bytes.size, MSG_NOSIGNAL);
	if (sent < 0 && errno != EAGAIN && errno != EINTR)
		return false; /* its end comes as an event */
	bytes = slice_from(bytes, sent < 0 ? 0 : (size_t)sent);
	if (!bytes.size)
		return true;
	reserve(&stream->out, &stream->out_room, stream->out_size + bytes.size);
	memcpy(stream->out + stream->out_size, bytes.at, bytes.size);
	stream->out_size += bytes.size;
	channel_watch(stream->channel->channels, stream->fd, EPOLLIN | EPOLLOUT,
		&stream->reader);
	return true;
}

static size_t empty_lines(struct slice stream)
{
	size_t size = 0;

	while (size < stream.size &&
		(stream.at[size] == '\r' || stream.at[size] == '\n'))
		size++;
	return size;
}

static void take_messages(struct stream *stream)
{
	struct channel *channel = stream->channel;
	struct channels *channels = channel->channels;
	struct slice rest = slice_make(stream->in, stream->in_size);
	struct path path = {.channel = channel};
	size_t size;

	channel->reading = stream;
	rest = slice_from(rest, empty_lines(rest));
	while ((size = incoming_size(rest))) {
		channels->take(channels->context, channel->owner, &path,
			slice_part(rest, 0, size));
		rest = slice_from(rest, size);
		rest = slice_from(rest, empty_lines(rest));
	}
	channel->reading = NULL;
	memmove(stream->in, rest.at, rest.size);
	stream->in_size = rest.size;
}

static void stream_read(struct stream *stream)
{
	ssize_t count;

	reserve(&stream->in, &stream->in_room, stream->in_size + READ_BYTES);
	count = recv(stream->fd, stream->in + stream->in_size, READ_BYTES, 0);
	if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) {
		stream_down(stream);
	} else if (count > 0) {
		stream->in_size += (size_t)count;
		take_messages(stream);
	}
}

static void finish_connecting(struct stream *stream)
{
	int error = 0;
	socklen_t size = sizeof(error);

	if (getsockopt(stream->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 ||
		error) {
		stream_down(stream);
		return;
	}
	stream->connecting = false;
	stream->generation++;
	stream->channel->channels->counts.connected++;
	channel_watch(stream->channel->channels, stream->fd, EPOLLIN,
		&stream->reader);
}

static void take_connections(struct channel *channel)
{
	int fd = accept4(channel->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct stream *stream;

	if (fd < 0)
		return;
	do_not_delay(fd);
	stream = stream_new(channel, false);
	stream->fd = fd;
	stream->next = channel->accepted;
	channel->accepted = stream;
	channel_watch(channel->channels, fd, EPOLLIN, &stream->reader);
}

void streams_event(const struct reader *reader, uint32_t events)
{
	struct stream *stream = reader->of;

	if (reader->what == READ_LISTENER) {
		take_connections(reader->of);
		return;
	}
	if (stream->fd >= 0 && stream->connecting)
		finish_connecting(stream);
	if (stream->fd >= 0 && (events & EPOLLOUT))
		stream_write(stream);
	if (stream->fd >= 0 && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		stream_read(stream);
}

void streams_reconnect(struct channels *channels, uint64_t now_us)
{
	streams_bury(channels);
	if (now_us < channels->look_us)
		return;
	channels->look_us = now_us + RETRY_US / 4;
	for (struct channel *at = channels->all; at; at = at->next)
		if (at->tcp && at->stream->fd < 0 &&
			now_us >= at->stream->retry_us)
			connect_again(at->stream);
}
