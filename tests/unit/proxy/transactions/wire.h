/* wire.h -- a transaction layer between a clock and a wire of the test's own.
 */
#ifndef TESTS_UNIT_PROXY_TRANSACTIONS_WIRE_H
#define TESTS_UNIT_PROXY_TRANSACTIONS_WIRE_H

#include "proxy/transactions/transactions.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WIRE_SENT = 64, T1 = 500, T2 = 4000, T4 = 5000, LIFE = 64 * T1 };

struct wire {
	struct timers *timers;
	struct transactions *transactions;
	uint64_t now_ms; /* since the start of the test */
	unsigned sent;
	uint64_t sent_at_ms[WIRE_SENT];
	char word[WIRE_SENT][16]; /* first word: method or SIP/2.0 */
	char last[2048];
	uint64_t token; /* of the last */
	int error;      /* what sending says */
	/* What the user was told. */
	unsigned responses, timed_out, failed, ended;
	unsigned status; /* of the last response */
	int failure;
};

static int wire_send(void *context, const struct destination *destination,
	struct slice bytes, uint64_t token)
{
	struct wire *wire = context;
	size_t size = 0;

	(void)destination;
	if (wire->error)
		return wire->error;
	assert_true(wire->sent < WIRE_SENT && bytes.size < sizeof(wire->last));
	while (bytes.at[size] != ' ' && size < sizeof(wire->word[0]) - 1)
		size++;
	memcpy(wire->word[wire->sent], bytes.at, size);
	wire->word[wire->sent][size] = '\0';
	wire->sent_at_ms[wire->sent++] = wire->now_ms;
	memcpy(wire->last, bytes.at, bytes.size);
	wire->last[bytes.size] = '\0';
	wire->token = token;
	return 0;
}

static inline void wire_open(struct wire *wire, size_t limit)
{
	const struct transaction_times times = {T1, T2, T4};
	const struct transactions_host host = {
		.context = wire, .send = wire_send};

	memset(wire, 0, sizeof(*wire));
	wire->timers = timers_new(0);
	wire->transactions =
		transactions_new(wire->timers, &times, limit, &host);
	assert_non_null(wire->transactions);
}

static inline void wire_close(struct wire *wire)
{
	transactions_release(&wire->transactions);
	assert_null(wire->transactions);
	timers_release(&wire->timers);
}

/* The clock goes on in steps of the wheel. */
static inline void wire_wait(struct wire *wire, uint64_t until_ms)
{
	while (wire->now_ms < until_ms) {
		wire->now_ms += 10;
		timers_advance(wire->timers, wire->now_ms);
	}
}

static inline struct message *wire_message(const char *text)
{
	static const struct message_limits limits = {65536, 256, 8192, 64};
	struct message_fault fault = {0};
	struct message *message = NULL;

	if (message_index(slice_of(text), true, &limits, &message, &fault) != 0)
		fail_msg("%s in %s", fault.reason, text);
	return message;
}

/* What was sent, and when: "INVITE" at 0, 500 … */
static inline void wire_assert_sent(const struct wire *wire, const char *word,
	const uint64_t *at_ms, unsigned count)
{
	unsigned found = 0;

	for (unsigned i = 0; i < wire->sent; i++) {
		if (strcmp(wire->word[i], word) != 0)
			continue;
		assert_true(found < count);
		/* the wheel's resolution adds up over the intervals */
		assert_in_range(wire->sent_at_ms[i], at_ms[found],
			at_ms[found] + 10 * (found + 1));
		found++;
	}
	assert_int_equal(found, count);
}

#endif
