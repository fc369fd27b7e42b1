/* relay.c -- the least that a relay can cost: datagrams from one socket to
 * another, unread. Each sender is given a receiver, as a NAT does. */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	BATCH = 32,
	DATAGRAM_MOST = 65536,
	SENDERS_MOST = 4096, /* of one thread */
	EVENTS = 64,
	BUFFER_BYTES = 4 << 20
};

/* A sender, and the socket that speaks for it to its receiver. */
struct sender {
	struct sockaddr_in address;
	int fd; /* connected to the receiver; 0: this place is free */
};

struct relay {
	struct sockaddr_in own, receivers;
	unsigned receiver_count, index;
	int epoll, fd;
	struct sender senders[SENDERS_MOST]; /* by hash of the address */
	struct mmsghdr in[BATCH];
	struct iovec pieces[BATCH];
	struct sockaddr_in sources[BATCH];
	char bytes[BATCH][DATAGRAM_MOST];
};

static int socket_at(const struct sockaddr_in *own)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	int yes = 1, size = BUFFER_BYTES;

	if (fd < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof(yes)) ||
		bind(fd, (const void *)own, sizeof(*own)))
		err(1, "socket");
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		(void)setsockopt(
			fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return fd;
}

static void watch(struct relay *relay, int fd, uint64_t what)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = what};

	if (epoll_ctl(relay->epoll, EPOLL_CTL_ADD, fd, &event))
		err(1, "epoll");
}

static void sender_open(
	struct relay *relay, size_t place, const struct sockaddr_in *address)
{
	struct sender *sender = &relay->senders[place];
	struct sockaddr_in own = relay->own, receiver = relay->receivers;
	unsigned number = ntohs(address->sin_port) % relay->receiver_count;

	own.sin_port = 0;
	receiver.sin_port =
		htons((uint16_t)(ntohs(receiver.sin_port) + number));
	sender->address = *address;
	sender->fd = socket_at(&own);
	if (connect(sender->fd, (const void *)&receiver, sizeof(receiver)))
		err(1, "connect");
	watch(relay, sender->fd, place + 1);
}

static struct sender *sender_at(
	struct relay *relay, const struct sockaddr_in *address)
{
	uint32_t key = ntohl(address->sin_addr.s_addr) * 31 +
		       (uint32_t)ntohs(address->sin_port);
	size_t place = key * 2654435761u % SENDERS_MOST;

	for (size_t i = 0; i < SENDERS_MOST; i++) {
		struct sender *sender = &relay->senders[place];

		if (!sender->fd)
			sender_open(relay, place, address);
		if (sender->address.sin_port == address->sin_port &&
			sender->address.sin_addr.s_addr ==
				address->sin_addr.s_addr)
			return sender;
		place = (place + 1) % SENDERS_MOST;
	}
	errx(1, "more than %d senders", SENDERS_MOST);
}

static int receive(struct relay *relay, int fd)
{
	for (size_t i = 0; i < BATCH; i++) {
		relay->pieces[i] =
			(struct iovec){relay->bytes[i], DATAGRAM_MOST};
		relay->in[i].msg_hdr =
			(struct msghdr){.msg_name = &relay->sources[i],
				.msg_namelen = sizeof(relay->sources[i]),
				.msg_iov = &relay->pieces[i],
				.msg_iovlen = 1};
	}
	return recvmmsg(fd, relay->in, BATCH, MSG_DONTWAIT, NULL);
}

static void to_receivers(struct relay *relay)
{
	int count = receive(relay, relay->fd);

	for (int i = 0; i < count; i++)
		(void)!send(sender_at(relay, &relay->sources[i])->fd,
			relay->bytes[i], relay->in[i].msg_len, 0);
}

static void to_sender(struct relay *relay, const struct sender *sender)
{
	int count = receive(relay, sender->fd);

	for (int i = 0; i < count; i++) {
		relay->pieces[i].iov_len = relay->in[i].msg_len;
		relay->in[i].msg_hdr.msg_name =
			(void *)(uintptr_t)&sender->address;
		relay->in[i].msg_hdr.msg_namelen = sizeof(sender->address);
	}
	if (count > 0)
		(void)sendmmsg(relay->fd, relay->in, (unsigned)count, 0);
}

static void *relay_run(void *context)
{
	struct relay *relay = context;
	struct epoll_event events[EVENTS];
	int count;

	while ((count = epoll_wait(relay->epoll, events, EVENTS, -1)) >= 0 ||
		errno == EINTR) {
		for (int i = 0; i < count; i++) {
			if (events[i].data.u64 == 0)
				to_receivers(relay);
			else
				to_sender(relay,
					&relay->senders[events[i].data.u64 -
							1]);
		}
	}
	err(1, "epoll");
}

static struct sockaddr_in address_of(const char *host, const char *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)strtoul(port, NULL, 10))};

	if (inet_pton(AF_INET, host, &address.sin_addr) != 1)
		errx(2, "%s is no IPv4 address", host);
	return address;
}

int main(int count, char **arguments)
{
	unsigned threads;

	if (count != 7)
		errx(2, "usage: relay ADDRESS PORT RECEIVERS-ADDRESS "
			"FIRST-PORT RECEIVERS THREADS");
	threads = (unsigned)strtoul(arguments[6], NULL, 10);
	for (unsigned i = 0; i < threads; i++) {
		struct relay *relay = calloc(1, sizeof(*relay));
		pthread_t thread;

		if (!relay)
			err(1, "memory");
		relay->own = address_of(arguments[1], arguments[2]);
		relay->receivers = address_of(arguments[3], arguments[4]);
		relay->receiver_count =
			(unsigned)strtoul(arguments[5], NULL, 10);
		relay->epoll = epoll_create1(0);
		relay->fd = socket_at(&relay->own);
		watch(relay, relay->fd, 0);
		if (pthread_create(&thread, NULL, relay_run, relay))
			errx(1, "thread");
	}
	printf("ready\n");
	fflush(stdout);
	pause();
	return 0;
}
