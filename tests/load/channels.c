/* channels.c -- the loop: datagrams in batches, and who is readable. */
#include "tests/load/channels.h"

#include "lib/clock.h"
#include "tests/load/channels_inside.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <linux/sock_diag.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 64, BUFFER_BYTES = 4 << 20 };

static void watch_signals(struct channels *channels)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	channels->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (channels->signals < 0)
		err(1, "signalfd");
	channel_watch(channels, channels->signals, EPOLLIN, NULL);
}

struct channels *channels_new(channel_take_fn *take, void *context)
{
	struct channels *channels = calloc(1, sizeof(*channels));

	if (!channels)
		err(1, "memory");
	signal(SIGPIPE, SIG_IGN);
	channels->take = take;
	channels->context = context;
	channels->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (channels->epoll < 0)
		err(1, "epoll");
	watch_signals(channels);
	return channels;
}

void channel_watch(
	struct channels *channels, int fd, uint32_t events, void *what)
{
	struct epoll_event event = {.events = events, .data.ptr = what};

	if (epoll_ctl(channels->epoll, EPOLL_CTL_ADD, fd, &event) != 0 &&
		(errno != EEXIST || epoll_ctl(channels->epoll, EPOLL_CTL_MOD,
					    fd, &event) != 0))
		err(1, "epoll");
}

void channel_own_name(struct channel *channel, int fd)
{
	struct sockaddr_storage own = {0};
	socklen_t size = sizeof(own);
	char host[INET6_ADDRSTRLEN];
	const struct sockaddr_in *v4 = (struct sockaddr_in *)&own;
	const struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&own;

	if (getsockname(fd, (struct sockaddr *)&own, &size) != 0)
		err(1, "getsockname");
	channel->own = (struct endpoint){own, size};
	if (own.ss_family == AF_INET)
		snprintf(channel->name, sizeof(channel->name), "%s:%d",
			inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host)),
			ntohs(v4->sin_port));
	else
		snprintf(channel->name, sizeof(channel->name), "[%s]:%d",
			inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host)),
			ntohs(v6->sin6_port));
}

static void open_datagrams(struct channel *channel, const struct endpoint *own)
{
	int size = BUFFER_BYTES;

	channel->fd = socket(own->address.ss_family,
		SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (channel->fd < 0 ||
		bind(channel->fd, (void *)&own->address, own->size) != 0)
		err(1, "a socket at an address of our own");
	if (setsockopt(channel->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size,
		    sizeof(size)) != 0)
		(void)setsockopt(channel->fd, SOL_SOCKET, SO_RCVBUF, &size,
			sizeof(size));
	channel_own_name(channel, channel->fd);
	channel_watch(channel->channels, channel->fd, EPOLLIN, &channel->read);
}

struct channel *channel_open(struct channels *channels, bool tcp,
	const struct endpoint *own, const struct endpoint *server, void *owner)
{
	struct channel *channel = calloc(1, sizeof(*channel));

	if (!channel)
		err(1, "memory");
	channel->channels = channels;
	channel->server = *server;
	channel->owner = owner;
	channel->tcp = tcp;
	channel->fd = -1;
	channel->read = (struct reader){READ_DATAGRAMS, channel};
	channel->next = channels->all;
	channels->all = channel;
	if (tcp)
		streams_open(channel, own);
	else
		open_datagrams(channel, own);
	return channel;
}

const char *channel_name(const struct channel *channel)
{
	return channel->name;
}

bool channel_ready(const struct channel *channel)
{
	return !channel->tcp || stream_ready(channel->stream);
}

unsigned channel_generation(const struct channel *channel)
{
	return channel->tcp ? channel->stream->generation : 0;
}

/* --- datagrams ------------------------------------------------------------ */

static void send_batch(struct channels *channels, size_t from, size_t count)
{
	struct mmsghdr headers[BATCH];
	struct iovec vectors[BATCH];
	size_t done = 0;

	for (size_t i = 0; i < count; i++) {
		struct leaving *leaving = &channels->leaving[from + i];

		vectors[i] = (struct iovec){
			channels->out + leaving->at, leaving->size};
		headers[i] = (struct mmsghdr){
			.msg_hdr = {.msg_name = &leaving->to.address,
				.msg_namelen = leaving->to.size,
				.msg_iov = &vectors[i],
				.msg_iovlen = 1}};
	}
	while (done < count) {
		int sent = sendmmsg(channels->leaving[from].fd, headers + done,
			(unsigned)(count - done), 0);

		/* One that is refused is lost, as on a network. */
		if (sent <= 0)
			channels->counts.send_failed++;
		done += sent <= 0 ? 1 : (size_t)sent;
	}
}

void channels_flush(struct channels *channels)
{
	size_t count;

	for (size_t i = 0; i < channels->leaving_count; i += count) {
		count = 1;
		while (i + count < channels->leaving_count && count < BATCH &&
			channels->leaving[i + count].fd ==
				channels->leaving[i].fd)
			count++;
		send_batch(channels, i, count);
	}
	channels->leaving_count = 0;
	channels->out_size = 0;
}

static bool datagram(
	struct channel *channel, const struct endpoint *to, struct slice bytes)
{
	struct channels *channels = channel->channels;

	if (channels->leaving_count == LEAVING_MOST ||
		bytes.size > OUT_BYTES - channels->out_size)
		channels_flush(channels);
	channels->leaving[channels->leaving_count++] = (struct leaving){
		channel->fd, *to, channels->out_size, bytes.size};
	memcpy(channels->out + channels->out_size, bytes.at, bytes.size);
	channels->out_size += bytes.size;
	return true;
}

static void read_datagrams(struct channel *channel)
{
	struct channels *channels = channel->channels;
	struct endpoint sources[BATCH];
	struct mmsghdr headers[BATCH];
	struct iovec vectors[BATCH];
	int count;

	for (size_t i = 0; i < BATCH; i++) {
		vectors[i] = (struct iovec){
			channels->in[i], sizeof(channels->in[i])};
		headers[i] = (struct mmsghdr){
			.msg_hdr = {.msg_name = &sources[i].address,
				.msg_namelen = sizeof(sources[i].address),
				.msg_iov = &vectors[i],
				.msg_iovlen = 1}};
	}
	count = recvmmsg(channel->fd, headers, BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < count; i++) {
		struct path path = {channel, sources[i]};

		path.source.size = headers[i].msg_hdr.msg_namelen;
		channels->take(channels->context, channel->owner, &path,
			slice_make(channels->in[i], headers[i].msg_len));
	}
}

bool channel_send(struct channel *channel, struct slice bytes)
{
	return channel->tcp ? stream_send(channel->stream, bytes)
			    : datagram(channel, &channel->server, bytes);
}

bool path_answer(const struct path *path, struct slice bytes)
{
	return path->channel->tcp
		       ? stream_send(path->channel->reading
					     ? path->channel->reading
					     : path->channel->stream,
				 bytes)
		       : datagram(path->channel, &path->source, bytes);
}

/* --- the loop ------------------------------------------------------------- */

static int wait_for(
	struct channels *channels, struct epoll_event *events, uint64_t wait_us)
{
	struct timespec wait = {
		(time_t)(wait_us / 1000000), (long)(wait_us % 1000000) * 1000};
	int count = epoll_pwait2(channels->epoll, events, EVENTS, &wait, NULL);

	if (count < 0 && errno == ENOSYS)
		count = epoll_wait(
			channels->epoll, events, EVENTS, (int)(wait_us / 1000));
	return count;
}

static bool signal_read(struct channels *channels)
{
	struct signalfd_siginfo information;

	return read(channels->signals, &information, sizeof(information)) ==
	       sizeof(information);
}

void channels_turn(struct channels *channels, uint64_t wait_us)
{
	struct epoll_event events[EVENTS];
	int count;

	channels_flush(channels);
	count = wait_for(channels, events, wait_us);
	for (int i = 0; i < count; i++) {
		const struct reader *reader = events[i].data.ptr;

		if (!reader)
			channels->stops += signal_read(channels);
		else if (reader->what == READ_DATAGRAMS)
			read_datagrams(reader->of);
		else
			streams_event(reader, events[i].events);
	}
	streams_reconnect(channels, clock_steady_us());
	channels_flush(channels);
}

unsigned channels_stops(const struct channels *channels)
{
	return channels->stops;
}

struct channel_counts channels_counts(const struct channels *channels)
{
	struct channel_counts counts = channels->counts;

	for (struct channel *at = channels->all; at; at = at->next) {
		uint32_t memory[SK_MEMINFO_VARS] = {0};
		socklen_t size = sizeof(memory);

		if (!at->tcp && getsockopt(at->fd, SOL_SOCKET, SO_MEMINFO,
					memory, &size) == 0)
			counts.dropped += memory[SK_MEMINFO_DROPS];
	}
	return counts;
}

void channels_release(struct channels **channels)
{
	struct channel *next;

	for (struct channel *at = (*channels)->all; at; at = next) {
		next = at->next;
		if (at->tcp)
			streams_close(at);
		else
			close(at->fd);
		free(at);
	}
	streams_bury(*channels);
	close((*channels)->signals);
	close((*channels)->epoll);
	free(*channels);
	*channels = NULL;
}
