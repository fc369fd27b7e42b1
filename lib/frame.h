/* frame.h -- messages between our programs over a local stream socket.
 *
 * A frame is a 32-bit length (network order: type, its own 32 bits, and the
 * payload), a 32-bit type, and the payload; it may carry one descriptor. Each
 * side treats the other as hostile: length and count are bounded, a frame of
 * a wrong length or with an unexpected descriptor ends the link.
 *
 * A link works on a non-blocking socket under any event loop: the owner asks
 * for readiness (frame_link_descriptor, frame_wants_to_write) and calls
 * frame_receive until it says EAGAIN. Blocking sockets work too: then
 * frame_send and frame_flush wait, which suits the command line.
 */
#ifndef LIB_FRAME_H
#define LIB_FRAME_H

#include "lib/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FRAME_NO_DESCRIPTOR = -1 };
/* Bit of the type on the wire that says that a descriptor comes along; users
 * choose types below it and never see it. */
#define FRAME_WITH_DESCRIPTOR 0x80000000u

struct frame_limits {
	size_t payload_bytes; /* of one frame, in either direction */
	size_t queued_bytes;  /* written but not yet taken by the socket */
	bool descriptors;     /* may frames carry one? */
};

struct frame {
	uint32_t type;
	struct slice payload; /* borrowed: valid until the next receive */
	int descriptor;       /* owned by the caller; or FRAME_NO_DESCRIPTOR */
};

struct frame_link;

/* Takes descriptor over. NULL when memory is short (it is closed then). */
struct frame_link *frame_link_new(int descriptor, struct frame_limits limits)
	__attribute__((warn_unused_result));
/* Closes the socket and sets *link to NULL. */
void frame_link_close(struct frame_link **link);
int frame_link_descriptor(const struct frame_link *link);

/* Queues one frame made of count pieces and writes what the socket takes.
 * descriptor is duplicated, the caller keeps his. 0; EMSGSIZE over
 * payload_bytes; ENOBUFS over queued_bytes (nothing was queued); else what
 * broke the link. */
int frame_send_pieces(struct frame_link *link, uint32_t type,
	const struct slice *pieces, size_t count, int descriptor)
	__attribute__((warn_unused_result));
int frame_send(struct frame_link *link, uint32_t type, struct slice payload)
	__attribute__((warn_unused_result));
/* Writes on. 0 when all is written or the socket is full. */
int frame_flush(struct frame_link *link) __attribute__((warn_unused_result));
bool frame_wants_to_write(const struct frame_link *link);

/* The next frame. 0; EAGAIN when there is none yet; ECONNRESET when the other
 * side has closed; EPROTO when it broke the rules above. */
int frame_receive(struct frame_link *link, struct frame *frame)
	__attribute__((warn_unused_result));

/* A listening local socket at path (its folder must exist, mode 0750; a dead
 * socket file is replaced, a live one is EADDRINUSE). Non-blocking. */
int frame_listen(const char *path, int *descriptor)
	__attribute__((warn_unused_result));
/* Connects to it; the descriptor is blocking until the caller says else. */
int frame_connect(const char *path, int *descriptor)
	__attribute__((warn_unused_result));
/* Whose process the other end is: lib/peers.h. */

#endif
