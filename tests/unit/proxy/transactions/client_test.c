/* client_test.c -- RFC 3261 17.1 and RFC 6026: timers A to F, K, M; ACK;
 * CANCEL.
 */
#include "tests/unit/proxy/transactions/wire.h"

static const struct destination datagram = {.transport = TRANSPORT_UDP};
static const struct destination stream = {.transport = TRANSPORT_TCP};

#define HEAD                                                                   \
	"Via: SIP/2.0/UDP us;branch=z9hG4bKours\r\n"                           \
	"Via: SIP/2.0/UDP them;branch=z9hG4bKtheirs\r\n"
#define PEOPLE "From: <sip:a@x>;tag=f\r\n"
#define CALL "Call-ID: 1@x\r\n"
#define INVITE                                                                 \
	"INVITE sip:b@y SIP/2.0\r\n" HEAD "Max-Forwards: 69\r\n"               \
	"Route: <sip:p;lr>\r\n" PEOPLE "To: <sip:b@x>\r\n" CALL                \
	"CSeq: 7 INVITE\r\nContent-Length: 0\r\n\r\n"
#define MESSAGE                                                                \
	"MESSAGE sip:b@y SIP/2.0\r\n" HEAD "Max-Forwards: 69\r\n" PEOPLE       \
	"To: <sip:b@x>\r\n" CALL                                               \
	"CSeq: 7 MESSAGE\r\nContent-Length: 0\r\n\r\n"

static void told_response(
	void *user, struct message *response, const struct arrival *arrival)
{
	struct wire *wire = user;

	(void)arrival;
	wire->responses++;
	wire->status = response->status;
}

static void told_timed_out(void *user)
{
	((struct wire *)user)->timed_out++;
}

static void told_failed(void *user, int error)
{
	struct wire *wire = user;

	wire->failed++;
	wire->failure = error;
}

static void told_ended(void *user)
{
	((struct wire *)user)->ended++;
}

static const struct client_events events = {
	told_response, told_timed_out, told_failed, told_ended};

static struct client_transaction *start(struct wire *wire, enum method method,
	const struct destination *destination)
{
	const char *text = method == METHOD_INVITE ? INVITE : MESSAGE;

	wire_open(wire, 100);
	return client_transaction_start(wire->transactions,
		SLICE("z9hG4bKours"), method, slice_of(text), destination,
		&events, wire);
}

static bool answer(struct wire *wire, unsigned status, const char *method)
{
	const struct arrival arrival = {.transport = TRANSPORT_UDP};
	struct message *message;
	char text[1024];
	bool taken;

	(void)snprintf(text, sizeof(text),
		"SIP/2.0 %u Said\r\n" HEAD PEOPLE "To: <sip:b@x>;tag=t\r\n" CALL
		"CSeq: 7 %s\r\nContent-Length: 0\r\n\r\n",
		status, method);
	message = wire_message(text);
	taken = transactions_take_response(
		wire->transactions, message, &arrival);
	message_release(&message);
	return taken;
}

/* Timers A, B, E and F: nothing ever comes. */
static void repeats_and_gives_up(void **state)
{
	static const uint64_t doubling[] = {
		0, 500, 1500, 3500, 7500, 15500, 31500};
	static const uint64_t up_to_t2[] = {0, 500, 1500, 3500, 7500, 11500,
		15500, 19500, 23500, 27500, 31500};
	static const uint64_t once[] = {0};
	static const struct {
		enum method method;
		const struct destination *to;
		const uint64_t *at_ms;
		unsigned count;
	} rows[] = {{METHOD_INVITE, &datagram, doubling, 7},
		{METHOD_MESSAGE, &datagram, up_to_t2, 11},
		{METHOD_INVITE, &stream, once, 1},
		{METHOD_MESSAGE, &stream, once, 1}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wire wire;

		assert_non_null(start(&wire, rows[i].method, rows[i].to));
		wire_wait(&wire, LIFE - 10);
		assert_int_equal(wire.timed_out, 0);
		wire_wait(&wire, LIFE + 20);
		assert_int_equal(wire.timed_out, 1);
		assert_int_equal(wire.ended, 1);
		assert_int_equal(transactions_count(wire.transactions), 0);
		wire_wait(&wire, 2 * LIFE);
		wire_assert_sent(&wire,
			rows[i].method == METHOD_INVITE ? "INVITE" : "MESSAGE",
			rows[i].at_ms, rows[i].count);
		wire_close(&wire);
	}
}

/* A 1xx ends timers A and B; timer E goes on at T2. */
static void a_provisional_answer_slows_down(void **state)
{
	static const uint64_t invite[] = {0, 500};
	static const uint64_t message[] = {0, 500, 1500, 5500, 9500};
	struct wire wire;

	(void)state;
	assert_non_null(start(&wire, METHOD_INVITE, &datagram));
	wire_wait(&wire, 600);
	assert_true(answer(&wire, 180, "INVITE"));
	wire_wait(&wire, 3 * LIFE);
	wire_assert_sent(&wire, "INVITE", invite, 2);
	assert_int_equal(wire.status, 180);
	assert_int_equal(wire.timed_out + wire.ended, 0);
	wire_close(&wire);

	assert_non_null(start(&wire, METHOD_MESSAGE, &datagram));
	wire_wait(&wire, 600);
	assert_true(answer(&wire, 100, "MESSAGE"));
	wire_wait(&wire, 10000);
	wire_assert_sent(&wire, "MESSAGE", message, 5);
	wire_wait(&wire, LIFE + 20);
	assert_int_equal(wire.timed_out, 1);
	wire_close(&wire);
}

/* Timers D, K and M: how long a finished one absorbs, and what it tells. */
static void absorbs_after_the_final_answer(void **state)
{
	static const struct {
		enum method method;
		const struct destination *to;
		unsigned status;
		uint64_t stays_ms;
		unsigned told; /* of two such answers */
		unsigned acks;
	} rows[] = {{METHOD_INVITE, &datagram, 486, LIFE, 1, 2},
		{METHOD_INVITE, &datagram, 200, LIFE, 2, 0},
		{METHOD_INVITE, &stream, 200, LIFE, 2, 0},
		{METHOD_MESSAGE, &datagram, 200, T4, 1, 0},
		{METHOD_MESSAGE, &datagram, 486, T4, 1, 0}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool invite = rows[i].method == METHOD_INVITE;
		const char *method = invite ? "INVITE" : "MESSAGE";
		uint64_t at_ms[] = {0, 0};
		struct wire wire;

		assert_non_null(start(&wire, rows[i].method, rows[i].to));
		assert_true(answer(&wire, rows[i].status, method));
		assert_true(answer(&wire, rows[i].status, method));
		assert_int_equal(wire.responses, rows[i].told);
		wire_assert_sent(&wire, "ACK", at_ms, rows[i].acks);
		wire_wait(&wire, rows[i].stays_ms / 2);
		assert_true(answer(&wire, rows[i].status, method));
		wire_wait(&wire, rows[i].stays_ms - 10);
		assert_int_equal(wire.ended, 0);
		wire_wait(&wire, rows[i].stays_ms + 20);
		assert_int_equal(wire.ended, 1);
		wire_assert_sent(&wire, method, at_ms, 1);
		assert_int_equal(wire.timed_out + wire.failed, 0);
		assert_false(answer(&wire, rows[i].status, method));
		wire_close(&wire);
	}
}

/* Over a stream nothing comes twice: D and K are zero. */
static void ends_at_once_over_a_stream(void **state)
{
	struct wire wire;

	(void)state;
	assert_non_null(start(&wire, METHOD_INVITE, &stream));
	assert_true(answer(&wire, 603, "INVITE"));
	assert_string_equal(wire.word[1], "ACK");
	wire_wait(&wire, 20);
	assert_int_equal(wire.ended, 1);
	wire_close(&wire);
	assert_non_null(start(&wire, METHOD_MESSAGE, &stream));
	assert_true(answer(&wire, 200, "MESSAGE"));
	wire_wait(&wire, 20);
	assert_int_equal(wire.ended, 1);
	wire_close(&wire);
}

/* RFC 6026 7.2: a 2xx in Accepted excludes what comes after it. */
static void keeps_to_the_first_kind_of_final_answer(void **state)
{
	struct wire wire;

	(void)state;
	assert_non_null(start(&wire, METHOD_INVITE, &datagram));
	assert_true(answer(&wire, 200, "INVITE"));
	assert_true(answer(&wire, 486, "INVITE"));
	assert_true(answer(&wire, 180, "INVITE"));
	assert_int_equal(wire.responses, 1);
	assert_int_equal(wire.sent, 1); /* no ACK */
	wire_close(&wire);
	assert_non_null(start(&wire, METHOD_INVITE, &datagram));
	assert_true(answer(&wire, 486, "INVITE"));
	assert_true(answer(&wire, 200, "INVITE"));
	assert_int_equal(wire.responses, 1);
	assert_int_equal(wire.status, 486);
	wire_close(&wire);
}

/* RFC 3261 17.1.1.3: the sent Request-URI, top Via and Route; the answer's To.
 */
static void acknowledges_what_was_refused(void **state)
{
	struct wire wire;

	(void)state;
	assert_non_null(start(&wire, METHOD_INVITE, &datagram));
	assert_true(answer(&wire, 486, "INVITE"));
	assert_non_null(strstr(wire.last, "ACK sip:b@y SIP/2.0\r\n"));
	assert_non_null(strstr(wire.last, "branch=z9hG4bKours\r\n"));
	assert_null(strstr(wire.last, "z9hG4bKtheirs"));
	assert_non_null(strstr(wire.last, "Route: <sip:p;lr>\r\n"));
	assert_non_null(strstr(wire.last, "To: <sip:b@x>;tag=t\r\n"));
	assert_non_null(strstr(wire.last, "CSeq: 7 ACK\r\n"));
	wire_close(&wire);
}

/* RFC 3261 9.1: not before the first 1xx, then at once, once. */
static void cancels_when_it_may(void **state)
{
	static const uint64_t cancels[] = {700, 1200, 2200};
	struct client_transaction *transaction;
	struct wire wire;

	(void)state;
	transaction = start(&wire, METHOD_INVITE, &datagram);
	client_transaction_cancel(transaction);
	client_transaction_cancel(transaction);
	wire_wait(&wire, 700);
	assert_int_equal(wire.sent, 2); /* INVITEs */
	assert_true(answer(&wire, 100, "INVITE"));
	assert_string_equal(wire.word[2], "CANCEL");
	assert_non_null(strstr(wire.last, "CANCEL sip:b@y SIP/2.0\r\n"));
	assert_non_null(strstr(wire.last, "branch=z9hG4bKours\r\n"));
	assert_non_null(strstr(wire.last, "CSeq: 7 CANCEL\r\n"));
	assert_non_null(strstr(wire.last, "To: <sip:b@x>\r\n"));
	wire_wait(&wire, 2500);
	wire_assert_sent(&wire, "CANCEL", cancels, 3);
	assert_true(answer(&wire, 200, "CANCEL"));
	assert_int_equal(wire.responses, 1); /* the 100: not the CANCEL's 200 */
	assert_true(answer(&wire, 487, "INVITE"));
	assert_int_equal(wire.status, 487);
	wire_wait(&wire, 2500 + LIFE + 20);
	assert_int_equal(wire.ended, 1);
	assert_int_equal(transactions_count(wire.transactions), 0);
	wire_close(&wire);
}

/* Nothing more comes after a CANCEL: 64·T1, then it is over; a further 180
 * does not put that off. */
static void a_cancelled_one_does_not_ring_for_ever(void **state)
{
	struct client_transaction *transaction;
	struct wire wire;

	(void)state;
	transaction = start(&wire, METHOD_INVITE, &stream);
	assert_true(answer(&wire, 180, "INVITE"));
	wire_wait(&wire, 1000);
	client_transaction_cancel(transaction);
	assert_true(answer(&wire, 183, "INVITE"));
	wire_wait(&wire, 1000 + LIFE - 10);
	assert_int_equal(wire.timed_out, 0);
	wire_wait(&wire, 1000 + LIFE + 20);
	assert_int_equal(wire.timed_out, 1);
	assert_int_equal(transactions_count(wire.transactions), 0);
	wire_close(&wire);
}

static void tells_of_failures_from_the_timers(void **state)
{
	struct wire wire;

	(void)state;
	wire_open(&wire, 100);
	wire.error = ECONNREFUSED;
	assert_non_null(client_transaction_start(wire.transactions,
		SLICE("z9hG4bKours"), METHOD_MESSAGE, SLICE(MESSAGE), &stream,
		&events, &wire));
	assert_int_equal(wire.failed, 0);
	wire_wait(&wire, 20);
	assert_int_equal(wire.failed, 1);
	assert_int_equal(wire.failure, ECONNREFUSED);
	assert_int_equal(wire.ended, 1);
	wire_close(&wire);

	/* A connection that breaks later, and one whose answer has come. */
	assert_non_null(start(&wire, METHOD_INVITE, &stream));
	assert_int_not_equal(wire.token, 0);
	transactions_send_failed(wire.transactions, wire.token, EPIPE);
	transactions_send_failed(wire.transactions, wire.token + 1, EPIPE);
	wire_wait(&wire, 20);
	assert_int_equal(wire.failure, EPIPE);
	wire_close(&wire);
	assert_non_null(start(&wire, METHOD_INVITE, &stream));
	assert_true(answer(&wire, 200, "INVITE"));
	transactions_send_failed(wire.transactions, wire.token, EPIPE);
	wire_wait(&wire, 20);
	assert_int_equal(wire.failed, 0);
	wire_close(&wire);
}

/* Whoever is abandoned says nothing more, and ends nevertheless. */
static void ends_when_abandoned(void **state)
{
	static const unsigned statuses[] = {0, 180, 200, 486};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct wire wire;
		struct client_transaction *transaction =
			start(&wire, METHOD_INVITE, &datagram);

		if (statuses[i])
			assert_true(answer(&wire, statuses[i], "INVITE"));
		wire.responses = 0;
		client_transaction_abandon(transaction);
		assert_true(answer(&wire, 200, "INVITE"));
		wire_wait(&wire, 2 * LIFE);
		assert_int_equal(
			wire.responses + wire.ended + wire.timed_out, 0);
		assert_int_equal(transactions_count(wire.transactions), 0);
		wire_close(&wire);
	}
}

/* A callee that has only rung, and of which nothing more is heard. */
static void ends_when_abandoned_while_ringing(void **state)
{
	struct wire wire;
	struct client_transaction *transaction =
		start(&wire, METHOD_INVITE, &stream);

	(void)state;
	assert_true(answer(&wire, 180, "INVITE"));
	client_transaction_abandon(transaction);
	wire_wait(&wire, 2 * LIFE);
	assert_int_equal(transactions_count(wire.transactions), 0);
	wire_close(&wire);
}

static void knows_its_own(void **state)
{
	struct wire wire;

	(void)state;
	assert_non_null(start(&wire, METHOD_INVITE, &datagram));
	assert_false(answer(&wire, 200, "MESSAGE"));
	assert_false(answer(&wire, 200, "CANCEL"));
	/* One branch and method, one transaction. */
	assert_null(client_transaction_start(wire.transactions,
		SLICE("z9hG4bKours"), METHOD_INVITE, SLICE(INVITE), &datagram,
		&events, &wire));
	wire_close(&wire);
	wire_open(&wire, 0);
	assert_null(client_transaction_start(wire.transactions,
		SLICE("z9hG4bKours"), METHOD_INVITE, SLICE(INVITE), &datagram,
		&events, &wire));
	wire_close(&wire);
}

static void lives_as_long_as_it_is_told(void **state)
{
	struct wire wire;

	(void)state;
	client_transaction_set_life(
		start(&wire, METHOD_MESSAGE, &stream), 20000);
	wire_wait(&wire, 19990);
	assert_int_equal(wire.timed_out, 0);
	wire_wait(&wire, 20020);
	assert_int_equal(wire.timed_out, 1);
	wire_close(&wire);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(repeats_and_gives_up),
		cmocka_unit_test(a_provisional_answer_slows_down),
		cmocka_unit_test(absorbs_after_the_final_answer),
		cmocka_unit_test(ends_at_once_over_a_stream),
		cmocka_unit_test(keeps_to_the_first_kind_of_final_answer),
		cmocka_unit_test(acknowledges_what_was_refused),
		cmocka_unit_test(cancels_when_it_may),
		cmocka_unit_test(a_cancelled_one_does_not_ring_for_ever),
		cmocka_unit_test(tells_of_failures_from_the_timers),
		cmocka_unit_test(ends_when_abandoned),
		cmocka_unit_test(ends_when_abandoned_while_ringing),
		cmocka_unit_test(knows_its_own),
		cmocka_unit_test(lives_as_long_as_it_is_told)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
