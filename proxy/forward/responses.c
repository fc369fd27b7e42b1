/* responses.c -- answers of the branches: RFC 3261 16.7. */
#include "proxy/forward/responses.h"

#include "lib/clock.h"
#include "lib/log.h"
#include "proxy/answer.h"
#include "proxy/archiving/archiving.h"
#include "proxy/authorization/client_counts.h"
#include "proxy/forward/answers.h"
#include "proxy/forward/refusals.h"
#include "proxy/order.h"
#include "proxy/routing/routing.h"
#include "proxy/worker.h"

/* What one request's branches may have under way here at a time. */
enum { RESPONSES_MOST = 64 };

/* Answers that were kept for the choice and lost it. */
static void drop_kept(struct passage *request, const struct branch *but)
{
	for (struct branch *branch = request->branches; branch;
		branch = branch->next) {
		struct passage *kept = branch->kept;

		if (!kept || branch == but)
			continue;
		branch->kept = NULL;
		kept->choice = CHOICE_DROP;
		passage_wake(kept);
	}
}

void respond_upstream(
	struct passage *request, unsigned status, struct slice bytes)
{
	bool further = request->final_status != 0; /* a 2xx of an INVITE */
	int error;

	if (!request->server)
		return;
	error = bytes.at ? server_transaction_answer(
				   request->server, status, bytes)
			 : ENOMEM;
	if (error == EALREADY)
		return;
	if (error)
		request->worker->counts.unsent++;
	if (status >= 200) {
		request->final_status = status;
		authorization_settled(request);
		if (request->versions[0].message->method != METHOD_INVITE)
			timer_cancel(request->worker->timers, &request->timer);
		drop_kept(request, NULL);
	}
	if (further)
		return;
	archiving_event(request, NULL, "answered", status);
	if (status >= 200)
		archiving_outcome(request);
}

void request_answer(
	struct passage *request, unsigned status, struct slice reason)
{
	if (request->made_here || request->final_status)
		return;
	respond_upstream(request, status,
		answer_bytes(request, status, reason, slice_of(NULL)));
	request->worker->counts.answered++;
}

void branches_cancel(struct passage *request)
{
	for (struct branch *branch = request->branches; branch;
		branch = branch->next) {
		if (!branch->client || branch->cancelled ||
			branch->state == BRANCH_FINAL)
			continue;
		if (branch_message(branch)->method != METHOD_INVITE)
			continue; /* RFC 3261 9.1: only an INVITE */
		branch->cancelled = true;
		archiving_event(request, branch, "cancelled", 0);
		client_transaction_cancel(branch->client);
	}
}

void branch_give_up(struct branch *branch, unsigned status, const char *event)
{
	struct passage *request = branch->passage;

	timer_cancel(request->worker->timers, &branch->timer_c);
	if (branch->client) {
		client_transaction_abandon(branch->client);
		branch->client = NULL;
	}
	if (branch->state == BRANCH_FINAL)
		return;
	branch->state = BRANCH_FINAL;
	branch->status = status;
	archiving_event(request, branch, event, status);
	responses_choose(request);
}

/* RFC 3261 16.7.6: 6xx first, then the lowest class; within 4xx what tells the
 * caller what to do. Less is better. */
static unsigned rank(unsigned status)
{
	static const unsigned telling[] = {401, 407, 415, 420, 484};

	if (status >= 600)
		return 0;
	for (size_t i = 0; i < sizeof(telling) / sizeof(telling[0]); i++)
		if (status == telling[i])
			return 400;
	return status / 100 * 100 + 50;
}

static unsigned branch_rank(const struct branch *branch)
{
	return rank(branch->status);
}

static struct branch *best_branch(const struct passage *request)
{
	struct branch *best = NULL;

	for (struct branch *branch = request->branches; branch;
		branch = branch->next) {
		if (branch->state == BRANCH_REFUSED)
			continue;
		if (branch->state != BRANCH_FINAL)
			return NULL;
		if (!best || branch_rank(branch) < branch_rank(best))
			best = branch;
	}
	return best;
}

/* What we say when the best is one of our own making. */
static void answer_ourselves(struct passage *request, unsigned status)
{
	bool invite = request->versions[0].message->method == METHOD_INVITE;

	if (request->cancelled)
		status = 487;
	else if (status == 408 && !invite)
		status = 504; /* RFC 4320 4.2: no 408 to a non-INVITE */
	else if (status == 503)
		status = 500; /* RFC 3261 16.7.6: our next hop's, not ours */
	request_answer(request, status, slice_of(reason_phrase(status)));
}

/* RFC 3261 16.7.6: a 503 is our next hop's own; RFC 4320 4.2: nobody says 408
 * to a non-INVITE. */
static bool may_pass(const struct passage *request, unsigned status)
{
	bool invite = request->versions[0].message->method == METHOD_INVITE;

	return status != 503 && (status != 408 || invite);
}

static void add_challenges(struct passage *request,
	const struct message *message, enum header_id id)
{
	const struct header *header = NULL;

	while ((header = message_header(message, id, header)))
		request->challenges = arena_format(request->arena, "%.*s%.*s",
			SLICE_ARGS(request->challenges),
			SLICE_ARGS(header->line));
}

/* RFC 3261 16.7.7: who must prove himself to several is told of all. */
static void collect_challenges(
	struct passage *request, const struct branch *best)
{
	if (best->status != 401 && best->status != 407)
		return;
	for (const struct branch *branch = request->branches; branch;
		branch = branch->next) {
		if (branch == best || !branch->kept ||
			(branch->status != 401 && branch->status != 407))
			continue;
		add_challenges(request, passage_message(branch->kept),
			HEADER_WWW_AUTHENTICATE);
		add_challenges(request, passage_message(branch->kept),
			HEADER_PROXY_AUTHENTICATE);
	}
}

void responses_choose(struct passage *request)
{
	struct branch *best = best_branch(request);
	struct passage *kept;

	if (!best || best->status < 300 || request->final_status)
		return;
	collect_challenges(request, best);
	kept = best->kept;
	best->kept = NULL;
	drop_kept(request, best);
	if (kept && !request->made_here && may_pass(request, best->status)) {
		kept->choice = CHOICE_FORWARD;
		passage_wake(kept);
		return;
	}
	if (kept) {
		kept->choice = CHOICE_DROP;
		passage_wake(kept);
	}
	answer_ourselves(request, best->status);
}

/* The step of a response between the two chains. */
enum progress choice_step(struct passage *response)
{
	struct branch *branch = response->branch;
	const struct message *message = passage_message(response);

	switch (response->choice) {
	case CHOICE_OPEN:
		break;
	case CHOICE_FORWARD:
		return PROGRESS_NEXT;
	case CHOICE_DROP:
		return PROGRESS_DONE;
	}
	if (message->status < 200)
		return response->request->final_status ? PROGRESS_DONE
						       : PROGRESS_NEXT;
	if (message->status < 300)
		return message->method == METHOD_INVITE ||
				       !response->request->final_status
			       ? PROGRESS_NEXT
			       : PROGRESS_DONE;
	branch->state = BRANCH_FINAL;
	branch->status = message->status;
	if (response->request->final_status)
		return PROGRESS_DONE;
	branch->kept = response;
	/* Kept answers do not hold back those behind them. */
	order_leave(response->worker->order, response);
	if (message->status >= 600)
		branches_cancel(response->request);
	responses_choose(response->request);
	if (response->choice == CHOICE_OPEN)
		return PROGRESS_WAIT;
	ready_remove(&response->worker->ready, response);
	return response->choice == CHOICE_FORWARD ? PROGRESS_NEXT
						  : PROGRESS_DONE;
}

static void note_response(struct branch *branch, const struct message *response)
{
	struct passage *request = branch->passage;

	if (response->status < 200) {
		if (branch->state == BRANCH_SENT)
			branch->state = BRANCH_RINGING;
		if (response->status > 100 && timer_is_set(&branch->timer_c))
			timer_set(request->worker->timers, &branch->timer_c,
				request->worker->proxy->settings->limits
					.timer_c_ms,
				branch->timer_c.run);
		return;
	}
	timer_cancel(request->worker->timers, &branch->timer_c);
	if (branch->state == BRANCH_FINAL)
		return; /* a further 2xx */
	if (response->status < 300) {
		branch->state = BRANCH_FINAL;
		branch->status = response->status;
	}
	archiving_event(request, branch, "final", response->status);
}

/* A response runs only while its request is still waited for. */
static void begin_response(struct branch *branch, struct message *message,
	const struct arrival *arrival)
{
	struct passage *request = branch->passage;
	struct worker *worker = request->worker;
	struct passage *response =
		passage_new(worker, PASSAGE_RESPONSE, message, arrival);

	if (!response) {
		worker->counts.overload++;
		return; /* a 2xx comes again, others are absorbed by timer */
	}
	response->request = request;
	response->branch = branch;
	response->source = branch->target.next;
	response->direction =
		direction_of(&branch->target.next, &request->source);
	response->recipient = request->identity.address_of_record;
	response->identity = (struct identity){.assurance = "claimed",
		.address_of_record = request->recipient};
	request->responses++;
	if (!order_join(worker->order, response))
		worker->counts.overload++;
	passage_run(response);
}

/* The branch alone brought it here. What names another call, sender or request
 * is no answer to ours (RFC 3261 8.2.6.2), and would be kept under names of its
 * own choosing. */
static bool answers_request(
	const struct branch *branch, const struct message *response)
{
	const struct message *sent = branch->passage->versions[0].message;

	return slice_equal(response->call_id, sent->call_id) &&
	       slice_equal(response->from_tag, sent->from_tag) &&
	       response->cseq == sent->cseq;
}

/* A final one ends the branch all the same: no other will come. */
static void refuse_foreign(
	struct branch *branch, const struct message *response)
{
	struct passage *request = branch->passage;

	request->worker->counts.stray_responses++;
	if (response->status < 200 || branch->state == BRANCH_FINAL)
		return;
	branch_give_up(branch, 502, "transport-error");
	if (request->made_here)
		request->final_status = 502;
	passage_settle(request);
}

/* A callee may send any number of these, and what matters of them comes again;
 * of other final ones there is one to a branch. */
static bool may_be_spared(const struct message *response)
{
	return response->status < 200 ||
	       (response->method == METHOD_INVITE && response->status < 300);
}

/* Nobody waits for it: the request is ours, or the caller has been told
 * otherwise. A dialog that it makes must not stay open at the callee. */
static void take_unwanted(struct branch *branch, const struct message *message)
{
	struct passage *request = branch->passage;

	if (request->made_here && message->status >= 200)
		request->final_status = message->status;
	if (message->status >= 300) {
		branch->state = BRANCH_FINAL;
		branch->status = message->status;
	}
	if (message->status / 100 == 2 && message->method == METHOD_INVITE)
		end_at_callee(branch, message);
}

static void branch_response(
	void *user, struct message *message, const struct arrival *arrival)
{
	struct branch *branch = user;
	struct passage *request = branch->passage;

	request->worker->counts.responses++;
	if (!answers_request(branch, message)) {
		refuse_foreign(branch, message);
		return;
	}
	note_response(branch, message);
	if (message->status == 100)
		return;
	if (request->made_here || request->final_status >= 300) {
		take_unwanted(branch, message);
		return;
	}
	if (request->responses >= RESPONSES_MOST && may_be_spared(message)) {
		request->worker->counts.overload++;
		return;
	}
	begin_response(branch, message, arrival);
}

static void branch_timed_out(void *user)
{
	struct branch *branch = user;

	branch->client = NULL;
	branch_give_up(branch, 408, "timeout");
}

static void branch_failed(void *user, int error)
{
	struct branch *branch = user;

	(void)error;
	branch->client = NULL;
	branch_give_up(branch, 503, "transport-error");
}

static void branch_ended(void *user)
{
	struct branch *branch = user;

	branch->client = NULL;
	passage_settle(branch->passage);
}

const struct client_events branch_events = {.response = branch_response,
	.timed_out = branch_timed_out,
	.failed = branch_failed,
	.ended = branch_ended};
