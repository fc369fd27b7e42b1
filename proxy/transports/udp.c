/* udp.c -- datagrams in and out, many for each system call. */
#include "lib/clock.h"
#include "lib/log.h"
#include "proxy/transports/inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	UDP_BATCH = 64,
	UDP_BATCHES = 2, /* read in one turn, so that others have theirs */
	UDP_DATAGRAM_BYTES = 65535,
	UDP_QUEUE = 4096,
	UDP_QUEUE_BYTES = 8 * 1024 * 1024
};

/* Either kind of IP_PKTINFO. */
union control {
	size_t align; /* that of struct cmsghdr */
	char v4[CMSG_SPACE(sizeof(struct in_pktinfo))];
	char v6[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

/* As union address, without the space for other families. */
union short_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

struct datagram {
	char *bytes; /* owned */
	size_t size;
	union short_address to, from;
	uint64_t token;
};

/* A ring of UDP_QUEUE. */
struct udp_queue {
	struct datagram *list; /* owned */
	size_t first, count, bytes;
};

struct udp_socket {
	struct transports *transports; /* borrowed */
	uint16_t listener;
	int descriptor;
	bool wildcard;
	bool reading;
	int watched; /* UV_READABLE, UV_WRITABLE */
	bool closed;
	union address local;
	uv_poll_t poll;
	struct udp_queue out;
};

/* Of one worker, for all its sockets. */
struct udp_batch {
	/* Of one buffer: a byte more than a message may have, so that too
	 * long a one is seen as such. */
	size_t size;
	char *bytes; /* owned */
	struct mmsghdr in[UDP_BATCH], out[UDP_BATCH];
	struct iovec in_part[UDP_BATCH], out_part[UDP_BATCH];
	union address in_from[UDP_BATCH];
	union control in_control[UDP_BATCH], out_control[UDP_BATCH];
};

static struct udp_batch *batch_new(size_t message_bytes)
{
	struct udp_batch *batch = calloc(1, sizeof(*batch));

	if (!batch)
		return NULL;
	batch->size = message_bytes < UDP_DATAGRAM_BYTES ? message_bytes + 1
							 : UDP_DATAGRAM_BYTES;
	batch->bytes = malloc(batch->size * UDP_BATCH);
	if (!batch->bytes) {
		free(batch);
		return NULL;
	}
	return batch;
}

/* --- in ----------------------------------------------------------------- */

static void batch_prepare(struct udp_batch *batch)
{
	for (size_t i = 0; i < UDP_BATCH; i++) {
		batch->in_part[i] = (struct iovec){
			.iov_base = batch->bytes + i * batch->size,
			.iov_len = batch->size};
		batch->in[i].msg_hdr =
			(struct msghdr){.msg_name = &batch->in_from[i],
				.msg_namelen = sizeof(batch->in_from[i]),
				.msg_iov = &batch->in_part[i],
				.msg_iovlen = 1,
				.msg_control = &batch->in_control[i],
				.msg_controllen = sizeof(batch->in_control[i])};
	}
}

/* A listener on 0.0.0.0 learns here which address was meant. */
static void read_local(struct msghdr *header, union address *local)
{
	for (struct cmsghdr *at = CMSG_FIRSTHDR(header); at;
		at = CMSG_NXTHDR(header, at)) {
		struct in_pktinfo v4;
		struct in6_pktinfo v6;

		if (at->cmsg_level == IPPROTO_IP &&
			at->cmsg_type == IP_PKTINFO) {
			memcpy(&v4, CMSG_DATA(at), sizeof(v4));
			local->v4.sin_addr = v4.ipi_spec_dst;
		} else if (at->cmsg_level == IPPROTO_IPV6 &&
			   at->cmsg_type == IPV6_PKTINFO) {
			memcpy(&v6, CMSG_DATA(at), sizeof(v6));
			local->v6.sin6_addr = v6.ipi6_addr;
			if (IN6_IS_ADDR_LINKLOCAL(&v6.ipi6_addr))
				local->v6.sin6_scope_id = v6.ipi6_ifindex;
		}
	}
}

/* What clients send to keep a NAT's mapping: CRLFs, NULs, nothing at all. */
static bool is_keep_alive(struct slice bytes)
{
	if (bytes.size > 4)
		return false;
	for (size_t i = 0; i < bytes.size; i++)
		if (bytes.at[i] != '\r' && bytes.at[i] != '\n' &&
			bytes.at[i] != '\0' && bytes.at[i] != ' ')
			return false;
	return true;
}

static void take_datagram(struct udp_socket *udp, struct slice bytes,
	const struct arrival *arrival)
{
	struct transports *transports = udp->transports;
	struct message *message = NULL;
	struct message_fault fault = {0};
	int error;

	if (is_keep_alive(bytes)) {
		transports->counts.keep_alives++;
		return;
	}
	error = message_index(
		bytes, true, &transports->limits, &message, &fault);
	if (!message) {
		transports_note_malformed(transports, &arrival->source,
			TRANSPORT_UDP,
			error == ENOMEM ? "no memory" : fault.reason);
		return;
	}
	/* A full ring loses the datagram, as a full socket would. */
	handed_release(crossing_deliver(
		transports, message, arrival, error ? &fault : NULL));
}

static bool read_batch(struct udp_socket *udp)
{
	struct udp_batch *batch = udp->transports->batch;
	struct arrival arrival = {
		.transport = TRANSPORT_UDP, .listener = udp->listener};
	int count;

	batch_prepare(batch);
	count = recvmmsg(
		udp->descriptor, batch->in, UDP_BATCH, MSG_DONTWAIT, NULL);
	if (count <= 0)
		return false;
	arrival.wall_us = clock_wall_us();
	for (int i = 0; i < count && udp->reading; i++) {
		arrival.source = batch->in_from[i];
		arrival.local = udp->local;
		if (udp->wildcard)
			read_local(&batch->in[i].msg_hdr, &arrival.local);
		take_datagram(udp,
			slice_make(batch->in_part[i].iov_base,
				batch->in[i].msg_len),
			&arrival);
	}
	return count == UDP_BATCH;
}

/* --- out ---------------------------------------------------------------- */

static struct datagram *queue_at(struct udp_queue *queue, size_t place)
{
	return &queue->list[(queue->first + place) % UDP_QUEUE];
}

/* A place at the end with a copy of the bytes. */
static int queue_add(
	struct udp_queue *queue, struct slice bytes, struct datagram **datagram)
{
	char *copy;

	if (queue->count == UDP_QUEUE ||
		queue->bytes + bytes.size > UDP_QUEUE_BYTES)
		return ENOBUFS;
	copy = malloc(bytes.size ? bytes.size : 1);
	if (!copy)
		return ENOMEM;
	memcpy(copy, bytes.at, bytes.size);
	*datagram = queue_at(queue, queue->count++);
	**datagram = (struct datagram){.bytes = copy, .size = bytes.size};
	queue->bytes += bytes.size;
	return 0;
}

static void queue_pop(struct udp_queue *queue, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		queue->bytes -= queue_at(queue, i)->size;
		free(queue_at(queue, i)->bytes);
	}
	queue->first = (queue->first + count) % UDP_QUEUE;
	queue->count -= count;
	if (queue->count == 0)
		queue->first = 0; /* warm memory again */
}

static void write_local(struct msghdr *header, union control *control,
	const union short_address *from)
{
	struct in_pktinfo v4 = {.ipi_spec_dst = from->v4.sin_addr};
	struct in6_pktinfo v6 = {.ipi6_addr = from->v6.sin6_addr,
		.ipi6_ifindex = from->v6.sin6_scope_id};
	bool is_v6 = from->any.sa_family == AF_INET6;
	size_t size = is_v6 ? sizeof(v6) : sizeof(v4);
	struct cmsghdr *at;

	memset(control, 0, sizeof(*control));
	header->msg_control = control;
	header->msg_controllen = CMSG_SPACE(size);
	at = CMSG_FIRSTHDR(header);
	at->cmsg_level = is_v6 ? IPPROTO_IPV6 : IPPROTO_IP;
	at->cmsg_type = is_v6 ? IPV6_PKTINFO : IP_PKTINFO;
	at->cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(at), is_v6 ? (void *)&v6 : (void *)&v4, size);
}

static unsigned batch_fill(struct udp_batch *batch, struct udp_queue *queue)
{
	unsigned count =
		queue->count < UDP_BATCH ? (unsigned)queue->count : UDP_BATCH;

	for (unsigned i = 0; i < count; i++) {
		struct datagram *datagram = queue_at(queue, i);
		struct msghdr *header = &batch->out[i].msg_hdr;

		batch->out_part[i] = (struct iovec){
			.iov_base = datagram->bytes, .iov_len = datagram->size};
		*header = (struct msghdr){.msg_name = &datagram->to,
			.msg_namelen = datagram->to.any.sa_family == AF_INET6
					       ? sizeof(datagram->to.v6)
					       : sizeof(datagram->to.v4),
			.msg_iov = &batch->out_part[i],
			.msg_iovlen = 1};
		if (datagram->from.any.sa_family != AF_UNSPEC)
			write_local(header, &batch->out_control[i],
				&datagram->from);
	}
	return count;
}

static void on_poll(uv_poll_t *poll, int status, int events);

static void watch(struct udp_socket *udp)
{
	int wanted = (udp->reading ? UV_READABLE : 0) |
		     (udp->out.count ? UV_WRITABLE : 0);

	if (udp->closed || wanted == udp->watched)
		return;
	udp->watched = wanted;
	if (wanted)
		must(uv_poll_start(&udp->poll, wanted, on_poll) == 0);
	else
		uv_poll_stop(&udp->poll);
}

/* The first datagram cannot be sent. A full device loses it like a network
 * would: its transaction sends it again. */
static void drop_first(struct udp_socket *udp, int error)
{
	struct datagram *datagram = queue_at(&udp->out, 0);

	event_send_failed(udp->transports, (uint16_t)udp->transports->worker,
		error == ENOBUFS ? 0 : datagram->token, error);
	queue_pop(&udp->out, 1);
}

static void flush(struct udp_socket *udp)
{
	struct udp_batch *batch = udp->transports->batch;

	while (udp->out.count) {
		unsigned count = batch_fill(batch, &udp->out);
		int sent = sendmmsg(
			udp->descriptor, batch->out, count, MSG_DONTWAIT);

		if (sent > 0) {
			udp->transports->counts.sent += (unsigned)sent;
			queue_pop(&udp->out, (size_t)sent);
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			break;
		} else if (errno != EINTR) {
			drop_first(udp, errno);
		}
	}
	watch(udp);
}

int udp_send(struct transports *transports,
	const struct destination *destination, struct slice bytes,
	uint64_t token)
{
	struct udp_socket *udp = transports->udp[destination->listener];
	struct datagram *datagram;
	int error;

	if (!udp)
		return EINVAL;
	if (destination->address.any.sa_family != udp->local.any.sa_family)
		return EAFNOSUPPORT;
	if (udp->out.count == UDP_QUEUE)
		flush(udp);
	error = queue_add(&udp->out, bytes, &datagram);
	if (error) {
		transports->counts.queue_full += error == ENOBUFS;
		return error;
	}
	datagram->token = token;
	memcpy(&datagram->to, &destination->address,
		socket_address_size(&destination->address));
	if (udp->wildcard &&
		destination->local.any.sa_family == udp->local.any.sa_family)
		memcpy(&datagram->from, &destination->local,
			socket_address_size(&destination->local));
	turn_end_ask(&transports->turn_end);
	return 0;
}

/* --- life --------------------------------------------------------------- */

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct udp_socket *udp = poll->data;

	if (status < 0) {
		/* An error was pending on the socket, and the poll has been
		 * stopped for it: clear the one, start the other. */
		int pending;
		socklen_t size = sizeof(pending);

		(void)getsockopt(
			udp->descriptor, SOL_SOCKET, SO_ERROR, &pending, &size);
		udp->watched = 0;
		watch(udp);
		return;
	}
	if (events & UV_WRITABLE)
		flush(udp);
	for (int i = 0; i < UDP_BATCHES && udp->reading; i++)
		if (!read_batch(udp))
			break;
}

static int start(struct udp_socket *udp, char reason[SOCKET_REASON_BYTES])
{
	struct transports *transports = udp->transports;
	const struct listener_settings *listener =
		&transports->settings->listeners[udp->listener];
	int error =
		socket_bind(listener, &udp->descriptor, &udp->local, reason);

	if (error)
		return error;
	error = -uv_poll_init(transports->loop, &udp->poll, udp->descriptor);
	if (error) {
		socket_reason(listener, error, reason);
		close(udp->descriptor);
		return error;
	}
	udp->poll.data = udp;
	udp->wildcard = address_is_wildcard(&listener->address);
	udp->reading = true;
	transports->handles++;
	watch(udp);
	return 0;
}

int udp_start(struct transports *transports, uint16_t listener,
	char reason[SOCKET_REASON_BYTES])
{
	struct udp_socket *udp = calloc(1, sizeof(*udp));
	int error;

	if (!transports->batch)
		transports->batch = batch_new(transports->limits.bytes);
	if (!udp || !transports->batch) {
		free(udp);
		return ENOMEM;
	}
	udp->transports = transports;
	udp->listener = listener;
	udp->out.list = calloc(UDP_QUEUE, sizeof(*udp->out.list));
	error = udp->out.list ? start(udp, reason) : ENOMEM;
	if (error) {
		free(udp->out.list);
		free(udp);
	} else {
		transports->udp[listener] = udp;
	}
	return error;
}

static void each(
	struct transports *transports, void (*what)(struct udp_socket *udp))
{
	for (size_t i = 0; i < transports->settings->listener_count; i++)
		if (transports->udp[i] && !transports->udp[i]->closed)
			what(transports->udp[i]);
}

void udp_flush_all(struct transports *transports)
{
	each(transports, flush);
}

bool udp_all_flushed(const struct transports *transports)
{
	for (size_t i = 0; i < transports->settings->listener_count; i++)
		if (transports->udp[i] && transports->udp[i]->out.count)
			return false;
	return true;
}

static void stop_reading(struct udp_socket *udp)
{
	udp->reading = false;
	watch(udp);
}

void udp_stop_reading(struct transports *transports)
{
	each(transports, stop_reading);
}

static void on_closed(uv_handle_t *handle)
{
	struct udp_socket *udp = handle->data;

	close(udp->descriptor);
	transports_handle_closed(udp->transports);
}

static void close_one(struct udp_socket *udp)
{
	udp->closed = true;
	udp->reading = false;
	uv_close((uv_handle_t *)&udp->poll, on_closed);
}

void udp_close_all(struct transports *transports)
{
	each(transports, close_one);
}

void udp_release_all(struct transports *transports)
{
	for (size_t i = 0; i < transports->settings->listener_count; i++) {
		struct udp_socket *udp = transports->udp[i];

		if (!udp)
			continue;
		queue_pop(&udp->out, udp->out.count);
		free(udp->out.list);
		free(udp);
	}
	if (transports->batch)
		free(transports->batch->bytes);
	free(transports->batch);
}
