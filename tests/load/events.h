/* events.h -- the log: a line for each event, written in large pieces. */
#ifndef TESTS_LOAD_EVENTS_H
#define TESTS_LOAD_EVENTS_H

#include "lib/slice.h"

#include <stdbool.h>

struct events;

/* NULL path: nothing is kept. Exits when the file cannot be made. */
struct events *events_open(const char *path);
bool events_wanted(const struct events *events);
/* "<wall_us> WHAT ARGUMENTS"; format as for printf. */
void events_say(struct events *events, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* At most every 100 ms, unless now. */
void events_flush(struct events *events, bool now);
void events_close(struct events **events);

#endif
