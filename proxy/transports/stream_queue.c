/* stream_queue.c -- what leaves on one TCP connection: a bounded queue, and
 * whose each message in it is. */
#include "lib/clock.h"
#include "lib/log.h"
#include "proxy/transports/inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

static bool mark_add(
	struct connection *connection, uint64_t token, uint16_t worker)
{
	size_t end = connection->mark_first + connection->mark_count;

	if (end == connection->mark_room && connection->mark_first > end / 2) {
		memmove(connection->marks,
			connection->marks + connection->mark_first,
			connection->mark_count * sizeof(*connection->marks));
		connection->mark_first = 0;
	} else if (end == connection->mark_room) {
		size_t room = end ? end * 2 : 8;
		struct stream_mark *marks =
			realloc(connection->marks, room * sizeof(*marks));

		if (!marks)
			return false;
		connection->marks = marks;
		connection->mark_room = room;
	}
	end = connection->mark_first + connection->mark_count++;
	connection->marks[end] = (struct stream_mark){
		.end = connection->queued, .token = token, .worker = worker};
	return true;
}

/* Forgets the marks of what has been written. */
void connection_written(struct connection *connection, size_t size)
{
	connection->written += size;
	while (connection->mark_count &&
		connection->marks[connection->mark_first].end <=
			connection->written) {
		connection->mark_first++;
		connection->mark_count--;
	}
	if (connection->mark_count == 0)
		connection->mark_first = 0;
}

void connection_fail_marks(struct connection *connection, int error)
{
	while (connection->mark_count) {
		struct stream_mark *mark =
			&connection->marks[connection->mark_first++];

		connection->mark_count--;
		event_send_failed(connection->transports, mark->worker,
			mark->token, error);
	}
}

static bool out_append(struct connection *connection, struct slice bytes)
{
	size_t wanted = connection->out_size + bytes.size;

	if (wanted > connection->out_room) {
		size_t room = connection->out_room * 2;
		char *larger;

		if (room < wanted)
			room = wanted < 1024 ? 1024 : wanted;
		larger = realloc(connection->out, room);
		if (!larger)
			return false;
		connection->out = larger;
		connection->transports->queued_bytes +=
			room - connection->out_room;
		connection->out_room = room;
	}
	must(connection->out && bytes.at);
	memcpy(connection->out + connection->out_size, bytes.at, bytes.size);
	connection->out_size = wanted;
	return true;
}

static void out_clear(struct connection *connection)
{
	free(connection->out);
	connection->out = NULL;
	connection->transports->queued_bytes -= connection->out_room;
	connection->out_size = connection->out_room = 0;
}

static void flying_clear(struct connection *connection)
{
	free(connection->flying);
	connection->flying = NULL;
	connection->transports->queued_bytes -= connection->flying_room;
	connection->flying_room = 0;
}

static void on_shutdown(uv_shutdown_t *request, int status)
{
	(void)request;
	(void)status; /* the peer closes, or the deadline does */
}

/* Everything queued has been written. */
static void drained(struct connection *connection)
{
	if (connection->state != CONNECTION_ENDING)
		return;
	if (connection->transports->phase != RUNNING) {
		connection_close(connection, ECANCELED);
	} else if (connection->answered && !connection->shut) {
		/* Not closed yet: with bytes unread that would be a reset,
		 * which may overtake the answer. */
		connection->shut = true;
		(void)uv_shutdown(&connection->shutdown,
			(uv_stream_t *)&connection->handle, on_shutdown);
	}
}

static void on_written(uv_write_t *request, int status)
{
	struct connection *connection = request->data;

	flying_clear(connection);
	if (connection->state == CONNECTION_CLOSED)
		return;
	if (status < 0) {
		connection_close(connection, -status);
		return;
	}
	connection_written(connection, connection->flying_size);
	connection->flying_size = connection->flying_left = 0;
	connection_set_write_deadline(connection, 0);
	connection_flush(connection);
}

/* The socket is full: the loop writes the rest when it can. */
static void fly(struct connection *connection, size_t sent)
{
	size_t left = connection->out_size - sent;
	uv_buf_t part = uv_buf_init(connection->out + sent, (unsigned)left);
	int error;

	connection->flying = connection->out;
	connection->flying_size = connection->flying_left = left;
	connection->flying_room = connection->out_room;
	connection->out = NULL;
	connection->out_size = connection->out_room = 0;
	connection->write.data = connection;
	error = uv_write(&connection->write, (uv_stream_t *)&connection->handle,
		&part, 1, on_written);
	if (error) {
		flying_clear(connection);
		connection_close(connection, -error);
		return;
	}
	connection_set_write_deadline(connection, STREAM_STALLED_MS);
}

void connection_flush(struct connection *connection)
{
	uv_buf_t all;
	int sent;

	if (connection->flying ||
		(connection->state != CONNECTION_OPEN &&
			connection->state != CONNECTION_ENDING))
		return;
	if (connection->out_size) {
		all = uv_buf_init(
			connection->out, (unsigned)connection->out_size);
		sent = uv_try_write(
			(uv_stream_t *)&connection->handle, &all, 1);
		if (sent < 0 && sent != UV_EAGAIN) {
			connection_close(connection, -sent);
			return;
		}
		if (sent > 0)
			connection_written(connection, (size_t)sent);
		if (sent < 0 || (size_t)sent < connection->out_size) {
			fly(connection, sent > 0 ? (size_t)sent : 0);
			return;
		}
		out_clear(connection);
	}
	drained(connection);
}

void connection_make_dirty(struct connection *connection)
{
	struct transports *transports = connection->transports;

	if (!connection->dirty)
		DL_APPEND2(
			transports->dirty, connection, dirty_prev, dirty_next);
	connection->dirty = true;
	turn_end_ask(&transports->turn_end);
}

void connection_make_clean(struct connection *connection)
{
	if (connection->dirty)
		DL_DELETE2(connection->transports->dirty, connection,
			dirty_prev, dirty_next);
	connection->dirty = false;
}

void connections_flush(struct transports *transports)
{
	while (transports->dirty) {
		struct connection *connection = transports->dirty;

		connection_make_clean(connection);
		connection_flush(connection);
	}
}

static bool queue_takes(const struct connection *connection, size_t size)
{
	const struct transports *transports = connection->transports;
	size_t limit = 4 * transports->limits.bytes;

	if (limit < STREAM_QUEUE_BYTES)
		limit = STREAM_QUEUE_BYTES;
	/* Many slow readers together: each has room for one message more. */
	if (connection->flying &&
		transports->queued_bytes > STREAMS_QUEUED_BYTES)
		limit = connection->flying_size + transports->limits.bytes;
	return connection->out_size + connection->flying_size + size <= limit;
}

/* The queue is full although the socket has had its chance. */
static void close_slow(struct connection *connection)
{
	char peer[ADDRESS_TEXT_SIZE];
	uint64_t silenced;

	if (log_limit_allows(&connection->transports->log_limit,
		    &connection->peer, clock_steady_ms(), &silenced)) {
		address_text(&connection->peer, peer);
		log_warn("a connection was closed because its peer does not "
			 "read peer=%s silenced=%llu",
			peer, (unsigned long long)silenced);
	}
	connection_close(connection, ENOBUFS);
}

int connection_send(struct connection *connection, struct slice bytes,
	uint64_t token, uint16_t worker)
{
	struct transports *transports = connection->transports;

	if (!queue_takes(connection, bytes.size))
		connection_flush(connection);
	if (connection->state == CONNECTION_CLOSED || connection->shut)
		return ENOTCONN;
	if (!queue_takes(connection, bytes.size)) {
		transports->counts.queue_full++;
		if (connection->state != CONNECTION_CONNECTING)
			close_slow(connection);
		return ENOBUFS;
	}
	if (!out_append(connection, bytes))
		return ENOMEM;
	connection->queued += bytes.size;
	if (token && !mark_add(connection, token, worker)) {
		connection->queued -= bytes.size;
		connection->out_size -= bytes.size;
		return ENOMEM;
	}
	connection->answered = connection->state == CONNECTION_ENDING;
	transports->counts.sent++;
	connection_make_dirty(connection);
	return 0;
}
