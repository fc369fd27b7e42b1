/* timers.h -- a wheel of timers for one worker: set, cancel and expire in O(1).
 *
 * The wheel is told the time, it does not read a clock; a resolution of 10 ms
 * is enough for SIP's timers.
 */
#ifndef PROXY_TIMERS_H
#define PROXY_TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timers;

/* Lives inside its owner; zeroed before first use. */
struct timer {
	struct timer *next, **link; /* private */
	uint64_t due_ms;            /* private */
	void (*run)(struct timer *timer);
};

struct timers *timers_new(uint64_t now_ms) __attribute__((warn_unused_result));
void timers_release(struct timers **timers);
/* Says what time it is and runs nothing: delays count from the time that was
 * said last, so the loop says it once in each turn. */
void timers_told(struct timers *timers, uint64_t now_ms);
/* (Re)arms: runs once, not before delay_ms have passed since the time said
 * last, and within the resolution behind that. */
void timer_set(struct timers *timers, struct timer *timer, uint64_t delay_ms,
	void (*run)(struct timer *timer));
void timer_cancel(struct timers *timers, struct timer *timer);
bool timer_is_set(const struct timer *timer);
/* How many are set. */
size_t timers_count(const struct timers *timers);
/* Runs what is due; timers may set and cancel any timer from within. */
void timers_advance(struct timers *timers, uint64_t now_ms);
/* Milliseconds until advance should be called; UINT64_MAX: nothing is set. */
uint64_t timers_wait_ms(const struct timers *timers);

#endif
