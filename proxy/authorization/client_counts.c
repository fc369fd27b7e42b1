/* client_counts.c -- how many requests of each client are outstanding.
 *
 * The requests of one client belong to several workers (by Call-ID), so the
 * counts are shared, in shards under a lock each.
 */
#include "proxy/authorization/client_counts.h"

#include "lib/log.h"
#include "lib/map.h"
#include "proxy/worker.h"

#include <limits.h>
#include <stdlib.h>

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

enum { SHARDS = 16 };

/* Connections and ports of one address, all at their limit. */
enum { CLIENTS_OF_A_HOST = 100 };

struct shard {
	uv_mutex_t lock;
	struct client *all; /* owned */
};

struct client_counts {
	struct shard shards[SHARDS];
};

struct client_counts *client_counts_new(void)
{
	struct client_counts *counts = calloc(1, sizeof(*counts));

	for (size_t i = 0; counts && i < SHARDS; i++)
		must(uv_mutex_init(&counts->shards[i].lock) == 0);
	return counts;
}

static void shard_clear(struct shard *shard)
{
	struct client *client, *next;

	HASH_ITER (hh, shard->all, client, next) {
		HASH_DEL(shard->all, client);
		free(client);
	}
	uv_mutex_destroy(&shard->lock);
}

void client_counts_release(struct client_counts **counts)
{
	if (!*counts)
		return;
	for (size_t i = 0; i < SHARDS; i++)
		shard_clear(&(*counts)->shards[i]);
	free(*counts);
	*counts = NULL;
}

/* Port 0: nobody sends from there. */
static struct client_key host_of(const struct arrival *arrival)
{
	struct client_key key;

	memset(&key, 0, sizeof(key));
	key.family = arrival->source.any.sa_family;
	if (key.family == AF_INET6)
		memcpy(key.host, &arrival->source.v6.sin6_addr, 16);
	else
		memcpy(key.host, &arrival->source.v4.sin_addr, 4);
	return key;
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
	key = host_of(arrival);
	key.port = address_port(&arrival->source);
	return key;
}

/* Neighbours in address, port or slot fall into different ones. */
static struct shard *shard_of(
	struct client_counts *counts, const struct client_key *key)
{
	const unsigned char *bytes = (const unsigned char *)key;
	unsigned sum = 0;

	for (size_t i = 0; i < sizeof(*key); i++)
		sum = sum * 31 + bytes[i];
	return &counts->shards[sum % SHARDS];
}

static bool shard_take(
	struct shard *shard, const struct client_key *key, unsigned limit)
{
	struct client *client;

	HASH_FIND(hh, shard->all, key, sizeof(*key), client);
	if (client) {
		if (client->outstanding >= limit)
			return false;
		client->outstanding++;
		return true;
	}
	client = calloc(1, sizeof(*client));
	if (!client)
		return false;
	client->key = *key;
	client->outstanding = 1;
	HASH_ADD(hh, shard->all, key, sizeof(client->key), client);
	return true;
}

static bool take(struct client_counts *counts, const struct client_key *key,
	unsigned limit)
{
	struct shard *shard = shard_of(counts, key);
	bool taken;

	uv_mutex_lock(&shard->lock);
	taken = shard_take(shard, key, limit);
	uv_mutex_unlock(&shard->lock);
	return taken;
}

static void give_back(
	struct client_counts *counts, const struct client_key *key)
{
	struct shard *shard = shard_of(counts, key);
	struct client *client;

	uv_mutex_lock(&shard->lock);
	HASH_FIND(hh, shard->all, key, sizeof(*key), client);
	must(client && client->outstanding > 0);
	if (--client->outstanding == 0) {
		HASH_DEL(shard->all, client);
		free(client);
	}
	uv_mutex_unlock(&shard->lock);
}

/* Else whoever takes a port for each ten requests has no limit. */
bool client_counts_take(struct client_counts *counts,
	const struct arrival *arrival, unsigned limit)
{
	const struct client_key key = key_of(arrival), host = host_of(arrival);
	const uint64_t all = (uint64_t)limit * CLIENTS_OF_A_HOST;

	if (!take(counts, &host, all < UINT_MAX ? (unsigned)all : UINT_MAX))
		return false;
	if (take(counts, &key, limit))
		return true;
	give_back(counts, &host);
	return false;
}

void client_counts_give_back(
	struct client_counts *counts, const struct arrival *arrival)
{
	const struct client_key key = key_of(arrival), host = host_of(arrival);

	give_back(counts, &key);
	give_back(counts, &host);
}

void authorization_settled(struct passage *passage)
{
	if (!passage->counted)
		return;
	passage->counted = false;
	client_counts_give_back(
		passage->worker->proxy->clients, &passage->arrival);
}
