/* clock.c -- the time of a scenario: it goes on only where that is said. */
#include "run.h"

#include "lib/clock.h"

#include <stdatomic.h>

enum { WALL_START_S = 1767225600 }; /* 2026-01-01 */

/* Read by the bindings' writer thread, too. */
static _Atomic uint64_t steady_us = 1000000;

static uint64_t steady(void)
{
	return atomic_load(&steady_us);
}

static uint64_t wall(void)
{
	return (uint64_t)WALL_START_S * 1000000 + atomic_load(&steady_us);
}

void clock_begin(void)
{
	clock_replace(wall, steady);
}

uint64_t run_now_us(const struct run *run)
{
	return steady() - run->origin_us;
}

/* A REGISTER waits for the writer thread: so does the scenario. */
static bool is_registering(const struct run *run)
{
	for (const struct passage *passage = run->worker.passages; passage;
		passage = passage->next)
		if (passage->registration)
			return true;
	return false;
}

void settle(struct run *run)
{
	bool busy = true;

	while (busy) {
		busy = false;
		while (uv_backend_timeout(&run->worker.loop) == 0) {
			busy = true;
			uv_run(&run->worker.loop, UV_RUN_NOWAIT);
		}
		while (is_registering(run)) {
			busy = true;
			uv_run(&run->worker.loop, UV_RUN_ONCE);
		}
		busy |= archive_turn(run);
		busy |= scanner_turn(run);
	}
}

static void check_all_expected(struct run *run)
{
	for (size_t i = 0; i < run->person_count; i++) {
		const struct heard *heard = person_unexpected(&run->people[i]);

		if (heard && !run->draining)
			run_fail(run,
				"%s got %.*s at %.3f s, which nobody expected",
				run->people[i].name,
				heard->message->is_request ? 40 : 20,
				heard->message->bytes.at,
				(double)heard->at_us / 1e6);
	}
}

void clock_go_to(struct run *run, uint64_t at_us)
{
	if (at_us % STEP_US)
		run_fail(run, "time goes on in steps of 10 ms");
	if (at_us < run_now_us(run))
		run_fail(run, "it is %.3f s already",
			(double)run_now_us(run) / 1e6);
	while (run_now_us(run) < at_us) {
		check_all_expected(run);
		atomic_fetch_add(&steady_us, STEP_US);
		timers_advance(run->worker.timers, clock_steady_ms());
		settle(run);
	}
}
