/* connections.h -- names connections by slot and generation: a name that has
 * gone stale finds nothing. */
#ifndef PROXY_TRANSPORTS_CONNECTIONS_H
#define PROXY_TRANSPORTS_CONNECTIONS_H

#include <stddef.h>
#include <stdint.h>

struct connection;
struct connections;

/* Room for up to `limit` at a time; memory grows with use. */
struct connections *connections_new(size_t limit)
	__attribute__((warn_unused_result));
void connections_release(struct connections **connections);
/* 0, ENOMEM, or ENOSPC over the limit. generation is never 0. */
int connections_add(struct connections *connections,
	struct connection *connection, uint32_t *slot, uint32_t *generation)
	__attribute__((warn_unused_result));
/* NULL when the slot has been given up since. */
struct connection *connections_find(const struct connections *connections,
	uint32_t slot, uint32_t generation);
void connections_remove(struct connections *connections, uint32_t slot);
size_t connections_count(const struct connections *connections);
/* The first one in a slot from *slot on, *slot moved behind it; NULL. */
struct connection *connections_next(
	const struct connections *connections, uint32_t *slot);

#endif
