/* house.h -- workers in threads with real sockets on loopback, for the tests of
 * this folder: what arrives is written down, and answered if wanted. */
#ifndef TESTS_UNIT_PROXY_TRANSPORTS_HOUSE_H
#define TESTS_UNIT_PROXY_TRANSPORTS_HOUSE_H

#include "lib/clock.h"
#include "lib/log.h"
#include "proxy/transports/transports.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	HOUSE_WORKERS = 2,
	HOUSE_LISTENERS = 4,
	HOUSE_PATIENCE_S = 60 /* then the test has failed */
};

struct sighting {
	char call_id[64];
	size_t size;
	unsigned fault; /* 0: none */
	struct arrival arrival;
	unsigned worker;
};

struct failure {
	uint64_t token;
	int error;
	unsigned worker;
};

struct closing {
	struct connection_name connection;
	unsigned worker;
};

struct house;

struct house_worker {
	struct house *house;
	unsigned number;
	uv_loop_t loop;
	uv_async_t ask;
	void (*command)(struct house_worker *worker, void *context);
	void *context;
	sem_t done;
	struct transports *transports;
	pthread_t thread;
};

struct house {
	struct settings settings;
	struct listener_settings listeners[HOUSE_LISTENERS];
	struct handover *handover;
	size_t ring;
	bool echo; /* answer what arrives */
	struct house_worker workers[HOUSE_WORKERS];
	pthread_mutex_t mutex; /* of what follows */
	pthread_cond_t changed;
	struct sighting *sightings;
	size_t sighting_count, sighting_room;
	struct failure failures[8192];
	size_t failure_count;
	struct closing closings[1024];
	size_t closing_count;
};

/* --- time ---------------------------------------------------------------- */

static atomic_ullong house_ahead_us;

static inline uint64_t house_steady_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000 +
	       atomic_load(&house_ahead_us);
}

static inline void house_skip_s(unsigned seconds)
{
	atomic_fetch_add(&house_ahead_us, seconds * 1000000ULL);
}

/* --- the host above the transports --------------------------------------- */

static inline void house_changed(struct house *house)
{
	pthread_cond_broadcast(&house->changed);
	pthread_mutex_unlock(&house->mutex);
}

static inline void house_answer(
	struct house_worker *worker, const struct sighting *seen)
{
	struct destination to = {.transport = seen->arrival.transport,
		.address = seen->arrival.source,
		.listener = seen->arrival.listener,
		.connection = seen->arrival.connection,
		.local = seen->arrival.local};
	char answer[256];
	int size = snprintf(answer, sizeof(answer),
		"SIP/2.0 %u Answer\r\nCall-ID: %s\r\n"
		"Content-Length: 0\r\n\r\n",
		seen->fault ? seen->fault : 200, seen->call_id);

	must(transports_send(worker->transports, &to,
		     slice_make(answer, (size_t)size), 0) == 0);
}

static inline void house_arrived(void *context, struct message *message,
	const struct arrival *arrival, const struct message_fault *fault)
{
	struct house_worker *worker = context;
	struct house *house = worker->house;
	struct sighting seen = {.size = message->bytes.size,
		.fault = fault ? fault->status : 0,
		.arrival = *arrival,
		.worker = worker->number};

	(void)snprintf(seen.call_id, sizeof(seen.call_id), "%.*s",
		SLICE_ARGS(message->call_id));
	message_release(&message);
	if (house->echo)
		house_answer(worker, &seen);
	pthread_mutex_lock(&house->mutex);
	if (house->sighting_count == house->sighting_room) {
		house->sighting_room = house->sighting_room * 2 + 64;
		house->sightings = realloc(
			house->sightings, house->sighting_room * sizeof(seen));
	}
	house->sightings[house->sighting_count++] = seen;
	house_changed(house);
}

static inline void house_send_failed(void *context, uint64_t token, int error)
{
	struct house_worker *worker = context;
	struct house *house = worker->house;

	pthread_mutex_lock(&house->mutex);
	house->failures[house->failure_count++] =
		(struct failure){token, error, worker->number};
	house_changed(house);
}

static inline void house_connection_closed(
	void *context, const struct connection_name *connection)
{
	struct house_worker *worker = context;
	struct house *house = worker->house;

	pthread_mutex_lock(&house->mutex);
	house->closings[house->closing_count++] =
		(struct closing){*connection, worker->number};
	house_changed(house);
}

/* --- building and tearing down -------------------------------------------- */

/* port may be 0, which settings do not allow. */
static inline union address house_address(const char *host, unsigned port)
{
	bool v6 = strchr(host, ':') != NULL;
	union address address;
	char text[ADDRESS_TEXT_SIZE];

	(void)snprintf(text, sizeof(text), v6 ? "[%s]:1" : "%s:1", host);
	assert_true(address_parse(text, &address));
	if (v6)
		address.v6.sin6_port = htons((uint16_t)port);
	else
		address.v4.sin_port = htons((uint16_t)port);
	return address;
}

static inline unsigned house_port(const union address *address)
{
	return ntohs(address->any.sa_family == AF_INET6 ? address->v6.sin6_port
							: address->v4.sin_port);
}

static inline socklen_t house_address_size(const union address *address)
{
	return address->any.sa_family == AF_INET6 ? sizeof(address->v6)
						  : sizeof(address->v4);
}

/* A socket of the test's own, bound to a port that the system chose. */
static inline int house_socket(const char *host, int type, union address *bound)
{
	union address address = house_address(host, 0);
	socklen_t size = sizeof(*bound);
	struct timeval patience = {.tv_sec = HOUSE_PATIENCE_S};
	int made = socket(address.any.sa_family, type, 0);

	assert_true(made >= 0);
	assert_int_equal(setsockopt(made, SOL_SOCKET, SO_RCVTIMEO, &patience,
				 sizeof(patience)),
		0);
	assert_int_equal(
		bind(made, &address.any, house_address_size(&address)), 0);
	assert_int_equal(getsockname(made, &bound->any, &size), 0);
	return made;
}

/* A port that is free for UDP and TCP alike. */
static inline unsigned house_free_port(const char *host)
{
	for (;;) {
		union address udp, tcp;
		int first = house_socket(host, SOCK_DGRAM, &udp);
		int second = socket(udp.any.sa_family, SOCK_STREAM, 0);
		bool is_free;

		tcp = udp;
		is_free = bind(second, &tcp.any, house_address_size(&tcp)) == 0;
		close(first);
		close(second);
		if (is_free)
			return house_port(&udp);
	}
}

static inline struct house *house_new(void)
{
	struct house *house = calloc(1, sizeof(*house));

	assert_non_null(house);
	house->ring = 1024;
	house->settings.listeners = house->listeners;
	house->settings.limits.message_bytes = 65536;
	house->settings.limits.headers = 256;
	house->settings.limits.line_bytes = 8192;
	house->settings.limits.parameters = 64;
	house->settings.limits.connections = 1000;
	house->settings.limits.address_connections = 100000;
	pthread_mutex_init(&house->mutex, NULL);
	pthread_cond_init(&house->changed, NULL);
	atomic_store(&house_ahead_us, 0);
	clock_replace(NULL, house_steady_us);
	return house;
}

static inline union address *house_listen(
	struct house *house, enum transport transport, const char *host)
{
	struct listener_settings *listener =
		&house->listeners[house->settings.listener_count++];

	listener->transport = transport;
	listener->address = house_address(host, house_free_port(host));
	return &listener->address;
}

static inline void house_on_ask(uv_async_t *ask)
{
	struct house_worker *worker = ask->data;

	worker->command(worker, worker->context);
	sem_post(&worker->done);
}

static inline void *house_run_worker(void *context)
{
	uv_run(&((struct house_worker *)context)->loop, UV_RUN_DEFAULT);
	return NULL;
}

static inline void house_start_worker(struct house *house, unsigned number)
{
	struct house_worker *worker = &house->workers[number];
	struct transports_host host = {.context = worker,
		.arrived = house_arrived,
		.send_failed = house_send_failed,
		.connection_closed = house_connection_closed};
	char reason[256];

	worker->house = house;
	worker->number = number;
	assert_int_equal(uv_loop_init(&worker->loop), 0);
	assert_int_equal(
		uv_async_init(&worker->loop, &worker->ask, house_on_ask), 0);
	worker->ask.data = worker;
	sem_init(&worker->done, 0, 0);
	if (transports_start(&worker->loop, number, HOUSE_WORKERS,
		    &house->settings, house->handover, &host,
		    &worker->transports, reason) != 0)
		fail_msg("%s", reason);
}

static inline void house_start(struct house *house)
{
	house->handover = handover_new(HOUSE_WORKERS, house->ring);
	assert_non_null(house->handover);
	for (unsigned i = 0; i < HOUSE_WORKERS; i++)
		house_start_worker(house, i);
	for (unsigned i = 0; i < HOUSE_WORKERS; i++)
		pthread_create(&house->workers[i].thread, NULL,
			house_run_worker, &house->workers[i]);
}

/* Runs a function on a worker's loop and waits until it has run. */
static inline void house_run(struct house *house, unsigned worker,
	void (*command)(struct house_worker *worker, void *context),
	void *context)
{
	house->workers[worker].command = command;
	house->workers[worker].context = context;
	uv_async_send(&house->workers[worker].ask);
	while (sem_wait(&house->workers[worker].done) != 0)
		;
}

static inline void house_on_stopped(void *context)
{
	struct house_worker *worker = context;

	handover_detach(worker->house->handover, worker->number);
	uv_close((uv_handle_t *)&worker->ask, NULL);
}

static inline void house_stop_worker(struct house_worker *worker, void *context)
{
	(void)context;
	transports_stop(worker->transports, house_on_stopped, worker);
}

static inline void house_stop(struct house *house)
{
	for (unsigned i = 0; i < HOUSE_WORKERS; i++)
		house_run(house, i, house_stop_worker, NULL);
	for (unsigned i = 0; i < HOUSE_WORKERS; i++) {
		struct house_worker *worker = &house->workers[i];

		pthread_join(worker->thread, NULL);
		assert_int_equal(uv_loop_close(&worker->loop), 0);
		transports_release(&worker->transports);
		sem_destroy(&worker->done);
	}
	handover_release(&house->handover);
	free(house->sightings);
	pthread_mutex_destroy(&house->mutex);
	pthread_cond_destroy(&house->changed);
	free(house);
}

/* --- waiting ---------------------------------------------------------------
 */

static inline void house_wait(
	struct house *house, const size_t *count, size_t wanted)
{
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += HOUSE_PATIENCE_S;
	pthread_mutex_lock(&house->mutex);
	while (*count < wanted)
		if (pthread_cond_timedwait(
			    &house->changed, &house->mutex, &end) != 0)
			fail_msg("%zu of %zu came", *count, wanted);
	pthread_mutex_unlock(&house->mutex);
}

static inline size_t house_count(struct house *house, const size_t *count)
{
	size_t now;

	pthread_mutex_lock(&house->mutex);
	now = *count;
	pthread_mutex_unlock(&house->mutex);
	return now;
}

static inline struct sighting house_seen(struct house *house, size_t place)
{
	struct sighting seen;

	house_wait(house, &house->sighting_count, place + 1);
	pthread_mutex_lock(&house->mutex);
	seen = house->sightings[place];
	pthread_mutex_unlock(&house->mutex);
	return seen;
}

static inline struct failure house_failed(struct house *house, size_t place)
{
	struct failure failure;

	house_wait(house, &house->failure_count, place + 1);
	pthread_mutex_lock(&house->mutex);
	failure = house->failures[place];
	pthread_mutex_unlock(&house->mutex);
	return failure;
}

static inline void house_copy_counts(struct house_worker *worker, void *context)
{
	*(struct transports_counts *)context =
		*transports_counts(worker->transports);
}

static inline struct transports_counts house_counts(
	struct house *house, unsigned worker)
{
	struct transports_counts counts;

	house_run(house, worker, house_copy_counts, &counts);
	return counts;
}

/* Turns both loops until a count of all workers together is as wanted. */
static inline void house_wait_count(
	struct house *house, size_t offset, uint64_t wanted)
{
	uint64_t until = house_steady_us() + HOUSE_PATIENCE_S * 1000000ULL;
	uint64_t sum;

	do {
		sum = 0;
		for (unsigned i = 0; i < HOUSE_WORKERS; i++) {
			struct transports_counts counts =
				house_counts(house, i);
			uint64_t count;

			memcpy(&count, (char *)&counts + offset, sizeof(count));
			sum += count;
		}
		if (house_steady_us() > until)
			fail_msg("%llu instead of %llu",
				(unsigned long long)sum,
				(unsigned long long)wanted);
	} while (sum != wanted);
}
#define HOUSE_WAIT_COUNT(house, member, wanted)                                \
	house_wait_count(                                                      \
		house, offsetof(struct transports_counts, member), wanted)

/* --- what clients send -----------------------------------------------------
 */

static inline size_t house_request(
	char *text, size_t room, const char *call_id, size_t body_bytes)
{
	int head = snprintf(text, room,
		"MESSAGE sip:bob@example.com SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK%s\r\n"
		"From: <sip:alice@example.com>;tag=1\r\n"
		"To: <sip:bob@example.com>\r\n"
		"Call-ID: %s\r\n"
		"CSeq: 1 MESSAGE\r\n"
		"Max-Forwards: 70\r\n"
		"Content-Type: text/plain\r\n"
		"Content-Length: %zu\r\n\r\n",
		call_id, call_id, body_bytes);

	assert_true(head > 0 && (size_t)head + body_bytes < room);
	memset(text + head, 'x', body_bytes);
	return (size_t)head + body_bytes;
}

struct house_sending {
	struct destination to;
	struct slice bytes;
	uint64_t token;
	int error;
};

static inline void house_do_send(struct house_worker *worker, void *context)
{
	struct house_sending *sending = context;

	sending->error = transports_send(worker->transports, &sending->to,
		sending->bytes, sending->token);
}

static inline int house_send(struct house *house, unsigned worker,
	const struct destination *to, struct slice bytes, uint64_t token)
{
	struct house_sending sending = {*to, bytes, token, 0};

	house_run(house, worker, house_do_send, &sending);
	return sending.error;
}

#endif
