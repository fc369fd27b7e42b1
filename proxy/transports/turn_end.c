/* turn_end.c -- work gathered during a turn of a loop and done once, at its
 * end. */
#include "proxy/transports/turn_end.h"

#include "lib/log.h"

static void run_if_asked(struct turn_end *turn_end)
{
	if (!turn_end->asked)
		return;
	turn_end->asked = false;
	uv_idle_stop(&turn_end->idle);
	turn_end->run(turn_end->context);
}

/* After polling: what the callbacks of sockets gathered. */
static void on_check(uv_check_t *check)
{
	struct turn_end *turn_end = check->data;

	turn_end->turns++;
	run_if_asked(turn_end);
}

/* Before polling: what timers and everything since the last poll gathered. */
static void on_prepare(uv_prepare_t *prepare)
{
	run_if_asked(prepare->data);
}

static void on_idle(uv_idle_t *idle)
{
	(void)idle; /* only there so that polling does not wait */
}

void turn_end_start(struct turn_end *turn_end, uv_loop_t *loop,
	void (*run)(void *context), void *context)
{
	*turn_end = (struct turn_end){.run = run, .context = context};
	must(uv_prepare_init(loop, &turn_end->prepare) == 0);
	must(uv_check_init(loop, &turn_end->check) == 0);
	must(uv_idle_init(loop, &turn_end->idle) == 0);
	turn_end->prepare.data = turn_end;
	turn_end->check.data = turn_end;
	turn_end->idle.data = turn_end;
	must(uv_prepare_start(&turn_end->prepare, on_prepare) == 0);
	must(uv_check_start(&turn_end->check, on_check) == 0);
	uv_unref((uv_handle_t *)&turn_end->prepare);
	uv_unref((uv_handle_t *)&turn_end->check);
	turn_end->open = 3;
}

void turn_end_ask(struct turn_end *turn_end)
{
	if (turn_end->asked || turn_end->open < 3)
		return;
	turn_end->asked = true;
	must(uv_idle_start(&turn_end->idle, on_idle) == 0);
}

static void on_closed(uv_handle_t *handle)
{
	struct turn_end *turn_end = handle->data;

	if (--turn_end->open == 0 && turn_end->closed)
		turn_end->closed(turn_end->context);
}

void turn_end_close(struct turn_end *turn_end, void (*closed)(void *context))
{
	turn_end->closed = closed;
	turn_end->asked = true; /* for ever: nothing is taken any more */
	uv_close((uv_handle_t *)&turn_end->prepare, on_closed);
	uv_close((uv_handle_t *)&turn_end->check, on_closed);
	uv_close((uv_handle_t *)&turn_end->idle, on_closed);
}
