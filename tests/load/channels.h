/* channels.h -- sockets: datagrams in batches, connections that come back. */
#ifndef TESTS_LOAD_CHANNELS_H
#define TESTS_LOAD_CHANNELS_H

#include "lib/slice.h"
#include "tests/load/options.h"

struct channels;
struct channel;

/* Where a message came from and an answer goes. */
struct path {
	struct channel *channel;
	struct endpoint source; /* datagrams alone */
};

/* One whole message; owner is what channel_open was given. */
typedef void channel_take_fn(void *context, void *owner,
	const struct path *path, struct slice bytes);

struct channels *channels_new(channel_take_fn *take, void *context);
void channels_release(struct channels **channels);

/* A socket of own at that address. Datagrams go to server unless a path says
 * otherwise; a connection is made to it and made again when it breaks, and
 * others may connect to its address too. Exits when the address cannot be
 * had. */
struct channel *channel_open(struct channels *channels, bool tcp,
	const struct endpoint *own, const struct endpoint *server, void *owner);
/* "127.0.0.1:40000": where others reach it, and what it writes into Via. */
const char *channel_name(const struct channel *channel);
/* False while its connection is down. */
bool channel_ready(const struct channel *channel);
/* Another number each time that a connection was made; 0 over UDP. */
unsigned channel_generation(const struct channel *channel);
/* To the server. False: nothing left (the connection is down or full). */
bool channel_send(struct channel *channel, struct slice bytes);
bool path_answer(const struct path *path, struct slice bytes);

/* Waits at most so long for what comes, and takes it. */
void channels_turn(struct channels *channels, uint64_t wait_us);
/* What waits in batches goes out. */
void channels_flush(struct channels *channels);
/* How often SIGTERM or SIGINT has come. */
unsigned channels_stops(const struct channels *channels);

struct channel_counts {
	uint64_t dropped;     /* by the kernel, before we read them */
	uint64_t send_failed; /* datagrams that the kernel did not take */
	uint64_t connected;   /* connections made, the first ones included */
};
struct channel_counts channels_counts(const struct channels *channels);

#endif
