/* waiting.c -- what is looked at again after 0.5, 1, 2 or 4 s. */
#include "tests/load/waiting.h"

#include <err.h>
#include <stdlib.h>

enum { T1_US = 500000, ROOM_FIRST = 1024 };

static void grow(struct waiting_queue *queue)
{
	size_t room = queue->room ? queue->room * 2 : ROOM_FIRST;
	struct waiting_entry *ring = calloc(room, sizeof(*ring));

	if (!ring)
		err(1, "memory");
	for (size_t i = 0; i < queue->count; i++)
		ring[i] = queue->ring[(queue->first + i) % queue->room];
	free(queue->ring);
	queue->ring = ring;
	queue->room = room;
	queue->first = 0;
}

void waiting_put(struct waiting *waiting, unsigned number_of_queue,
	uint64_t now_us, uint64_t number, unsigned what)
{
	unsigned place = number_of_queue < WAITING_QUEUES ? number_of_queue
							  : WAITING_QUEUES - 1;
	struct waiting_queue *queue = &waiting->queues[place];

	if (queue->count == queue->room)
		grow(queue);
	queue->ring[(queue->first + queue->count++) % queue->room] =
		(struct waiting_entry){
			number, now_us + ((uint64_t)T1_US << place), what};
}

bool waiting_take(
	struct waiting *waiting, uint64_t now_us, struct waiting_entry *entry)
{
	for (size_t i = 0; i < WAITING_QUEUES; i++) {
		struct waiting_queue *queue = &waiting->queues[i];

		if (!queue->count || queue->ring[queue->first].due_us > now_us)
			continue;
		*entry = queue->ring[queue->first];
		queue->first = (queue->first + 1) % queue->room;
		queue->count--;
		return true;
	}
	return false;
}

void waiting_release(struct waiting *waiting)
{
	for (size_t i = 0; i < WAITING_QUEUES; i++)
		free(waiting->queues[i].ring);
}
