/* errands_test.c -- a worker does what others ask between two turns. */
#include "proxy/errands.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct house {
	uv_loop_t loop;
	uv_async_t end;
	struct errands errands;
	pthread_t thread;
	pthread_mutex_t busy; /* held: the loop does not turn */
	unsigned done;
};

static void end(uv_async_t *async)
{
	uv_stop(async->loop);
}

static void *run(void *context)
{
	struct house *house = context;

	pthread_mutex_lock(&house->busy);
	pthread_mutex_unlock(&house->busy);
	uv_run(&house->loop, UV_RUN_DEFAULT);
	return NULL;
}

static void begin(struct house *house)
{
	*house = (struct house){.done = 0};
	pthread_mutex_init(&house->busy, NULL);
	pthread_mutex_lock(&house->busy);
	assert_int_equal(uv_loop_init(&house->loop), 0);
	assert_int_equal(uv_async_init(&house->loop, &house->end, end), 0);
	assert_true(errands_start(&house->errands, &house->loop, NULL));
	assert_int_equal(pthread_create(&house->thread, NULL, run, house), 0);
}

static void finish(struct house *house)
{
	uv_async_send(&house->end);
	pthread_join(house->thread, NULL);
	uv_close((uv_handle_t *)&house->end, NULL);
	uv_close((uv_handle_t *)&house->errands.wake, NULL);
	uv_run(&house->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&house->loop), 0);
	errands_end(&house->errands);
	pthread_mutex_destroy(&house->busy);
}

static void add_one(struct worker *worker, void *context)
{
	struct house *house = context;

	assert_null(worker);
	assert_true(pthread_equal(pthread_self(), house->thread));
	house->done++;
}

static void runs_on_the_loop(void **state)
{
	struct house house;

	(void)state;
	begin(&house);
	pthread_mutex_unlock(&house.busy);
	for (unsigned i = 1; i <= 1000; i++) {
		assert_true(errand_do(&house.errands, add_one, &house, 60000));
		assert_int_equal(house.done, i);
	}
	finish(&house);
}

/* What was given up must not be done later: its context is gone. */
static void takes_back_what_was_not_begun(void **state)
{
	struct house house;

	(void)state;
	begin(&house);
	assert_false(errand_do(&house.errands, add_one, &house, 20));
	pthread_mutex_unlock(&house.busy);
	assert_true(errand_do(&house.errands, add_one, &house, 60000));
	assert_int_equal(house.done, 1);
	finish(&house);
}

static void *ask_often(void *context)
{
	struct house *house = context;

	for (int i = 0; i < 500; i++)
		if (!errand_do(&house->errands, add_one, house, 60000))
			return NULL;
	return house;
}

static void is_asked_by_several(void **state)
{
	struct house house;
	pthread_t askers[3];
	void *result;

	(void)state;
	begin(&house);
	pthread_mutex_unlock(&house.busy);
	for (int i = 0; i < 3; i++)
		assert_int_equal(
			pthread_create(&askers[i], NULL, ask_often, &house), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(pthread_join(askers[i], &result), 0);
		assert_non_null(result);
	}
	finish(&house);
	assert_int_equal(house.done, 1500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_on_the_loop),
		cmocka_unit_test(takes_back_what_was_not_begun),
		cmocka_unit_test(is_asked_by_several),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
