/* table.c -- what the two sides of the transaction layer share. */
#include "proxy/transactions/table.h"

#include <stdlib.h>
#include <sys/random.h>

struct transactions *transactions_new(struct timers *timers,
	const struct transaction_times *times, size_t limit,
	const struct transactions_host *host)
{
	struct transactions *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->timers = timers;
	table->times = *times;
	table->limit = limit;
	table->host = *host;
	if (getrandom(table->keys, sizeof(table->keys), 0) !=
		(ssize_t)sizeof(table->keys)) {
		free(table);
		return NULL;
	}
	return table;
}

void transactions_release(struct transactions **transactions)
{
	if (!*transactions)
		return;
	server_transactions_release(*transactions);
	client_transactions_release(*transactions);
	free(*transactions);
	*transactions = NULL;
}

struct transaction_key transaction_key_of(const struct transactions *table,
	const struct slice *pieces, size_t count)
{
	return (struct transaction_key){siphash(table->keys[0], pieces, count),
		siphash(table->keys[1], pieces, count)};
}

struct slice bytes_keep(struct slice bytes)
{
	char *copy = malloc(bytes.size ? bytes.size : 1);

	if (!copy)
		return (struct slice){NULL, 0};
	if (bytes.size)
		memcpy(copy, bytes.at, bytes.size);
	return slice_make(copy, bytes.size);
}
