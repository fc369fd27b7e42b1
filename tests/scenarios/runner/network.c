/* network.c -- the double of transports: everybody gets what is sent to them,
 * at once, and nothing else happens. */
#include "run.h"

#include "lib/clock.h"
#include "proxy/judge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FAILURES = 32 };

/* A send that failed is told from the timers, never from inside. */
struct failure {
	struct timer timer; /* first */
	struct run *run;
	uint64_t token;
	int error;
};

struct transports {
	struct run *run;
	struct transports_host host;
	struct transports_counts counts;
	struct failure failures[FAILURES];
};

int transports_start(uv_loop_t *loop, unsigned worker, unsigned workers,
	const struct settings *settings, struct handover *handover,
	const struct transports_host *host, struct transports **transports,
	char reason[256])
{
	struct transports *made = calloc(1, sizeof(*made));

	(void)loop, (void)worker, (void)workers, (void)settings, (void)handover;
	(void)reason;
	if (!made)
		return ENOMEM;
	made->run = the_run;
	made->host = *host;
	the_run->transports = *transports = made;
	return 0;
}

void transports_stop(struct transports *transports, void (*done)(void *context),
	void *context)
{
	(void)transports;
	done(context);
}

void transports_release(struct transports **transports)
{
	for (size_t i = 0; *transports && i < FAILURES; i++)
		timer_cancel((*transports)->run->worker.timers,
			&(*transports)->failures[i].timer);
	free(*transports);
	*transports = NULL;
}

unsigned transports_owner(
	const struct transports *transports, struct slice call_id)
{
	(void)transports, (void)call_id;
	return 0;
}

const struct transports_counts *transports_counts(
	const struct transports *transports)
{
	return &transports->counts;
}

bool transports_is_ours(
	const struct transports *transports, const union address *address)
{
	const struct settings *settings = transports->run->settings;

	for (size_t i = 0; i < settings->listener_count; i++)
		if (address_equal(&settings->listeners[i].address, address))
			return true;
	return false;
}

size_t transports_connections(const struct transports *transports)
{
	(void)transports;
	return 0;
}

bool transports_walk(const struct transports *transports, uint32_t *cursor,
	size_t most, connection_fn *show, void *context)
{
	(void)transports, (void)cursor, (void)most, (void)show, (void)context;
	return false;
}

static struct heard *heard_add(
	struct heard **list, struct message *message, uint64_t at_us)
{
	struct heard *heard = calloc(1, sizeof(*heard));

	if (!heard)
		abort();
	heard->message = message;
	heard->at_us = at_us;
	while (*list)
		list = &(*list)->next;
	*list = heard;
	return heard;
}

void heard_free(struct heard **list)
{
	struct heard *heard;

	while ((heard = *list)) {
		*list = heard->next;
		message_release(&heard->message);
		free(heard);
	}
}

const struct heard *person_unexpected(const struct person *person)
{
	for (const struct heard *heard = person->got; heard;
		heard = heard->next)
		if (!heard->expected)
			return heard;
	return NULL;
}

static struct person *person_at(
	struct run *run, const struct destination *destination)
{
	const struct connection_name *name = &destination->connection;

	if (name->generation && name->slot < run->person_count &&
		run->people[name->slot].generation == name->generation)
		return &run->people[name->slot];
	for (size_t i = 0; i < run->person_count; i++)
		if (run->people[i].transport == destination->transport &&
			address_equal(
				&run->people[i].address, &destination->address))
			return &run->people[i];
	return NULL;
}

static void failure_told(struct timer *timer)
{
	struct failure *failure = (struct failure *)timer;
	struct transports *transports = failure->run->transports;

	transports->host.send_failed(
		transports->host.context, failure->token, failure->error);
}

static void fail_later(struct transports *transports, uint64_t token, int error)
{
	for (size_t i = 0; token && i < FAILURES; i++) {
		struct failure *failure = &transports->failures[i];

		if (timer_is_set(&failure->timer))
			continue;
		failure->run = transports->run;
		failure->token = token;
		failure->error = error;
		timer_set(transports->run->worker.timers, &failure->timer, 0,
			failure_told);
		return;
	}
}

static struct message *indexed(struct run *run, struct slice bytes)
{
	const struct message_limits limits = message_limits_of(run->settings);
	struct message_fault fault = {0};
	struct message *message = NULL;

	if (message_index(bytes, false, &limits, &message, &fault) != 0)
		run_fail(run, "what the proxy sent is not SIP (%s):\n%.*s",
			fault.reason, SLICE_ARGS(bytes));
	return message;
}

int transports_send(struct transports *transports,
	const struct destination *destination, struct slice bytes,
	uint64_t token)
{
	struct run *run = transports->run;
	struct person *person = person_at(run, destination);
	char text[ADDRESS_TEXT_SIZE];
	struct message *message;

	if (!run->started)
		return 0;
	if (run->settings->listeners[destination->listener].transport !=
		destination->transport)
		run_fail(run, "sent from a listener of another transport");
	message = indexed(run, bytes);
	address_text(&destination->address, text);
	if (!person && !run->draining) {
		ladder_add(run, NULL, "<", message, text);
		message_release(&message);
		run_fail(run, "sent to %s, where nobody is", text);
	}
	if (!person || person->gone || person->unreachable) {
		ladder_add(run, person, "<", message, "(lost)");
		message_release(&message);
		if (person && person->unreachable)
			return EHOSTUNREACH;
		if (person && person->transport != TRANSPORT_UDP)
			fail_later(transports, token, ECONNREFUSED);
		return 0;
	}
	if (!run->draining)
		ladder_add(run, person, "<", message, "");
	heard_add(&person->got, message, run_now_us(run));
	return 0;
}

static uint16_t listener_of(struct run *run, const struct person *person)
{
	for (size_t i = 0; i < run->settings->listener_count; i++)
		if (run->settings->listeners[i].transport == person->transport)
			return (uint16_t)i;
	run_fail(run, "the proxy has no listener for %s", person->name);
}

void network_deliver(
	struct run *run, struct person *person, const char *bytes, size_t size)
{
	const struct message_limits limits = message_limits_of(run->settings);
	struct transports *transports = run->transports;
	struct arrival arrival = {.transport = person->transport,
		.source = person->address,
		.listener = listener_of(run, person),
		.wall_us = clock_wall_us()};
	struct message_fault fault = {0};
	struct message *message = NULL;
	int error;

	arrival.local = run->settings->listeners[arrival.listener].address;
	if (person->transport != TRANSPORT_UDP)
		arrival.connection = (struct connection_name){
			.slot = (uint32_t)(person - run->people),
			.generation = person->generation};
	error = message_index(slice_make(bytes, size),
		person->transport == TRANSPORT_UDP, &limits, &message, &fault);
	if (!message)
		run_fail(run, "what %s says is not SIP: %s", person->name,
			fault.reason);
	ladder_add(run, person, ">", message, "");
	heard_add(&person->said, message_hold(message), run_now_us(run));
	transports->host.arrived(transports->host.context, message, &arrival,
		error ? &fault : NULL);
	settle(run);
}

void network_close(struct run *run, struct person *person)
{
	struct transports *transports = run->transports;
	const struct connection_name name = {
		.slot = (uint32_t)(person - run->people),
		.generation = person->generation++};

	transports->host.connection_closed(transports->host.context, &name);
	settle(run);
}
