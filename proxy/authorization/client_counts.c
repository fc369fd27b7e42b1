/* client_counts.c -- how many requests of each client are outstanding. */
#include "proxy/authorization/client_counts.h"

#include "lib/log.h"
#include "proxy/worker.h"

#include <stdlib.h>
#include <uthash.h>

/* No padding inside: the bytes are the key. */
struct client_key {
	struct connection_name connection;
	unsigned char host[16];
	uint16_t port;
	uint16_t family;
};

struct client {
	UT_hash_handle hh;
	struct client_key key;
	unsigned outstanding;
};

struct client_counts {
	struct client *all; /* owned */
};

struct client_counts *client_counts_new(void)
{
	return calloc(1, sizeof(struct client_counts));
}

void client_counts_release(struct client_counts **counts)
{
	struct client *client, *next;

	if (!*counts)
		return;
	HASH_ITER (hh, (*counts)->all, client, next) {
		HASH_DEL((*counts)->all, client);
		free(client);
	}
	free(*counts);
	*counts = NULL;
}

static struct client_key key_of(const struct arrival *arrival)
{
	struct client_key key;

	memset(&key, 0, sizeof(key));
	if (arrival->connection.generation) {
		key.connection.worker = arrival->connection.worker;
		key.connection.slot = arrival->connection.slot;
		key.connection.generation = arrival->connection.generation;
		return key;
	}
	key.family = arrival->source.any.sa_family;
	if (key.family == AF_INET6) {
		memcpy(key.host, &arrival->source.v6.sin6_addr, 16);
		key.port = arrival->source.v6.sin6_port;
	} else {
		memcpy(key.host, &arrival->source.v4.sin_addr, 4);
		key.port = arrival->source.v4.sin_port;
	}
	return key;
}

static struct client *find(
	const struct client_counts *counts, const struct arrival *arrival)
{
	struct client_key key = key_of(arrival);
	struct client *client;

	HASH_FIND(hh, counts->all, &key, sizeof(key), client);
	return client;
}

bool client_counts_take(struct client_counts *counts,
	const struct arrival *arrival, unsigned limit)
{
	struct client *client = find(counts, arrival);

	if (client) {
		if (client->outstanding >= limit)
			return false;
		client->outstanding++;
		return true;
	}
	client = calloc(1, sizeof(*client));
	if (!client)
		return false;
	client->key = key_of(arrival);
	client->outstanding = 1;
	HASH_ADD(hh, counts->all, key, sizeof(client->key), client);
	return true;
}

void client_counts_give_back(
	struct client_counts *counts, const struct arrival *arrival)
{
	struct client *client = find(counts, arrival);

	must(client && client->outstanding > 0);
	if (--client->outstanding)
		return;
	HASH_DEL(counts->all, client);
	free(client);
}

size_t client_counts_clients(const struct client_counts *counts)
{
	return HASH_COUNT(counts->all);
}

void authorization_settled(struct passage *passage)
{
	if (!passage->counted)
		return;
	passage->counted = false;
	client_counts_give_back(passage->worker->clients, &passage->arrival);
}
