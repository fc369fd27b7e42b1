/* stream.c -- one TCP connection: its deadlines, its frames, its end. */
#include "lib/clock.h"
#include "lib/log.h"
#include "proxy/transports/inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/* Bounds a search that each byte of a flood may start. */
enum { UNFINISHED_LOOKED_AT = 64 };

/* --- deadlines ----------------------------------------------------------- */

static void deadlines_changed(struct connection *connection)
{
	struct transports *transports = connection->transports;
	bool wanted =
		connection->state != CONNECTION_CLOSED &&
		(connection->read_deadline_ms || connection->write_deadline_ms);

	if (connection->timed)
		DL_DELETE2(
			transports->timed, connection, timed_prev, timed_next);
	if (wanted)
		DL_APPEND2(
			transports->timed, connection, timed_prev, timed_next);
	connection->timed = wanted;
}

void connection_set_read_deadline(
	struct connection *connection, uint64_t delay_ms)
{
	connection->read_deadline_ms =
		delay_ms ? clock_steady_ms() + delay_ms : 0;
	deadlines_changed(connection);
}

void connection_set_write_deadline(
	struct connection *connection, uint64_t delay_ms)
{
	connection->write_deadline_ms =
		delay_ms ? clock_steady_ms() + delay_ms : 0;
	deadlines_changed(connection);
}

static void time_out(struct connection *connection)
{
	connection->transports->counts.timed_out++;
	connection_close(connection, ETIMEDOUT);
}

static void read_deadline_passed(struct connection *connection)
{
	if (connection->state == CONNECTION_ENDING)
		connection_close(connection, ECONNRESET);
	else
		time_out(connection);
}

/* A slow peer may take its time as long as something moves. */
static void write_deadline_passed(struct connection *connection)
{
	size_t left = uv_stream_get_write_queue_size(
		(uv_stream_t *)&connection->handle);

	if (left >= connection->flying_left) {
		time_out(connection);
		return;
	}
	connection->flying_left = left;
	connection_set_write_deadline(connection, STREAM_STALLED_MS);
}

void connections_tick(struct transports *transports)
{
	uint64_t now_ms = clock_steady_ms();
	struct connection *at, *next;

	DL_FOREACH_SAFE2(transports->timed, at, next, timed_next)
	{
		if (at->read_deadline_ms && now_ms >= at->read_deadline_ms)
			read_deadline_passed(at);
		else if (at->write_deadline_ms &&
			 now_ms >= at->write_deadline_ms)
			write_deadline_passed(at);
	}
}

/* --- in ------------------------------------------------------------------ */

static void describe(
	const struct connection *connection, struct arrival *arrival)
{
	*arrival = (struct arrival){.transport = TRANSPORT_TCP,
		.source = connection->peer,
		.local = connection->local,
		.listener = connection->listener,
		.opened_by_us = connection->opened_by_us,
		.connection = connection->name,
		.wall_us = clock_wall_us()};
}

/* Its owner's ring is full: the peer waits, as TCP makes it. */
static void pause_reading(struct connection *connection, struct handed *held)
{
	connection->held = held;
	uv_read_stop((uv_stream_t *)&connection->handle);
	DL_APPEND2(connection->transports->paused, connection, paused_prev,
		paused_next);
}

static void forget_held(struct connection *connection)
{
	if (!connection->held)
		return;
	DL_DELETE2(connection->transports->paused, connection, paused_prev,
		paused_next);
	handed_release(connection->held);
	connection->held = NULL;
}

static void deliver(struct connection *connection, struct message *message,
	const struct message_fault *fault)
{
	struct arrival arrival;
	struct handed *held;

	connection_is_known(connection);
	describe(connection, &arrival);
	held = crossing_deliver(
		connection->transports, message, &arrival, fault);
	if (!held)
		return;
	if (connection->state == CONNECTION_OPEN)
		pause_reading(connection, held);
	else
		handed_release(held);
}

static void take_message(struct connection *connection, struct slice bytes)
{
	struct transports *transports = connection->transports;
	struct message *message = NULL;
	struct message_fault fault = {0};
	int error = message_index(
		bytes, false, &transports->limits, &message, &fault);

	if (message)
		deliver(connection, message, error ? &fault : NULL);
	else
		transports_note_malformed(transports, &connection->peer,
			TRANSPORT_TCP,
			error == ENOMEM ? "no memory" : fault.reason);
}

/* Where the next message begins is not known any more: answer this one if
 * that is possible, and end. */
static void take_broken(struct connection *connection, struct slice bytes,
	const struct message_fault *broken)
{
	struct transports *transports = connection->transports;
	struct message *message = NULL;
	struct message_fault fault = {0};

	if (broken->status)
		(void)!message_index(
			bytes, false, &transports->limits, &message, &fault);
	if (!message) {
		transports_note_malformed(transports, &connection->peer,
			TRANSPORT_TCP, broken->reason);
		connection_close(connection, EBADMSG);
		return;
	}
	connection->state = CONNECTION_ENDING;
	connection_set_read_deadline(connection, STREAM_LINGER_MS);
	deliver(connection, message, broken);
}

/* RFC 5626 3.5.1: two CRLF are a ping, one is the answer. */
static void take_blank(struct connection *connection, size_t size)
{
	for (connection->blank += (unsigned)size; connection->blank >= 4;
		connection->blank -= 4) {
		connection->transports->counts.keep_alives++;
		if (connection_send(connection, SLICE("\r\n"), 0, 0) != 0)
			return;
	}
}

/* How much of it was taken. */
static size_t take_frames(struct connection *connection, struct slice bytes)
{
	size_t at = 0;

	while (at < bytes.size && connection->state == CONNECTION_OPEN &&
		!connection->held) {
		struct slice rest = slice_from(bytes, at);
		struct message_fault fault = {0};
		size_t size = 0;

		switch (message_frame(rest, &connection->transports->limits,
			&connection->scanned, &size, &fault)) {
		case FRAME_PART:
			return at;
		case FRAME_BLANK:
			take_blank(connection, size);
			break;
		case FRAME_WHOLE:
			connection->blank = 0;
			take_message(connection, slice_part(rest, 0, size));
			break;
		case FRAME_BROKEN:
			take_broken(connection, rest, &fault);
			return bytes.size;
		}
		must(size > 0);
		at += size;
		connection->scanned = 0;
	}
	return at;
}

/* An idle connection keeps no buffer. */
static void in_clear(struct connection *connection)
{
	free(connection->in);
	connection->in = NULL;
	connection->transports->unfinished_bytes -= connection->in_room;
	connection->in_size = connection->in_room = 0;
}

/* All unfinished messages together are too large: whoever has been at his for
 * longest gives way. False: that is this one, or nobody is found soon. */
static bool make_way(struct connection *connection)
{
	struct transports *transports = connection->transports;
	struct connection *at = transports->timed;

	for (int i = 0; at && i < UNFINISHED_LOOKED_AT; i++) {
		if (at->in_room && at->read_deadline_ms) {
			if (at == connection)
				return false;
			time_out(at);
			in_clear(at);
			return true;
		}
		at = at->timed_next;
	}
	return false;
}

static bool in_grow(struct connection *connection, size_t wanted)
{
	struct transports *transports = connection->transports;
	size_t room = connection->in_room * 2, more;
	char *larger;

	if (room < wanted)
		room = wanted;
	more = room - connection->in_room;
	while (transports->unfinished_bytes + more > STREAMS_UNFINISHED_BYTES)
		if (!make_way(connection))
			return false;
	larger = realloc(connection->in, room);
	if (!larger)
		return false;
	connection->in = larger;
	connection->in_room = room;
	transports->unfinished_bytes += more;
	return true;
}

static bool in_append(struct connection *connection, struct slice bytes)
{
	size_t wanted = connection->in_size + bytes.size;

	if (wanted > connection->in_room && !in_grow(connection, wanted))
		return false;
	must(connection->in && bytes.at);
	memcpy(connection->in + connection->in_size, bytes.at, bytes.size);
	connection->in_size = wanted;
	return true;
}

static bool in_keep(struct connection *connection, struct slice rest)
{
	if (rest.size == 0) {
		in_clear(connection);
		return true;
	}
	if (!connection->in)
		return in_append(connection, rest);
	if (rest.at && rest.at != connection->in)
		memmove(connection->in, rest.at, rest.size);
	connection->in_size = rest.size;
	return true;
}

/* bytes that came, or none: then what is kept is looked at again. */
static void take_bytes(struct connection *connection, struct slice bytes)
{
	size_t used;

	if (connection->in) {
		if (bytes.size && !in_append(connection, bytes)) {
			connection_close(connection, ENOMEM);
			return;
		}
		bytes = slice_make(connection->in, connection->in_size);
	}
	used = take_frames(connection, bytes);
	if (connection->state != CONNECTION_OPEN) {
		in_clear(connection);
		return;
	}
	if (!in_keep(connection, slice_from(bytes, used)))
		connection_close(connection, ENOMEM);
	else if (connection->held || connection->in_size == 0)
		connection_set_read_deadline(connection, 0);
	else if (used || !connection->read_deadline_ms)
		connection_set_read_deadline(connection, STREAM_UNFINISHED_MS);
}

/* One read for each turn: no bytes here, and the loop goes on to others. */
static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct connection *connection = handle->data;
	struct transports *transports = connection->transports;

	(void)suggested;
	*buffer = uv_buf_init(transports->scratch, STREAM_READ_BYTES);
	if (connection->read_turn == transports->turn_end.turns)
		buffer->len = 0;
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
	struct connection *connection = stream->data;

	if (size == 0 || size == UV_ENOBUFS)
		return;
	if (size < 0) {
		if (size == UV_EOF)
			connection_flush(connection);
		connection_close(
			connection, size == UV_EOF ? ECONNRESET : (int)-size);
		return;
	}
	connection->read_turn = connection->transports->turn_end.turns;
	if (connection->state == CONNECTION_OPEN)
		take_bytes(connection, slice_make(buffer->base, (size_t)size));
}

void connections_resume(struct transports *transports)
{
	struct connection *at;
	size_t count;

	DL_COUNT2(transports->paused, at, count, paused_next);
	while (count-- && transports->paused) {
		at = transports->paused;
		DL_DELETE2(transports->paused, at, paused_prev, paused_next);
		if (!crossing_deliver_again(transports, at->held)) {
			DL_APPEND2(transports->paused, at, paused_prev,
				paused_next);
			continue;
		}
		at->held = NULL;
		if (uv_read_start(
			    (uv_stream_t *)&at->handle, on_alloc, on_read) != 0)
			connection_close(at, ECONNRESET);
		else
			take_bytes(at, (struct slice){NULL, 0});
	}
}

/* --- life ---------------------------------------------------------------- */

int connection_new(struct transports *transports, uint16_t listener,
	struct connection **connection)
{
	struct connection *made = calloc(1, sizeof(*made));
	int error;

	if (!made)
		return ENOMEM;
	error = connections_add(transports->connections, made, &made->name.slot,
		&made->name.generation);
	if (error) {
		free(made);
		return error;
	}
	made->transports = transports;
	made->name.worker = (uint16_t)transports->worker;
	made->listener = listener;
	made->read_turn = UINT64_MAX;
	must(uv_tcp_init(transports->loop, &made->handle) == 0);
	made->handle.data = made;
	transports->handles++;
	*connection = made;
	return 0;
}

void connection_await(struct connection *connection)
{
	connection_set_read_deadline(connection, STREAM_CONNECT_MS);
}

int connection_opened(struct connection *connection)
{
	int size = sizeof(connection->peer);
	int error = uv_tcp_getpeername(
		&connection->handle, &connection->peer.any, &size);

	size = sizeof(connection->local);
	if (!error)
		error = uv_tcp_getsockname(
			&connection->handle, &connection->local.any, &size);
	if (!error)
		error = uv_tcp_nodelay(&connection->handle, 1);
	if (!error)
		error = uv_tcp_keepalive(&connection->handle, 1, 60);
	if (!error)
		error = uv_read_start(
			(uv_stream_t *)&connection->handle, on_alloc, on_read);
	if (error)
		return -error;
	connection->state = CONNECTION_OPEN;
	connection_set_read_deadline(connection, 0);
	if (connection->out_size)
		connection_make_dirty(connection);
	return 0;
}

static void on_closed(uv_handle_t *handle)
{
	struct connection *connection = handle->data;
	struct transports *transports = connection->transports;

	transports->unfinished_bytes -= connection->in_room;
	transports->queued_bytes -=
		connection->out_room + connection->flying_room;
	free(connection->in);
	free(connection->out);
	free(connection->flying);
	free(connection->marks);
	free(connection);
	transports_handle_closed(transports);
}

static void count_closed(struct connection *connection)
{
	struct transports *transports = connection->transports;

	transports->counts.connections_closed++;
	/* A stop of ours is not the peer's leaving. */
	if (transports->phase == RUNNING)
		event_connection_closed(transports, &connection->name);
}

void connection_is_known(struct connection *connection)
{
	if (connection->stranger)
		DL_DELETE2(connection->transports->strangers, connection,
			stranger_prev, stranger_next);
	connection->stranger = false;
}

static void leave_accepted(struct connection *connection)
{
	struct transports *transports = connection->transports;

	transports->accepted--;
	connection_is_known(connection);
	if (connection->counted)
		address_counts_give_back(
			transports->address_counts, &connection->peer);
	connection->counted = false;
}

void connection_close(struct connection *connection, int error)
{
	struct transports *transports = connection->transports;

	if (connection->state == CONNECTION_CLOSED)
		return;
	if (connection->flying)
		connection_written(connection,
			connection->flying_size -
				uv_stream_get_write_queue_size(
					(uv_stream_t *)&connection->handle));
	connection_fail_marks(connection, error);
	if (connection->state != CONNECTION_CONNECTING)
		count_closed(connection);
	connection->state = CONNECTION_CLOSED;
	deadlines_changed(connection);
	connection_make_clean(connection);
	forget_held(connection);
	connections_remove(transports->connections, connection->name.slot);
	if (connection->opened_by_us)
		HASH_DELETE(hh, transports->pool, connection);
	else
		leave_accepted(connection);
	uv_close((uv_handle_t *)&connection->handle, on_closed);
}

void connection_end(struct connection *connection)
{
	if (connection->state == CONNECTION_CONNECTING) {
		connection_close(connection, ECANCELED);
		return;
	}
	forget_held(connection);
	connection->state = CONNECTION_ENDING;
	uv_read_stop((uv_stream_t *)&connection->handle);
	in_clear(connection);
	connection_set_read_deadline(connection, STREAM_LINGER_MS);
	connection_make_dirty(connection);
}
