/* own_requests.c -- requests that the server itself makes: BYE, notices. */
#include "proxy/forward/own_requests.h"

#include "lib/clock.h"
#include "lib/log.h"
#include "lib/siphash.h"
#include "proxy/judge.h"
#include "proxy/parse/values.h"
#include "proxy/routing/routing.h"

#include <sys/random.h>

enum { OWN_ARENA_BYTES = 256 * 1024, OWN_TARGETS = 8, CALL_ID_TRIES = 10000 };

static struct slice random_word(struct arena *arena)
{
	uint64_t word;

	if (getrandom(&word, sizeof(word), 0) != (ssize_t)sizeof(word))
		word = clock_steady_us() * 0x9e3779b97f4a7c15u;
	return arena_format(arena, "%016llx", (unsigned long long)word);
}

/* Answers go to the worker that owns the Call-ID: it must be this one, which
 * has the transaction. */
static struct slice own_call_id(
	struct arena *arena, const struct worker *worker, const char *name)
{
	unsigned owner = worker->index + 1;
	struct slice call_id = {NULL, 0};

	for (int i = 0; i < CALL_ID_TRIES && owner != worker->index; i++) {
		call_id = arena_format(
			arena, "%.*s@%s", SLICE_ARGS(random_word(arena)), name);
		if (!call_id.at)
			break;
		owner = transports_owner(worker->transports, call_id);
	}
	return call_id;
}

static struct slice own_via(struct arena *arena, const struct worker *worker,
	const struct target *target)
{
	static const union address none;
	struct slice sent_by = listener_sent_by(
		arena, worker, target->destination.listener, &none);
	struct slice branch = random_word(arena);

	return arena_format(arena,
		"Via: SIP/2.0/%s %.*s;branch=z9hG4bK%.*s%s\r\n",
		target->destination.transport == TRANSPORT_UDP ? "UDP" : "TCP",
		SLICE_ARGS(sent_by), SLICE_ARGS(branch),
		target->destination.transport == TRANSPORT_UDP ? ";rport" : "");
}

/* Enters the steps behind routing: its target is known. */
static bool begin(struct worker *worker, enum method method,
	const struct target *target, struct message *message)
{
	struct arrival arrival = {.transport = target->destination.transport,
		.listener = target->destination.listener,
		.wall_us = clock_wall_us()};
	struct passage *passage = passage_new(worker,
		method == METHOD_ACK ? PASSAGE_ACK : PASSAGE_REQUEST, message,
		&arrival);
	struct name_address from, to;

	if (!passage)
		return false;
	passage->made_here = true;
	passage->step = LIFECYCLE_AFTER_ROUTING;
	passage->source =
		(struct peer){.class = PEER_INTERNAL_SERVER, .inside = true};
	passage->direction = direction_of(&passage->source, &target->next);
	passage->identity.assurance = "proven";
	if (name_address_read(passage->arena, message->from, &from))
		passage->identity.address_of_record =
			uri_address_of_record(passage->arena, &from.uri);
	if (name_address_read(passage->arena, message->to, &to))
		passage->recipient =
			uri_address_of_record(passage->arena, &to.uri);
	if (!passage_add_branch(passage, target)) {
		passage->disposition = DISPOSITION_DISCARD;
		passage->step = LIFECYCLE_ARCHIVING;
	}
	passage_run(passage);
	return true;
}

bool own_request_send(struct worker *worker, enum method method,
	const struct target *target, struct slice start_line,
	struct slice headers_and_body)
{
	struct message_limits limits =
		message_limits_of(worker->proxy->settings);
	struct arena *arena = arena_new(OWN_ARENA_BYTES);
	struct message_fault fault = {0};
	struct message *message = NULL;
	struct slice via, bytes = {NULL, 0};
	bool sent = false;

	if (!arena)
		return false;
	via = own_via(arena, worker, target);
	if (via.at)
		bytes = arena_format(arena, "%.*s%.*s%.*s",
			SLICE_ARGS(start_line), SLICE_ARGS(via),
			SLICE_ARGS(headers_and_body));
	if (bytes.at &&
		message_index(bytes, true, &limits, &message, &fault) == 0)
		sent = begin(worker, method, target, message);
	else
		log_error("A request of our own cannot be made reason=%s",
			fault.reason ? fault.reason : "memory");
	message_release(&message);
	arena_release(&arena);
	return sent;
}

static bool notice_to(struct worker *worker, struct arena *arena,
	const struct target *target, struct slice address_of_record,
	struct slice text)
{
	struct slice start = arena_format(
		arena, "MESSAGE %.*s SIP/2.0\r\n", SLICE_ARGS(target->uri));
	const char *name = worker->proxy->settings->server.name;
	struct slice tag = random_word(arena);
	struct slice call_id = own_call_id(arena, worker, name);
	struct slice rest = arena_format(arena,
		"Max-Forwards: 70\r\n"
		"From: \"sipwarden\" <sip:sipwarden@%s>;tag=%.*s\r\n"
		"To: <sip:%.*s>\r\nCall-ID: %.*s\r\nCSeq: 1 MESSAGE\r\n"
		"Content-Type: text/plain;charset=UTF-8\r\n"
		"Content-Length: %zu\r\n\r\n%.*s",
		name, SLICE_ARGS(tag), SLICE_ARGS(address_of_record),
		SLICE_ARGS(call_id), text.size, SLICE_ARGS(text));

	return start.at && call_id.at && rest.at &&
	       own_request_send(worker, METHOD_MESSAGE, target, start, rest);
}

bool own_notice_send(struct worker *worker, const struct peer *from,
	struct slice address_of_record, struct slice text,
	const struct destination *fallback)
{
	struct arena *arena = arena_new(OWN_ARENA_BYTES);
	struct target targets[OWN_TARGETS];
	struct slice uri;
	size_t count;
	bool sent = false;

	if (!arena)
		return false;
	uri = arena_format(arena, "sip:%.*s", SLICE_ARGS(address_of_record));
	count = routing_targets(worker, arena, from, uri, targets, OWN_TARGETS);
	if (count == 0 && fallback) {
		targets[count++] = (struct target){.uri = uri,
			.destination = *fallback,
			.next = peer_of_address(worker->proxy->settings,
				&fallback->address, fallback->listener)};
	}
	for (size_t i = 0; i < count; i++)
		sent |= notice_to(
			worker, arena, &targets[i], address_of_record, text);
	arena_release(&arena);
	return sent;
}

void tell_sender(struct passage *request)
{
	struct slice text = arena_format(request->arena,
		"Your file for %.*s was not delivered: %.*s.",
		SLICE_ARGS(request->recipient),
		SLICE_ARGS(request->answer_reason));
	struct destination fallback = {.transport = request->arrival.transport,
		.address = request->arrival.source,
		.listener = request->arrival.listener,
		.connection = request->arrival.connection};
	uint64_t silenced;

	if (text.at && request->identity.address_of_record.at &&
		own_notice_send(request->worker, &request->source,
			request->identity.address_of_record, text, &fallback))
		return;
	if (worker_may_tell(
		    request->worker, &request->arrival.source, &silenced))
		log_warn("The sender of a refused file could not be told "
			 "call_id=%.*s silenced=%llu",
			SLICE_ARGS(request->versions[0].message->call_id),
			(unsigned long long)silenced);
}
