/* transactions.h -- RFC 3261 section 17 with RFC 6026, of one worker.
 *
 * Hash by branch, sent-by and method (ACK and CANCEL find their INVITE); RFC
 * 2543 requests without a magic branch by the fields of RFC 3261 17.2.3. A
 * finished transaction keeps its last bytes and under 1 KB besides. The layer
 * reads no clock and opens no socket: time comes through timers.h, bytes leave
 * through the host.
 */
#ifndef PROXY_TRANSACTIONS_TRANSACTIONS_H
#define PROXY_TRANSACTIONS_TRANSACTIONS_H

#include "lib/slice.h"
#include "proxy/parse/message.h"
#include "proxy/timers.h"
#include "proxy/transports/transports.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct transactions;
struct server_transaction;
struct client_transaction;

struct transaction_times {
	uint32_t t1_ms, t2_ms, t4_ms; /* 500, 4000, 5000 */
};

struct transactions_host {
	void *context;
	/* As transports_send. */
	int (*send)(void *context, const struct destination *destination,
		struct slice bytes, uint64_t token);
};

/* limit: transactions of both kinds in all. */
struct transactions *transactions_new(struct timers *timers,
	const struct transaction_times *times, size_t limit,
	const struct transactions_host *host)
	__attribute__((warn_unused_result));
/* Ends all at once, without telling their users. */
void transactions_release(struct transactions **transactions);
size_t transactions_count(const struct transactions *transactions);
/* How many were not begun since there were too many. */
uint64_t transactions_refused(const struct transactions *transactions);

/* One transaction, for whoever looks at what is under way. */
struct transaction_view {
	bool server;
	bool invite;
	const char *state; /* RFC 3261 17, RFC 6026 */
	unsigned status;   /* server: given, 0: none yet */
	const struct destination *peer;
	void *user; /* as given at its start; NULL: abandoned */
};
typedef void transaction_fn(void *context, const struct transaction_view *view);
/* Shows a piece: whole buckets until there are `most` of them. *cursor: 0 at
 * first, moved on; false when that was the last piece. Those that live through
 * the whole walk are shown, others may be, and one may be shown twice. */
bool transactions_walk(const struct transactions *transactions,
	uint64_t *cursor, size_t most, transaction_fn *show, void *context);

/* --- server side ------------------------------------------------------- */

enum request_match {
	REQUEST_NEW,        /* no transaction: start one (an ACK: forward
			       without) */
	REQUEST_AGAIN,      /* a retransmission: absorbed, the last answer
			       sent again */
	REQUEST_ACK_TAKEN,  /* the ACK of a final answer other than 2xx */
	REQUEST_ACK_OF_2XX, /* found its INVITE in Accepted: go on with it */
	REQUEST_CANCEL      /* *transaction is the INVITE to cancel; the
			       CANCEL itself is new */
};
/* What a request is to this layer. A CANCEL that was seen before is
 * REQUEST_AGAIN; one without an INVITE is REQUEST_NEW. */
enum request_match transactions_match_request(struct transactions *transactions,
	const struct message *request, const struct arrival *arrival,
	struct server_transaction **transaction);
struct server_events {
	/* No ACK came for a final answer (timer H), or an answer could not be
	 * sent: the transaction ends. May be NULL. */
	void (*failed)(void *user, int error);
	/* The transaction is about to be freed: forget it. */
	void (*ended)(void *user);
};
/* For REQUEST_NEW but ACK. NULL when
 * the limit is reached or memory is short: answer 503 without one. Responses
 * go back as RFC 3261 18.2.2 and RFC 3581 say (reply_to is worked out by the
 * caller). INVITE: no automatic 100 (the caller sends it). */
struct server_transaction *server_transaction_start(
	struct transactions *transactions, struct message *request,
	const struct destination *reply_to, const struct server_events *events,
	void *user) __attribute__((warn_unused_result));
/* Sends an answer and keeps it for retransmissions. INVITE: 1xx, any number of
 * 2xx (each passes, RFC 6026), one final. 0 or errno; EALREADY when a final
 * answer was already given (nothing is sent). */
int server_transaction_answer(struct server_transaction *transaction,
	unsigned status, struct slice bytes)
	__attribute__((warn_unused_result));
/* The user goes away; the transaction lives on by itself (absorbs). */
void server_transaction_abandon(struct server_transaction *transaction);
void *server_transaction_user(const struct server_transaction *transaction);
/* The final status it has given; 0: none yet. */
unsigned server_transaction_status(
	const struct server_transaction *transaction);

/* --- client side ------------------------------------------------------- */

struct client_events {
	/* 1xx; final; further 2xx of an INVITE (RFC 6026 Accepted). */
	void (*response)(void *user, struct message *response,
		const struct arrival *arrival);
	/* Timer B or F: nothing final came. Then `ended` follows. */
	void (*timed_out)(void *user);
	/* It could not be sent (connect refused …). Then `ended` follows. */
	void (*failed)(void *user, int error);
	void (*ended)(void *user);
};
/* Sends a request (not ACK) and retransmits it as RFC 3261 17.1 says. bytes
 * are copied; branch and method name it (`branch` is the one in its top Via,
 * which is ours). ACK for a final answer other than 2xx is made and sent by
 * the transaction (ack built with answer.h from the bytes). NULL on the limit;
 * an immediate send error comes as `failed` from the timers, never from
 * inside. */
struct client_transaction *client_transaction_start(
	struct transactions *transactions, struct slice branch,
	enum method method, struct slice bytes,
	const struct destination *destination,
	const struct client_events *events, void *user)
	__attribute__((warn_unused_result));
/* Non-INVITE: stops waiting earlier than timer F. INVITE: stops timer B and
 * waits for what comes (timer C is the caller's). */
void client_transaction_set_life(
	struct client_transaction *transaction, uint32_t life_ms);
/* Sends the request no more (timer A or E); what comes is still heard. */
void client_transaction_hush(struct client_transaction *transaction);
/* RFC 3261 9.1: sends a CANCEL as a transaction of its own (no events); waits
 * for the first 1xx when none has come. After 64·T1 without a final answer
 * `timed_out` is called. */
void client_transaction_cancel(struct client_transaction *transaction);
void client_transaction_abandon(struct client_transaction *transaction);

/* Finds the transaction of a response (top Via's branch, CSeq method) and
 * gives it to its user, or absorbs it. False: it belongs to none (a stray
 * response, dropped by RFC 3261 16.7 as changed by RFC 6026). The message
 * stays the caller's: hold it to keep it. */
bool transactions_take_response(struct transactions *transactions,
	struct message *response, const struct arrival *arrival);
/* From transports_host.send_failed: the token names a transaction. */
void transactions_send_failed(
	struct transactions *transactions, uint64_t token, int error);

#endif
