/* channels_inside.h -- what channels.c and streams.c share. */
#ifndef TESTS_LOAD_CHANNELS_INSIDE_H
#define TESTS_LOAD_CHANNELS_INSIDE_H

#include "tests/load/channels.h"

enum {
	BATCH = 32,
	LEAVING_MOST = 256,
	OUT_BYTES = 4 << 20,
	DATAGRAM_MOST = 65536
};

enum reading { READ_DATAGRAMS, READ_STREAM, READ_LISTENER };

/* What epoll gives back. */
struct reader {
	enum reading what;
	void *of; /* channel or stream */
};

/* A connection, made by us or by the other end. */
struct stream {
	struct reader reader;
	struct channel *channel;
	struct stream *next; /* others of the channel, or the dead */
	int fd;              /* -1: down */
	bool connecting, ours;
	unsigned generation; /* counts the connections made */
	uint64_t retry_us;
	char *in, *out;
	size_t in_size, in_room, out_size, out_room;
};

struct channel {
	struct channels *channels;
	struct channel *next;
	void *owner;
	struct endpoint server, own;
	char name[64];
	bool tcp;
	int fd; /* datagrams, or the listener */
	struct reader read;
	struct stream *stream;   /* ours, to the server */
	struct stream *accepted; /* from others */
	struct stream *reading;  /* whose message is being taken */
};

struct leaving {
	int fd;
	struct endpoint to;
	size_t at, size;
};

struct channels {
	channel_take_fn *take;
	void *context;
	struct channel *all;
	struct stream *dead; /* freed between two turns */
	int epoll, signals;
	unsigned stops;
	uint64_t look_us; /* next time for broken connections */
	struct channel_counts counts;
	size_t leaving_count, out_size;
	struct leaving leaving[LEAVING_MOST];
	char out[OUT_BYTES];
	char in[BATCH][DATAGRAM_MOST];
};

void channel_watch(
	struct channels *channels, int fd, uint32_t events, void *what);
void channel_own_name(struct channel *channel, int fd);

void streams_open(struct channel *channel, const struct endpoint *own);
void streams_close(struct channel *channel);
void streams_bury(struct channels *channels);
bool stream_ready(const struct stream *stream);
bool stream_send(struct stream *stream, struct slice bytes);
void streams_event(const struct reader *reader, uint32_t events);
/* Makes connections again whose time has come. */
void streams_reconnect(struct channels *channels, uint64_t now_us);

#endif
