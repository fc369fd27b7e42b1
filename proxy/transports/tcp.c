/* tcp.c -- listens and accepts, and opens connections: one to each destination
 * and from each listener. */
#include "lib/clock.h"
#include "lib/log.h"
#include "proxy/transports/inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

enum { TCP_BACKLOG = 1024 };

/* --- accepting ----------------------------------------------------------- */

static void on_refused_closed(uv_handle_t *handle)
{
	struct transports *transports = handle->data;

	free(handle);
	transports_handle_closed(transports);
}

/* One line in a minute at most: whoever fills the table and leaves it again
 * must not fill the log with it. */
static void tell_refusal(struct transports *transports)
{
	uint64_t now_ms = clock_steady_ms();

	transports->counts.connections_refused++;
	if (transports->refusals_told_ms &&
		now_ms - transports->refusals_told_ms < LOG_LIMIT_MS)
		return;
	transports->refusals_told_ms = now_ms;
	log_warn("no more connections are accepted limits.connections=%u "
		 "accepted=%zu refused=%llu worker=%u",
		transports->settings->limits.connections, transports->accepted,
		(unsigned long long)transports->counts.connections_refused,
		transports->worker);
}

/* Taken from the kernel's queue and closed, so that the peer knows at once. */
static void refuse(struct tcp_listener *listener)
{
	struct transports *transports = listener->transports;
	uv_tcp_t *handle = malloc(sizeof(*handle));

	if (!handle)
		return; /* the listener rests until somebody accepts */
	must(uv_tcp_init(transports->loop, handle) == 0);
	handle->data = transports;
	transports->handles++;
	(void)uv_accept(
		(uv_stream_t *)&listener->handle, (uv_stream_t *)handle);
	uv_close((uv_handle_t *)handle, on_refused_closed);
	tell_refusal(transports);
}

/* RFC 5626: an idle connection may carry a binding. One that never brought a
 * message carries none. */
static bool has_room(struct transports *transports)
{
	if (transports->accepted >= transports->room.accept &&
		transports->strangers)
		connection_close(transports->strangers, ECONNABORTED);
	return transports->accepted < transports->room.accept;
}

static bool is_server(
	const struct tcp_listener *listener, const union address *peer)
{
	const struct settings *settings = listener->transports->settings;

	if (settings->listeners[listener->listener].treat_as_server)
		return true;
	for (size_t i = 0; i < settings->internal_server_count; i++)
		if (address_same_host(
			    &settings->internal_servers[i].address, peer))
			return true;
	return false;
}

/* False: its address has too many already. */
static bool count_address(
	struct tcp_listener *listener, struct connection *connection)
{
	struct transports *transports = listener->transports;
	char peer[ADDRESS_TEXT_SIZE];
	uint64_t silenced;

	if (is_server(listener, &connection->peer))
		return true;
	connection->counted = address_counts_take(transports->address_counts,
		&connection->peer,
		transports->settings->limits.address_connections);
	if (connection->counted)
		return true;
	transports->counts.connections_refused++;
	if (log_limit_allows(&transports->log_limit, &connection->peer,
		    clock_steady_ms(), &silenced)) {
		address_text(&connection->peer, peer);
		log_warn("a connection was refused since its address has too "
			 "many peer=%s limits.address_connections=%u "
			 "silenced=%llu",
			peer, transports->settings->limits.address_connections,
			(unsigned long long)silenced);
	}
	return false;
}

static void accept_one(struct tcp_listener *listener)
{
	struct transports *transports = listener->transports;
	struct connection *connection;
	int error;

	if (!has_room(transports) ||
		connection_new(transports, listener->listener, &connection) !=
			0) {
		refuse(listener);
		return;
	}
	transports->accepted++;
	error = uv_accept((uv_stream_t *)&listener->handle,
		(uv_stream_t *)&connection->handle);
	if (!error)
		error = connection_opened(connection);
	if (!error && !count_address(listener, connection))
		error = ECONNABORTED;
	if (error) {
		connection_close(connection, ECONNRESET);
		return;
	}
	transports->counts.connections_accepted++;
	connection->stranger = true;
	DL_APPEND2(transports->strangers, connection, stranger_prev,
		stranger_next);
}

/* Until it is taken the loop does not ask for the next one. */
static void on_connection(uv_stream_t *stream, int status)
{
	struct tcp_listener *listener = stream->data;
	struct transports *transports = listener->transports;

	if (status < 0)
		return; /* gone again, or no descriptors: the loop sheds it */
	if (listener->turn != transports->turn_end.turns)
		listener->accepted_in_turn = 0;
	listener->turn = transports->turn_end.turns;
	if (listener->accepted_in_turn++ < ACCEPTS_PER_TURN) {
		accept_one(listener);
		return;
	}
	listener->waiting = true;
	turn_end_ask(&transports->turn_end);
}

void tcp_accept_waiting(struct transports *transports)
{
	for (size_t i = 0; i < transports->settings->listener_count; i++) {
		struct tcp_listener *listener = transports->tcp[i];

		if (!listener || !listener->waiting)
			continue;
		listener->waiting = false;
		accept_one(listener);
	}
}

static int start(
	struct tcp_listener *listener, char reason[SOCKET_REASON_BYTES])
{
	struct transports *transports = listener->transports;
	const struct listener_settings *settings =
		&transports->settings->listeners[listener->listener];
	int descriptor;
	int error =
		socket_bind(settings, &descriptor, &listener->local, reason);

	if (error)
		return error;
	must(uv_tcp_init(transports->loop, &listener->handle) == 0);
	transports->handles++;
	transports->tcp[listener->listener] = listener;
	listener->handle.data = listener;
	error = uv_tcp_open(&listener->handle, descriptor);
	if (error)
		close(descriptor);
	else
		error = uv_listen((uv_stream_t *)&listener->handle, TCP_BACKLOG,
			on_connection);
	if (error)
		socket_reason(settings, -error, reason);
	return -error;
}

int tcp_start(struct transports *transports, uint16_t listener,
	char reason[SOCKET_REASON_BYTES])
{
	struct tcp_listener *made = calloc(1, sizeof(*made));
	int error;

	if (!made)
		return ENOMEM;
	made->transports = transports;
	made->listener = listener;
	error = start(made, reason);
	if (!transports->tcp[listener])
		free(made);
	return error;
}

static void on_closed(uv_handle_t *handle)
{
	struct tcp_listener *listener = handle->data;

	transports_handle_closed(listener->transports);
}

void tcp_stop_listening(struct transports *transports)
{
	for (size_t i = 0; i < transports->settings->listener_count; i++)
		if (transports->tcp[i])
			uv_close((uv_handle_t *)&transports->tcp[i]->handle,
				on_closed);
}

void tcp_release_all(struct transports *transports)
{
	for (size_t i = 0; i < transports->settings->listener_count; i++)
		free(transports->tcp[i]);
	free(transports->scratch);
}

/* --- opening ------------------------------------------------------------- */

static struct pool_key pool_key(const union address *to, uint16_t listener)
{
	struct pool_key key;

	memset(&key, 0, sizeof(key));
	key.family = to->any.sa_family;
	key.listener = listener;
	if (to->any.sa_family == AF_INET6) {
		memcpy(key.host, &to->v6.sin6_addr, sizeof(key.host));
		key.scope = to->v6.sin6_scope_id;
		key.port = to->v6.sin6_port;
	} else {
		memcpy(key.host, &to->v4.sin_addr, sizeof(to->v4.sin_addr));
		key.port = to->v4.sin_port;
	}
	return key;
}

static void on_connect(uv_connect_t *request, int status)
{
	struct connection *connection = request->data;
	int error = -status;

	if (connection->state == CONNECTION_CLOSED)
		return;
	if (!error)
		error = connection_opened(connection);
	if (error)
		connection_close(connection, error);
	else
		connection->transports->counts.connections_opened++;
}

/* From the listener's own address: peers may know us by it. */
static int dial(struct connection *connection, const union address *to)
{
	const struct listener_settings *listener =
		&connection->transports->settings
			 ->listeners[connection->listener];
	int descriptor;
	int error = socket_from(&listener->address, &descriptor);

	if (error)
		return error;
	error = uv_tcp_open(&connection->handle, descriptor);
	if (error) {
		close(descriptor);
		return -error;
	}
	connection->connect.data = connection;
	return -uv_tcp_connect(&connection->connect, &connection->handle,
		&to->any, on_connect);
}

static bool may_open(const struct transports *transports)
{
	return connections_count(transports->connections) -
		       transports->accepted <
	       transports->room.open;
}

int tcp_connection_to(struct transports *transports,
	const struct destination *destination, struct connection **connection)
{
	const union address *to = &destination->address;
	struct pool_key key = pool_key(to, destination->listener);
	int error;

	if (to->any.sa_family !=
		transports->settings->listeners[destination->listener]
			.address.any.sa_family)
		return EAFNOSUPPORT;
	HASH_FIND(hh, transports->pool, &key, sizeof(key), *connection);
	if (*connection)
		return 0;
	if (!may_open(transports)) {
		transports->counts.connections_refused++;
		return ENOBUFS;
	}
	error = connection_new(transports, destination->listener, connection);
	if (error)
		return error;
	(*connection)->opened_by_us = true;
	(*connection)->peer = *to;
	(*connection)->key = key;
	HASH_ADD(hh, transports->pool, key, sizeof(key), *connection);
	connection_await(*connection);
	error = dial(*connection, to);
	if (error)
		connection_close(*connection, error);
	return error;
}
