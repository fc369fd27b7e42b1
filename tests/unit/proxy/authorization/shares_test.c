/* shares_test.c -- who is turned away when transactions are scarce. */
#include "proxy/authorization/shares.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { LIMIT = 800, MUCH = LIMIT / 8 + 1, WINDOW_MS = 16000 };

static const struct peer inside = {PEER_CLIENT, true, NULL},
			 outside = {PEER_CLIENT, false, NULL},
			 gateway = {PEER_GATEWAY, false, NULL},
			 server = {PEER_INTERNAL_SERVER, false, NULL};

static void scarce_ones_go_to_others_first(void **state)
{
	static const struct {
		const char *what;
		size_t begun, used;
		const struct peer *peer;
		bool granted;
	} cases[] = {
		{"plenty", MUCH, 600, &outside, true},
		{"scarce, and began many", MUCH, 601, &inside, false},
		{"scarce, and began few", MUCH - 1, 601, &outside, true},
		{"scarcer, outside", 1, 701, &outside, false},
		{"scarcer, inside", 1, 701, &inside, true},
		{"scarcer, inside, began many", MUCH, 701, &inside, false},
		{"a gateway", MUCH, 701, &gateway, true},
		{"a server", MUCH, 701, &server, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fill fill = {cases[i].used, LIMIT};

		if (shares_grant(cases[i].begun, fill, cases[i].peer) !=
			cases[i].granted)
			fail_msg("%s", cases[i].what);
	}
}

static void counts_by_host_for_a_while(void **state)
{
	struct shares *shares = shares_new();
	union address one, same, other;

	(void)state;
	assert_non_null(shares);
	assert_true(address_parse("192.0.2.1:5060", &one));
	assert_true(address_parse("192.0.2.1:5061", &same));
	assert_true(address_parse("[2001:db8::1]:5060", &other));
	assert_int_equal(shares_count(shares, &one, 0), 1);
	assert_int_equal(shares_count(shares, &same, 1), 2);
	assert_int_equal(shares_count(shares, &other, 1), 1);
	assert_int_equal(shares_count(shares, &one, WINDOW_MS), 3);
	assert_int_equal(shares_count(shares, &one, 2 * WINDOW_MS), 2);
	assert_int_equal(shares_count(shares, &one, 9 * WINDOW_MS), 1);
	shares_release(&shares);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scarce_ones_go_to_others_first),
		cmocka_unit_test(counts_by_host_for_a_while),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
