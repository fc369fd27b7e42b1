/* client.c -- client transactions: RFC 3261 17.1 with RFC 6026. */
#include "lib/arena.h"
#include "lib/log.h"
#include "proxy/answer.h"
#include "proxy/transactions/table.h"

#include <errno.h>
#include <stdlib.h>

enum client_state {
	CLIENT_CALLING,    /* sent; Trying for a non-INVITE */
	CLIENT_PROCEEDING, /* a 1xx came */
	CLIENT_ACCEPTED,   /* INVITE, a 2xx came: timer M */
	CLIENT_COMPLETED   /* a final answer came: timer D or K */
};

enum { BUILD_ARENA_BYTES = 512 * 1024 };

struct client_transaction {
	UT_hash_handle hh, by_token;
	struct transaction_key key;
	uint64_t token;
	struct transactions *table; /* borrowed */
	struct destination destination;
	struct slice bytes;  /* owned: the request as sent */
	struct slice branch; /* within bytes' own copy: owned */
	struct slice ack;    /* owned: absent until built */
	const struct client_events *events;
	void *user;         /* NULL: abandoned */
	struct timer again; /* A, E */
	struct timer end;   /* B, F, D, K, M */
	uint32_t interval_ms;
	int error; /* why `failed` is to be called */
	enum method method;
	uint8_t state;
	bool cancel_wanted, cancel_sent;
};

static struct transaction_key key_of(const struct transactions *table,
	struct slice branch, enum method method)
{
	char number = (char)('0' + (int)method);
	struct slice pieces[] = {branch, SLICE("\n"), slice_make(&number, 1)};

	return transaction_key_of(table, pieces, 3);
}

static void end_now(struct client_transaction *transaction)
{
	struct transactions *table = transaction->table;

	timer_cancel(table->timers, &transaction->again);
	timer_cancel(table->timers, &transaction->end);
	HASH_DEL(table->clients, transaction);
	HASH_DELETE(by_token, table->tokens, transaction);
	table->client_count--;
	if (transaction->user && transaction->events->ended)
		transaction->events->ended(transaction->user);
	free((char *)transaction->bytes.at);
	free((char *)transaction->branch.at);
	free((char *)transaction->ack.at);
	free(transaction);
}

static struct client_transaction *of_end(struct timer *timer)
{
	return (struct client_transaction *)((char *)timer -
					     offsetof(struct client_transaction,
						     end));
}

static void ended(struct timer *timer)
{
	end_now(of_end(timer));
}

static void timed_out(struct timer *timer)
{
	struct client_transaction *transaction = of_end(timer);

	if (transaction->user && transaction->events->timed_out)
		transaction->events->timed_out(transaction->user);
	end_now(transaction);
}

static void failed(struct timer *timer)
{
	struct client_transaction *transaction = of_end(timer);

	if (transaction->user && transaction->events->failed)
		transaction->events->failed(
			transaction->user, transaction->error);
	end_now(transaction);
}

/* Told from the timers, so that no caller is called back from inside. */
static void fail(struct client_transaction *transaction, int error)
{
	struct timers *timers = transaction->table->timers;

	if (transaction->state == CLIENT_ACCEPTED ||
		transaction->state == CLIENT_COMPLETED)
		return; /* its answer has come */
	transaction->error = error;
	timer_cancel(timers, &transaction->again);
	timer_set(timers, &transaction->end, 0, failed);
}

static void send_bytes(
	struct client_transaction *transaction, struct slice bytes)
{
	struct transactions *table = transaction->table;
	int error = table->host.send(table->host.context,
		&transaction->destination, bytes,
		is_reliable(&transaction->destination) ? transaction->token
						       : 0);

	if (error)
		fail(transaction, error);
}

/* Timers A and E. */
static void again(struct timer *timer)
{
	struct client_transaction *transaction =
		(struct client_transaction *)((char *)timer -
					      offsetof(
						      struct client_transaction,
						      again));
	const struct transaction_times *times = &transaction->table->times;

	transaction->interval_ms *= 2;
	if (transaction->method != METHOD_INVITE &&
		(transaction->interval_ms > times->t2_ms ||
			transaction->state == CLIENT_PROCEEDING))
		transaction->interval_ms = times->t2_ms;
	timer_set(transaction->table->timers, timer, transaction->interval_ms,
		again);
	send_bytes(transaction, transaction->bytes);
}

static struct client_transaction *allocate(
	struct slice bytes, struct slice branch)
{
	struct client_transaction *transaction =
		calloc(1, sizeof(*transaction));

	if (!transaction)
		return NULL;
	transaction->bytes = bytes_keep(bytes);
	transaction->branch = bytes_keep(branch);
	if (transaction->bytes.at && transaction->branch.at)
		return transaction;
	free((char *)transaction->bytes.at);
	free((char *)transaction->branch.at);
	free(transaction);
	return NULL;
}

static void start_timers(struct client_transaction *transaction)
{
	struct transactions *table = transaction->table;

	transaction->interval_ms = table->times.t1_ms;
	timer_set(table->timers, &transaction->end, life_ms(table), timed_out);
	if (!is_reliable(&transaction->destination))
		timer_set(table->timers, &transaction->again,
			transaction->interval_ms, again);
}

struct client_transaction *client_transaction_start(struct transactions *table,
	struct slice branch, enum method method, struct slice bytes,
	const struct destination *destination,
	const struct client_events *events, void *user)
{
	struct client_transaction *transaction, *twin;
	struct transaction_key key = key_of(table, branch, method);

	HASH_FIND(hh, table->clients, &key, sizeof(key), twin);
	if (twin)
		return NULL;
	if (transactions_count(table) >= table->limit) {
		table->refused++;
		return NULL;
	}
	transaction = allocate(bytes, branch);
	if (!transaction)
		return NULL;
	transaction->table = table;
	transaction->key = key;
	transaction->token = ++table->last_token;
	transaction->destination = *destination;
	transaction->method = method;
	transaction->events = events;
	transaction->user = user;
	HASH_ADD(hh, table->clients, key, sizeof(key), transaction);
	HASH_ADD(by_token, table->tokens, token, sizeof(transaction->token),
		transaction);
	table->client_count++;
	start_timers(transaction);
	send_bytes(transaction, transaction->bytes);
	return transaction;
}

void client_transaction_set_life(
	struct client_transaction *transaction, uint32_t life)
{
	if (transaction->state <= CLIENT_PROCEEDING)
		timer_set(transaction->table->timers, &transaction->end, life,
			timed_out);
}

void client_transaction_hush(struct client_transaction *transaction)
{
	timer_cancel(transaction->table->timers, &transaction->again);
}

static struct message *sent_message(
	const struct client_transaction *transaction)
{
	const struct message_limits limits = {.bytes = SIZE_MAX / 4,
		.headers = 4096,
		.line_bytes = SIZE_MAX / 4,
		.parameters = 4096};
	struct message_fault fault;
	struct message *message = NULL;

	/* What we have sent is well-formed: only memory can be short. */
	if (message_index(
		    transaction->bytes, true, &limits, &message, &fault) != 0)
		message_release(&message);
	return message;
}

static void send_cancel(struct client_transaction *transaction)
{
	static const struct client_events nothing;
	struct transactions *table = transaction->table;
	struct message *sent = sent_message(transaction);
	struct arena *arena = arena_new(BUILD_ARENA_BYTES);
	struct slice cancel = {NULL, 0};

	transaction->cancel_sent = true;
	if (sent && arena)
		cancel = answer_build_cancel(arena, sent);
	if (cancel.at && !client_transaction_start(table, transaction->branch,
				 METHOD_CANCEL, cancel,
				 &transaction->destination, &nothing, NULL))
		log_warn("A CANCEL could not be sent: too many transactions");
	message_release(&sent);
	arena_release(&arena);
	timer_set(table->timers, &transaction->end, life_ms(table), timed_out);
}

void client_transaction_cancel(struct client_transaction *transaction)
{
	if (transaction->cancel_wanted)
		return;
	transaction->cancel_wanted = true;
	if (transaction->state == CLIENT_PROCEEDING)
		send_cancel(transaction);
}

/* One that rings has no timer of its own: with its user, timer C went. */
void client_transaction_abandon(struct client_transaction *transaction)
{
	transaction->user = NULL;
	if (!timer_is_set(&transaction->end))
		timer_set(transaction->table->timers, &transaction->end,
			life_ms(transaction->table), ended);
}

/* RFC 3261 17.1.1.3: within the transaction, for each time the answer comes. */
static void acknowledge(
	struct client_transaction *transaction, const struct message *response)
{
	if (!transaction->ack.at) {
		struct message *sent = sent_message(transaction);
		struct arena *arena = arena_new(BUILD_ARENA_BYTES);

		if (sent && arena)
			transaction->ack = bytes_keep(
				answer_build_ack(arena, sent, response));
		message_release(&sent);
		arena_release(&arena);
	}
	if (transaction->ack.at)
		send_bytes(transaction, transaction->ack);
}

static void tell(struct client_transaction *transaction,
	struct message *response, const struct arrival *arrival)
{
	if (transaction->user && transaction->events->response)
		transaction->events->response(
			transaction->user, response, arrival);
}

static void take_provisional(struct client_transaction *transaction,
	struct message *response, const struct arrival *arrival)
{
	struct timers *timers = transaction->table->timers;

	if (transaction->state > CLIENT_PROCEEDING)
		return;
	transaction->state = CLIENT_PROCEEDING;
	if (transaction->method == METHOD_INVITE) {
		timer_cancel(timers, &transaction->again);
		if (!transaction->cancel_sent)
			timer_cancel(timers, &transaction->end);
		if (transaction->cancel_wanted && !transaction->cancel_sent)
			send_cancel(transaction);
	}
	tell(transaction, response, arrival);
}

static void take_success(struct client_transaction *transaction,
	struct message *response, const struct arrival *arrival)
{
	struct transactions *table = transaction->table;

	if (transaction->state == CLIENT_COMPLETED)
		return;
	timer_cancel(table->timers, &transaction->again);
	if (transaction->state != CLIENT_ACCEPTED)
		timer_set(table->timers, &transaction->end, life_ms(table),
			ended);
	transaction->state = CLIENT_ACCEPTED;
	tell(transaction, response, arrival);
}

static void take_final(struct client_transaction *transaction,
	struct message *response, const struct arrival *arrival)
{
	struct transactions *table = transaction->table;
	bool invite = transaction->method == METHOD_INVITE;
	bool first = transaction->state <= CLIENT_PROCEEDING;

	if (transaction->state == CLIENT_ACCEPTED)
		return;
	if (invite)
		acknowledge(transaction, response);
	if (!first)
		return;
	transaction->state = CLIENT_COMPLETED;
	timer_cancel(table->timers, &transaction->again);
	timer_set(table->timers, &transaction->end,
		is_reliable(&transaction->destination) ? 0
		: invite                               ? life_ms(table)
						       : table->times.t4_ms,
		ended);
	tell(transaction, response, arrival);
}

bool transactions_take_response(struct transactions *table,
	struct message *response, const struct arrival *arrival)
{
	struct transaction_key key =
		key_of(table, response->via.branch, response->method);
	struct client_transaction *transaction;

	HASH_FIND(hh, table->clients, &key, sizeof(key), transaction);
	if (!transaction)
		return false;
	if (response->status < 200)
		take_provisional(transaction, response, arrival);
	else if (response->status < 300 && transaction->method == METHOD_INVITE)
		take_success(transaction, response, arrival);
	else
		take_final(transaction, response, arrival);
	return true;
}

void transactions_send_failed(
	struct transactions *table, uint64_t token, int error)
{
	struct client_transaction *transaction;

	HASH_FIND(by_token, table->tokens, &token, sizeof(token), transaction);
	if (transaction)
		fail(transaction, error);
}

static void forget(struct client_transaction *transaction)
{
	transaction->user = NULL;
	end_now(transaction);
}

struct transaction_view client_transaction_view(
	const struct client_transaction *transaction)
{
	static const char *const words[] = {[CLIENT_CALLING] = "calling",
		[CLIENT_PROCEEDING] = "proceeding",
		[CLIENT_ACCEPTED] = "accepted",
		[CLIENT_COMPLETED] = "completed"};
	bool invite = transaction->method == METHOD_INVITE;

	return (struct transaction_view){.invite = invite,
		.state = !invite && transaction->state == CLIENT_CALLING
				 ? "trying"
				 : words[transaction->state],
		.peer = &transaction->destination,
		.user = transaction->user};
}

UT_hash_handle *client_transactions_table(const struct transactions *table)
{
	return table->clients ? &table->clients->hh : NULL;
}

void client_transactions_release(struct transactions *table)
{
	struct client_transaction *transaction, *next;

	HASH_ITER (hh, table->clients, transaction, next)
		forget(transaction);
}
