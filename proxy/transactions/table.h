/* table.h -- what the two sides of the transaction layer share. */
#ifndef PROXY_TRANSACTIONS_TABLE_H
#define PROXY_TRANSACTIONS_TABLE_H

#include "lib/map.h"
#include "lib/siphash.h"
#include "proxy/transactions/transactions.h"

/* 128 keyed bits stand for branch, sent-by and method (or the fields of RFC
 * 3261 17.2.3): short, and nobody outside can make two collide. */
struct transaction_key {
	uint64_t first, second;
};

struct transactions {
	struct timers *timers; /* borrowed */
	struct transaction_times times;
	struct transactions_host host;
	size_t limit;
	unsigned char keys[2][SIPHASH_KEY_BYTES]; /* random */
	uint64_t last_token;
	size_t client_count;
	uint64_t refused;
	struct server_transaction *servers; /* owned, by key */
	struct client_transaction *clients; /* owned, by key */
	struct client_transaction *tokens;  /* the same, by token */
};

struct transaction_key transaction_key_of(const struct transactions *table,
	const struct slice *pieces, size_t count);
static inline uint64_t life_ms(const struct transactions *table)
{
	return 64 * (uint64_t)table->times.t1_ms;
}
static inline bool is_reliable(const struct destination *destination)
{
	return destination->transport != TRANSPORT_UDP;
}
/* A malloc'ed copy; absent when memory is short. */
struct slice bytes_keep(struct slice bytes);

/* What walk.c shows of each. */
struct transaction_view server_transaction_view(
	const struct server_transaction *transaction);
struct transaction_view client_transaction_view(
	const struct client_transaction *transaction);
/* The links that uthash needs. */
UT_hash_handle *server_transactions_table(const struct transactions *table);
UT_hash_handle *client_transactions_table(const struct transactions *table);
void server_transactions_release(struct transactions *table);
void client_transactions_release(struct transactions *table);

#endif
