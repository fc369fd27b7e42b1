/* events.c -- the log: a line for each event, written in large pieces. */
#include "tests/load/events.h"

#include "lib/clock.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ROOM = 1 << 20, LINE_MOST = 1024, FLUSH_US = 100000 };

struct events {
	int fd; /* -1: nothing is kept */
	uint64_t flushed_us;
	size_t size;
	char bytes[ROOM];
};

struct events *events_open(const char *path)
{
	struct events *events = calloc(1, sizeof(*events));

	if (!events)
		err(1, "memory");
	events->fd = -1;
	if (path) {
		events->fd = open(
			path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
		if (events->fd < 0)
			err(1, "%s", path);
	}
	return events;
}

bool events_wanted(const struct events *events)
{
	return events->fd >= 0;
}

void events_say(struct events *events, const char *format, ...)
{
	va_list arguments;
	char *at;
	int size;

	if (events->fd < 0)
		return;
	if (events->size + LINE_MOST > ROOM)
		events_flush(events, true);
	at = events->bytes + events->size;
	size = snprintf(
		at, LINE_MOST, "%llu ", (unsigned long long)clock_wall_us());
	va_start(arguments, format);
	size += vsnprintf(
		at + size, (size_t)(LINE_MOST - 1 - size), format, arguments);
	va_end(arguments);
	if (size > LINE_MOST - 2)
		size = LINE_MOST - 2;
	at[size] = '\n';
	events->size += (size_t)size + 1;
}

void events_flush(struct events *events, bool now)
{
	uint64_t time = clock_steady_us();
	size_t done = 0;

	if (events->fd < 0 || (!now && time < events->flushed_us + FLUSH_US))
		return;
	while (done < events->size) {
		ssize_t count = write(
			events->fd, events->bytes + done, events->size - done);

		if (count < 0 && errno != EINTR)
			err(1, "the log");
		done += count < 0 ? 0 : (size_t)count;
	}
	events->size = 0;
	events->flushed_us = time;
}

void events_close(struct events **events)
{
	events_flush(*events, true);
	if ((*events)->fd >= 0)
		close((*events)->fd);
	free(*events);
	*events = NULL;
}
