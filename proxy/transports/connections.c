/* connections.c -- names connections by slot and generation: a name that has
 * gone stale finds nothing. */
#include "proxy/transports/connections.h"

#include "lib/log.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

enum { FIRST_SLOTS = 64 };
static const uint32_t NO_SLOT = UINT32_MAX;

struct slot {
	struct connection *connection; /* borrowed; NULL: free */
	uint32_t generation;
	uint32_t next_free;
};

struct connections {
	struct slot *slots; /* owned */
	uint32_t room, limit, count;
	uint32_t free;
	uint32_t first_generation;
};

struct connections *connections_new(size_t limit)
{
	struct connections *connections = calloc(1, sizeof(*connections));

	must(limit > 0 && limit < NO_SLOT);
	if (!connections)
		return NULL;
	connections->limit = (uint32_t)limit;
	connections->free = NO_SLOT;
	/* Names kept from an earlier run of the program are stale too. */
	if (getrandom(&connections->first_generation,
		    sizeof(connections->first_generation), 0) < 0)
		connections->first_generation = 1;
	return connections;
}

void connections_release(struct connections **connections)
{
	if (*connections)
		free((*connections)->slots);
	free(*connections);
	*connections = NULL;
}

static int grow(struct connections *connections)
{
	uint32_t room = connections->room ? connections->room * 2 : FIRST_SLOTS;
	struct slot *slots;

	if (connections->room == connections->limit)
		return ENOSPC;
	if (room > connections->limit || room < connections->room)
		room = connections->limit;
	slots = realloc(connections->slots, room * sizeof(*slots));
	if (!slots)
		return ENOMEM;
	connections->slots = slots;
	for (uint32_t i = room; i-- > connections->room;) {
		slots[i] = (struct slot){
			.generation = connections->first_generation,
			.next_free = connections->free};
		connections->free = i;
	}
	connections->room = room;
	return 0;
}

int connections_add(struct connections *connections,
	struct connection *connection, uint32_t *slot, uint32_t *generation)
{
	struct slot *taken;

	if (connections->free == NO_SLOT) {
		int error = grow(connections);

		if (error)
			return error;
	}
	*slot = connections->free;
	taken = &connections->slots[*slot];
	connections->free = taken->next_free;
	connections->count++;
	if (++taken->generation == 0)
		taken->generation = 1;
	taken->connection = connection;
	*generation = taken->generation;
	return 0;
}

struct connection *connections_find(const struct connections *connections,
	uint32_t slot, uint32_t generation)
{
	if (slot >= connections->room ||
		connections->slots[slot].generation != generation)
		return NULL;
	return connections->slots[slot].connection;
}

void connections_remove(struct connections *connections, uint32_t slot)
{
	struct slot *left = &connections->slots[slot];

	must(slot < connections->room && left->connection);
	left->connection = NULL;
	left->next_free = connections->free;
	connections->free = slot;
	connections->count--;
}

size_t connections_count(const struct connections *connections)
{
	return connections->count;
}

struct connection *connections_next(
	const struct connections *connections, uint32_t *slot)
{
	while (*slot < connections->room) {
		struct connection *connection =
			connections->slots[(*slot)++].connection;

		if (connection)
			return connection;
	}
	return NULL;
}
