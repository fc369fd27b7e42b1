/* walk.c -- shows the transactions of a worker, a piece at a time. */
#include "proxy/hash_walk.h"
#include "proxy/transactions/table.h"

typedef struct transaction_view view_fn(const void *transaction);

static struct transaction_view view_server(const void *transaction)
{
	return server_transaction_view(transaction);
}

static struct transaction_view view_client(const void *transaction)
{
	return client_transaction_view(transaction);
}

/* The bucket to go on with; 0: the table has been walked. */
static uint32_t walk(const UT_hash_table *table, view_fn *view, uint32_t bucket,
	size_t most, transaction_fn *show, void *context)
{
	size_t shown = 0;

	do {
		const UT_hash_handle *at = table->buckets[bucket].hh_head;

		for (; at; at = at->hh_next, shown++) {
			struct transaction_view seen =
				view((const char *)at - table->hho);

			show(context, &seen);
		}
		bucket = hash_walk_next(bucket, table->num_buckets);
	} while (bucket && shown < most);
	return bucket;
}

/* *cursor: the bucket, and above it the table. */
bool transactions_walk(const struct transactions *transactions,
	uint64_t *cursor, size_t most, transaction_fn *show, void *context)
{
	bool clients = *cursor >> 32;
	const UT_hash_handle *first =
		clients ? client_transactions_table(transactions)
			: server_transactions_table(transactions);
	uint32_t bucket = 0;

	if (first)
		bucket = walk(first->tbl, clients ? view_client : view_server,
			(uint32_t)*cursor & (first->tbl->num_buckets - 1), most,
			show, context);
	*cursor = bucket | (uint64_t)clients << 32;
	if (bucket)
		return true;
	*cursor = UINT64_C(1) << 32;
	return !clients;
}

uint64_t transactions_refused(const struct transactions *transactions)
{
	return transactions->refused;
}
