/* transports.h -- sockets of one worker: bytes in, framed and indexed, bytes
 * out.
 *
 * Each worker has its own sockets on every listener (SO_REUSEPORT) and its own
 * connections. What comes in is framed and indexed by the worker that received
 * it and handed to the worker that owns its Call-ID (handover.h); there
 * `arrived` is called. What goes out on another worker's connection is handed
 * over to that one.
 *
 * A connection that sends what cannot be framed is answered when the message
 * can be (fault), then closed. One whose peer does not read is closed when
 * its queue is full, or when nothing has moved for 32 s; one that leaves a
 * message unfinished for 32 s as well. Idle connections are kept (RFC 5626:
 * they carry bindings); when no more fit, the one goes that has been there
 * longest without ever bringing a message, and without such a one the newest
 * is refused.
 */
#ifndef PROXY_TRANSPORTS_TRANSPORTS_H
#define PROXY_TRANSPORTS_TRANSPORTS_H

#include "lib/settings.h"
#include "lib/slice.h"
/* Included though: parse is pure, and a stream is cut by what it reads. */
#include "proxy/parse/message.h"
#include "proxy/transports/handover.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

/* Names a connection for ever: a slot that is used again has another
 * generation. generation 0: no connection (UDP, or none known). */
struct connection_name {
	uint16_t worker;
	uint32_t slot;
	uint32_t generation;
};

/* Where a message came from. */
struct arrival {
	enum transport transport;
	union address source;
	union address local;
	uint16_t listener; /* index into settings->listeners; for a connection
			      that we opened: the listener it was sent from */
	bool opened_by_us;
	struct connection_name connection;
	uint64_t wall_us; /* when its last byte came in */
};

/* Where bytes shall go. */
struct destination {
	enum transport transport;
	union address address;
	uint16_t
		listener; /* socket (UDP) or local address (TCP) to send from */
	/* TCP: used when it is still there; else one to address that this
	 * worker has or opens. */
	struct connection_name connection;
	/* UDP on a listener on 0.0.0.0 or [::]: the address to send from, for
	 * an answer arrival.local. Family 0: the system chooses. */
	union address local;
};

struct transports_counts {
	uint64_t received, sent, send_failed;
	uint64_t queue_full;    /* not sent: the socket's or connection's
				   queue, or the handover, was full */
	uint64_t malformed;     /* not indexable and not answerable */
	uint64_t handover_full; /* dropped (UDP) or held back (TCP) */
	uint64_t connections_opened, connections_accepted, connections_closed,
		connections_refused; /* over the limit */
	uint64_t timed_out; /* connections: unfinished message, no reader, no
			       answer to connect */
	uint64_t keep_alives;
};

/* The worker above; all run on this worker's loop. */
struct transports_host {
	void *context; /* borrowed */
	/* A message of ours; it is taken over. fault is NULL, or says why it
	 * must be answered with fault->status and go no further. */
	void (*arrived)(void *context, struct message *message,
		const struct arrival *arrival,
		const struct message_fault *fault);
	/* What was sent with this token has not left, and will not. */
	void (*send_failed)(void *context, uint64_t token, int error);
	/* A connection is gone (bindings and counts that name it). */
	void (*connection_closed)(
		void *context, const struct connection_name *connection);
	/* Something that is no SIP was dropped: why, a static phrase. May be
	 * NULL. */
	void (*dropped)(
		void *context, const union address *source, const char *reason);
};

/* How many connections a worker may accept, and open itself. */
struct transports_room {
	size_t accept, open;
};
/* From limits.connections and the descriptors that this process may have,
 * some of which are kept for everything else: what is there goes on when no
 * more connections can be taken. */
struct transports_room transports_room(
	const struct settings *settings, unsigned workers);
/* Descriptors that so many workers need for all their connections. */
uint64_t transports_descriptors(
	const struct settings *settings, unsigned workers);

struct transports;

/* Opens all listeners of this worker and attaches it to the handover (its
 * owner detaches, when `done` has been called). Worker 0 is started first: it
 * sees whether another program has an address, which workers of one program
 * share. On failure returns errno, writes a sentence that names the address
 * and says what to do, and leaves handles that are being closed on the loop.
 * settings are borrowed for the life of the transports. */
int transports_start(uv_loop_t *loop, unsigned worker, unsigned workers,
	const struct settings *settings, struct handover *handover,
	const struct transports_host *host, struct transports **transports,
	char reason[256]) __attribute__((warn_unused_result));
/* Takes nothing new, writes what is queued (for 2 s at most), closes; `done`
 * is called then, from the loop. */
void transports_stop(struct transports *transports, void (*done)(void *context),
	void *context);
/* After `done`. */
void transports_release(struct transports **transports);

/* Sends a copy of the bytes. 0: on its way (a later failure is told through
 * send_failed when token is not 0); else errno: it will not leave (ENOBUFS: a
 * queue is full). Never calls back from inside. */
int transports_send(struct transports *transports,
	const struct destination *destination, struct slice bytes,
	uint64_t token) __attribute__((warn_unused_result));

/* The worker that owns a Call-ID (the same in all workers of this process). */
unsigned transports_owner(
	const struct transports *transports, struct slice call_id);
/* Read on this worker's loop. */
const struct transports_counts *transports_counts(
	const struct transports *transports);
size_t transports_connections(const struct transports *transports);

/* One connection, for whoever looks at them. */
struct connection_view {
	struct connection_name name;
	const char *state;
	const union address *peer, *local;
	bool opened_by_us;
	size_t unfinished_bytes; /* of a message that is still coming */
	size_t queued_bytes;     /* not taken by the system yet */
};
typedef void connection_fn(void *context, const struct connection_view *view);
/* Shows at most `most` of them; *cursor: 0 at first, moved on. False when
 * that was the last piece. */
bool transports_walk(const struct transports *transports, uint32_t *cursor,
	size_t most, connection_fn *show, void *context);
/* True when address is one that we listen on (any transport). port 0: any
 * port. Answers for 0.0.0.0 and :: listeners too (getifaddrs at start). */
bool transports_is_ours(
	const struct transports *transports, const union address *address);

#endif
