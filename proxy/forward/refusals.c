/* refusals.c -- what becomes of a response or an ACK that a stage refused. */
#include "proxy/forward/refusals.h"

#include "lib/log.h"
#include "proxy/answer.h"
#include "proxy/archiving/archiving.h"
#include "proxy/forward/dialogs.h"
#include "proxy/forward/own_requests.h"
#include "proxy/forward/responses.h"
#include "proxy/parse/values.h"
#include "proxy/routing/routing.h"
#include "proxy/worker.h"

enum {
	REMOTE_CSEQ = 1 << 30, /* above any that a client counts up to */
	END_ARENA_BYTES = 256 * 1024
};

/* The route set between us and one end, as lines of Route. Towards the callee
 * it is the Record-Route of the 2xx that stands above ours, from below; towards
 * the caller what stands below ours in the INVITE as it came, from above
 * (RFC 3261 12.1). */
static struct slice routes(struct arena *arena, const struct worker *worker,
	const struct message *message, bool reverse)
{
	const struct header *header = NULL;
	struct slice lines = SLICE("");

	while ((header =
			message_header(message, HEADER_RECORD_ROUTE, header))) {
		struct slice rest = header_unfolded(message, header), value;

		while (header_next_value(&rest, &value)) {
			struct name_address route;

			if (!name_address_read(arena, value, &route))
				return lines;
			if (host_is_ours(
				    worker, route.uri.host, route.uri.port)) {
				if (reverse)
					return lines;
				continue;
			}
			lines = reverse ? arena_format(arena,
						  "Route: %.*s\r\n%.*s",
						  SLICE_ARGS(value),
						  SLICE_ARGS(lines))
					: arena_format(arena,
						  "%.*sRoute: %.*s\r\n",
						  SLICE_ARGS(lines),
						  SLICE_ARGS(value));
		}
	}
	return lines;
}

/* Where a request of ours within the dialog goes: the peer that the message
 * with this Contact came from. */
struct end {
	struct slice contact; /* Request-URI */
	struct slice routes;
	struct target target;
};

static bool read_contact(struct arena *arena, const struct message *message,
	struct slice *contact)
{
	const struct header *header =
		message_header(message, HEADER_CONTACT, NULL);
	struct name_address address;

	if (!header || !name_address_read(arena,
			       header_unfolded(message, header), &address))
		return false;
	*contact = address.uri.whole;
	return true;
}

static bool callee_end(struct arena *arena, const struct branch *branch,
	const struct message *success, struct end *end)
{
	const struct worker *worker = branch->passage->worker;

	*end = (struct end){.target = branch->target};
	end->routes = routes(arena, worker, success, true);
	if (!read_contact(arena, success, &end->contact))
		end->contact = branch->target.uri;
	end->target.uri = end->contact;
	end->target.add_route = (struct slice){NULL, 0};
	end->target.remove_route[0] = end->target.remove_route[1] = false;
	return end->contact.at != NULL;
}

static bool caller_end(
	struct arena *arena, const struct passage *invite, struct end *end)
{
	const struct message *request = invite->versions[0].message;

	*end = (struct end){
		.target = {
			.destination = {.transport = invite->arrival.transport,
				.address = invite->arrival.source,
				.listener = invite->arrival.listener,
				.connection = invite->arrival.connection},
			.next = invite->source}};
	end->routes = routes(arena, invite->worker, request, false);
	if (!read_contact(arena, request, &end->contact))
		return false;
	end->target.uri = end->contact;
	return true;
}

/* from and to: whole values with their tags. */
static bool send_within(struct worker *worker, struct arena *arena,
	enum method method, const struct end *end, struct slice from,
	struct slice to, const struct message *dialog, uint32_t cseq)
{
	const char *name = method == METHOD_BYE ? "BYE" : "ACK";
	struct slice start = arena_format(
		arena, "%s %.*s SIP/2.0\r\n", name, SLICE_ARGS(end->contact));
	struct slice rest = arena_format(arena,
		"Max-Forwards: 70\r\nFrom: %.*s\r\nTo: %.*s\r\n"
		"Call-ID: %.*s\r\nCSeq: %u %s\r\n%.*s%s"
		"Content-Length: 0\r\n\r\n",
		SLICE_ARGS(from), SLICE_ARGS(to), SLICE_ARGS(dialog->call_id),
		cseq, name, SLICE_ARGS(end->routes),
		method == METHOD_BYE
			? "Reason: SIP;cause=403;text=\"Refused by policy\"\r\n"
			: "");

	return start.at && rest.at &&
	       own_request_send(worker, method, &end->target, start, rest);
}

/* A dialog whose 2xx the caller never got; on the request's arena. */
struct ended_dialog {
	struct ended_dialog *next;
	const struct branch *branch;
	struct slice tag; /* of the callee */
};

/* False: it is known, or one that cannot be noted: it gets no second BYE. */
static bool note_ended(struct branch *branch, struct slice tag)
{
	struct passage *request = branch->passage;
	struct ended_dialog *ended;

	for (ended = request->withheld; ended; ended = ended->next)
		if (ended->branch == branch && slice_equal(ended->tag, tag))
			return false;
	ended = arena_take(request->arena, sizeof(*ended));
	if (!ended)
		return false;
	*ended = (struct ended_dialog){.next = request->withheld,
		.branch = branch,
		.tag = arena_copy(request->arena, tag)};
	request->withheld = ended;
	return true;
}

/* RFC 3261 13.2.2.4 in the caller's place: it has never seen this 2xx. What is
 * made for it lives no longer than the call: the callee may repeat it. */
void end_at_callee(struct branch *branch, const struct message *success)
{
	struct worker *worker = branch->passage->worker;
	bool first = note_ended(branch, success->to_tag);
	struct arena *arena = arena_new(END_ARENA_BYTES);
	struct end end;

	if (!arena || !callee_end(arena, branch, success, &end) ||
		!send_within(worker, arena, METHOD_ACK, &end, success->from,
			success->to, success, success->cseq) ||
		(first && !send_within(worker, arena, METHOD_BYE, &end,
				  success->from, success->to, success,
				  success->cseq + 1)))
		log_error("A dialog that the caller must not have could not be "
			  "ended at the callee call_id=%.*s",
			SLICE_ARGS(success->call_id));
	arena_release(&arena);
}

void refuse_response(struct passage *response)
{
	struct passage *request = response->request;
	const struct message *message = passage_message(response);
	unsigned status = response->answer_status;
	struct slice reason = response->answer_reason;

	if (response->disposition == DISPOSITION_DISCARD) {
		if (message->status < 200)
			return;
		status = 403;
		reason = slice_of("Forbidden");
	}
	request->worker->counts.answered++;
	if (message->status / 100 == 2 && message->method == METHOD_INVITE)
		end_at_callee(response->branch, response->versions[0].message);
	request_answer(request, status, reason);
	branches_cancel(request);
}

static bool was_refused_by_stage(const struct passage *passage)
{
	const struct trail_entry *entry = passage->trail.first;

	while (entry && !entry->status &&
		(!entry->verdict || !slice_equal(slice_of(entry->verdict),
					    SLICE("discard"))))
		entry = entry->next;
	return entry != NULL;
}

/* The INVITE whose 2xx the ACK acknowledges; NULL when it is over. */
static struct passage *invite_of(const struct passage *ack)
{
	const struct message *message = ack->versions[0].message;
	struct passage *invite = dialog_find(ack->worker->dialogs, message);
	uint64_t silenced;

	if (invite && invite->success &&
		slice_equal(invite->success->to_tag, message->to_tag))
		return invite;
	if (worker_may_tell(ack->worker, &ack->arrival.source, &silenced))
		log_warn("A refused ACK belongs to no dialog that is known: it "
			 "was dropped call_id=%.*s silenced=%llu",
			SLICE_ARGS(message->call_id),
			(unsigned long long)silenced);
	return NULL;
}

/* The ACK never goes on; both ends believe in the dialog, so both get a BYE.
 * One that has run out of hops or names no place is dropped alone: it says
 * nothing of the dialog's words. */
void refuse_ack(struct passage *ack)
{
	struct passage *invite =
		was_refused_by_stage(ack) ? invite_of(ack) : NULL;
	const struct message *success;
	struct branch *branch;
	struct end callee, caller;

	if (!invite)
		return;
	success = invite->success;
	for (branch = invite->branches; branch; branch = branch->next)
		if (branch->state == BRANCH_FINAL && branch->status / 100 == 2)
			break;
	if (branch && callee_end(ack->arena, branch, success, &callee) &&
		(!send_within(ack->worker, ack->arena, METHOD_ACK, &callee,
			 success->from, success->to, success, success->cseq) ||
			!send_within(ack->worker, ack->arena, METHOD_BYE,
				&callee, success->from, success->to, success,
				success->cseq + 1)))
		ack->worker->counts.unsent++;
	if (caller_end(ack->arena, invite, &caller) &&
		!send_within(ack->worker, ack->arena, METHOD_BYE, &caller,
			success->to, success->from, success, REMOTE_CSEQ))
		ack->worker->counts.unsent++;
}
