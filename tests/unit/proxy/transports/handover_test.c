/* handover_test.c -- items cross between workers in order, none lost, and
 * wake a sleeping receiver. */
#include "proxy/transports/handover.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { WORKERS = 3, ITEMS = 20000, ROOM = 64 };

/* A worker that posts ITEMS numbers to each worker, itself included, and ends
 * when it has got ITEMS from each. */
struct worker {
	struct handover *handover;
	unsigned number;
	uv_loop_t loop;
	uv_idle_t idle;
	size_t posted[WORKERS];
	size_t received[WORKERS];
	size_t refused;
	bool in_order;
	bool all_posted;
	pthread_t thread;
};

static void end_if_done(struct worker *worker)
{
	for (unsigned i = 0; i < WORKERS; i++)
		if (worker->received[i] < ITEMS)
			return;
	if (worker->all_posted)
		handover_detach(worker->handover, worker->number);
}

static void on_item(void *context, unsigned from, struct handover_item item)
{
	struct worker *worker = context;
	size_t *number = item.content;

	if (item.kind != HANDOVER_MESSAGE || *number != worker->received[from])
		worker->in_order = false;
	worker->received[from]++;
	free(number);
	end_if_done(worker);
}

/* Posts what the rings take; goes on when told that there is room. */
static void post_more(void *context)
{
	struct worker *worker = context;

	worker->all_posted = true;
	for (unsigned to = 0; to < WORKERS; to++) {
		while (worker->posted[to] < ITEMS) {
			size_t *number = malloc(sizeof(*number));

			*number = worker->posted[to];
			if (handover_post(worker->handover, worker->number, to,
				    (struct handover_item){HANDOVER_MESSAGE,
					    number}) == EAGAIN) {
				free(number);
				worker->refused++;
				worker->all_posted = false;
				break;
			}
			worker->posted[to]++;
		}
	}
	end_if_done(worker);
}

static void *run_worker(void *context)
{
	struct worker *worker = context;

	post_more(worker);
	uv_run(&worker->loop, UV_RUN_DEFAULT);
	return NULL;
}

static void each_gets_all_of_each_in_order(void **state)
{
	struct handover *handover = handover_new(WORKERS, ROOM - 1);
	struct worker workers[WORKERS] = {0};

	(void)state;
	assert_non_null(handover);
	for (unsigned i = 0; i < WORKERS; i++) {
		struct worker *worker = &workers[i];

		worker->handover = handover;
		worker->number = i;
		worker->in_order = true;
		assert_int_equal(uv_loop_init(&worker->loop), 0);
		assert_int_equal(
			handover_attach(handover, i, &worker->loop), 0);
		assert_int_equal(
			handover_attach(handover, i, &worker->loop), 0);
		handover_receive(
			handover, i, HANDOVER_MESSAGE, on_item, worker);
		handover_on_room(handover, i, post_more, worker);
	}
	for (unsigned i = 0; i < WORKERS; i++)
		pthread_create(
			&workers[i].thread, NULL, run_worker, &workers[i]);
	for (unsigned i = 0; i < WORKERS; i++)
		pthread_join(workers[i].thread, NULL);
	for (unsigned i = 0; i < WORKERS; i++) {
		assert_true(workers[i].in_order);
		assert_true(workers[i].refused > 0);
		assert_int_equal(handover_depth(handover, i), 0);
		for (unsigned from = 0; from < WORKERS; from++)
			assert_int_equal(workers[i].received[from], ITEMS);
		assert_int_equal(uv_loop_close(&workers[i].loop), 0);
	}
	handover_release(&handover);
	assert_null(handover);
}

static void full_ring_refuses_and_keeps_what_it_has(void **state)
{
	struct handover *handover = handover_new(2, 4);
	struct handover_item item = {HANDOVER_MESSAGE, NULL};

	(void)state;
	handover_discard(handover, 1, HANDOVER_MESSAGE, free);
	for (int i = 0; i < 4; i++) {
		item.content = malloc(1);
		assert_int_equal(handover_post(handover, 0, 1, item), 0);
	}
	item.content = NULL;
	assert_int_equal(handover_post(handover, 0, 1, item), EAGAIN);
	assert_int_equal(handover_depth(handover, 1), 4);
	assert_int_equal(handover_depth(handover, 0), 0);
	assert_int_equal(handover_post(handover, 1, 1, item), 0);
	assert_int_equal(handover_depth(handover, 1), 5);
	/* The leak checker sees whether what is left is discarded. */
	handover_release(&handover);
}

struct call {
	struct handover_call call;
	struct handover *handover;
	unsigned ran_on;
};

static void on_call(struct handover_call *call, unsigned worker)
{
	struct call *mine = (struct call *)call;

	mine->ran_on = worker;
	handover_detach(mine->handover, worker);
}

static void *run_loop(void *loop)
{
	uv_run(loop, UV_RUN_DEFAULT);
	return NULL;
}

/* From a thread without a loop, to a worker that sleeps. */
static void call_wakes_and_runs_on_its_worker(void **state)
{
	struct handover *handover = handover_new(3, 4);
	struct call call = {{on_call}, handover, 99};
	pthread_t thread;
	uv_loop_t loop;

	(void)state;
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(handover_attach(handover, 2, &loop), 0);
	pthread_create(&thread, NULL, run_loop, &loop);
	assert_int_equal(handover_post(handover, 0, 2,
				 (struct handover_item){HANDOVER_CALL, &call}),
		0);
	pthread_join(thread, NULL);
	assert_int_equal(call.ran_on, 2);
	assert_int_equal(uv_loop_close(&loop), 0);
	handover_release(&handover);
}

struct flood {
	struct handover *handover;
	uv_timer_t timer;
	size_t received, received_at_timer;
};

static void on_flood(void *context, unsigned from, struct handover_item item)
{
	struct flood *flood = context;

	(void)from;
	(void)item;
	flood->received++;
	if (flood->received == 10000)
		handover_detach(flood->handover, 0);
}

static void on_timer(uv_timer_t *timer)
{
	struct flood *flood = timer->data;

	flood->received_at_timer = flood->received;
	uv_close((uv_handle_t *)timer, NULL);
}

/* A timer that is due with the first turn must not wait for all items. */
static void flood_leaves_turns_to_others(void **state)
{
	struct flood flood = {0};
	uv_loop_t loop;

	(void)state;
	flood.handover = handover_new(2, 10000);
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(handover_attach(flood.handover, 0, &loop), 0);
	handover_receive(flood.handover, 0, HANDOVER_MESSAGE, on_flood, &flood);
	for (int i = 0; i < 10000; i++)
		assert_int_equal(
			handover_post(flood.handover, 1, 0,
				(struct handover_item){HANDOVER_MESSAGE, NULL}),
			0);
	/* One turn without the timer, so that it stands behind a batch. */
	uv_run(&loop, UV_RUN_NOWAIT);
	assert_true(flood.received > 0);
	uv_timer_init(&loop, &flood.timer);
	flood.timer.data = &flood;
	uv_timer_start(&flood.timer, on_timer, 0, 0);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(flood.received, 10000);
	assert_true(flood.received_at_timer < 10000);
	assert_int_equal(uv_loop_close(&loop), 0);
	handover_release(&flood.handover);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_gets_all_of_each_in_order),
		cmocka_unit_test(full_ring_refuses_and_keeps_what_it_has),
		cmocka_unit_test(call_wakes_and_runs_on_its_worker),
		cmocka_unit_test(flood_leaves_turns_to_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
