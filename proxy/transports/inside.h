/* inside.h -- what the files of this folder share of one worker's transports.
 *
 *   transports.c    start, stop, where a message is sent
 *   udp.c           datagrams in and out
 *   tcp.c           listeners, connections that we open
 *   stream.c        one connection: deadlines, frames, its end
 *   stream_queue.c  what leaves on it
 *   crossing.c      to the host above and to other workers
 *   events.c        what is told to the host at the end of the turn
 */
#ifndef PROXY_TRANSPORTS_INSIDE_H
#define PROXY_TRANSPORTS_INSIDE_H

#include "lib/map.h"
#include "proxy/transports/address_counts.h"
#include "proxy/transports/connections.h"
#include "proxy/transports/local_addresses.h"
#include "proxy/transports/log_limit.h"
#include "proxy/transports/sockets.h"
#include "proxy/transports/transports.h"
#include "proxy/transports/turn_end.h"

enum {
	TRANSPORTS_TICK_MS = 500,
	TRANSPORTS_STOP_MS = 2000,
	/* Read from one connection in one turn. */
	STREAM_READ_BYTES = 64 * 1024,
	/* Queued for one connection, at least. */
	STREAM_QUEUE_BYTES = 1024 * 1024,
	STREAM_UNFINISHED_MS = 32 * 1000,
	STREAM_STALLED_MS = 32 * 1000,
	STREAM_CONNECT_MS = 4 * 1000,
	/* Of all connections of a worker: unfinished messages, and what their
	 * peers are slow to read. */
	STREAMS_UNFINISHED_BYTES = 64 * 1024 * 1024,
	STREAMS_QUEUED_BYTES = 128 * 1024 * 1024,
	/* Accepted by one listener in one turn, so that others have theirs. */
	ACCEPTS_PER_TURN = 64,
	/* After a message that could not be framed: for its answer. */
	STREAM_LINGER_MS = 2000,
	/* Failures and closings that wait for room in a ring to one worker. */
	CROSSING_HELD = 64 * 1024
};

/* A message on its way to the worker that owns it. */
struct handed {
	struct message *message; /* owned */
	struct arrival arrival;
	bool faulted;
	struct message_fault fault;
	unsigned owner;
};

/* Bytes on their way to another worker's connection, and the failure on its
 * way back. */
struct crossing_send {
	struct destination destination;
	uint64_t token;
	int error;
	bool gone; /* the connection was not there: nothing was tried */
	size_t size;
	char bytes[];
};

/* Something to tell the host, later: never from inside transports_send. */
struct event {
	enum { EVENT_SEND_FAILED, EVENT_CONNECTION_CLOSED } kind;
	uint64_t token;
	int error;
	uint16_t worker; /* whose token it is */
	struct connection_name connection;
};

struct events {
	struct event *list; /* owned */
	size_t count, room;
};

/* What found no room in the ring to one worker, in order. */
struct held_items {
	struct handover_item *list; /* owned, contents too */
	size_t first, count, room;
};

struct udp_socket;
struct udp_batch;

struct tcp_listener {
	struct transports *transports; /* borrowed */
	uint16_t listener;
	union address local;
	uv_tcp_t handle;
	uint64_t turn; /* turn_end.turns when one was accepted last */
	unsigned accepted_in_turn;
	bool waiting; /* one more waits for the next turn */
};

/* Key of the connections that we open: where to, and from which listener.
 * Filled by pool_key: no stray bytes in it. */
struct pool_key {
	unsigned char host[16];
	uint32_t scope;
	uint16_t family, port, listener, zero;
};

/* A message in a connection's queue. */
struct stream_mark {
	uint64_t end; /* its last byte in all that was ever queued */
	uint64_t token;
	uint16_t worker; /* whose token it is */
};

enum connection_state {
	CONNECTION_CONNECTING,
	CONNECTION_OPEN,
	CONNECTION_ENDING, /* an answer may leave; nothing is read */
	CONNECTION_CLOSED  /* until its handle is gone */
};

struct connection {
	struct transports *transports; /* borrowed */
	struct connection_name name;
	enum connection_state state;
	uv_tcp_t handle;
	uv_connect_t connect;
	uv_write_t write;
	uv_shutdown_t shutdown;
	union address peer, local;
	uint16_t listener;
	bool opened_by_us;
	bool counted;        /* among those of its address */
	struct pool_key key; /* opened_by_us */
	UT_hash_handle hh;

	char *in; /* owned; what is not a whole message yet */
	size_t in_size, in_room, scanned;
	unsigned blank;      /* bytes of CRLF since the last message */
	struct handed *held; /* owned; found no room at its owner's ring:
				nothing is read until it does */
	uint64_t read_turn;  /* turn_end.turns when something was read last */

	char *out; /* owned; queued */
	size_t out_size, out_room;
	char *flying; /* owned; given to the loop, flying_size bytes left then
		       */
	size_t flying_size, flying_left, flying_room;
	uint64_t queued, written;  /* bytes, ever */
	struct stream_mark *marks; /* owned */
	size_t mark_first, mark_count, mark_room;
	bool answered; /* something was queued while ENDING */
	bool shut;

	uint64_t read_deadline_ms, write_deadline_ms; /* 0: none */
	struct connection *timed_prev, *timed_next;
	bool timed;
	struct connection *dirty_prev, *dirty_next;
	bool dirty;
	struct connection *paused_prev, *paused_next;
	/* Accepted, and has brought no message yet. */
	struct connection *stranger_prev, *stranger_next;
	bool stranger;
};

struct transports {
	uv_loop_t *loop;                 /* borrowed */
	const struct settings *settings; /* borrowed */
	struct handover *handover;       /* borrowed */
	struct transports_host host;
	struct transports_counts counts;
	struct message_limits limits;
	unsigned worker, workers;
	struct local_addresses *local_addresses; /* owned */

	struct udp_socket **udp;   /* owned; by listener, NULL: not UDP */
	struct tcp_listener **tcp; /* owned; by listener */
	struct udp_batch *batch;   /* owned */

	struct connections *connections; /* owned; their contents too */
	size_t accepted;
	struct transports_room room;           /* of connections */
	struct address_counts *address_counts; /* owned */
	uint64_t refusals_told_ms;             /* 0: never */
	size_t unfinished_bytes, queued_bytes; /* of all connections */
	struct connection *pool;
	struct connection *timed; /* the one set longest ago first */
	struct connection *dirty, *paused;
	struct connection *strangers; /* the oldest first */
	char *scratch; /* owned; STREAM_READ_BYTES to read into */

	struct turn_end turn_end;
	uv_timer_t tick;
	struct events events;
	struct held_items *held; /* owned; one for each worker */
	struct log_limit log_limit;

	unsigned handles; /* open, turn_end counted as one */
	enum { RUNNING, STOPPING, CLOSING, STOPPED } phase;
	uint64_t stop_deadline_ms;
	void (*done)(void *context);
	void *done_context; /* borrowed */
};

/* transports.c */
void transports_handle_closed(struct transports *transports);
/* A line about a peer's odd bytes, unless there were too many. */
void transports_note_malformed(struct transports *transports,
	const union address *source, enum transport transport,
	const char *reason);

/* udp.c */
int udp_start(struct transports *transports, uint16_t listener,
	char reason[SOCKET_REASON_BYTES]) __attribute__((warn_unused_result));
int udp_send(struct transports *transports,
	const struct destination *destination, struct slice bytes,
	uint64_t token) __attribute__((warn_unused_result));
void udp_flush_all(struct transports *transports);
bool udp_all_flushed(const struct transports *transports);
void udp_stop_reading(struct transports *transports);
void udp_close_all(struct transports *transports);
void udp_release_all(struct transports *transports);

/* tcp.c */
int tcp_start(struct transports *transports, uint16_t listener,
	char reason[SOCKET_REASON_BYTES]) __attribute__((warn_unused_result));
/* The connection that this worker has to destination, or a new one. */
int tcp_connection_to(struct transports *transports,
	const struct destination *destination, struct connection **connection)
	__attribute__((warn_unused_result));
void tcp_stop_listening(struct transports *transports);
/* Those that waited for this turn. */
void tcp_accept_waiting(struct transports *transports);
void tcp_release_all(struct transports *transports);

/* stream.c */
/* A new connection with a slot and an initialised handle, or an errno. */
int connection_new(struct transports *transports, uint16_t listener,
	struct connection **connection) __attribute__((warn_unused_result));
/* It is being connected, for a while. */
void connection_await(struct connection *connection);
/* It is connected: tunes the socket, reads its addresses, starts reading. */
int connection_opened(struct connection *connection)
	__attribute__((warn_unused_result));
/* Nothing happens when it is closed already. Fails what is queued. */
void connection_close(struct connection *connection, int error);
/* Reads no more, writes what is queued, then closes. */
void connection_end(struct connection *connection);
/* It has brought a message: it is not the first to go any more. */
void connection_is_known(struct connection *connection);
/* Those that waited for room in a ring go on. */
void connections_resume(struct transports *transports);
void connections_tick(struct transports *transports);

/* delay_ms 0: none. */
void connection_set_read_deadline(
	struct connection *connection, uint64_t delay_ms);
void connection_set_write_deadline(
	struct connection *connection, uint64_t delay_ms);

/* stream_queue.c */
/* Queues a copy; written at the end of the turn. worker: whose token. Over
 * the limit the connection is closed: ENOBUFS. */
int connection_send(struct connection *connection, struct slice bytes,
	uint64_t token, uint16_t worker) __attribute__((warn_unused_result));
/* Writes what it can; may close the connection. */
void connection_flush(struct connection *connection);
/* It is flushed at the end of the turn, or is not to be. */
void connection_make_dirty(struct connection *connection);
void connection_make_clean(struct connection *connection);
void connections_flush(struct transports *transports);
/* So many more bytes have been given to the system. */
void connection_written(struct connection *connection, size_t size);
/* None of what is queued will leave. */
void connection_fail_marks(struct connection *connection, int error);

/* crossing.c */
void crossing_start(struct transports *transports);
void crossing_stop(struct transports *transports);
/* Gives a message (taken over) to its owner. NULL: done; else what found no
 * room there: crossing_deliver_again, or handed_release. */
struct handed *crossing_deliver(struct transports *transports,
	struct message *message, const struct arrival *arrival,
	const struct message_fault *fault) __attribute__((warn_unused_result));
/* True when taken. */
bool crossing_deliver_again(struct transports *transports,
	struct handed *handed) __attribute__((warn_unused_result));
void handed_release(struct handed *handed);
/* To the worker that has destination->connection. */
int crossing_send(struct transports *transports,
	const struct destination *destination, struct slice bytes,
	uint64_t token) __attribute__((warn_unused_result));
void crossing_failed(struct transports *transports, uint16_t worker,
	uint64_t token, int error);
void crossing_closed(struct transports *transports,
	const struct connection_name *connection);

/* events.c */
void event_send_failed(struct transports *transports, uint16_t worker,
	uint64_t token, int error);
void event_connection_closed(struct transports *transports,
	const struct connection_name *connection);
/* Tells all that were there when called. */
void events_tell(struct transports *transports);

#endif
