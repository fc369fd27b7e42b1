/* timers_test.c -- timers run once, in time, and may set and cancel others. */
#include "proxy/timers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { START_MS = 123457, RESOLUTION_MS = 10 };

struct watch {
	struct timer timer; /* first */
	struct timers *timers;
	unsigned runs;
	struct timer *cancels; /* when it runs; NULL: none */
	uint64_t again_ms;     /* sets itself; 0: not */
};

static void run(struct timer *timer)
{
	struct watch *watch = (struct watch *)timer;

	watch->runs++;
	if (watch->cancels)
		timer_cancel(watch->timers, watch->cancels);
	if (watch->again_ms)
		timer_set(watch->timers, timer, watch->again_ms, run);
}

static void assert_runs_in_time(uint64_t start, uint64_t delay)
{
	struct timers *timers = timers_new(start);
	struct watch watch = {.timers = timers};
	uint64_t now = start;

	timer_set(timers, &watch.timer, delay, run);
	assert_true(timer_is_set(&watch.timer));
	while (now + 1 < start + delay)
		timers_advance(timers, ++now);
	assert_int_equal(watch.runs, 0);
	timers_advance(timers, now + 1 + 2 * RESOLUTION_MS);
	assert_int_equal(watch.runs, 1);
	assert_false(timer_is_set(&watch.timer));
	timers_advance(timers, now + 400000);
	assert_int_equal(watch.runs, 1);
	assert_true(timers_wait_ms(timers) == UINT64_MAX);
	timers_release(&timers);
}

static void runs_when_due_and_once(void **state)
{
	/* Round the wheel of 40.96 s, too. */
	static const uint64_t delays[] = {
		0, 1, 9, 10, 11, 500, 32000, 40950, 40960, 40970, 180000};

	(void)state;
	for (size_t i = 0; i < sizeof(delays) / sizeof(delays[0]); i++) {
		assert_runs_in_time(START_MS, delays[i]);
		/* with the clock on a slot of the wheel */
		assert_runs_in_time(START_MS / 10 * 10, delays[i]);
	}
}

static void runs_after_a_standstill(void **state)
{
	static const uint64_t delays[] = {20, 5000, 41000, 90000};
	struct timers *timers = timers_new(START_MS);
	struct watch watches[4] = {0};

	(void)state;
	for (size_t i = 0; i < 4; i++)
		timer_set(timers, &watches[i].timer, delays[i], run);
	timers_advance(timers, START_MS + 80000);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(watches[i].runs, i < 3);
	timers_advance(timers, START_MS + 90010);
	assert_int_equal(watches[3].runs, 1);
	timers_release(&timers);
}

static void cancelled_and_set_anew(void **state)
{
	struct timers *timers = timers_new(START_MS);
	struct watch watch = {.timers = timers};

	(void)state;
	timer_cancel(timers, &watch.timer); /* never set */
	timer_set(timers, &watch.timer, 100, run);
	timer_cancel(timers, &watch.timer);
	assert_false(timer_is_set(&watch.timer));
	timers_advance(timers, START_MS + 1000);
	assert_int_equal(watch.runs, 0);
	timer_set(timers, &watch.timer, 100, run);
	timer_set(timers, &watch.timer, 500, run);
	timers_advance(timers, START_MS + 1400);
	assert_int_equal(watch.runs, 0);
	timers_advance(timers, START_MS + 1520);
	assert_int_equal(watch.runs, 1);
	timers_release(&timers);
}

/* Of two that are due together each cancels the other: one runs. */
static void cancels_one_that_is_due_as_well(void **state)
{
	struct timers *timers = timers_new(START_MS);
	struct watch first = {.timers = timers}, second = {.timers = timers};

	(void)state;
	first.cancels = &second.timer;
	second.cancels = &first.timer;
	timer_set(timers, &first.timer, 50, run);
	timer_set(timers, &second.timer, 50, run);
	timers_advance(timers, START_MS + 100);
	assert_int_equal(first.runs + second.runs, 1);
	timers_release(&timers);
}

static void sets_itself_from_within(void **state)
{
	struct timers *timers = timers_new(START_MS);
	struct watch watch = {.timers = timers, .again_ms = 100};

	(void)state;
	timer_set(timers, &watch.timer, 100, run);
	for (uint64_t now = START_MS; now <= START_MS + 1000; now++)
		timers_advance(timers, now);
	/* Each time the clock is met again within the resolution. */
	assert_in_range(watch.runs, 9, 10);
	timers_release(&timers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_when_due_and_once),
		cmocka_unit_test(runs_after_a_standstill),
		cmocka_unit_test(cancelled_and_set_anew),
		cmocka_unit_test(cancels_one_that_is_due_as_well),
		cmocka_unit_test(sets_itself_from_within)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
