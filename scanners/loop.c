/* loop.c -- waits for descriptors; one event at a time, so that whoever
 * handles it may close anything. */
#include "scanners/loop.h"

#include "lib/clock.h"
#include "lib/log.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

struct loop {
	int epoll;
};

struct loop *loop_new(void)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return NULL;
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll < 0) {
		free(loop);
		return NULL;
	}
	return loop;
}

void loop_free(struct loop **loop)
{
	if (!*loop)
		return;
	close((*loop)->epoll);
	free(*loop);
	*loop = NULL;
}

int loop_watch(struct loop *loop, int descriptor, struct watch *watch)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = watch};

	return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, descriptor, &event) < 0
		       ? errno
		       : 0;
}

void loop_want_write(
	struct loop *loop, int descriptor, struct watch *watch, bool wanted)
{
	struct epoll_event event = {
		.events = wanted ? EPOLLIN | EPOLLOUT : EPOLLIN,
		.data.ptr = watch};

	must(epoll_ctl(loop->epoll, EPOLL_CTL_MOD, descriptor, &event) == 0);
}

void loop_forget(struct loop *loop, int descriptor)
{
	must(epoll_ctl(loop->epoll, EPOLL_CTL_DEL, descriptor, NULL) == 0);
}

static int milliseconds_to(uint64_t at_ms)
{
	const uint64_t now = clock_steady_ms();

	if (at_ms <= now)
		return 0;
	return at_ms - now > INT_MAX ? INT_MAX : (int)(at_ms - now);
}

void loop_once(struct loop *loop, uint64_t at_ms)
{
	struct epoll_event event;
	int count = epoll_wait(loop->epoll, &event, 1, milliseconds_to(at_ms));

	must(count >= 0 || errno == EINTR);
	if (count == 1) {
		const struct watch *watch = event.data.ptr;

		watch->ready(watch->owner);
	}
}
