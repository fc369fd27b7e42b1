/* turn_end_test.c -- what is asked for is done once, before the loop waits. */
#include "proxy/transports/turn_end.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct seen {
	struct turn_end turn_end;
	uv_timer_t timer;
	unsigned runs, again;
	bool closed;
};

static void on_run(void *context)
{
	struct seen *seen = context;

	seen->runs++;
	if (seen->again) {
		seen->again--;
		turn_end_ask(&seen->turn_end);
	}
}

static void on_closed(void *context)
{
	((struct seen *)context)->closed = true;
}

static void finish(struct seen *seen, uv_loop_t *loop)
{
	turn_end_close(&seen->turn_end, on_closed);
	turn_end_ask(&seen->turn_end); /* too late: nothing happens */
	uv_run(loop, UV_RUN_DEFAULT);
	assert_true(seen->closed);
	assert_int_equal(uv_loop_close(loop), 0);
}

static void asked_twice_outside_a_turn_runs_once(void **state)
{
	uv_loop_t loop;
	struct seen seen = {0};

	(void)state;
	assert_int_equal(uv_loop_init(&loop), 0);
	turn_end_start(&seen.turn_end, &loop, on_run, &seen);
	turn_end_ask(&seen.turn_end);
	turn_end_ask(&seen.turn_end);
	/* Would wait for ever if asking kept the loop alive. */
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(seen.runs, 1);
	finish(&seen, &loop);
}

static void asking_again_from_within_runs_again(void **state)
{
	uv_loop_t loop;
	struct seen seen = {.again = 3};

	(void)state;
	assert_int_equal(uv_loop_init(&loop), 0);
	turn_end_start(&seen.turn_end, &loop, on_run, &seen);
	turn_end_ask(&seen.turn_end);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(seen.runs, 4);
	finish(&seen, &loop);
}

static void on_timer(uv_timer_t *timer)
{
	turn_end_ask(timer->data);
	uv_close((uv_handle_t *)timer, NULL);
}

static void asked_by_a_timer_runs(void **state)
{
	uv_loop_t loop;
	struct seen seen = {0};

	(void)state;
	assert_int_equal(uv_loop_init(&loop), 0);
	turn_end_start(&seen.turn_end, &loop, on_run, &seen);
	uv_timer_init(&loop, &seen.timer);
	seen.timer.data = &seen.turn_end;
	uv_timer_start(&seen.timer, on_timer, 1, 0);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(seen.runs, 1);
	finish(&seen, &loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asked_twice_outside_a_turn_runs_once),
		cmocka_unit_test(asking_again_from_within_runs_again),
		cmocka_unit_test(asked_by_a_timer_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
