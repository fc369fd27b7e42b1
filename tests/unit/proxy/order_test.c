/* order_test.c -- passages of one Call-ID and sender leave as they came. */
#include "proxy/order.h"

#include "proxy/worker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ALICE, BOB };

struct house {
	struct worker worker;
	struct order *order;
};

static struct passage *passage_of(
	struct house *house, const char *call_id, int sender, bool is_request)
{
	static const struct message_limits limits = {65536, 256, 8192, 64};
	struct passage *passage = calloc(1, sizeof(*passage));
	struct message_fault fault;
	char text[512];

	/* The dialog is alice's: a response comes from the To tag. */
	(void)snprintf(text, sizeof(text),
		"%s\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK1\r\n"
		"From: <sip:a@x>;tag=%s\r\nTo: <sip:b@x>;tag=%s\r\n"
		"Call-ID: %s\r\nCSeq: 1 INFO\r\nContent-Length: 0\r\n\r\n",
		is_request ? "INFO sip:b@x SIP/2.0" : "SIP/2.0 200 OK",
		(sender == ALICE) == is_request ? "alice" : "bob",
		(sender == ALICE) == is_request ? "bob" : "alice", call_id);
	assert_non_null(passage);
	passage->worker = &house->worker;
	assert_int_equal(message_index(slice_of(text), true, &limits,
				 &passage->versions[0].message, &fault),
		0);
	assert_true(order_join(house->order, passage));
	return passage;
}

static void leave(struct house *house, struct passage *passage)
{
	order_leave(house->order, passage);
	ready_remove(&house->worker.ready, passage);
	message_release(&passage->versions[0].message);
	free(passage);
}

static bool is_ready(const struct passage *passage)
{
	return passage->ready.link != NULL;
}

static int open_house(void **state)
{
	struct house *house = calloc(1, sizeof(*house));

	if (!house)
		return -1;
	house->order = order_new();
	*state = house;
	return house->order ? 0 : -1;
}

static int close_house(void **state)
{
	struct house *house = *state;

	order_release(&house->order);
	free(house);
	return 0;
}

static void the_first_goes_first(void **state)
{
	struct house *house = *state;
	struct passage *first = passage_of(house, "1", ALICE, true);
	struct passage *second = passage_of(house, "1", ALICE, true);
	struct passage *third = passage_of(house, "1", ALICE, false);

	assert_true(order_is_next(first));
	assert_false(order_is_next(second));
	assert_false(order_is_next(third));
	second->order.waits = true;
	leave(house, first);
	assert_true(order_is_next(second));
	assert_true(is_ready(second)); /* it is woken */
	leave(house, second);
	assert_true(order_is_next(third));
	assert_false(is_ready(third)); /* it did not wait */
	leave(house, third);
}

static void others_do_not_hold_it_back(void **state)
{
	struct house *house = *state;
	struct passage *alice = passage_of(house, "1", ALICE, true);
	struct passage *bob = passage_of(house, "1", BOB, true);
	struct passage *other = passage_of(house, "2", ALICE, true);

	assert_true(order_is_next(alice));
	assert_true(order_is_next(bob));
	assert_true(order_is_next(other));
	leave(house, bob);
	leave(house, alice);
	leave(house, other);
}

static void one_in_the_middle_may_go(void **state)
{
	struct house *house = *state;
	struct passage *passages[4];

	for (size_t i = 0; i < 4; i++) {
		passages[i] = passage_of(house, "1", ALICE, true);
		passages[i]->order.waits = true;
	}
	leave(house, passages[1]);
	leave(house, passages[3]);
	assert_false(order_is_next(passages[2]));
	assert_false(is_ready(passages[0])); /* nothing new for it */
	assert_false(is_ready(passages[2]));
	passages[3] = passage_of(house, "1", ALICE, true);
	leave(house, passages[0]);
	assert_true(order_is_next(passages[2]));
	assert_true(is_ready(passages[2]));
	leave(house, passages[2]);
	assert_true(order_is_next(passages[3]));
	order_leave(house->order, passages[3]);
	order_leave(house->order, passages[3]); /* in no line any more */
	assert_true(order_is_next(passages[3]));
	leave(house, passages[3]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			the_first_goes_first, open_house, close_house),
		cmocka_unit_test_setup_teardown(
			others_do_not_hold_it_back, open_house, close_house),
		cmocka_unit_test_setup_teardown(
			one_in_the_middle_may_go, open_house, close_house)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
