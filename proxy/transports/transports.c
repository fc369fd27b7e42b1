/* transports.c -- one worker's sockets: start, stop, where a message goes. */
#include "proxy/transports/transports.h"

#include "lib/clock.h"
#include "lib/log.h"
#include "lib/siphash.h"
#include "proxy/transports/inside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum {
	/* For journals' links, files being scanned, the data base … */
	DESCRIPTORS_KEPT = 256,
	DESCRIPTORS_PER_WORKER = 64,
	CONNECTIONS_LEAST = 8
};

/* --- stopping ------------------------------------------------------------ */

void transports_handle_closed(struct transports *transports)
{
	must(transports->handles > 0);
	if (--transports->handles || transports->phase != CLOSING)
		return;
	transports->phase = STOPPED;
	crossing_stop(transports);
	transports->done(transports->done_context);
}

static void on_turn_end_closed(void *context)
{
	transports_handle_closed(context);
}

static void on_tick_closed(uv_handle_t *handle)
{
	transports_handle_closed(handle->data);
}

static void close_connections(struct transports *transports)
{
	uint32_t slot = 0;
	struct connection *connection;

	while ((connection = connections_next(
			transports->connections, &slot)) != NULL)
		connection_close(connection, ECANCELED);
}

static void close_everything(struct transports *transports)
{
	transports->phase = CLOSING;
	close_connections(transports);
	events_tell(transports);
	udp_close_all(transports);
	uv_close((uv_handle_t *)&transports->tick, on_tick_closed);
	turn_end_close(&transports->turn_end, on_turn_end_closed);
}

static void close_when_written(struct transports *transports)
{
	bool all = connections_count(transports->connections) == 0 &&
		   udp_all_flushed(transports) && transports->events.count == 0;

	if (all || clock_steady_ms() >= transports->stop_deadline_ms)
		close_everything(transports);
}

void transports_stop(struct transports *transports, void (*done)(void *context),
	void *context)
{
	uint32_t slot = 0;
	struct connection *connection;

	must(transports->phase == RUNNING);
	transports->phase = STOPPING;
	transports->done = done;
	transports->done_context = context;
	transports->stop_deadline_ms = clock_steady_ms() + TRANSPORTS_STOP_MS;
	tcp_stop_listening(transports);
	udp_stop_reading(transports);
	while ((connection = connections_next(
			transports->connections, &slot)) != NULL)
		connection_end(connection);
	turn_end_ask(&transports->turn_end);
}

void transports_release(struct transports **transports)
{
	struct transports *old = *transports;

	if (!old)
		return;
	must(old->phase == STOPPED && old->handles == 0);
	if (old->udp)
		udp_release_all(old);
	if (old->tcp)
		tcp_release_all(old);
	free(old->udp);
	free(old->tcp);
	connections_release(&old->connections);
	local_addresses_release(&old->local_addresses);
	address_counts_release(&old->address_counts);
	free(old->events.list);
	free(old->held);
	free(old);
	*transports = NULL;
}

/* --- starting ------------------------------------------------------------ */

static void on_turn_end(void *context)
{
	struct transports *transports = context;

	connections_flush(transports);
	udp_flush_all(transports);
	events_tell(transports);
	if (transports->phase == STOPPING)
		close_when_written(transports);
	else if (transports->phase == RUNNING)
		tcp_accept_waiting(transports);
}

static void tell_rest(struct transports *transports)
{
	uint64_t rest =
		log_limit_rest(&transports->log_limit, clock_steady_ms());

	if (rest)
		log_warn("lines about peers were kept back worker=%u "
			 "silenced=%llu",
			transports->worker, (unsigned long long)rest);
}

static void on_tick(uv_timer_t *tick)
{
	struct transports *transports = tick->data;

	connections_tick(transports);
	tell_rest(transports);
	if (transports->phase == STOPPING)
		close_when_written(transports);
}

uint64_t transports_descriptors(
	const struct settings *settings, unsigned workers)
{
	return workers * (2 * (uint64_t)settings->limits.connections +
				 DESCRIPTORS_PER_WORKER) +
	       DESCRIPTORS_KEPT;
}

static size_t at_most(uint64_t value, uint64_t most)
{
	return (size_t)(value < most ? value : most);
}

struct transports_room transports_room(
	const struct settings *settings, unsigned workers)
{
	const uint64_t wanted = settings->limits.connections,
		       kept = DESCRIPTORS_KEPT +
			      (uint64_t)workers * DESCRIPTORS_PER_WORKER;
	struct rlimit limit;
	uint64_t share;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 ||
		limit.rlim_cur == RLIM_INFINITY)
		return (struct transports_room){wanted, wanted};
	share = limit.rlim_cur > kept ? (limit.rlim_cur - kept) / workers : 0;
	if (share < 2 * CONNECTIONS_LEAST)
		share = 2 * CONNECTIONS_LEAST;
	return (struct transports_room){
		.accept = at_most(wanted, share - share / 4),
		.open = at_most(
			wanted, share - at_most(wanted, share - share / 4))};
}

static int make_tables(struct transports *transports)
{
	const struct settings *settings = transports->settings;
	size_t count = settings->listener_count;

	transports->udp = calloc(count + 1, sizeof(struct udp_socket *));
	transports->tcp = calloc(count + 1, sizeof(struct tcp_listener *));
	transports->held =
		calloc(transports->workers, sizeof(struct held_items));
	transports->scratch = malloc(STREAM_READ_BYTES);
	/* Apart: those who come in must not keep us from going out. */
	transports->room = transports_room(settings, transports->workers);
	transports->connections = connections_new(
		transports->room.accept + transports->room.open);
	transports->address_counts = address_counts_new();
	if (!transports->udp || !transports->tcp || !transports->held ||
		!transports->scratch || !transports->connections ||
		!transports->address_counts)
		return ENOMEM;
	transports->local_addresses = local_addresses_read();
	return transports->local_addresses ? 0 : errno;
}

static int probe_all(
	const struct transports *transports, char reason[SOCKET_REASON_BYTES])
{
	const struct settings *settings = transports->settings;

	for (size_t i = 0; i < settings->listener_count; i++) {
		int error = socket_probe(&settings->listeners[i], reason);

		if (error)
			return error;
	}
	return 0;
}

static int start_all(
	struct transports *transports, char reason[SOCKET_REASON_BYTES])
{
	const struct settings *settings = transports->settings;
	int error = make_tables(transports);

	if (!error)
		error = handover_attach(transports->handover,
			transports->worker, transports->loop);
	if (!error && transports->worker == 0)
		error = probe_all(transports, reason);
	for (uint16_t i = 0; i < settings->listener_count && !error; i++) {
		if (settings->listeners[i].transport == TRANSPORT_UDP)
			error = udp_start(transports, i, reason);
		else
			error = tcp_start(transports, i, reason);
	}
	if (error && !reason[0])
		(void)snprintf(reason, SOCKET_REASON_BYTES,
			"cannot start worker %u: %s", transports->worker,
			strerror(error));
	return error;
}

static void start_clock(struct transports *transports)
{
	turn_end_start(&transports->turn_end, transports->loop, on_turn_end,
		transports);
	must(uv_timer_init(transports->loop, &transports->tick) == 0);
	transports->tick.data = transports;
	must(uv_timer_start(&transports->tick, on_tick, TRANSPORTS_TICK_MS,
		     TRANSPORTS_TICK_MS) == 0);
	transports->handles += 2;
}

static void release_failed(void *context)
{
	struct transports *transports = context;

	transports_release(&transports);
}

/* What was opened closes when the loop runs, and is freed then. */
static void give_up(struct transports *transports)
{
	transports->done = release_failed;
	transports->done_context = transports;
	if (transports->tcp)
		tcp_stop_listening(transports);
	transports->phase = CLOSING;
	if (transports->udp)
		udp_close_all(transports);
	uv_close((uv_handle_t *)&transports->tick, on_tick_closed);
	turn_end_close(&transports->turn_end, on_turn_end_closed);
}

int transports_start(uv_loop_t *loop, unsigned worker, unsigned workers,
	const struct settings *settings, struct handover *handover,
	const struct transports_host *host, struct transports **transports,
	char reason[256])
{
	struct transports *made = calloc(1, sizeof(*made));
	int error;

	must(worker < workers && workers <= UINT16_MAX);
	must(settings->listener_count <= UINT16_MAX);
	reason[0] = '\0';
	*transports = NULL;
	if (!made)
		return ENOMEM;
	made->loop = loop;
	made->worker = worker;
	made->workers = workers;
	made->settings = settings;
	made->handover = handover;
	made->host = *host;
	made->limits =
		(struct message_limits){.bytes = settings->limits.message_bytes,
			.headers = settings->limits.headers,
			.line_bytes = settings->limits.line_bytes,
			.parameters = settings->limits.parameters};
	start_clock(made);
	error = start_all(made, reason);
	if (error) {
		give_up(made);
		return error;
	}
	crossing_start(made);
	*transports = made;
	return 0;
}

/* --- sending ------------------------------------------------------------- */

static int send_on_connection(struct transports *transports,
	const struct destination *destination, struct slice bytes,
	uint64_t token)
{
	const struct connection_name *name = &destination->connection;
	struct connection *connection = NULL;
	int error = 0;

	if (name->generation && name->worker != transports->worker &&
		name->worker < transports->workers)
		return crossing_send(transports, destination, bytes, token);
	if (name->generation && name->worker == transports->worker)
		connection = connections_find(
			transports->connections, name->slot, name->generation);
	if (!connection)
		error = tcp_connection_to(transports, destination, &connection);
	if (error)
		return error;
	return connection_send(
		connection, bytes, token, (uint16_t)transports->worker);
}

int transports_send(struct transports *transports,
	const struct destination *destination, struct slice bytes,
	uint64_t token)
{
	must(bytes.size > 0);
	if (transports->phase != RUNNING)
		return ESHUTDOWN;
	if (destination->listener >= transports->settings->listener_count)
		return EINVAL;
	switch (destination->transport) {
	case TRANSPORT_UDP:
		return udp_send(transports, destination, bytes, token);
	case TRANSPORT_TCP:
		return send_on_connection(
			transports, destination, bytes, token);
	default:
		return EPROTONOSUPPORT;
	}
}

/* --- questions ----------------------------------------------------------- */

unsigned transports_owner(
	const struct transports *transports, struct slice call_id)
{
	return (unsigned)(siphash_one(
				  handover_key(transports->handover), call_id) %
			  transports->workers);
}

const struct transports_counts *transports_counts(
	const struct transports *transports)
{
	return &transports->counts;
}

static in_port_t port_of(const union address *address)
{
	return address->any.sa_family == AF_INET6 ? address->v6.sin6_port
						  : address->v4.sin_port;
}

static bool listens_on(const struct transports *transports,
	const union address *listener, const union address *address)
{
	if (port_of(address) && port_of(address) != port_of(listener))
		return false;
	if (!address_is_wildcard(listener))
		return address_same_host(listener, address);
	return listener->any.sa_family == address->any.sa_family &&
	       local_addresses_have(transports->local_addresses, address);
}

bool transports_is_ours(
	const struct transports *transports, const union address *address)
{
	const struct settings *settings = transports->settings;

	for (size_t i = 0; i < settings->listener_count; i++)
		if (listens_on(transports, &settings->listeners[i].address,
			    address))
			return true;
	return false;
}

void transports_note_malformed(struct transports *transports,
	const union address *source, enum transport transport,
	const char *reason)
{
	char text[ADDRESS_TEXT_SIZE];
	uint64_t silenced;

	transports->counts.malformed++;
	if (transports->host.dropped)
		transports->host.dropped(
			transports->host.context, source, reason);
	if (!log_limit_allows(&transports->log_limit, source, clock_steady_ms(),
		    &silenced))
		return;
	address_text(source, text);
	log_warn("bytes that are not SIP were dropped source=%s transport=%s "
		 "reason=\"%s\" silenced=%llu",
		text, transport_word(transport), reason ? reason : "unknown",
		(unsigned long long)silenced);
}
