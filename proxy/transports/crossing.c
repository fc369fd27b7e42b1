/* crossing.c -- messages to the worker that owns them, bytes to the worker
 * that has the connection, and what became of them back. */
#include "lib/log.h"
#include "proxy/transports/inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void handed_release(struct handed *handed)
{
	if (handed)
		message_release(&handed->message);
	free(handed);
}

static void discard_message(void *content)
{
	handed_release(content);
}

/* --- messages ---------------------------------------------------------- */

static void arrived(struct transports *transports, struct message *message,
	const struct arrival *arrival, const struct message_fault *fault)
{
	transports->host.arrived(
		transports->host.context, message, arrival, fault);
}

static unsigned owner_of(
	const struct transports *transports, const struct message *message)
{
	if (!message->call_id.at)
		return transports->worker; /* a fault to be answered */
	return transports_owner(transports, message->call_id);
}

static bool post_message(struct transports *transports, struct handed *handed)
{
	return handover_post(transports->handover, transports->worker,
		       handed->owner,
		       (struct handover_item){HANDOVER_MESSAGE, handed}) == 0;
}

struct handed *crossing_deliver(struct transports *transports,
	struct message *message, const struct arrival *arrival,
	const struct message_fault *fault)
{
	unsigned owner = owner_of(transports, message);
	struct handed *handed;

	transports->counts.received++;
	if (owner == transports->worker) {
		arrived(transports, message, arrival, fault);
		return NULL;
	}
	handed = malloc(sizeof(*handed));
	if (!handed) {
		/* As if the network had lost it. */
		transports->counts.handover_full++;
		message_release(&message);
		return NULL;
	}
	*handed = (struct handed){.message = message,
		.arrival = *arrival,
		.faulted = fault != NULL,
		.owner = owner};
	if (fault)
		handed->fault = *fault;
	if (post_message(transports, handed))
		return NULL;
	transports->counts.handover_full++;
	return handed;
}

bool crossing_deliver_again(
	struct transports *transports, struct handed *handed)
{
	return post_message(transports, handed);
}

static void on_message(void *context, unsigned from, struct handover_item item)
{
	struct transports *transports = context;
	struct handed *handed = item.content;

	(void)from;
	if (transports->phase == RUNNING) {
		arrived(transports, handed->message, &handed->arrival,
			handed->faulted ? &handed->fault : NULL);
		handed->message = NULL;
	}
	handed_release(handed);
}

/* --- what finds no room now -------------------------------------------- */

/* False: it is dropped. The tokens and names so lost are found out by timers
 * (a transaction's) and by their generation. */
static bool hold(
	struct transports *transports, unsigned to, struct handover_item item)
{
	struct held_items *held = &transports->held[to];

	if (held->first + held->count == held->room) {
		size_t room = held->room ? held->room * 2 : 64;
		struct handover_item *list;

		if (held->count == CROSSING_HELD)
			return false;
		if (held->count)
			memmove(held->list, held->list + held->first,
				held->count * sizeof(*held->list));
		held->first = 0;
		if (held->count > held->room / 2 || held->room == 0) {
			list = realloc(held->list, room * sizeof(*list));
			if (!list)
				return false;
			held->list = list;
			held->room = room;
		}
	}
	held->list[held->first + held->count++] = item;
	return true;
}

static void post_or_hold(struct transports *transports, unsigned to,
	enum handover_kind kind, void *content)
{
	struct handover_item item = {kind, content};

	if (transports->held[to].count == 0 &&
		handover_post(transports->handover, transports->worker, to,
			item) == 0)
		return;
	if (!hold(transports, to, item)) {
		transports->counts.handover_full++;
		free(content);
	}
}

static void post_held(struct transports *transports, unsigned to)
{
	struct held_items *held = &transports->held[to];

	while (held->count) {
		if (handover_post(transports->handover, transports->worker, to,
			    held->list[held->first]) != 0)
			return;
		held->first++;
		held->count--;
	}
	held->first = 0;
}

static void on_room(void *context)
{
	struct transports *transports = context;

	for (unsigned to = 0; to < transports->workers; to++)
		post_held(transports, to);
	connections_resume(transports);
}

/* --- sending on another worker's connection ---------------------------- */

static struct crossing_send *crossing_send_new(
	const struct destination *destination, struct slice bytes,
	uint64_t token)
{
	struct crossing_send *send = malloc(sizeof(*send) + bytes.size);

	if (!send)
		return NULL;
	*send = (struct crossing_send){.token = token, .size = bytes.size};
	if (destination)
		send->destination = *destination;
	if (bytes.size)
		memcpy(send->bytes, bytes.at, bytes.size);
	return send;
}

int crossing_send(struct transports *transports,
	const struct destination *destination, struct slice bytes,
	uint64_t token)
{
	struct crossing_send *send;
	int error;

	send = crossing_send_new(destination, bytes, token);
	if (!send)
		return ENOMEM;
	error = handover_post(transports->handover, transports->worker,
		destination->connection.worker,
		(struct handover_item){HANDOVER_SEND, send});
	if (!error)
		return 0;
	free(send);
	transports->counts.queue_full++;
	return ENOBUFS;
}

/* We have the connection, or had it. */
static void on_send(void *context, unsigned from, struct handover_item item)
{
	struct transports *transports = context;
	struct crossing_send *send = item.content;
	const struct connection_name *name = &send->destination.connection;
	struct connection *connection = connections_find(
		transports->connections, name->slot, name->generation);

	if (connection && transports->phase == RUNNING) {
		send->error = connection_send(connection,
			slice_make(send->bytes, send->size), send->token,
			(uint16_t)from);
	} else {
		send->error = ENOTCONN;
		send->gone = true;
	}
	if (send->error && (send->gone || send->token))
		post_or_hold(transports, from, HANDOVER_SEND_FAILED, send);
	else
		free(send);
}

/* Another worker could not send what we gave it. When its connection was gone
 * one of ours will do. */
static void on_send_failed(
	void *context, unsigned from, struct handover_item item)
{
	struct transports *transports = context;
	struct crossing_send *send = item.content;
	int error = send->error;

	(void)from;
	if (send->gone && transports->phase == RUNNING) {
		send->destination.connection.generation = 0;
		error = transports_send(transports, &send->destination,
			slice_make(send->bytes, send->size), send->token);
	}
	if (error)
		transports->counts.send_failed++;
	if (error && send->token)
		transports->host.send_failed(
			transports->host.context, send->token, error);
	free(send);
}

void crossing_failed(struct transports *transports, uint16_t worker,
	uint64_t token, int error)
{
	struct crossing_send *send =
		crossing_send_new(NULL, (struct slice){NULL, 0}, token);

	if (!send)
		return; /* its transaction's timer will end it */
	send->error = error;
	post_or_hold(transports, worker, HANDOVER_SEND_FAILED, send);
}

/* --- connections that are gone ------------------------------------------ */

void crossing_closed(
	struct transports *transports, const struct connection_name *connection)
{
	for (unsigned to = 0; to < transports->workers; to++) {
		struct connection_name *copy;

		if (to == transports->worker)
			continue;
		copy = malloc(sizeof(*copy));
		if (!copy)
			return;
		*copy = *connection;
		post_or_hold(transports, to, HANDOVER_CONNECTION_CLOSED, copy);
	}
}

static void on_connection_closed(
	void *context, unsigned from, struct handover_item item)
{
	struct transports *transports = context;

	(void)from;
	if (transports->phase == RUNNING)
		transports->host.connection_closed(
			transports->host.context, item.content);
	free(item.content);
}

static const struct {
	enum handover_kind kind;
	handover_fn *receive;
	void (*discard)(void *content);
} kinds[] = {
	{HANDOVER_MESSAGE, on_message, discard_message},
	{HANDOVER_SEND, on_send, free},
	{HANDOVER_SEND_FAILED, on_send_failed, free},
	{HANDOVER_CONNECTION_CLOSED, on_connection_closed, free},
};

void crossing_start(struct transports *transports)
{
	struct handover *handover = transports->handover;
	unsigned worker = transports->worker;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		handover_receive(handover, worker, kinds[i].kind,
			kinds[i].receive, transports);
		handover_discard(
			handover, worker, kinds[i].kind, kinds[i].discard);
	}
	handover_on_room(handover, worker, on_room, transports);
}

void crossing_stop(struct transports *transports)
{
	struct handover *handover = transports->handover;
	unsigned worker = transports->worker;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		handover_receive(handover, worker, kinds[i].kind, NULL, NULL);
	handover_on_room(handover, worker, NULL, NULL);
	for (unsigned to = 0; transports->held && to < transports->workers;
		to++) {
		struct held_items *held = &transports->held[to];

		while (held->count--)
			free(held->list[held->first++].content);
		free(held->list);
	}
}
