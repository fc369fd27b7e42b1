/* server.c -- server transactions: RFC 3261 17.2 with RFC 6026. */
#include "lib/log.h"
#include "proxy/transactions/table.h"

#include <errno.h>
#include <stdlib.h>

enum server_state {
	SERVER_TRYING,     /* nothing said yet */
	SERVER_PROCEEDING, /* a 1xx was sent */
	SERVER_ACCEPTED,   /* INVITE, a 2xx was sent: timer L runs */
	SERVER_COMPLETED,  /* a final answer was sent: timers G, H or J */
	SERVER_CONFIRMED   /* INVITE, its ACK came: timer I */
};

struct server_transaction {
	UT_hash_handle hh;
	struct transaction_key key;
	struct transactions *table; /* borrowed */
	struct destination reply_to;
	struct slice last; /* owned: the last answer */
	const struct server_events *events;
	void *user;         /* NULL: abandoned */
	struct timer again; /* G */
	struct timer end;   /* H, I, J, L */
	uint32_t interval_ms;
	uint16_t status;
	uint8_t state;
	bool invite;
};

/* ACK and CANCEL find the INVITE: method says whose key is wanted. Call-ID and
 * CSeq number are the same in whatever belongs to one transaction; with them a
 * client that makes no new branches loses no message (RFC 3261 17.2.3 asks for
 * branch, sent-by and method alone). */
static struct transaction_key key_of(const struct transactions *table,
	const struct message *request, struct slice method)
{
	char cseq[16];

	(void)snprintf(cseq, sizeof(cseq), "%u", request->cseq);
	struct slice magic[] = {request->via.branch, SLICE("\n"),
		request->via.sent_by, SLICE("\n"), request->call_id,
		SLICE("\n"), slice_of(cseq), SLICE("\n"), method};

	if (request->via.magic)
		return transaction_key_of(
			table, magic, sizeof(magic) / sizeof(magic[0]));
	struct slice old[] = {request->request_uri, SLICE("\n"),
		request->from_tag, SLICE("\n"), request->call_id, SLICE("\n"),
		slice_of(cseq), SLICE("\n"), request->via.value, SLICE("\n"),
		method};

	return transaction_key_of(table, old, sizeof(old) / sizeof(old[0]));
}

static struct server_transaction *find(const struct transactions *table,
	const struct message *request, struct slice method)
{
	struct transaction_key key = key_of(table, request, method);
	struct server_transaction *found;

	HASH_FIND(hh, table->servers, &key, sizeof(key), found);
	return found;
}

static int send_last(struct server_transaction *transaction)
{
	struct transactions *table = transaction->table;

	return table->host.send(table->host.context, &transaction->reply_to,
		transaction->last, 0);
}

static void end_now(struct server_transaction *transaction)
{
	struct transactions *table = transaction->table;

	timer_cancel(table->timers, &transaction->again);
	timer_cancel(table->timers, &transaction->end);
	HASH_DEL(table->servers, transaction);
	if (transaction->user && transaction->events->ended)
		transaction->events->ended(transaction->user);
	free((char *)transaction->last.at);
	free(transaction);
}

static void ended(struct timer *timer)
{
	struct server_transaction *transaction =
		(struct server_transaction *)((char *)timer -
					      offsetof(
						      struct server_transaction,
						      end));

	if (transaction->invite && transaction->state == SERVER_COMPLETED &&
		transaction->user && transaction->events->failed)
		transaction->events->failed(transaction->user, ETIMEDOUT);
	end_now(transaction);
}

/* Timer G: the answer again, at intervals that double up to T2. */
static void again(struct timer *timer)
{
	struct server_transaction *transaction =
		(struct server_transaction *)((char *)timer -
					      offsetof(
						      struct server_transaction,
						      again));
	struct transactions *table = transaction->table;

	if (send_last(transaction) != 0) {
		end_now(transaction);
		return;
	}
	transaction->interval_ms *= 2;
	if (transaction->interval_ms > table->times.t2_ms)
		transaction->interval_ms = table->times.t2_ms;
	timer_set(table->timers, timer, transaction->interval_ms, again);
}

static enum request_match take_again(struct server_transaction *transaction)
{
	bool answered = transaction->state == SERVER_PROCEEDING ||
			transaction->state == SERVER_COMPLETED;

	/* In Accepted the 2xx is repeated by whoever made it (RFC 6026 7.1).
	 * A resent answer that does not leave is asked for once more. */
	if (answered && transaction->last.at)
		(void)send_last(transaction);
	return REQUEST_AGAIN;
}

static enum request_match take_ack(struct server_transaction *transaction)
{
	struct transactions *table = transaction->table;

	if (transaction->state == SERVER_ACCEPTED)
		return REQUEST_ACK_OF_2XX;
	if (transaction->state == SERVER_COMPLETED) {
		transaction->state = SERVER_CONFIRMED;
		timer_cancel(table->timers, &transaction->again);
		timer_set(table->timers, &transaction->end,
			is_reliable(&transaction->reply_to)
				? 0
				: table->times.t4_ms,
			ended);
	}
	return REQUEST_ACK_TAKEN;
}

enum request_match transactions_match_request(struct transactions *table,
	const struct message *request, const struct arrival *arrival,
	struct server_transaction **transaction)
{
	struct server_transaction *found =
		find(table, request, request->method_name);

	(void)arrival;
	*transaction = NULL;
	if (found)
		return take_again(found);
	if (request->method != METHOD_ACK && request->method != METHOD_CANCEL)
		return REQUEST_NEW;
	found = find(table, request, SLICE("INVITE"));
	if (!found)
		return REQUEST_NEW;
	if (request->method == METHOD_ACK)
		return take_ack(found);
	*transaction = found;
	return REQUEST_CANCEL;
}

struct server_transaction *server_transaction_start(struct transactions *table,
	struct message *request, const struct destination *reply_to,
	const struct server_events *events, void *user)
{
	struct server_transaction *transaction;

	if (transactions_count(table) >= table->limit) {
		table->refused++;
		return NULL;
	}
	transaction = calloc(1, sizeof(*transaction));
	if (!transaction)
		return NULL;
	transaction->table = table;
	transaction->key = key_of(table, request, request->method_name);
	transaction->reply_to = *reply_to;
	transaction->events = events;
	transaction->user = user;
	transaction->invite = request->method == METHOD_INVITE;
	HASH_ADD(
		hh, table->servers, key, sizeof(transaction->key), transaction);
	return transaction;
}

static void complete(struct server_transaction *transaction)
{
	struct transactions *table = transaction->table;
	bool reliable = is_reliable(&transaction->reply_to);

	transaction->state = SERVER_COMPLETED;
	if (!transaction->invite) { /* timer J */
		timer_set(table->timers, &transaction->end,
			reliable ? 0 : life_ms(table), ended);
		return;
	}
	timer_set(table->timers, &transaction->end, life_ms(table), ended);
	transaction->interval_ms = table->times.t1_ms;
	if (!reliable)
		timer_set(table->timers, &transaction->again,
			transaction->interval_ms, again);
}

/* What an answer does to the state; the bytes are kept already. */
static void advance(struct server_transaction *transaction, unsigned status)
{
	struct transactions *table = transaction->table;

	if (status < 200) {
		transaction->state = SERVER_PROCEEDING;
		return;
	}
	transaction->status = (uint16_t)status;
	if (transaction->invite && status < 300) {
		if (transaction->state != SERVER_ACCEPTED) /* timer L */
			timer_set(table->timers, &transaction->end,
				life_ms(table), ended);
		transaction->state = SERVER_ACCEPTED;
		return;
	}
	complete(transaction);
}

int server_transaction_answer(struct server_transaction *transaction,
	unsigned status, struct slice bytes)
{
	bool further_2xx =
		transaction->state == SERVER_ACCEPTED && status / 100 == 2;
	struct slice kept;

	if (transaction->status && !further_2xx)
		return EALREADY;
	kept = bytes_keep(bytes);
	if (!kept.at)
		return ENOMEM;
	free((char *)transaction->last.at);
	transaction->last = kept;
	advance(transaction, status);
	return send_last(transaction);
}

/* It goes on absorbing; without a final answer as long as the client may
 * repeat its request. */
void server_transaction_abandon(struct server_transaction *transaction)
{
	transaction->user = NULL;
	if (!timer_is_set(&transaction->end))
		timer_set(transaction->table->timers, &transaction->end,
			life_ms(transaction->table), ended);
}

void *server_transaction_user(const struct server_transaction *transaction)
{
	return transaction->user;
}

unsigned server_transaction_status(const struct server_transaction *transaction)
{
	return transaction->status;
}

static void forget(struct server_transaction *transaction)
{
	transaction->user = NULL;
	end_now(transaction);
}

struct transaction_view server_transaction_view(
	const struct server_transaction *transaction)
{
	static const char *const words[] = {[SERVER_TRYING] = "trying",
		[SERVER_PROCEEDING] = "proceeding",
		[SERVER_ACCEPTED] = "accepted",
		[SERVER_COMPLETED] = "completed",
		[SERVER_CONFIRMED] = "confirmed"};

	return (struct transaction_view){.server = true,
		.invite = transaction->invite,
		.state = words[transaction->state],
		.status = transaction->status,
		.peer = &transaction->reply_to,
		.user = transaction->user};
}

UT_hash_handle *server_transactions_table(const struct transactions *table)
{
	return table->servers ? &table->servers->hh : NULL;
}

void server_transactions_release(struct transactions *table)
{
	struct server_transaction *transaction, *next;

	HASH_ITER (hh, table->servers, transaction, next)
		forget(transaction);
}

size_t transactions_count(const struct transactions *table)
{
	return HASH_COUNT(table->servers) + table->client_count;
}
