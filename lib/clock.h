/* clock.h -- what time it is, and how long something takes. */
#ifndef LIB_CLOCK_H
#define LIB_CLOCK_H

#include <stdint.h>

/* Both readers go through the functions set here, so that tests and
 * scenarios bring a clock of their own; NULL restores the system's. */
typedef uint64_t clock_fn(void);
void clock_replace(clock_fn *wall_us, clock_fn *steady_us);

/* Microseconds since 1970-01-01 UTC; may step. */
uint64_t clock_wall_us(void);
/* Microseconds of a clock that never goes back; its start means nothing. */
uint64_t clock_steady_us(void);
static inline uint64_t clock_steady_ms(void)
{
	return clock_steady_us() / 1000;
}

/* RFC 3339 in UTC with microseconds, e.g. 2026-11-22T15:02:49.000001Z. */
enum { CLOCK_TEXT_SIZE = 32 };
void clock_text(uint64_t wall_us, char text[CLOCK_TEXT_SIZE]);

#endif
