/* hop.c -- what a branch changes for its hop. */
#include "proxy/hop.h"

#include "lib/siphash.h"
#include "proxy/parse/values.h"
#include "proxy/routing/routing.h"
#include "proxy/worker.h"

#include <stdio.h>

enum { SIP_PORT = 5060 };

static const char magic[] = "z9hG4bK";

static uint64_t keyed(
	const struct worker *worker, const struct slice *pieces, size_t count)
{
	return siphash(worker->proxy->branch_key, pieces, count);
}

/* What names a received request apart from our key: its branch, or without a
 * magic one the fields of RFC 3261 16.11. */
static size_t received_name(const struct message *message, struct slice out[6])
{
	size_t count = 0;

	if (message->via.magic) {
		out[count++] = message->via.branch;
		out[count++] = message->via.sent_by;
		return count;
	}
	out[count++] = message->via.value;
	out[count++] = message->to_tag;
	out[count++] = message->from_tag;
	out[count++] = message->call_id;
	out[count++] = message->request_uri;
	return count;
}

/* RFC 5393 4.2.1: all that decides where the request goes. */
static uint64_t loop_digest(const struct passage *passage)
{
	const struct message *message = passage->versions[0].message;
	const struct header *route = NULL;
	struct slice pieces[10] = {message->request_uri, message->call_id,
		message->from_tag, message->to_tag};
	size_t count = 4;

	while (count < 10 &&
		(route = message_header(message, HEADER_ROUTE, route)))
		pieces[count++] = route->value;
	return keyed(passage->worker, pieces, count);
}

static bool plan_via(struct branch *branch)
{
	struct passage *passage = branch->passage;
	const struct message *message = passage->versions[0].message;
	struct slice pieces[9];
	size_t count = received_name(message, pieces);
	struct slice sent_by;

	char cseq[16];

	(void)snprintf(cseq, sizeof(cseq), "%u", message->cseq);
	pieces[count++] = branch->target.uri;
	pieces[count++] = slice_make(&branch->target.destination.address,
		sizeof(branch->target.destination.address));
	pieces[count++] = slice_of(cseq);
	branch->via_branch = arena_format(passage->arena, "%s%016llx.%016llx",
		magic,
		(unsigned long long)keyed(passage->worker, pieces, count),
		(unsigned long long)loop_digest(passage));
	sent_by = listener_sent_by(passage->arena, passage->worker,
		branch->target.destination.listener, &passage->arrival.local);
	branch->via = arena_format(passage->arena,
		"Via: SIP/2.0/%s %.*s;branch=%.*s%s\r\n",
		branch->target.destination.transport == TRANSPORT_UDP ? "UDP"
								      : "TCP",
		SLICE_ARGS(sent_by), SLICE_ARGS(branch->via_branch),
		branch->target.destination.transport == TRANSPORT_UDP ? ";rport"
								      : "");
	return branch->via.at != NULL;
}

static bool is_dialog_forming(enum method method)
{
	return method == METHOD_INVITE || method == METHOD_SUBSCRIBE ||
	       method == METHOD_NOTIFY || method == METHOD_REFER;
}

/* RFC 3261 16.6.4. The token proves on return that the dialog came through us;
 * between two transports one URI per side is needed (RFC 5658). */
static bool add_record_route(struct branch *branch)
{
	struct passage *passage = branch->passage;
	struct worker *worker = passage->worker;
	const struct message *message = branch_message(branch);
	struct slice token, in, out, line;
	const struct destination *to = &branch->target.destination;
	const struct route_end caller = {&passage->source,
				       &passage->arrival.source},
			       callee = {&branch->target.next, &to->address};
	bool two = passage->arrival.transport != to->transport ||
		   passage->arrival.listener != to->listener;

	if (!is_dialog_forming(message->method))
		return true;
	token = route_token(passage->arena, worker, message, &caller, &callee);
	out = listener_sent_by(
		passage->arena, worker, to->listener, &passage->arrival.local);
	in = listener_sent_by(passage->arena, worker, passage->arrival.listener,
		&passage->arrival.local);
	line = arena_format(passage->arena,
		"Record-Route: <sip:%.*s;transport=%s;lr;swt=%.*s>\r\n",
		SLICE_ARGS(out), transport_word(to->transport),
		SLICE_ARGS(token));
	if (two)
		line = arena_format(passage->arena,
			"%.*sRecord-Route: <sip:%.*s;transport=%s;lr;"
			"swt=%.*s>\r\n",
			SLICE_ARGS(line), SLICE_ARGS(in),
			transport_word(passage->arrival.transport),
			SLICE_ARGS(token));
	return line.at && edits_insert_before(&branch->edits, message,
				  HEADER_RECORD_ROUTE, line);
}

static bool edit_routes(struct branch *branch)
{
	const struct message *message = branch_message(branch);
	const struct header *header = NULL;
	struct slice line;
	size_t number = 0;

	while ((header = message_header(message, HEADER_ROUTE, header))) {
		/* Values of the received bytes, so that they can be spliced. */
		struct slice rest = header->value, value;

		if (branch->target.remove_all_routes) {
			if (!edits_remove_header(
				    &branch->edits, message, header))
				return false;
			continue;
		}
		while (number < 2 && header_next_value(&rest, &value))
			if (branch->target.remove_route[number++] &&
				!edits_remove_value(
					&branch->edits, message, value))
				return false;
	}
	if (!branch->target.add_route.at)
		return true;
	line = arena_format(branch->passage->arena, "Route: %.*s\r\n",
		SLICE_ARGS(branch->target.add_route));
	return line.at &&
	       edits_insert_before(&branch->edits, message, HEADER_ROUTE, line);
}

/* Kept only from servers: a client's could lead later requests anywhere. */
static bool drop_record_routes(struct branch *branch)
{
	const struct message *message = branch_message(branch);
	const struct header *header = NULL;

	if (branch->passage->source.class != PEER_CLIENT)
		return true;
	while ((header = message_header(message, HEADER_RECORD_ROUTE, header)))
		if (!edits_remove_header(&branch->edits, message, header))
			return false;
	return true;
}

static bool mark_received(struct branch *branch)
{
	const struct message *message = branch_message(branch);
	const union address *source = &branch->passage->arrival.source;
	char text[ADDRESS_TEXT_SIZE];
	union address sent_by;
	uint16_t port;

	if (address_of_host(message->via.host, SIP_PORT, &sent_by) &&
		address_same_host(&sent_by, source) && !message->via.rport)
		return true;
	address_host_text(source, text);
	port = address_port(source);
	return edits_mark_received(&branch->edits, message,
		arena_copy(branch->passage->arena, slice_of(text)),
		message->via.rport ? port : 0);
}

bool hop_plan(struct branch *branch)
{
	struct passage *passage = branch->passage;
	const struct message *message = branch_message(branch);

	edits_start(&branch->edits, passage->arena);
	if (passage->made_here) {
		branch->via_branch = message->via.branch;
		return edit_routes(branch);
	}
	return plan_via(branch) &&
	       (slice_equal(branch->target.uri, message->request_uri) ||
		       edits_set_request_uri(
			       &branch->edits, message, branch->target.uri)) &&
	       edits_lower_max_forwards(&branch->edits, message) &&
	       edit_routes(branch) && drop_record_routes(branch) &&
	       add_record_route(branch) && mark_received(branch) &&
	       edits_insert_before(
		       &branch->edits, message, HEADER_VIA, branch->via);
}

struct slice hop_bytes(struct branch *branch)
{
	return edits_apply(
		&branch->edits, branch->passage->arena, branch_message(branch));
}

bool hop_is_loop(const struct passage *passage)
{
	const struct message *message = passage->versions[0].message;
	const struct header *header = NULL;
	char wanted[20];

	(void)snprintf(wanted, sizeof(wanted), ".%016llx",
		(unsigned long long)loop_digest(passage));
	while ((header = message_header(message, HEADER_VIA, header))) {
		struct slice rest = header->value, value;

		while (header_next_value(&rest, &value))
			if (slice_search(value, slice_of(wanted)) != SIZE_MAX &&
				slice_search(value, slice_of(magic)) !=
					SIZE_MAX)
				return true;
	}
	return false;
}

struct destination reply_destination(
	const struct message *request, const struct arrival *arrival)
{
	struct destination to = {.transport = arrival->transport,
		.address = arrival->source,
		.listener = arrival->listener,
		.local = arrival->local,
		.connection = arrival->connection};
	uint16_t port = request->via.port ? request->via.port : SIP_PORT;

	if (arrival->transport == TRANSPORT_UDP && request->via.rport)
		return to;
	address_set_port(&to.address, port);
	return to;
}
