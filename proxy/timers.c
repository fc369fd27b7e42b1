/* timers.c -- a wheel of timers: 4,096 slots of 10 ms, longer ones go round. */
#include "proxy/timers.h"

#include <stddef.h>
#include <stdlib.h>

enum { SLOTS = 4096, SLOT_MS = 10 };

struct timers {
	struct timer *slots[SLOTS]; /* borrowed */
	struct timer *due;          /* being run by timers_advance */
	uint64_t tick;              /* the last slot that was run */
	uint64_t now_ms;
	size_t set;
};

struct timers *timers_new(uint64_t now_ms)
{
	struct timers *timers = calloc(1, sizeof(*timers));

	if (timers) {
		timers->now_ms = now_ms;
		timers->tick = now_ms / SLOT_MS;
	}
	return timers;
}

void timers_release(struct timers **timers)
{
	free(*timers);
	*timers = NULL;
}

bool timer_is_set(const struct timer *timer)
{
	return timer->link != NULL;
}

size_t timers_count(const struct timers *timers)
{
	return timers->set;
}

static void link_in(struct timer **list, struct timer *timer)
{
	timer->next = *list;
	timer->link = list;
	if (timer->next)
		timer->next->link = &timer->next;
	*list = timer;
}

static void link_out(struct timer *timer)
{
	*timer->link = timer->next;
	if (timer->next)
		timer->next->link = timer->link;
	timer->next = NULL;
	timer->link = NULL;
}

void timer_cancel(struct timers *timers, struct timer *timer)
{
	if (!timer_is_set(timer))
		return;
	link_out(timer);
	timers->set--;
}

void timer_set(struct timers *timers, struct timer *timer, uint64_t delay_ms,
	void (*run)(struct timer *timer))
{
	uint64_t tick;

	timer_cancel(timers, timer);
	timer->run = run;
	timer->due_ms = timers->now_ms + delay_ms;
	tick = (timer->due_ms + SLOT_MS - 1) / SLOT_MS;
	if (tick <= timers->tick)
		tick = timers->tick + 1;
	link_in(&timers->slots[tick % SLOTS], timer);
	timers->set++;
}

/* Those that are due go to a list of their own first, so that what they do to
 * other timers cannot disturb the walk. */
static void collect(struct timers *timers, struct timer **slot, uint64_t tick)
{
	struct timer *timer = *slot, *next;

	for (; timer; timer = next) {
		next = timer->next;
		if (timer->due_ms <= tick * SLOT_MS) {
			link_out(timer);
			link_in(&timers->due, timer);
		}
	}
}

void timers_told(struct timers *timers, uint64_t now_ms)
{
	if (now_ms > timers->now_ms)
		timers->now_ms = now_ms;
}

void timers_advance(struct timers *timers, uint64_t now_ms)
{
	uint64_t last = now_ms / SLOT_MS;

	/* After a long standstill one round of the wheel sees every slot. */
	if (last > timers->tick + SLOTS)
		timers->tick = last - SLOTS;
	timers_told(timers, now_ms);
	while (timers->tick < last) {
		timers->tick++;
		collect(timers, &timers->slots[timers->tick % SLOTS],
			timers->tick);
		while (timers->due) {
			struct timer *timer = timers->due;

			timer_cancel(timers, timer);
			timer->run(timer);
		}
	}
}

uint64_t timers_wait_ms(const struct timers *timers)
{
	return timers->set ? SLOT_MS : UINT64_MAX;
}
