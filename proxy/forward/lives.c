/* lives.c -- how long a request may take here, and how it ends before it left.
 */
#include "proxy/forward/lives.h"

#include "proxy/archiving/archiving.h"
#include "proxy/forward/answers.h"
#include "proxy/forward/responses.h"
#include "proxy/order.h"
#include "proxy/routing/user_services/user_services.h"
#include "proxy/worker.h"

enum {
	/* RFC 4320 4.1: no 100 for a non-INVITE before Timer E is at T2. */
	LATE_TRYING_MS = 3500
};

/* Its own answer need not stand in line: it goes the other way. */
void request_withdraw(
	struct passage *request, unsigned status, struct slice reason)
{
	passage_abort_stages(request);
	archiving_forget(request);
	registrar_forget(request);
	order_leave(request->worker->order, request);
	for (struct branch *branch = request->branches; branch;
		branch = branch->next) {
		branch->state = BRANCH_REFUSED;
		branch->status = status;
	}
	request->disposition = DISPOSITION_FORWARD;
	passage_answer(request, status, reason, slice_of(NULL));
	request->step =
		request->step < LIFECYCLE_ARCHIVING || !request->submission
			? LIFECYCLE_ARCHIVING
			: LIFECYCLE_FORWARD;
	if (request->waiting)
		passage_resume(request);
}

/* The sender is told that it failed: it must not arrive later. */
static void give_up(struct passage *request)
{
	for (struct branch *branch = request->branches; branch;
		branch = branch->next)
		if (branch->client)
			client_transaction_hush(branch->client);
	request_answer(request, 504, slice_of("Server Time-out"));
	passage_settle(request);
}

static struct passage *of_timer(struct timer *timer)
{
	return (struct passage *)((char *)timer -
				  offsetof(struct passage, timer));
}

static void life_is_over(struct timer *timer)
{
	struct passage *request = of_timer(timer);

	if (request->step == LIFECYCLE_STEPS)
		give_up(request);
	else
		request_withdraw(request, 504, slice_of("Server Time-out"));
}

static void late_trying(struct timer *timer)
{
	struct passage *request = of_timer(timer);
	const struct settings *settings = request->worker->proxy->settings;
	uint32_t life_ms = settings->limits.non_invite_ms;

	answer_trying(request);
	timer_set(request->worker->timers, &request->timer,
		life_ms - LATE_TRYING_MS, life_is_over);
}

void life_begin(struct passage *request)
{
	struct timers *timers = request->worker->timers;
	uint32_t life_ms =
		request->worker->proxy->settings->limits.non_invite_ms;

	if (life_ms > LATE_TRYING_MS)
		timer_set(timers, &request->timer, LATE_TRYING_MS, late_trying);
	else
		timer_set(timers, &request->timer, life_ms, life_is_over);
}
