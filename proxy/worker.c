/* worker.c -- one thread of the proxy: its loop and what hangs on it. */
#include "proxy/worker.h"

#include "lib/clock.h"
#include "lib/log.h"
#include "proxy/archiving/archiving.h"
#include "proxy/archiving/same_text.h"
#include "proxy/arrivals.h"
#include "proxy/authorization/client_counts.h"
#include "proxy/authorization/shares.h"
#include "proxy/forward/dialogs.h"
#include "proxy/measures.h"
#include "proxy/order.h"
#include "proxy/routing/user_services/bindings.h"

#include <stdio.h>

enum {
	TICK_MS = 10,
	/* A clean stop waits so long for what has been accepted. */
	STOP_LIMIT_MS = 5000,
	/* and then so long for the records of what it cut off. */
	STOP_RECORD_MS = 1000,
	CHECKPOINT_MS = 60000,
	T2_MS = 4000, /* RFC 3261 17.1.2.2 */
	T4_MS = 5000
};

/* What waits (for a scanner, for its turn) has no record yet. */
static uint64_t recorded_until(const struct worker *worker)
{
	uint64_t until_us = clock_wall_us();

	for (const struct passage *passage = worker->passages; passage;
		passage = passage->next)
		if (!passage->submitted && !passage->unrecorded &&
			passage->arrival.wall_us < until_us)
			until_us = passage->arrival.wall_us;
	return until_us;
}

static void checkpoint(struct worker *worker)
{
	uint64_t now_ms = clock_steady_ms();

	if (now_ms < worker->checkpoint_ms)
		return;
	if (worker->checkpoint_ms && worker->archive)
		archive_checkpoint(worker->archive, recorded_until(worker));
	worker->checkpoint_ms = now_ms + CHECKPOINT_MS;
}

static void tick(uv_timer_t *timer)
{
	struct worker *worker = timer->data;

	timers_advance(worker->timers, clock_steady_ms());
	worker->began = true;
	measures_tick(worker, clock_steady_ms());
	checkpoint(worker);
}

/* What this turn sets counts from now, not from the last tick. */
static void polled(uv_check_t *check)
{
	struct worker *worker = check->data;

	timers_told(worker->timers, clock_steady_ms());
}

static int send_bytes(void *context, const struct destination *destination,
	struct slice bytes, uint64_t token)
{
	struct worker *worker = context;

	return transports_send(worker->transports, destination, bytes, token);
}

static void send_failed(void *context, uint64_t token, int error)
{
	struct worker *worker = context;

	transactions_send_failed(worker->transactions, token, error);
}

/* Bindings that name it are reached by their address from now on: transports
 * see by its generation that it is gone. */
static void connection_closed(
	void *context, const struct connection_name *connection)
{
	(void)context;
	(void)connection;
}

static void closed(void *context)
{
	struct worker *worker = context;

	uv_stop(&worker->loop);
}

static void stop_now(uv_timer_t *timer)
{
	struct worker *worker = timer->data;

	transports_stop(worker->transports, closed, worker);
}

/* A notice of ours that nobody has answered: it has been sent, and holds up
 * no one. */
static bool cut_short(struct passage *passage)
{
	if (!passage->made_here || passage->kind != PASSAGE_REQUEST ||
		passage->step != LIFECYCLE_STEPS ||
		passage->versions[0].message->method != METHOD_MESSAGE)
		return false;
	for (struct branch *branch = passage->branches; branch;
		branch = branch->next)
		if (branch->state == BRANCH_SENT ||
			branch->state == BRANCH_RINGING)
			archiving_event(passage, branch, "cut-short", 0);
	return true;
}

/* Answered requests only absorb what comes again, an INVITE for 32 s: they go
 * now, so that what became of them is recorded while the archiver listens. */
static void let_go_of_answered(struct worker *worker)
{
	struct passage *passage, *next;

	for (passage = worker->passages; passage; passage = next) {
		next = passage->next;
		if (!passage_is_answered(passage) && !cut_short(passage))
			continue;
		passage_drop(passage);
		worker->stop_let_go++;
	}
}

static bool is_busy(const struct worker *worker)
{
	return worker->passages ||
	       (worker->archive && !archive_idle(worker->archive));
}

/* Passages still under way after the limit: their outcome is recorded so far as
 * it is known, then they go. */
static void end_passages(struct worker *worker)
{
	while (worker->passages)
		passage_drop(worker->passages);
}

/* Without an archiver there is nobody to say it to: the next start will. */
static bool say_stopped(struct worker *worker)
{
	if (!worker->archive || !archive_counts(worker->archive)->connected)
		return true;
	worker->stop_kept = archive_say_stopped(worker->archive);
	return worker->stop_kept;
}

/* Everything accepted has been answered and recorded, or time is up. */
static void stop_when_done(uv_timer_t *timer)
{
	struct worker *worker = timer->data;

	let_go_of_answered(worker);
	if (is_busy(worker) && worker->stop_waited_ms < STOP_LIMIT_MS) {
		worker->stop_waited_ms += TICK_MS;
		if (worker->stop_waited_ms < STOP_LIMIT_MS)
			return;
		log_warn("Stopping with work under way event=stop-late "
			 "worker=%u",
			worker->index);
		end_passages(worker);
	}
	/* What has just been ended is still to be recorded, and the stop. */
	worker->stop_waited_ms += TICK_MS;
	if ((is_busy(worker) || !say_stopped(worker)) &&
		worker->stop_waited_ms < STOP_LIMIT_MS + STOP_RECORD_MS)
		return;
	log_info("worker done worker=%u let_go=%zu", worker->index,
		worker->stop_let_go);
	uv_timer_stop(timer);
	stop_now(timer);
}

static void stop_asked(uv_async_t *async)
{
	struct worker *worker = async->data;

	if (worker->stopping)
		return;
	worker->stopping = true;
	uv_timer_start(&worker->stop_limit, stop_when_done, 0, TICK_MS);
}

static bool start_loop(struct worker *worker)
{
	if (uv_loop_init(&worker->loop) != 0 ||
		uv_timer_init(&worker->loop, &worker->tick) != 0 ||
		uv_check_init(&worker->loop, &worker->polled) != 0 ||
		uv_timer_init(&worker->loop, &worker->stop_limit) != 0 ||
		uv_async_init(&worker->loop, &worker->stop, stop_asked) != 0)
		return false;
	worker->tick.data = worker;
	worker->polled.data = worker;
	ready_start(&worker->ready, &worker->loop);
	worker->stop_limit.data = worker;
	worker->stop.data = worker;
	return uv_check_start(&worker->polled, polled) == 0 &&
	       uv_timer_start(&worker->tick, tick, TICK_MS, TICK_MS) == 0;
}

static bool start_tables(struct worker *worker)
{
	const struct settings *settings = worker->proxy->settings;
	const struct transaction_times times = {.t1_ms = settings->limits.t1_ms,
		.t2_ms = T2_MS,
		.t4_ms = T4_MS};
	const struct transactions_host host = {
		.context = worker, .send = send_bytes};

	worker->timers = timers_new(clock_steady_ms());
	worker->order = order_new();
	worker->shares = shares_new();
	worker->dialogs = dialogs_new();
	worker->same_texts =
		worker->timers ? same_texts_new(worker->timers) : NULL;
	if (!worker->same_texts || !worker->timers || !worker->order ||
		!worker->dialogs || !worker->shares)
		return false;
	worker->transactions = transactions_new(
		worker->timers, &times, settings->limits.transactions, &host);
	return worker->transactions != NULL;
}

static bool uses_stage(const struct settings *settings, enum stage_name stage)
{
	for (size_t i = 0; i < settings->before_routing_count; i++)
		if (settings->before_routing[i] == stage)
			return true;
	for (size_t i = 0; i < settings->after_routing_count; i++)
		if (settings->after_routing[i] == stage)
			return true;
	return false;
}

static bool start_archive(struct worker *worker)
{
	struct proxy *proxy = worker->proxy;

	if (!proxy->settings->archive.record)
		return true;
	worker->archive = archive_link_new(&worker->loop, worker->timers,
		proxy->settings, proxy->boot, worker->index);
	if (!worker->archive)
		return false;
	archive_started(
		worker->archive, worker->index ? NULL : &proxy->last_run);
	return true;
}

static bool start_links(struct worker *worker)
{
	struct proxy *proxy = worker->proxy;

	if (!start_archive(worker))
		return false;
	if (uses_stage(proxy->settings, STAGE_VIRUS_SCAN)) {
		worker->scanner = scan_link_new(
			&worker->loop, worker->timers, proxy->settings);
		if (!worker->scanner)
			return false;
	}
	worker->users = proxy->users ? users_hold(proxy->users) : NULL;
	worker->filter = content_filter_new(proxy->rules);
	return worker->filter != NULL;
}

bool worker_start(struct worker *worker, struct proxy *proxy, unsigned index,
	char reason[256])
{
	struct transports_host host = {.context = worker,
		.arrived = arrivals_take,
		.send_failed = send_failed,
		.connection_closed = connection_closed,
		.dropped = measures_dropped};

	worker->proxy = proxy;
	worker->index = index;
	(void)snprintf(reason, 256,
		"a worker cannot be set up: out of memory "
		"or descriptors");
	return start_loop(worker) && start_tables(worker) &&
	       errands_start(&worker->errands, &worker->loop, worker) &&
	       handover_attach(proxy->handover, index, &worker->loop) == 0 &&
	       bindings_attach(proxy->bindings, index, &worker->loop) == 0 &&
	       start_links(worker) &&
	       transports_start(&worker->loop, index, proxy->worker_count,
		       proxy->settings, proxy->handover, &host,
		       &worker->transports, reason) == 0;
}

void worker_loop(void *context)
{
	struct worker *worker = context;

	uv_run(&worker->loop, UV_RUN_DEFAULT);
}

bool worker_may_tell(
	struct worker *worker, const union address *peer, uint64_t *silenced)
{
	return log_limit_allows(
		&worker->log_limit, peer, clock_steady_ms(), silenced);
}

void worker_stop(struct worker *worker)
{
	uv_async_send(&worker->stop);
}

static void close_handle(uv_handle_t *handle, void *context)
{
	(void)context;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

bool worker_left_nothing(const struct worker *worker)
{
	return worker->stop_kept;
}

void worker_release(struct worker *worker)
{
	end_passages(worker);
	transactions_release(&worker->transactions);
	transports_release(&worker->transports);
	archive_link_close(&worker->archive);
	scan_link_close(&worker->scanner);
	content_filter_release(&worker->filter);
	users_release(&worker->users);
	handover_detach(worker->proxy->handover, worker->index);
	bindings_detach(worker->proxy->bindings, worker->index);
	ready_close(&worker->ready);
	order_release(&worker->order);
	shares_release(&worker->shares);
	dialogs_release(&worker->dialogs);
	same_texts_release(&worker->same_texts);
	uv_walk(&worker->loop, close_handle, NULL);
	uv_run(&worker->loop, UV_RUN_DEFAULT);
	(void)uv_loop_close(&worker->loop);
	errands_end(&worker->errands);
	timers_release(&worker->timers);
}
