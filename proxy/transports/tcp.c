/* tcp.c -- listens and accepts, and opens connections: one to each destination
 * and from each listener. */
#include "lib/clock.h"
#include "lib/log.h"
#include "proxy/transports/inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TCP_BACKLOG = 1024 };

/* --- accepting ----------------------------------------------------------- */

static void on_refused_closed(uv_handle_t *handle)
{
	struct transports *transports = handle->data;

	free(handle);
	transports_handle_closed(transports);
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
	transports->counts.connections_refused++;
	if (!transports->over_limit)
		log_warn("no more connections are accepted "
			 "limits.connections=%u worker=%u",
			transports->settings->limits.connections,
			transports->worker);
	transports->over_limit = true;
}

static void on_connection(uv_stream_t *stream, int status)
{
	struct tcp_listener *listener = stream->data;
	struct transports *transports = listener->transports;
	struct connection *connection;
	int error;

	if (status < 0)
		return; /* gone again, or no descriptors: the loop sheds it */
	if (transports->accepted >= transports->settings->limits.connections ||
		connection_new(transports, listener->listener, &connection) !=
			0) {
		refuse(listener);
		return;
	}
	transports->accepted++;
	error = uv_accept(stream, (uv_stream_t *)&connection->handle);
	if (!error)
		error = connection_opened(connection);
	if (error)
		connection_close(connection, ECONNRESET);
	else
		transports->counts.connections_accepted++;
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
	       transports->settings->limits.connections;
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
