/* clock.c -- what time it is, and how long something takes. */
#include "lib/clock.h"

#include <stdio.h>
#include <time.h>

static uint64_t read_clock(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static uint64_t system_wall_us(void)
{
	return read_clock(CLOCK_REALTIME);
}

static uint64_t system_steady_us(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

static clock_fn *wall = system_wall_us;
static clock_fn *steady = system_steady_us;

void clock_replace(clock_fn *wall_us, clock_fn *steady_us)
{
	wall = wall_us ? wall_us : system_wall_us;
	steady = steady_us ? steady_us : system_steady_us;
}

uint64_t clock_wall_us(void)
{
	return wall();
}

uint64_t clock_steady_us(void)
{
	return steady();
}

void clock_text(uint64_t wall_us, char text[CLOCK_TEXT_SIZE])
{
	time_t seconds = (time_t)(wall_us / 1000000);
	struct tm utc;
	size_t size;

	gmtime_r(&seconds, &utc);
	size = strftime(text, CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &utc);
	(void)snprintf(text + size, CLOCK_TEXT_SIZE - size, ".%06uZ",
		(unsigned)(wall_us % 1000000));
}
