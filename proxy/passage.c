/* passage.c -- one message on its way through the steps. */
#include "proxy/passage.h"

#include "lib/clock.h"
#include "lib/log.h"
#include "proxy/archiving/archiving.h"
#include "proxy/authorization/client_counts.h"
#include "proxy/forward/dialogs.h"
#include "proxy/judge.h"
#include "proxy/order.h"
#include "proxy/routing/user_services/user_services.h"
#include "proxy/worker.h"

#include <stdlib.h>

enum {
	/* Beyond the message itself: lists of what is judged, splices, trail;
	 * twice what a message may decode to. */
	PASSAGE_ARENA_BYTES = 8 * 1024 * 1024
};

const char *peer_class_word(enum peer_class class)
{
	static const char *const words[] = {
		"client", "gateway", "internal-server"};

	return words[class];
}

static const enum lifecycle_step request_steps[] = {LIFECYCLE_AUTHORIZATION,
	LIFECYCLE_IDENTITY, LIFECYCLE_BEFORE_ROUTING, LIFECYCLE_ROUTING,
	LIFECYCLE_AFTER_ROUTING, LIFECYCLE_ARCHIVING, LIFECYCLE_FORWARD,
	LIFECYCLE_STEPS};
static const enum lifecycle_step response_steps[] = {LIFECYCLE_AFTER_ROUTING,
	LIFECYCLE_CHOICE, LIFECYCLE_BEFORE_ROUTING, LIFECYCLE_ARCHIVING,
	LIFECYCLE_FORWARD, LIFECYCLE_STEPS};

static lifecycle_fn *const step_functions[LIFECYCLE_STEPS] = {
	[LIFECYCLE_AUTHORIZATION] = authorization_step,
	[LIFECYCLE_IDENTITY] = identity_step,
	[LIFECYCLE_BEFORE_ROUTING] = before_routing_step,
	[LIFECYCLE_ROUTING] = routing_step,
	[LIFECYCLE_AFTER_ROUTING] = after_routing_step,
	[LIFECYCLE_CHOICE] = choice_step,
	[LIFECYCLE_ARCHIVING] = archiving_step,
	[LIFECYCLE_FORWARD] = forward_step,
};

/* The step behind this one on the passage's way. */
static enum lifecycle_step step_after(const struct passage *passage)
{
	const enum lifecycle_step *step = passage->kind == PASSAGE_RESPONSE
						  ? response_steps
						  : request_steps;

	while (*step != passage->step)
		step++;
	return step[1];
}

struct passage *passage_new(struct worker *worker, enum passage_kind kind,
	struct message *message, const struct arrival *arrival)
{
	struct passage *passage = calloc(1, sizeof(*passage));

	if (passage)
		passage->arena = arena_new(PASSAGE_ARENA_BYTES);
	if (!passage || !passage->arena) {
		free(passage);
		return NULL;
	}
	passage->worker = worker;
	passage->kind = kind;
	passage->arrival = *arrival;
	passage->versions[0].message = message_hold(message);
	passage->version_count = 1;
	passage->began_us = clock_steady_us();
	passage->step =
		kind == PASSAGE_RESPONSE ? response_steps[0] : request_steps[0];
	passage->link = &worker->passages;
	passage->next = worker->passages;
	if (passage->next)
		passage->next->link = &passage->next;
	worker->passages = passage;
	worker->passage_count++;
	return passage;
}

void passage_abort_stages(struct passage *passage)
{
	if (passage->chain.job) {
		void *job = passage->chain.job;

		passage->chain.job = NULL;
		passage->chain.abort(job);
	}
	timer_cancel(passage->worker->timers, &passage->chain.deadline);
}

static void cancel_timers(struct passage *passage)
{
	struct timers *timers = passage->worker->timers;

	timer_cancel(timers, &passage->timer);
	ready_remove(&passage->worker->ready, passage);
	for (struct branch *branch = passage->branches; branch;
		branch = branch->next)
		timer_cancel(timers, &branch->timer_c);
}

static void passage_free(struct passage *passage)
{
	passage_abort_stages(passage);
	cancel_timers(passage);
	archiving_forget(passage);
	registrar_forget(passage);
	authorization_settled(passage);
	order_leave(passage->worker->order, passage);
	if (passage->dialog)
		dialog_end(passage->worker->dialogs, passage);
	if (passage->server)
		server_transaction_abandon(passage->server);
	for (struct branch *branch = passage->branches; branch;
		branch = branch->next)
		if (branch->client)
			client_transaction_abandon(branch->client);
	for (unsigned i = 0; i < passage->version_count; i++)
		message_release(&passage->versions[i].message);
	message_release(&passage->success);
	*passage->link = passage->next;
	if (passage->next)
		passage->next->link = passage->link;
	passage->worker->passage_count--;
	arena_release(&passage->arena);
	free(passage);
}

/* After its final answer a client transaction absorbs repeats by itself; only
 * the further 2xx of an INVITE are still wanted (RFC 6026). */
static bool branch_is_over(const struct branch *branch)
{
	bool more_may_come = branch->status / 100 == 2 &&
			     branch_message(branch)->method == METHOD_INVITE;

	return !branch->client ||
	       (branch->state == BRANCH_FINAL && !more_may_come);
}

static bool branches_are_over(const struct passage *passage)
{
	for (const struct branch *branch = passage->branches; branch;
		branch = branch->next)
		if (!branch_is_over(branch))
			return false;
	return true;
}

/* A request's passage is the response context: it stays while an answer is
 * still to come or one is on its way. */
void passage_settle(struct passage *passage)
{
	if (passage->running || passage->step != LIFECYCLE_STEPS ||
		passage->responses || !branches_are_over(passage))
		return;
	if (passage->server && !passage->final_status)
		return;
	archiving_outcome(passage);
	passage_free(passage);
}

static void response_over(struct passage *passage)
{
	struct passage *request = passage->request;

	passage_free(passage);
	request->responses--;
	passage_settle(request);
}

bool passage_is_answered(const struct passage *passage)
{
	if (passage->kind != PASSAGE_REQUEST ||
		passage->step != LIFECYCLE_STEPS || passage->responses ||
		!passage->final_status)
		return false;
	for (const struct branch *branch = passage->branches; branch;
		branch = branch->next)
		if (branch->client && branch->state != BRANCH_FINAL)
			return false;
	return true;
}

void passage_drop(struct passage *passage)
{
	struct passage *request =
		passage->kind == PASSAGE_RESPONSE ? passage->request : passage;
	struct passage *other, *next;

	for (other = request->responses ? request->worker->passages : NULL;
		other; other = next) {
		next = other->next;
		if (other->kind == PASSAGE_RESPONSE &&
			other->request == request)
			passage_free(other);
	}
	archiving_outcome(request);
	passage_free(request);
}

static void over(struct passage *passage)
{
	passage->step = LIFECYCLE_STEPS;
	order_leave(passage->worker->order, passage);
	if (passage->kind == PASSAGE_RESPONSE)
		response_over(passage);
	else
		passage_settle(passage);
}

/* Whoever has settled the message by an answer or a drop skips what would
 * still judge or route it: archiving and forward carry that out. */
static enum lifecycle_step next_step(const struct passage *passage)
{
	if (passage->disposition != DISPOSITION_FORWARD &&
		passage->step < LIFECYCLE_ARCHIVING)
		return LIFECYCLE_ARCHIVING;
	return step_after(passage);
}

void passage_run(struct passage *passage)
{
	enum progress progress = PROGRESS_NEXT;

	must(!passage->running);
	passage->running = true;
	passage->waiting = false;
	while (passage->step != LIFECYCLE_STEPS) {
		progress = step_functions[passage->step](passage);
		if (progress != PROGRESS_NEXT)
			break;
		passage->step = next_step(passage);
	}
	passage->running = false;
	if (progress == PROGRESS_WAIT)
		passage->waiting = true;
	else
		over(passage);
}

void passage_resume(struct passage *passage)
{
	must(passage->waiting);
	passage_run(passage);
}

void passage_wake(struct passage *passage)
{
	ready_add(&passage->worker->ready, passage);
}

void passage_answer(struct passage *passage, unsigned status,
	struct slice reason, struct slice headers)
{
	if (passage->disposition == DISPOSITION_ANSWER)
		return;
	passage->disposition = DISPOSITION_ANSWER;
	passage->answer_status = status;
	passage->answer_reason = arena_copy(passage->arena, reason);
	passage->answer_headers =
		headers.at ? arena_copy(passage->arena, headers) : headers;
}

unsigned passage_add_version(struct passage *passage, struct slice bytes)
{
	const struct settings *settings = passage->worker->proxy->settings;
	struct message_limits limits = message_limits_of(settings);
	struct message_fault fault;
	struct message *message;

	if (passage->version_count == PASSAGE_VERSIONS || !bytes.at)
		return 0;
	if (message_index(bytes, true, &limits, &message, &fault) != 0) {
		message_release(&message);
		return 0;
	}
	passage->versions[passage->version_count].message = message;
	return passage->version_count++;
}

const struct judged_list *passage_judged(
	struct passage *passage, unsigned number)
{
	struct version *version = &passage->versions[number];

	if (version->list_state == LIST_UNMADE) {
		bool made = judge_list(passage->worker->proxy->settings,
			passage->arena, version->message, &version->list,
			&version->fault);

		version->list_state = made ? LIST_MADE : LIST_FAULTY;
	}
	return version->list_state == LIST_MADE ? &version->list : NULL;
}

struct branch *passage_add_branch(
	struct passage *passage, const struct target *target)
{
	struct branch **end = &passage->branches, *branch;

	if (passage->branch_count == PASSAGE_BRANCHES)
		return NULL;
	branch = arena_take(passage->arena, sizeof(*branch));
	if (!branch)
		return NULL;
	while (*end)
		end = &(*end)->next;
	*end = branch;
	branch->passage = passage;
	branch->number = ++passage->branch_count;
	branch->target = *target;
	branch->target.uri = arena_copy(passage->arena, target->uri);
	if (target->add_route.at)
		branch->target.add_route =
			arena_copy(passage->arena, target->add_route);
	branch->version = passage->version;
	return branch;
}
