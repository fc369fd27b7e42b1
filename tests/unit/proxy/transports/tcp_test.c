/* tcp_test.c -- connections: frames in any pieces, names that go stale, peers
 * that are slow, silent, gone or too many. */
#include "tests/unit/proxy/transports/house.h"

#include <netinet/tcp.h>

/* --- the other end ---------------------------------------------------------
 */

static int dial(const union address *server)
{
	struct timeval patience = {.tv_sec = HOUSE_PATIENCE_S};
	int one = 1;
	int made = socket(server->any.sa_family, SOCK_STREAM, 0);

	assert_int_equal(setsockopt(made, SOL_SOCKET, SO_RCVTIMEO, &patience,
				 sizeof(patience)),
		0);
	assert_int_equal(
		setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)),
		0);
	assert_int_equal(
		connect(made, &server->any, house_address_size(server)), 0);
	return made;
}

static void write_all(int to, const char *text, size_t size)
{
	while (size) {
		ssize_t sent = send(to, text, size, MSG_NOSIGNAL);

		assert_true(sent > 0);
		text += sent;
		size -= (size_t)sent;
	}
}

static void read_all(int from, char *text, size_t size)
{
	while (size) {
		ssize_t came = recv(from, text, size, 0);

		assert_true(came > 0);
		text += came;
		size -= (size_t)came;
	}
}

static void expect(int from, const char *wanted)
{
	char text[512] = "";

	assert_true(strlen(wanted) < sizeof(text));
	read_all(from, text, strlen(wanted));
	assert_string_equal(text, wanted);
}

/* Reads up to the end; a reset counts as one. */
static size_t read_to_end(int from)
{
	static char text[65536];
	size_t size = 0;
	ssize_t came;

	while ((came = recv(from, text, sizeof(text), 0)) > 0)
		size += (size_t)came;
	assert_true(came == 0 || errno == ECONNRESET);
	return size;
}

/* Both workers have been told that it is gone. */
static void hang_up(struct house *house, int client)
{
	size_t before = house_count(house, &house->closing_count);

	close(client);
	house_wait(house, &house->closing_count, before + HOUSE_WORKERS);
}

static void write_request(int to, const char *call_id, size_t body)
{
	char text[4096];

	write_all(to, text, house_request(text, sizeof(text), call_id, body));
}

/* A client whose connection was accepted by this worker; *seen is its first
 * message. */
static int dial_worker(struct house *house, const union address *server,
	unsigned worker, struct sighting *seen)
{
	for (int i = 0; i < 500; i++) {
		size_t place = house_count(house, &house->sighting_count);
		int made = dial(server);

		write_request(made, "hello", 0);
		*seen = house_seen(house, place);
		if (seen->arrival.connection.worker == worker)
			return made;
		hang_up(house, made);
	}
	fail_msg("the system gives no connection to worker %u", worker);
	return -1;
}

/* Of a Call-ID that this worker owns. */
static void own_call_id(
	struct house *house, unsigned worker, char *text, size_t room)
{
	for (unsigned i = 0;; i++) {
		(void)snprintf(text, room, "owned-%u", i);
		if (transports_owner(house->workers[worker].transports,
			    slice_of(text)) == worker)
			return;
	}
}

static struct destination back_to(const struct sighting *seen)
{
	return (struct destination){.transport = TRANSPORT_TCP,
		.address = seen->arrival.source,
		.listener = seen->arrival.listener,
		.connection = seen->arrival.connection};
}

/* --- frames ----------------------------------------------------------------
 */

static void frames_are_found_in_any_pieces(void **state)
{
	static const struct {
		const char *host;
		size_t piece;
	} cases[] = {{"127.0.0.1", 1}, {"127.0.0.1", 7}, {"127.0.0.1", 500},
		{"127.0.0.1", 1000000}, {"::1", 333}, {"::1", 1000000}};
	enum { MESSAGES = 12 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct house *house = house_new();
		union address *server =
			house_listen(house, TRANSPORT_TCP, cases[i].host);
		char text[MESSAGES * 1024];
		size_t size = 0, sizes[MESSAGES];
		int client;

		house_start(house);
		client = dial(server);
		for (int n = 0; n < MESSAGES; n++) {
			/* One Call-ID: one owner, so the order is kept. */
			sizes[n] = house_request(text + size,
				sizeof(text) - size, "pieces", (size_t)n * 13);
			size += sizes[n];
		}
		for (size_t at = 0; at < size; at += cases[i].piece)
			write_all(client, text + at,
				cases[i].piece < size - at ? cases[i].piece
							   : size - at);
		for (size_t n = 0; n < MESSAGES; n++) {
			struct sighting seen = house_seen(house, n);

			assert_string_equal(seen.call_id, "pieces");
			assert_int_equal(seen.size, sizes[n]);
			assert_int_equal(seen.fault, 0);
			assert_false(seen.arrival.opened_by_us);
			assert_true(address_equal(&seen.arrival.local, server));
		}
		close(client);
		house_stop(house);
	}
}

static void two_crlf_are_answered_by_one(void **state)
{
	struct house *house = house_new();
	union address *server = house_listen(house, TRANSPORT_TCP, "127.0.0.1");
	char byte;
	int client;

	(void)state;
	house_start(house);
	client = dial(server);
	write_all(client, "\r\n\r\n", 4);
	expect(client, "\r\n");
	write_all(client, "\r\n", 2);
	write_all(client, "\r\n", 2);
	expect(client, "\r\n");
	/* One CRLF before a message is none. */
	write_all(client, "\r\n", 2);
	write_request(client, "alive", 0);
	assert_string_equal(house_seen(house, 0).call_id, "alive");
	write_all(client, "\r\n", 2);
	write_request(client, "again", 0);
	assert_string_equal(house_seen(house, 1).call_id, "again");
	assert_int_equal(recv(client, &byte, 1, MSG_DONTWAIT), -1);
	HOUSE_WAIT_COUNT(house, keep_alives, 2);
	close(client);
	house_stop(house);
}

static void broken_frame_is_answered_then_closed(void **state)
{
	static const char twice[] =
		"MESSAGE sip:bob@example.com SIP/2.0\r\n"
		"Via: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bKtwice\r\n"
		"From: <sip:alice@example.com>;tag=1\r\n"
		"To: <sip:bob@example.com>\r\n"
		"Call-ID: twice\r\n"
		"CSeq: 1 MESSAGE\r\n"
		"Max-Forwards: 70\r\n"
		"Content-Length: 0\r\n"
		"Content-Length: 1\r\n\r\n"
		"MESSAGE sip:hidden@example.com SIP/2.0\r\n";
	struct house *house = house_new();
	union address *server = house_listen(house, TRANSPORT_TCP, "127.0.0.1");
	struct sighting seen;
	int client;

	(void)state;
	house->echo = true;
	house_start(house);
	client = dial(server);
	write_all(client, twice, sizeof(twice) - 1);
	expect(client, "SIP/2.0 400 Answer\r\nCall-ID: twice\r\n"
		       "Content-Length: 0\r\n\r\n");
	assert_int_equal(read_to_end(client), 0);
	seen = house_seen(house, 0);
	assert_int_equal(seen.fault, 400);
	close(client);
	house_wait(house, &house->closing_count, HOUSE_WORKERS);
	assert_int_equal(house_count(house, &house->sighting_count), 1);
	house_stop(house);
}

static void what_is_not_sip_is_closed(void **state)
{
	static const char *const noise[] = {
		"\x16\x03\x01\x02\r\n\n", "\n", "GET / HTTP/1.0\nHost: x\n\n"};
	struct house *house = house_new();
	union address *server = house_listen(house, TRANSPORT_TCP, "127.0.0.1");
	size_t count = sizeof(noise) / sizeof(noise[0]);

	(void)state;
	house_start(house);
	for (size_t i = 0; i < count; i++) {
		int client = dial(server);

		write_all(client, noise[i], strlen(noise[i]));
		assert_int_equal(read_to_end(client), 0);
		close(client);
	}
	HOUSE_WAIT_COUNT(house, malformed, count);
	house_wait(house, &house->closing_count, count * HOUSE_WORKERS);
	assert_int_equal(house_count(house, &house->sighting_count), 0);
	house_stop(house);
}

static void unfinished_message_times_out(void **state)
{
	struct house *house = house_new();
	union address *server = house_listen(house, TRANSPORT_TCP, "127.0.0.1");
	int idle, drip;
	char text[1024];
	size_t size = house_request(text, sizeof(text), "drip", 5);

	(void)state;
	house->echo = true;
	house_start(house);
	idle = dial(server);
	write_request(idle, "idle", 0);
	assert_string_equal(house_seen(house, 0).call_id, "idle");
	drip = dial(server);
	/* A whole one first: its answer shows that the rest has been read. */
	write_all(drip, text, size);
	write_all(drip, text, size - 1);
	assert_string_equal(house_seen(house, 1).call_id, "drip");
	HOUSE_WAIT_COUNT(house, connections_accepted, 2);
	while (house_counts(house, 0).timed_out +
			house_counts(house, 1).timed_out ==
		0)
		house_skip_s(33);
	assert_true(read_to_end(drip) > 0);
	/* The idle one is still there. */
	write_request(idle, "still", 0);
	assert_string_equal(house_seen(house, 2).call_id, "still");
	assert_int_equal(house_counts(house, 0).timed_out +
				 house_counts(house, 1).timed_out,
		1);
	close(idle);
	close(drip);
	house_stop(house);
}

/* --- limits ----------------------------------------------------------------
 */

static void those_who_never_spoke_make_room(void **state)
{
	enum { LIMIT = 3, CLIENTS = 20 };
	struct house *house = house_new();
	union address *server = house_listen(house, TRANSPORT_TCP, "127.0.0.1");
	int clients[CLIENTS];

	(void)state;
	house->settings.limits.connections = LIMIT;
	house_start(house);
	for (int i = 0; i < CLIENTS; i++)
		clients[i] = dial(server);
	HOUSE_WAIT_COUNT(house, connections_accepted, CLIENTS);
	HOUSE_WAIT_COUNT(house, connections_refused, 0);
	house_wait(house, &house->closing_count,
		HOUSE_WORKERS * (CLIENTS - HOUSE_WORKERS * LIMIT));
	/* The newest is among those that are left. */
	write_request(clients[CLIENTS - 1], "newest", 0);
	assert_string_equal(house_seen(house, 0).call_id, "newest");
	for (int i = 0; i < CLIENTS; i++)
		close(clients[i]);
	house_stop(house);
}

static void those_who_spoke_are_kept(void **state)
{
	enum { LIMIT = 3, TRIES = 500 };
	struct house *house = house_new();
	union address *server = house_listen(house, TRANSPORT_TCP, "127.0.0.1");
	int known[LIMIT];
	struct sighting seen;
	size_t place;

	(void)state;
	house->settings.limits.connections = LIMIT;
	house_start(house);
	for (int i = 0; i < LIMIT; i++)
		known[i] = dial_worker(house, server, 0, &seen);
	for (int i = 0;
		i < TRIES && !house_counts(house, 0).connections_refused; i++)
		close(dial(server));
	assert_true(house_counts(house, 0).connections_refused > 0);
	for (int i = 0; i < LIMIT; i++) {
		place = house_count(house, &house->sighting_count);
		write_request(known[i], "still", 0);
		assert_string_equal(house_seen(house, place).call_id, "still");
	}
	/* Then there is room again. */
	hang_up(house, known[0]);
	known[0] = dial_worker(house, server, 0, &seen);
	for (int i = 0; i < LIMIT; i++)
		close(known[i]);
	house_stop(house);
}

static void one_address_has_few_connections(void **state)
{
	enum { LIMIT = 2, CLIENTS = 20 };
	struct house *house = house_new();
	union address *server = house_listen(house, TRANSPORT_TCP, "127.0.0.1");
	int clients[CLIENTS];
	uint64_t refused;
	struct sighting seen;

	(void)state;
	house->settings.limits.address_connections = LIMIT;
	house_start(house);
	for (int i = 0; i < CLIENTS; i++)
		clients[i] = dial(server);
	do
		refused = house_counts(house, 0).connections_refused +
			  house_counts(house, 1).connections_refused;
	while (refused + house_counts(house, 0).connections_accepted +
			house_counts(house, 1).connections_accepted <
		CLIENTS);
	assert_true(refused >= CLIENTS - HOUSE_WORKERS * LIMIT);
	for (int i = 0; i < CLIENTS; i++)
		close(clients[i]);
	house_wait(house, &house->closing_count, HOUSE_WORKERS * CLIENTS);
	clients[0] = dial_worker(house, server, 0, &seen);
	close(clients[0]);
	house_stop(house);
}

/* The oldest of those who do not come to an end go, and no memory with them. */
static void unfinished_messages_have_one_limit(void **state)
{
	enum { CLIENTS = 200, SIZE = 900 * 1024 };
	struct house *house = house_new();
	union address *server = house_listen(house, TRANSPORT_TCP, "127.0.0.1");
	static char text[SIZE + 1024];
	int clients[CLIENTS];
	size_t size;

	(void)state;
	house->settings.limits.message_bytes = 1024 * 1024;
	house_start(house);
	size = house_request(text, sizeof(text), "long", SIZE);
	for (int i = 0; i < CLIENTS; i++) {
		clients[i] = dial(server);
		write_all(clients[i], text, size - 1);
	}
	write_all(clients[CLIENTS - 1], text + size - 1, 1);
	assert_string_equal(house_seen(house, 0).call_id, "long");
	assert_true(house_counts(house, 0).timed_out +
			    house_counts(house, 1).timed_out >
		    CLIENTS / 10);
	for (int i = 0; i < CLIENTS; i++)
		close(clients[i]);
	house_stop(house);
}

static void peer_that_does_not_read_is_closed(void **state)
{
	enum { PIECE = 60000, FIRST = 150, MANY = 2000 };
	struct house *house = house_new();
	union address *server = house_listen(house, TRANSPORT_TCP, "127.0.0.1");
	char *piece = calloc(1, PIECE), *read = malloc(PIECE);
	struct destination to;
	struct sighting seen;
	struct closing last;
	size_t taken = 0, before, whole;
	int client, error = 0;

	(void)state;
	/* A queue of 16 MB, so that the first 9 MB fit. */
	house->settings.limits.message_bytes = 4 * 1024 * 1024;
	house_start(house);
	client = dial_worker(house, server, 0, &seen);
	before = house_count(house, &house->closing_count);
	to = back_to(&seen);
	/* Late, but read in the end: none of these fails. */
	for (; taken < FIRST; taken++)
		assert_int_equal(house_send(house, 0, &to,
					 slice_make(piece, PIECE), 1 + taken),
			0);
	for (size_t n = 0; n < FIRST; n++)
		read_all(client, read, PIECE);
	while (taken < MANY && !error) {
		error = house_send(
			house, 0, &to, slice_make(piece, PIECE), 1 + taken);
		taken += !error;
	}
	assert_int_equal(error, ENOBUFS);
	assert_true(house_failed(house, 0).token > FIRST);
	assert_int_equal(house_failed(house, 0).error, ENOBUFS);
	/* Both workers are told that it is gone. */
	house_wait(house, &house->closing_count, before + HOUSE_WORKERS);
	pthread_mutex_lock(&house->mutex);
	last = house->closings[house->closing_count - 1];
	pthread_mutex_unlock(&house->mutex);
	assert_int_equal(last.connection.slot, seen.arrival.connection.slot);
	assert_int_equal(
		last.connection.generation, seen.arrival.connection.generation);
	/* What was written and what failed make what was taken. */
	whole = read_to_end(client) / PIECE;
	assert_int_equal(
		FIRST + whole + house_count(house, &house->failure_count),
		taken);
	free(read);
	free(piece);
	close(client);
	house_stop(house);
}

static void peer_that_stalls_is_closed(void **state)
{
	enum { PIECE = 60000 };
	struct house *house = house_new();
	union address *server = house_listen(house, TRANSPORT_TCP, "127.0.0.1");
	char *piece = calloc(1, PIECE);
	struct destination to;
	struct sighting seen;
	uint64_t token = 1;
	int client;

	(void)state;
	/* The queue holds four such messages, 16 MB: more than what the
	 * sockets leave of 12 MB, and they do not take that much. */
	house->settings.limits.message_bytes = 4 * 1024 * 1024;
	house_start(house);
	client = dial_worker(house, server, 0, &seen);
	to = back_to(&seen);
	for (; token <= 200; token++)
		assert_int_equal(house_send(house, 0, &to,
					 slice_make(piece, PIECE), token),
			0);
	while (house_counts(house, 0).timed_out == 0)
		house_skip_s(33);
	assert_int_equal(house_failed(house, 0).error, ETIMEDOUT);
	free(piece);
	close(client);
	house_stop(house);
}

struct block {
	sem_t blocked, go;
};

static void block_worker(struct house_worker *worker, void *context)
{
	struct block *block = context;

	(void)worker;
	sem_post(&block->blocked);
	while (sem_wait(&block->go) != 0)
		;
}

static void *house_blocker(void *context)
{
	void **both = context;

	house_run(both[0], 1, block_worker, both[1]);
	return NULL;
}

/* The owner sleeps, its ring is full: the peer waits and nothing is lost. */
static void full_ring_holds_the_peer_back(void **state)
{
	enum { MESSAGES = 5000 };
	struct house *house = house_new();
	union address *server = house_listen(house, TRANSPORT_TCP, "127.0.0.1");
	struct block block;
	void *both[] = {house, &block};
	struct sighting seen;
	pthread_t blocker;
	char call_id[32], text[1024];
	size_t first, size, sent = 0;
	int client;

	(void)state;
	house->ring = 8;
	sem_init(&block.blocked, 0, 0);
	sem_init(&block.go, 0, 0);
	house_start(house);
	client = dial_worker(house, server, 0, &seen);
	own_call_id(house, 1, call_id, sizeof(call_id));
	first = house_count(house, &house->sighting_count);
	pthread_create(&blocker, NULL, house_blocker, both);
	while (sem_wait(&block.blocked) != 0)
		;
	size = house_request(text, sizeof(text), call_id, 100);
	for (size_t i = 0; i < 100; i++, sent++)
		write_all(client, text, size);
	while (house_counts(house, 0).handover_full == 0)
		;
	/* Further ones stay where they are: in the socket. */
	assert_int_equal(house_counts(house, 0).handover_full, 1);
	assert_true(house_counts(house, 0).received < 100);
	assert_int_equal(handover_depth(house->handover, 1), 8);
	sem_post(&block.go);
	pthread_join(blocker, NULL);
	for (; sent < MESSAGES; sent++) {
		size = house_request(text, sizeof(text), call_id, sent % 500);
		write_all(client, text, size);
	}
	for (size_t i = 0; i < MESSAGES; i++) {
		seen = house_seen(house, first + i);
		assert_string_equal(seen.call_id, call_id);
		assert_int_equal(seen.worker, 1);
		if (i >= 100)
			assert_int_equal(
				seen.size, house_request(text, sizeof(text),
						   call_id, i % 500));
	}
	close(client);
	house_stop(house);
	sem_destroy(&block.blocked);
	sem_destroy(&block.go);
}

/* --- names -----------------------------------------------------------------
 */

static void named_connection_is_used_from_any_worker(void **state)
{
	struct house *house = house_new();
	union address *server = house_listen(house, TRANSPORT_TCP, "127.0.0.1");
	struct destination to;
	struct sighting seen;
	int client;

	(void)state;
	house_start(house);
	client = dial_worker(house, server, 0, &seen);
	to = back_to(&seen);
	assert_int_equal(house_send(house, 0, &to, SLICE("from zero"), 1), 0);
	expect(client, "from zero");
	assert_int_equal(house_send(house, 1, &to, SLICE("from one"), 2), 0);
	expect(client, "from one");
	close(client);
	house_wait(house, &house->closing_count, HOUSE_WORKERS);
	assert_int_equal(house_count(house, &house->failure_count), 0);
	house_stop(house);
}

static int accept_one(int listener)
{
	struct timeval patience = {.tv_sec = HOUSE_PATIENCE_S};
	int made = accept(listener, NULL, NULL);

	assert_true(made >= 0);
	assert_int_equal(setsockopt(made, SOL_SOCKET, SO_RCVTIMEO, &patience,
				 sizeof(patience)),
		0);
	return made;
}

/* Worker 0 had it; both workers fall back on one of their own. */
static void stale_name_falls_back_on_the_address(void **state)
{
	struct house *house = house_new();
	union address *server = house_listen(house, TRANSPORT_TCP, "127.0.0.1");
	union address peer;
	struct destination to, live;
	struct sighting seen, other;
	int listener, client, again, mine[HOUSE_WORKERS];

	(void)state;
	house_start(house);
	listener = house_socket("127.0.0.1", SOCK_STREAM, &peer);
	assert_int_equal(listen(listener, 8), 0);
	client = dial_worker(house, server, 0, &seen);
	hang_up(house, client);
	/* The slot is taken again: the old name must not reach it. */
	again = dial_worker(house, server, 0, &other);
	assert_int_equal(
		other.arrival.connection.slot, seen.arrival.connection.slot);
	assert_int_not_equal(other.arrival.connection.generation,
		seen.arrival.connection.generation);
	to = back_to(&seen);
	to.address = peer;
	for (unsigned i = 0; i < HOUSE_WORKERS; i++) {
		assert_int_equal(
			house_send(house, i, &to, SLICE("own way"), 1), 0);
		mine[i] = accept_one(listener);
		expect(mine[i], "own way");
		/* Once more: the same one. */
		assert_int_equal(
			house_send(house, i, &to, SLICE("pooled"), 2), 0);
		expect(mine[i], "pooled");
	}
	live = back_to(&other);
	assert_int_equal(house_send(house, 1, &live, SLICE("still"), 3), 0);
	expect(again, "still");
	assert_int_equal(house_count(house, &house->failure_count), 0);
	close(again);
	close(mine[0]);
	close(mine[1]);
	close(listener);
	house_stop(house);
}

/* --- opening ---------------------------------------------------------------
 */

static void opened_connection_leaves_from_the_listener(void **state)
{
	static const struct {
		const char *listen, *peer, *from;
	} cases[] = {{"127.0.0.5", "127.0.0.1", "127.0.0.5"},
		{"0.0.0.0", "127.0.0.1", "127.0.0.1"}, {"::1", "::1", "::1"}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct house *house = house_new();
		union address *server =
			house_listen(house, TRANSPORT_TCP, cases[i].listen);
		union address from, wanted;
		struct destination to = {.transport = TRANSPORT_TCP};
		struct sighting seen;
		socklen_t size = sizeof(from);
		int listener, peer;

		(void)server;
		house_start(house);
		listener =
			house_socket(cases[i].peer, SOCK_STREAM, &to.address);
		assert_int_equal(listen(listener, 8), 0);
		/* Two before it is connected leave in order. */
		assert_int_equal(
			house_send(house, 0, &to, SLICE("one "), 1), 0);
		assert_int_equal(
			house_send(house, 0, &to, SLICE("two "), 2), 0);
		peer = accept_one(listener);
		expect(peer, "one two ");
		assert_int_equal(getpeername(peer, &from.any, &size), 0);
		wanted = house_address(cases[i].from, 1);
		assert_true(address_same_host(&from, &wanted));
		/* What comes back on it is a message like any other. */
		write_request(peer, "back", 3);
		seen = house_seen(house, 0);
		assert_true(seen.arrival.opened_by_us);
		assert_true(address_equal(&seen.arrival.source, &to.address));
		assert_int_equal(seen.arrival.connection.worker, 0);
		close(peer);
		house_wait(house, &house->closing_count, HOUSE_WORKERS);
		/* Gone: the next one opens another. */
		assert_int_equal(
			house_send(house, 0, &to, SLICE("anew"), 3), 0);
		peer = accept_one(listener);
		expect(peer, "anew");
		close(peer);
		close(listener);
		house_stop(house);
	}
}

static void refused_connection_fails_each_token(void **state)
{
	struct house *house = house_new();
	struct destination to = {.transport = TRANSPORT_TCP};
	int nobody;

	(void)state;
	house_listen(house, TRANSPORT_TCP, "127.0.0.1");
	house_start(house);
	/* Bound, so that nobody else listens there. */
	nobody = house_socket("127.0.0.1", SOCK_STREAM, &to.address);
	assert_int_equal(house_send(house, 1, &to, SLICE("a"), 7), 0);
	assert_int_equal(house_send(house, 1, &to, SLICE("b"), 8), 0);
	assert_int_equal(house_failed(house, 0).token, 7);
	assert_int_equal(house_failed(house, 0).error, ECONNREFUSED);
	assert_int_equal(house_failed(house, 0).worker, 1);
	/* The second may have found the first attempt gone already. */
	assert_int_equal(house_failed(house, 1).token, 8);
	assert_int_equal(house_failed(house, 1).error, ECONNREFUSED);
	/* Never connected: nobody knew it, nobody is told. */
	assert_int_equal(house_count(house, &house->closing_count), 0);
	close(nobody);
	house_stop(house);
}

/* Of another worker's token, too. */
static void failure_comes_back_from_another_worker(void **state)
{
	struct house *house = house_new();
	union address *server = house_listen(house, TRANSPORT_TCP, "127.0.0.1");
	struct destination to;
	struct sighting seen;
	int client, nobody;

	(void)state;
	house_start(house);
	client = dial_worker(house, server, 0, &seen);
	hang_up(house, client);
	to = back_to(&seen);
	nobody = house_socket("127.0.0.1", SOCK_STREAM, &to.address);
	assert_int_equal(house_send(house, 1, &to, SLICE("x"), 9), 0);
	assert_int_equal(house_failed(house, 0).token, 9);
	assert_int_equal(house_failed(house, 0).worker, 1);
	assert_int_equal(house_failed(house, 0).error, ECONNREFUSED);
	close(nobody);
	house_stop(house);
}

/* A listener whose backlog is full answers no SYN. */
static void silent_peer_times_out(void **state)
{
	enum { FILLERS = 8 };
	struct house *house = house_new();
	struct destination to = {.transport = TRANSPORT_TCP};
	int listener, fillers[FILLERS];

	(void)state;
	house_listen(house, TRANSPORT_TCP, "127.0.0.1");
	house_start(house);
	listener = house_socket("127.0.0.1", SOCK_STREAM, &to.address);
	assert_int_equal(listen(listener, 0), 0);
	for (int i = 0; i < FILLERS; i++) {
		fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)!connect(
			fillers[i], &to.address.any, sizeof(to.address.v4));
	}
	assert_int_equal(house_send(house, 0, &to, SLICE("x"), 5), 0);
	while (house_counts(house, 0).timed_out == 0)
		house_skip_s(5);
	assert_int_equal(house_failed(house, 0).token, 5);
	assert_int_equal(house_failed(house, 0).error, ETIMEDOUT);
	for (int i = 0; i < FILLERS; i++)
		close(fillers[i]);
	close(listener);
	house_stop(house);
}

/* --- stopping --------------------------------------------------------------
 */

static void stop_writes_what_is_queued(void **state)
{
	enum { PIECE = 300000 };
	struct house *house = house_new();
	union address *server = house_listen(house, TRANSPORT_TCP, "127.0.0.1");
	char *piece = calloc(1, PIECE);
	struct destination to;
	struct sighting seen;
	int client;

	(void)state;
	house_start(house);
	client = dial_worker(house, server, 0, &seen);
	to = back_to(&seen);
	assert_int_equal(
		house_send(house, 0, &to, slice_make(piece, PIECE), 1), 0);
	house_stop(house);
	assert_int_equal(read_to_end(client), PIECE);
	free(piece);
	close(client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_are_found_in_any_pieces),
		cmocka_unit_test(two_crlf_are_answered_by_one),
		cmocka_unit_test(broken_frame_is_answered_then_closed),
		cmocka_unit_test(what_is_not_sip_is_closed),
		cmocka_unit_test(unfinished_message_times_out),
		cmocka_unit_test(those_who_never_spoke_make_room),
		cmocka_unit_test(those_who_spoke_are_kept),
		cmocka_unit_test(one_address_has_few_connections),
		cmocka_unit_test(unfinished_messages_have_one_limit),
		cmocka_unit_test(peer_that_does_not_read_is_closed),
		cmocka_unit_test(peer_that_stalls_is_closed),
		cmocka_unit_test(full_ring_holds_the_peer_back),
		cmocka_unit_test(named_connection_is_used_from_any_worker),
		cmocka_unit_test(stale_name_falls_back_on_the_address),
		cmocka_unit_test(opened_connection_leaves_from_the_listener),
		cmocka_unit_test(refused_connection_fails_each_token),
		cmocka_unit_test(failure_comes_back_from_another_worker),
		cmocka_unit_test(silent_peer_times_out),
		cmocka_unit_test(stop_writes_what_is_queued),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
