/* local_link.c -- a connection to one of our other programs, kept up. */
#include "proxy/local_link.h"

#include "lib/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum { RETRY_MS = 200 };

struct local_link {
	uv_loop_t *loop;       /* borrowed */
	struct timers *timers; /* borrowed */
	struct local_link_host host;
	struct frame_limits limits;
	struct frame_link *frames; /* owned; NULL while away */
	uv_poll_t *poll;           /* owned by the loop once closing */
	int watched;               /* events that poll waits for */
	struct timer retry;
	bool broken; /* to be dropped by the next turn */
	bool said_away;
	char path[];
};

static void poll_closed(uv_handle_t *handle)
{
	free(handle);
}

static void try_again(struct timer *timer);

/* The descriptor is closed when the loop has let go of it. */
static void drop(struct local_link *link)
{
	if (!link->frames)
		return;
	uv_poll_stop(link->poll);
	uv_close((uv_handle_t *)link->poll, poll_closed);
	link->poll = NULL;
	frame_link_close(&link->frames);
	link->broken = false;
}

static void lose(struct local_link *link, const char *why)
{
	drop(link);
	if (!link->said_away)
		log_warn("The %s is away: %s; trying again socket=%s %s",
			link->host.name, why, link->path,
			link->host.away_event);
	link->said_away = true;
	timer_set(link->timers, &link->retry, RETRY_MS, try_again);
	link->host.lost(link->host.context);
}

static void watch(struct local_link *link);

static void ready(uv_poll_t *poll, int status, int events)
{
	struct local_link *link = poll->data;
	/* libuv says EBADF of any poll error: here the peer is gone. */
	int error = status < 0 ? ECONNRESET : 0;
	struct frame frame;

	if (!error && link->broken)
		error = EPIPE;
	if (!error && events & UV_WRITABLE)
		error = frame_flush(link->frames);
	while (!error) {
		error = frame_receive(link->frames, &frame);
		if (!error && !link->host.frame(link->host.context, &frame))
			error = EPROTO;
		if (!link->frames)
			return; /* closed from within */
	}
	if (error == EAGAIN)
		watch(link);
	else
		lose(link, strerror(error));
}

static void watch(struct local_link *link)
{
	int events = UV_READABLE;

	if (link->broken || frame_wants_to_write(link->frames))
		events |= UV_WRITABLE;
	/* libuv asks the kernel anew at each start. */
	if (events == link->watched)
		return;
	if (uv_poll_start(link->poll, events, ready) != 0)
		log_panic("a local socket cannot be polled");
	link->watched = events;
}

static bool start_poll(struct local_link *link)
{
	link->poll = calloc(1, sizeof(*link->poll));
	if (!link->poll)
		return false;
	if (uv_poll_init(link->loop, link->poll,
		    frame_link_descriptor(link->frames)) != 0) {
		free(link->poll);
		link->poll = NULL;
		return false;
	}
	link->poll->data = link;
	link->watched = 0;
	return true;
}

static int connect_now(struct local_link *link)
{
	char who[PEER_TEXT_BYTES];
	int descriptor, error = frame_connect(link->path, &descriptor);

	if (error)
		return error;
	if (!peer_is(descriptor, PEER(link->host.program), who)) {
		if (!link->said_away)
			log_error("Somebody else answers as the %s: see which "
				  "user it runs as and what program_users says "
				  "%s socket=%s",
				link->host.name, who, link->path);
		close(descriptor);
		return EPERM;
	}
	if (fcntl(descriptor, F_SETFL, O_NONBLOCK) < 0) {
		error = errno;
		close(descriptor);
		return error;
	}
	link->frames = frame_link_new(descriptor, link->limits);
	if (!link->frames)
		return ENOMEM;
	if (start_poll(link))
		return 0;
	frame_link_close(&link->frames);
	return ENOMEM;
}

static void try_again(struct timer *timer)
{
	struct local_link *link =
		(struct local_link *)((char *)timer -
				      offsetof(struct local_link, retry));
	int error = connect_now(link);

	if (error) {
		if (!link->said_away)
			log_warn("The %s cannot be reached: %s; trying again "
				 "socket=%s %s",
				link->host.name, strerror(error), link->path,
				link->host.away_event);
		link->said_away = true;
		timer_set(link->timers, timer, RETRY_MS, try_again);
		return;
	}
	log_info("The %s is there socket=%s %s", link->host.name, link->path,
		link->host.there_event);
	link->said_away = false;
	watch(link);
	link->host.connected(link->host.context);
}

struct local_link *local_link_new(uv_loop_t *loop, struct timers *timers,
	const char *path, struct frame_limits limits,
	const struct local_link_host *host)
{
	struct local_link *link = calloc(1, sizeof(*link) + strlen(path) + 1);

	if (!link)
		return NULL;
	link->loop = loop;
	link->timers = timers;
	link->limits = limits;
	link->host = *host;
	memcpy(link->path, path, strlen(path) + 1);
	timer_set(timers, &link->retry, 0, try_again);
	return link;
}

void local_link_close(struct local_link **link)
{
	if (!*link)
		return;
	timer_cancel((*link)->timers, &(*link)->retry);
	drop(*link);
	free(*link);
	*link = NULL;
}

bool local_link_is_up(const struct local_link *link)
{
	return link->frames && !link->broken;
}

int local_link_send(struct local_link *link, uint32_t type,
	const struct slice *pieces, size_t count, int descriptor)
{
	int error;

	if (!local_link_is_up(link))
		return ENOTCONN;
	error = frame_send_pieces(
		link->frames, type, pieces, count, descriptor);
	if (error && error != ENOBUFS && error != EMSGSIZE)
		link->broken = true;
	watch(link);
	return error;
}
