/* arrivals.c -- a message has come: is it new, and to what does it belong. */
#include "proxy/arrivals.h"

#include "lib/clock.h"
#include "proxy/authorization/shares.h"
#include "proxy/forward/answers.h"
#include "proxy/forward/lives.h"
#include "proxy/forward/responses.h"
#include "proxy/hop.h"
#include "proxy/measures.h"
#include "proxy/order.h"
#include "proxy/routing/routing.h"
#include "proxy/worker.h"

static const char retry_after[] = "Retry-After: 2\r\n";

static void server_ended(void *user)
{
	struct passage *request = user;

	request->server = NULL;
	if (!request->final_status)
		request->final_status = 408; /* nothing can be said any more */
	passage_settle(request);
}

static const struct server_events request_events = {.ended = server_ended};

static void overloaded(struct worker *worker, const struct message *message,
	const struct arrival *arrival)
{
	worker->counts.overload++;
	drops_note(&worker->drops, &arrival->source, "overload");
	if (message->method != METHOD_ACK)
		answer_stateless(worker, message, arrival, 503,
			"Service Unavailable", retry_after);
}

static struct passage *begin_request(struct worker *worker,
	struct message *message, const struct arrival *arrival)
{
	struct passage *passage =
		passage_new(worker, PASSAGE_REQUEST, message, arrival);
	struct destination reply = reply_destination(message, arrival);

	if (!passage)
		return NULL;
	passage->server = server_transaction_start(worker->transactions,
		message, &reply, &request_events, passage);
	if (passage->server && (message->method == METHOD_CANCEL ||
				       order_join(worker->order, passage)))
		return passage;
	/* It has not begun: it ends as one whose last step is over. */
	passage->disposition = DISPOSITION_DISCARD;
	passage->step = LIFECYCLE_STEPS;
	if (passage->server)
		server_transaction_abandon(passage->server);
	passage->server = NULL;
	passage_settle(passage);
	return NULL;
}

/* Nobody may take all transactions for himself. */
static bool is_admitted(struct worker *worker, const struct arrival *arrival)
{
	const struct settings *settings = worker->proxy->settings;
	const struct fill fill = {transactions_count(worker->transactions),
		settings->limits.transactions};
	const size_t begun = shares_count(
		worker->shares, &arrival->source, clock_steady_ms());
	struct peer peer;

	if (fill.used < fill.limit / 2)
		return true;
	peer = peer_of_address(settings, &arrival->source, arrival->listener);
	return shares_grant(begun, fill, &peer);
}

static void new_request(struct worker *worker, struct message *message,
	const struct arrival *arrival)
{
	struct passage *passage =
		worker->stopping || !is_admitted(worker, arrival)
			? NULL
			: begin_request(worker, message, arrival);

	if (!passage) {
		overloaded(worker, message, arrival);
		return;
	}
	worker->counts.requests++;
	worker->counts.methods[message->method]++;
	if (message->method == METHOD_INVITE)
		answer_trying(passage);
	else
		life_begin(passage);
	passage_run(passage);
}

static void new_ack(struct worker *worker, struct message *message,
	const struct arrival *arrival)
{
	struct passage *passage =
		passage_new(worker, PASSAGE_ACK, message, arrival);

	worker->counts.acks++;
	worker->counts.methods[METHOD_ACK]++;
	if (!passage || !order_join(worker->order, passage)) {
		overloaded(worker, message, arrival);
		if (!passage)
			return;
		passage->disposition = DISPOSITION_DISCARD;
		passage->step = LIFECYCLE_ARCHIVING;
	}
	passage_run(passage);
}

/* RFC 3261 16.10: nothing has gone out yet, or branches are cancelled. */
static void cancel_invite(struct passage *invite)
{
	if (invite->final_status || invite->cancelled)
		return;
	invite->cancelled = true;
	if (invite->step == LIFECYCLE_STEPS) {
		branches_cancel(invite);
		return;
	}
	request_withdraw(invite, 487, slice_of("Request Terminated"));
}

/* A CANCEL is answered here and judged by nobody: nothing of it goes on. */
static void take_cancel(struct worker *worker, struct message *message,
	const struct arrival *arrival, struct server_transaction *found)
{
	struct passage *invite = found ? server_transaction_user(found) : NULL;
	struct passage *passage = begin_request(worker, message, arrival);

	if (!passage) {
		overloaded(worker, message, arrival);
		return;
	}
	worker->counts.requests++;
	worker->counts.methods[METHOD_CANCEL]++;
	if (invite)
		passage->to_tag =
			arena_copy(passage->arena, request_tag(invite));
	if (found)
		passage_answer(passage, 200, slice_of("OK"), slice_of(NULL));
	else
		passage_answer(passage, 481,
			slice_of("Call/Transaction Does Not Exist"),
			slice_of(NULL));
	passage_run(passage);
	if (invite)
		cancel_invite(invite);
}

static void take_request(struct worker *worker, struct message *message,
	const struct arrival *arrival)
{
	struct server_transaction *found = NULL;

	switch (transactions_match_request(
		worker->transactions, message, arrival, &found)) {
	case REQUEST_AGAIN:
	case REQUEST_ACK_TAKEN:
		worker->counts.retransmissions++;
		break;
	case REQUEST_CANCEL:
		take_cancel(worker, message, arrival, found);
		break;
	case REQUEST_ACK_OF_2XX:
		new_ack(worker, message, arrival);
		break;
	case REQUEST_NEW:
		if (message->method == METHOD_ACK)
			new_ack(worker, message, arrival);
		else if (message->method == METHOD_CANCEL)
			take_cancel(worker, message, arrival, NULL);
		else
			new_request(worker, message, arrival);
		break;
	}
}

static void take_fault(struct worker *worker, const struct message *message,
	const struct arrival *arrival, const struct message_fault *fault)
{
	measures_dropped(worker, &arrival->source, fault->reason);
	if (!fault->status || !message->is_request ||
		message->method == METHOD_ACK)
		return;
	answer_stateless(
		worker, message, arrival, fault->status, fault->reason, NULL);
}

void arrivals_take(void *context, struct message *message,
	const struct arrival *arrival, const struct message_fault *fault)
{
	struct worker *worker = context;

	if (fault)
		take_fault(worker, message, arrival, fault);
	else if (message->is_request)
		take_request(worker, message, arrival);
	else if (!transactions_take_response(
			 worker->transactions, message, arrival))
		worker->counts.stray_responses++;
	message_release(&message);
}
