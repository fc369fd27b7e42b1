/* server_test.c -- RFC 3261 17.2 and RFC 6026: timers G, H, I, J, L; what is a
 * retransmission. */
#include "tests/unit/proxy/transactions/wire.h"

static const struct destination datagram = {.transport = TRANSPORT_UDP};
static const struct destination stream = {.transport = TRANSPORT_TCP};

static void told_ended(void *user)
{
	((struct wire *)user)->ended++;
}

static void told_failed(void *user, int error)
{
	struct wire *wire = user;

	wire->failed++;
	wire->failure = error;
}

static const struct server_events events = {told_failed, told_ended};

static struct message *request_of(
	const char *method, const char *cseq_method, const char *via)
{
	char text[1024];

	(void)snprintf(text, sizeof(text),
		"%s sip:b@y SIP/2.0\r\nVia: %s\r\nMax-Forwards: 70\r\n"
		"From: <sip:a@x>;tag=f\r\nTo: <sip:b@x>\r\nCall-ID: 1@x\r\n"
		"CSeq: 7 %s\r\nContent-Length: 0\r\n\r\n",
		method, via, cseq_method);
	return wire_message(text);
}

#define VIA "SIP/2.0/UDP them;branch=z9hG4bKtheirs"

/* What it is to the layer. */
static enum request_match match(struct wire *wire, const char *method,
	const char *via, struct server_transaction **found)
{
	const struct arrival arrival = {.transport = TRANSPORT_UDP};
	struct message *message = request_of(method, method, via);
	enum request_match result = transactions_match_request(
		wire->transactions, message, &arrival, found);

	message_release(&message);
	return result;
}

static enum request_match match_same(struct wire *wire, const char *method)
{
	struct server_transaction *found;

	return match(wire, method, VIA, &found);
}

static struct server_transaction *begin(struct wire *wire, const char *method,
	const char *via, const struct destination *reply_to)
{
	struct message *message = request_of(method, method, via);
	struct server_transaction *transaction = server_transaction_start(
		wire->transactions, message, reply_to, &events, wire);

	message_release(&message);
	return transaction;
}

static struct server_transaction *start(struct wire *wire, const char *method,
	const struct destination *reply_to)
{
	wire_open(wire, 100);
	return begin(wire, method, VIA, reply_to);
}

static int say(struct server_transaction *transaction, unsigned status)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "SIP/2.0 %u Said\r\n\r\n", status);
	return server_transaction_answer(transaction, status, slice_of(text));
}

/* Timers G and H: a refused INVITE whose ACK never comes. */
static void repeats_a_refusal_until_its_ack(void **state)
{
	static const uint64_t all[] = {0, 500, 1500, 3500, 7500, 11500, 15500,
		19500, 23500, 27500, 31500};
	static const uint64_t two[] = {0, 500};
	static const uint64_t once[] = {0};
	struct wire wire;

	(void)state;
	assert_int_equal(say(start(&wire, "INVITE", &datagram), 486), 0);
	wire_wait(&wire, LIFE - 10);
	assert_int_equal(wire.failed, 0);
	wire_wait(&wire, LIFE + 20);
	wire_assert_sent(&wire, "SIP/2.0", all, 11);
	assert_int_equal(wire.failed, 1);
	assert_int_equal(wire.failure, ETIMEDOUT);
	assert_int_equal(wire.ended, 1);
	wire_close(&wire);

	assert_int_equal(say(start(&wire, "INVITE", &datagram), 486), 0);
	wire_wait(&wire, 700);
	assert_int_equal(match_same(&wire, "ACK"), REQUEST_ACK_TAKEN);
	assert_int_equal(match_same(&wire, "ACK"), REQUEST_ACK_TAKEN);
	assert_int_equal(match_same(&wire, "INVITE"), REQUEST_AGAIN);
	wire_wait(&wire, 700 + T4 - 10);
	wire_assert_sent(&wire, "SIP/2.0", two, 2);
	assert_int_equal(wire.ended, 0);
	wire_wait(&wire, 700 + T4 + 20); /* timer I */
	assert_int_equal(wire.ended, 1);
	assert_int_equal(wire.failed, 0);
	wire_close(&wire);

	assert_int_equal(say(start(&wire, "INVITE", &stream), 486), 0);
	wire_wait(&wire, 10000);
	wire_assert_sent(&wire, "SIP/2.0", once, 1);
	assert_int_equal(match_same(&wire, "ACK"), REQUEST_ACK_TAKEN);
	wire_wait(&wire, 10020);
	assert_int_equal(wire.ended, 1);
	wire_close(&wire);
}

/* Timers J and L: how long one that is answered absorbs. */
static void absorbs_after_its_answer(void **state)
{
	static const struct {
		const char *method;
		const struct destination *to;
		unsigned status;
		uint64_t stays_ms;
		unsigned sent; /* after one retransmission */
	} rows[] = {{"MESSAGE", &datagram, 200, LIFE, 2},
		{"MESSAGE", &datagram, 403, LIFE, 2},
		{"INVITE", &datagram, 200, LIFE, 1},
		{"INVITE", &stream, 200, LIFE, 1}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wire wire;
		struct server_transaction *transaction =
			start(&wire, rows[i].method, rows[i].to);

		assert_int_equal(say(transaction, rows[i].status), 0);
		assert_int_equal(
			server_transaction_status(transaction), rows[i].status);
		assert_int_equal(
			match_same(&wire, rows[i].method), REQUEST_AGAIN);
		assert_int_equal(wire.sent, rows[i].sent);
		wire_wait(&wire, rows[i].stays_ms - 10);
		assert_int_equal(
			match_same(&wire, rows[i].method), REQUEST_AGAIN);
		wire_wait(&wire, rows[i].stays_ms + 20);
		assert_int_equal(wire.ended, 1);
		assert_int_equal(
			match_same(&wire, rows[i].method), REQUEST_NEW);
		wire_close(&wire);
	}
}

/* Timer J over a stream: nothing comes twice. */
static void ends_at_once_over_a_stream(void **state)
{
	struct wire wire;

	(void)state;
	assert_int_equal(say(start(&wire, "MESSAGE", &stream), 200), 0);
	wire_wait(&wire, 20);
	assert_int_equal(wire.ended, 1);
	wire_close(&wire);
}

static void says_again_what_it_said_last(void **state)
{
	struct wire wire;
	struct server_transaction *transaction =
		start(&wire, "INVITE", &datagram);

	(void)state;
	assert_int_equal(match_same(&wire, "INVITE"), REQUEST_AGAIN);
	assert_int_equal(wire.sent, 0); /* nothing said yet */
	assert_int_equal(say(transaction, 100), 0);
	assert_int_equal(say(transaction, 180), 0);
	assert_int_equal(match_same(&wire, "INVITE"), REQUEST_AGAIN);
	assert_int_equal(wire.sent, 3);
	assert_non_null(strstr(wire.last, "180"));
	assert_int_equal(say(transaction, 486), 0);
	assert_int_equal(match_same(&wire, "INVITE"), REQUEST_AGAIN);
	assert_non_null(strstr(wire.last, "486"));
	wire_close(&wire);
}

/* One final answer; only of 2xx to an INVITE any number pass (RFC 6026 7.1). */
static void answers_finally_once(void **state)
{
	struct wire wire;
	struct server_transaction *transaction =
		start(&wire, "INVITE", &datagram);

	(void)state;
	assert_int_equal(say(transaction, 200), 0);
	assert_int_equal(say(transaction, 200), 0);
	assert_int_equal(say(transaction, 486), EALREADY);
	assert_int_equal(say(transaction, 180), EALREADY);
	assert_int_equal(wire.sent, 2);
	assert_int_equal(match_same(&wire, "ACK"), REQUEST_ACK_OF_2XX);
	wire_close(&wire);
	transaction = start(&wire, "MESSAGE", &datagram);
	assert_int_equal(say(transaction, 200), 0);
	assert_int_equal(say(transaction, 200), EALREADY);
	assert_int_equal(wire.sent, 1);
	wire_close(&wire);
}

static void finds_what_a_cancel_means(void **state)
{
	struct server_transaction *transaction, *found;
	struct wire wire;

	(void)state;
	transaction = start(&wire, "INVITE", &datagram);
	assert_int_equal(match(&wire, "CANCEL", VIA, &found), REQUEST_CANCEL);
	assert_ptr_equal(found, transaction);
	assert_ptr_equal(server_transaction_user(found), &wire);
	assert_non_null(begin(&wire, "CANCEL", VIA, &datagram));
	assert_int_equal(match(&wire, "CANCEL", VIA, &found), REQUEST_AGAIN);
	assert_int_equal(
		match(&wire, "CANCEL", "SIP/2.0/UDP them;branch=z9hG4bKother",
			&found),
		REQUEST_NEW);
	wire_close(&wire);
}

/* RFC 3261 17.2.3: branch, sent-by and method; without the magic cookie the
 * old fields. */
static void tells_requests_apart(void **state)
{
	static const struct {
		const char *first, *second, *method;
		enum request_match match;
	} rows[] = {
		{VIA, VIA, "MESSAGE", REQUEST_AGAIN},
		{VIA, VIA, "OPTIONS", REQUEST_NEW},
		{VIA, "SIP/2.0/UDP others;branch=z9hG4bKtheirs", "MESSAGE",
			REQUEST_NEW},
		{VIA, "SIP/2.0/UDP them:5070;branch=z9hG4bKtheirs", "MESSAGE",
			REQUEST_NEW},
		{VIA, "SIP/2.0/UDP them;branch=z9hG4bKtheir", "MESSAGE",
			REQUEST_NEW},
		{"SIP/2.0/UDP them;branch=1", "SIP/2.0/UDP them;branch=1",
			"MESSAGE", REQUEST_AGAIN},
		{"SIP/2.0/UDP them;branch=1", "SIP/2.0/UDP them;branch=2",
			"MESSAGE", REQUEST_NEW},
		{"SIP/2.0/UDP them", "SIP/2.0/UDP them", "MESSAGE",
			REQUEST_AGAIN},
		{"SIP/2.0/UDP them", "SIP/2.0/UDP them", "OPTIONS",
			REQUEST_NEW},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct server_transaction *found;
		struct wire wire;

		wire_open(&wire, 100);
		assert_non_null(
			begin(&wire, "MESSAGE", rows[i].first, &datagram));
		assert_int_equal(
			match(&wire, rows[i].method, rows[i].second, &found),
			rows[i].match);
		wire_close(&wire);
	}
}

static void absorbs_when_abandoned(void **state)
{
	struct wire wire;

	(void)state;
	server_transaction_abandon(start(&wire, "MESSAGE", &datagram));
	wire_wait(&wire, LIFE - 10);
	assert_int_equal(match_same(&wire, "MESSAGE"), REQUEST_AGAIN);
	wire_wait(&wire, LIFE + 20);
	assert_int_equal(match_same(&wire, "MESSAGE"), REQUEST_NEW);
	assert_int_equal(wire.ended, 0);
	wire_close(&wire);
}

static void keeps_to_its_limit(void **state)
{
	struct wire wire;

	(void)state;
	wire_open(&wire, 1);
	assert_non_null(begin(&wire, "MESSAGE", VIA, &datagram));
	assert_null(begin(&wire, "OPTIONS", VIA, &datagram));
	wire_close(&wire);
}

/* A repeated answer that cannot leave any more ends it. */
static void ends_when_nobody_can_be_reached(void **state)
{
	struct wire wire;

	(void)state;
	assert_int_equal(say(start(&wire, "INVITE", &datagram), 486), 0);
	wire.error = EHOSTUNREACH;
	wire_wait(&wire, 520);
	assert_int_equal(wire.ended, 1);
	wire_close(&wire);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(repeats_a_refusal_until_its_ack),
		cmocka_unit_test(absorbs_after_its_answer),
		cmocka_unit_test(ends_at_once_over_a_stream),
		cmocka_unit_test(says_again_what_it_said_last),
		cmocka_unit_test(answers_finally_once),
		cmocka_unit_test(finds_what_a_cancel_means),
		cmocka_unit_test(tells_requests_apart),
		cmocka_unit_test(absorbs_when_abandoned),
		cmocka_unit_test(keeps_to_its_limit),
		cmocka_unit_test(ends_when_nobody_can_be_reached)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
