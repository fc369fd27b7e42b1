/* forward.c -- the last step: to the next hop, or the answer. */
#include "proxy/archiving/archiving.h"
#include "proxy/forward/answers.h"
#include "proxy/forward/dialogs.h"
#include "proxy/forward/own_requests.h"
#include "proxy/forward/refusals.h"
#include "proxy/forward/responses.h"
#include "proxy/hop.h"
#include "proxy/order.h"
#include "proxy/worker.h"

static void timer_c_ran(struct timer *timer)
{
	struct branch *branch =
		(struct branch *)((char *)timer -
				  offsetof(struct branch, timer_c));
	struct passage *request = branch->passage;

	/* RFC 3261 16.8: an answered branch is cancelled, a silent one acts as
	 * if 408 had come. */
	if (branch->state == BRANCH_RINGING && branch->client) {
		branch->cancelled = true;
		archiving_event(request, branch, "cancelled", 0);
		client_transaction_cancel(branch->client);
		return;
	}
	branch_give_up(branch, 408, "timeout");
	passage_settle(request);
}

static void start_branch(struct branch *branch)
{
	struct passage *request = branch->passage;
	struct worker *worker = request->worker;
	const struct message *message = branch_message(branch);
	struct slice bytes = hop_bytes(branch);

	if (bytes.at)
		branch->client = client_transaction_start(worker->transactions,
			branch->via_branch, message->method, bytes,
			&branch->target.destination, &branch_events, branch);
	if (!branch->client) {
		branch->state = BRANCH_FINAL;
		branch->status = 503;
		archiving_event(request, branch, "transport-error", 503);
		return;
	}
	branch->state = BRANCH_SENT;
	archiving_event(request, branch, "sent", 0);
	worker->counts.forwarded++;
	if (message->method == METHOD_INVITE)
		timer_set(worker->timers, &branch->timer_c,
			worker->proxy->settings->limits.timer_c_ms,
			timer_c_ran);
}

static void forward_request(struct passage *request)
{
	for (struct branch *branch = request->branches; branch;
		branch = branch->next)
		if (branch->state == BRANCH_PLANNED)
			start_branch(branch);
	responses_choose(request);
}

static void forward_ack(struct passage *ack)
{
	struct branch *branch = ack->branches;
	struct slice bytes;

	if (!branch || branch->state != BRANCH_PLANNED)
		return;
	bytes = hop_bytes(branch);
	if (!bytes.at || transports_send(ack->worker->transports,
				 &branch->target.destination, bytes, 0)) {
		branch->state = BRANCH_FINAL;
		archiving_event(ack, branch, "transport-error", 0);
		return;
	}
	branch->state = BRANCH_SENT;
	archiving_event(ack, branch, "sent", 0);
	ack->worker->counts.forwarded++;
}

/* RFC 3261 16.7.3, 16.7.9: without the top Via, which is ours. */
static void forward_response(struct passage *response)
{
	struct passage *request = response->request;
	struct message *message = passage_message(response);
	struct edits edits;
	struct slice bytes = {NULL, 0};

	if (message->status / 100 == 2 && message->method == METHOD_INVITE &&
		request->final_status >= 300) { /* said while this one waited */
		end_at_callee(response->branch, message);
		return;
	}
	edits_start(&edits, response->arena);
	if (edits_remove_value(&edits, message, message->via.value) &&
		(!request->challenges.size || message->status < 300 ||
			edits_append_header(
				&edits, message, request->challenges)))
		bytes = edits_apply(&edits, response->arena, message);
	if (!bytes.at) {
		request_answer(request, 500, slice_of("Server Internal Error"));
		return;
	}
	if (message->status / 100 == 2 && message->method == METHOD_INVITE) {
		message_release(&request->success);
		request->success = message_hold(message);
		dialog_begin(request->worker->dialogs, request);
	}
	respond_upstream(request, message->status, bytes);
	if (message->status / 100 == 2)
		branches_cancel(request);
}

static void answer_request(struct passage *request)
{
	respond_upstream(request, request->answer_status,
		answer_bytes(request, request->answer_status,
			request->answer_reason, request->answer_headers));
	request->worker->counts.answered++;
	if (request->tell_sender)
		tell_sender(request);
}

static void settle_request(struct passage *passage)
{
	if (passage->disposition == DISPOSITION_FORWARD) {
		forward_request(passage);
	} else if (passage->disposition == DISPOSITION_ANSWER) {
		answer_request(passage);
	} else {
		passage->worker->counts.discarded++;
		if (passage->server)
			server_transaction_abandon(passage->server);
		passage->server = NULL;
	}
}

enum progress forward_step(struct passage *passage)
{
	bool forward = passage->disposition == DISPOSITION_FORWARD;

	order_leave(passage->worker->order, passage);
	switch (passage->kind) {
	case PASSAGE_REQUEST:
		settle_request(passage);
		break;
	case PASSAGE_ACK:
		if (forward)
			forward_ack(passage);
		else
			refuse_ack(passage);
		break;
	case PASSAGE_RESPONSE:
		if (forward)
			forward_response(passage);
		else
			refuse_response(passage);
		break;
	}
	return PROGRESS_DONE;
}
