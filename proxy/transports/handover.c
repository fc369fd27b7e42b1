/* handover.c -- bounded rings from each worker to each other, one wake-up per
 * batch. */
#include "proxy/transports/handover.h"

#include "lib/log.h"
#include "proxy/transports/turn_end.h"

#include <errno.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

enum {
	CACHE_LINE = 64,
	/* Taken from one sender in one turn. */
	HANDOVER_BATCH = 128
};

/* written and taken only grow; the item n is at n & mask. Writer and reader
 * each have a cache line of their own. */
struct ring {
	alignas(CACHE_LINE) atomic_size_t written; /* by the sender */
	alignas(CACHE_LINE) atomic_size_t taken;   /* by the receiver */
	atomic_bool refused;         /* the sender waits for room */
	struct handover_item *items; /* owned */
};

struct receiver {
	handover_fn *receive;
	void *context; /* borrowed */
	void (*discard)(void *content);
};

/* One worker's end of all its rings. */
struct station {
	struct handover *handover;
	unsigned worker;
	int event; /* eventfd, open for the life of the handover: a wake-up
		      may come at any time */
	atomic_bool woken;
	atomic_bool room_came;
	bool attached;
	uv_loop_t *loop; /* borrowed */
	uv_poll_t poll;
	struct turn_end turn_end;
	bool *to_wake; /* owned; one for each receiver */
	struct receiver receivers[HANDOVER_KINDS];
	void (*room)(void *context);
	void *room_context; /* borrowed */
};

struct handover {
	unsigned workers;
	size_t mask;
	struct ring *rings;       /* owned; from * workers + to */
	struct station *stations; /* owned */
	uint8_t key[HANDOVER_KEY_BYTES];
};

static struct ring *ring_of(
	const struct handover *handover, unsigned from, unsigned to)
{
	must(from < handover->workers && to < handover->workers);
	return &handover->rings[(size_t)from * handover->workers + to];
}

static bool rings_make(struct handover *handover)
{
	size_t count = (size_t)handover->workers * handover->workers;

	handover->rings =
		aligned_alloc(CACHE_LINE, count * sizeof(struct ring));
	if (!handover->rings)
		return false;
	memset(handover->rings, 0, count * sizeof(struct ring));
	for (size_t i = 0; i < count; i++) {
		struct ring *ring = &handover->rings[i];

		atomic_init(&ring->written, 0);
		atomic_init(&ring->taken, 0);
		atomic_init(&ring->refused, false);
		ring->items = calloc(handover->mask + 1, sizeof(*ring->items));
		if (!ring->items)
			return false;
	}
	return true;
}

static bool stations_make(struct handover *handover)
{
	handover->stations =
		calloc(handover->workers, sizeof(*handover->stations));
	if (!handover->stations)
		return false;
	for (unsigned i = 0; i < handover->workers; i++)
		handover->stations[i].event = -1;
	for (unsigned i = 0; i < handover->workers; i++) {
		struct station *station = &handover->stations[i];

		station->handover = handover;
		station->worker = i;
		atomic_init(&station->woken, false);
		atomic_init(&station->room_came, false);
		station->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		station->to_wake = calloc(handover->workers, sizeof(bool));
		if (station->event < 0 || !station->to_wake)
			return false;
	}
	return true;
}

struct handover *handover_new(unsigned workers, size_t room)
{
	struct handover *handover = calloc(1, sizeof(*handover));
	size_t size = 1;

	must(workers > 0 && room > 0 && room <= SIZE_MAX / 4);
	if (!handover)
		return NULL;
	while (size < room)
		size *= 2;
	handover->workers = workers;
	handover->mask = size - 1;
	if (!rings_make(handover) || !stations_make(handover) ||
		getrandom(handover->key, sizeof(handover->key), 0) !=
			(ssize_t)sizeof(handover->key))
		handover_release(&handover);
	return handover;
}

static void ring_clear(struct ring *ring, size_t mask, struct station *to)
{
	size_t written = atomic_load(&ring->written);

	for (size_t at = atomic_load(&ring->taken); at != written; at++) {
		struct handover_item item = ring->items[at & mask];

		if (to->receivers[item.kind].discard)
			to->receivers[item.kind].discard(item.content);
	}
}

void handover_release(struct handover **handover)
{
	struct handover *old = *handover;
	size_t count;

	if (!old)
		return;
	count = (size_t)old->workers * old->workers;
	for (size_t i = 0; old->rings && i < count; i++) {
		if (old->stations)
			ring_clear(&old->rings[i], old->mask,
				&old->stations[i % old->workers]);
		free(old->rings[i].items);
	}
	for (unsigned i = 0; old->stations && i < old->workers; i++) {
		must(!old->stations[i].attached);
		if (old->stations[i].event >= 0)
			close(old->stations[i].event);
		free(old->stations[i].to_wake);
	}
	free(old->rings);
	free(old->stations);
	free(old);
	*handover = NULL;
}

const uint8_t *handover_key(const struct handover *handover)
{
	return handover->key;
}

/* The write can only fail by a counter that is full, which wakes as well. */
static void wake(struct station *station)
{
	const uint64_t one = 1;

	if (!atomic_exchange(&station->woken, true) &&
		write(station->event, &one, sizeof(one)) < 0)
		must(errno == EAGAIN);
}

static void wake_all_marked(void *context)
{
	struct station *station = context;
	struct handover *handover = station->handover;

	for (unsigned to = 0; to < handover->workers; to++) {
		if (!station->to_wake[to])
			continue;
		station->to_wake[to] = false;
		wake(&handover->stations[to]);
	}
}

static void take_item(
	struct station *station, unsigned from, struct handover_item item)
{
	struct receiver *receiver = &station->receivers[item.kind];

	if (receiver->receive) {
		receiver->receive(receiver->context, from, item);
	} else if (item.kind == HANDOVER_CALL) {
		struct handover_call *call = item.content;

		call->run(call, station->worker);
	} else if (receiver->discard) {
		receiver->discard(item.content);
	}
}

/* True when more is left than one turn may take. */
static bool take_from(struct station *station, unsigned from)
{
	struct handover *handover = station->handover;
	struct ring *ring = ring_of(handover, from, station->worker);
	size_t taken = atomic_load_explicit(&ring->taken, memory_order_relaxed);
	size_t written =
		atomic_load_explicit(&ring->written, memory_order_acquire);
	size_t end = written;

	if (taken == written)
		return false;
	if (end - taken > HANDOVER_BATCH)
		end = taken + HANDOVER_BATCH;
	while (taken != end)
		take_item(station, from, ring->items[taken++ & handover->mask]);
	/* Sequentially consistent with `refused`, as in handover_post: either
	 * the sender sees the room or we see that it was refused. */
	atomic_store(&ring->taken, taken);
	if (atomic_load(&ring->refused) &&
		atomic_exchange(&ring->refused, false)) {
		atomic_store(&handover->stations[from].room_came, true);
		wake(&handover->stations[from]);
	}
	return end != written;
}

static void on_event(uv_poll_t *poll, int status, int events)
{
	struct station *station = poll->data;
	uint64_t count;
	bool more = false;

	(void)status;
	(void)events;
	if (read(station->event, &count, sizeof(count)) < 0)
		must(errno == EAGAIN || errno == EINTR);
	/* Before looking: what is posted from here on wakes again. */
	(void)atomic_exchange(&station->woken, false);
	for (unsigned i = 0; i < station->handover->workers; i++)
		more = take_from(station, i) || more;
	if (atomic_exchange(&station->room_came, false) && station->room)
		station->room(station->room_context);
	if (more)
		wake(station);
}

int handover_attach(struct handover *handover, unsigned worker, uv_loop_t *loop)
{
	struct station *station = &handover->stations[worker];
	int error;

	must(worker < handover->workers);
	if (station->attached) {
		must(station->loop == loop);
		return 0;
	}
	error = uv_poll_init(loop, &station->poll, station->event);
	if (error)
		return -error;
	station->poll.data = station;
	station->loop = loop;
	must(uv_poll_start(&station->poll, UV_READABLE, on_event) == 0);
	turn_end_start(&station->turn_end, loop, wake_all_marked, station);
	station->attached = true;
	return 0;
}

void handover_receive(struct handover *handover, unsigned worker,
	enum handover_kind kind, handover_fn *receive, void *context)
{
	struct receiver *receiver = &handover->stations[worker].receivers[kind];

	receiver->receive = receive;
	receiver->context = context;
}

void handover_discard(struct handover *handover, unsigned worker,
	enum handover_kind kind, void (*discard)(void *content))
{
	handover->stations[worker].receivers[kind].discard = discard;
}

void handover_on_room(struct handover *handover, unsigned worker,
	void (*room)(void *context), void *context)
{
	handover->stations[worker].room = room;
	handover->stations[worker].room_context = context;
}

void handover_detach(struct handover *handover, unsigned worker)
{
	struct station *station = &handover->stations[worker];

	if (!station->attached)
		return;
	wake_all_marked(station);
	station->attached = false;
	uv_close((uv_handle_t *)&station->poll, NULL);
	turn_end_close(&station->turn_end, NULL);
}

int handover_post(struct handover *handover, unsigned from, unsigned to,
	struct handover_item item)
{
	struct ring *ring = ring_of(handover, from, to);
	struct station *station = &handover->stations[from];
	size_t written =
		atomic_load_explicit(&ring->written, memory_order_relaxed);

	if (written - atomic_load_explicit(&ring->taken, memory_order_acquire) >
		handover->mask) {
		atomic_store(&ring->refused, true);
		if (written - atomic_load(&ring->taken) > handover->mask)
			return EAGAIN;
	}
	ring->items[written & handover->mask] = item;
	atomic_store_explicit(
		&ring->written, written + 1, memory_order_release);
	if (!station->attached) {
		wake(&handover->stations[to]);
	} else {
		station->to_wake[to] = true;
		turn_end_ask(&station->turn_end);
	}
	return 0;
}

size_t handover_room(const struct handover *handover)
{
	return handover->mask + 1;
}

size_t handover_deepest(const struct handover *handover, unsigned to)
{
	size_t deepest = 0;

	for (unsigned from = 0; from < handover->workers; from++) {
		const struct ring *ring = ring_of(handover, from, to);
		size_t taken = atomic_load(&ring->taken);
		size_t depth = atomic_load(&ring->written) - taken;

		if (depth > deepest)
			deepest = depth;
	}
	return deepest;
}

size_t handover_depth(const struct handover *handover, unsigned to)
{
	size_t depth = 0;

	for (unsigned from = 0; from < handover->workers; from++) {
		struct ring *ring = ring_of(handover, from, to);
		/* taken first: it never passes written. */
		size_t taken = atomic_load(&ring->taken);

		depth += atomic_load(&ring->written) - taken;
	}
	return depth;
}
