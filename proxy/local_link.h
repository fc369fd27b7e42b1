/* local_link.h -- a connection to one of our other programs, kept up.
 *
 * Connects, connects again when it is lost (every 200 ms), and says so once for
 * each change. What to send again after a reconnect is the user's business.
 */
#ifndef PROXY_LOCAL_LINK_H
#define PROXY_LOCAL_LINK_H

#include "lib/frame.h"
#include "lib/peers.h"
#include "proxy/timers.h"

#include <stdbool.h>
#include <uv.h>

struct local_link;

struct local_link_host {
	const char *away_event, *there_event; /* "event=…", for the log */
	const char *name;                     /* "archiver", for the log */
	enum program program; /* whose user must be at the other end */
	void *context;        /* borrowed */
	void (*connected)(void *context);
	/* A frame; its descriptor, if any, becomes the host's. False: the
	 * other side broke the protocol, the link is dropped. */
	bool (*frame)(void *context, const struct frame *frame);
	void (*lost)(void *context);
};

/* NULL: memory. Connects at once if it can. */
struct local_link *local_link_new(uv_loop_t *loop, struct timers *timers,
	const char *path, struct frame_limits limits,
	const struct local_link_host *host) __attribute__((warn_unused_result));
/* No callback comes after this. */
void local_link_close(struct local_link **link);
bool local_link_is_up(const struct local_link *link);
/* 0; ENOTCONN; ENOBUFS when the other side does not read; else the link is
 * broken (lost follows from the loop). */
int local_link_send(struct local_link *link, uint32_t type,
	const struct slice *pieces, size_t count, int descriptor)
	__attribute__((warn_unused_result));

#endif
