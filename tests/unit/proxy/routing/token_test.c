/* token_test.c -- the key in Record-Route: of one dialog and its two ends. */
#include "proxy/parse/values.h"
#include "proxy/routing/routing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct message_limits limits = {65536, 256, 8192, 64};
static struct proxy proxy = {.route_key = "sixteen bytes of"};
static struct worker worker = {.proxy = &proxy};

static struct internal_server_settings server;
static const struct peer inside = {PEER_CLIENT, true, NULL},
			 outside = {PEER_CLIENT, false, NULL},
			 gateway = {PEER_GATEWAY, false, NULL},
			 home = {PEER_INTERNAL_SERVER, true, &server},
			 front_end = {PEER_INTERNAL_SERVER, false, &server};
static union address here, there, elsewhere;

static struct message *request(
	const char *call_id, const char *from_tag, const char *to_tag)
{
	struct message_fault fault;
	struct message *message;
	char text[1024];

	(void)snprintf(text, sizeof(text),
		"MESSAGE sip:b@x SIP/2.0\r\nVia: SIP/2.0/UDP "
		"a;branch=z9hG4bK1\r"
		"\n"
		"From: <sip:a@x>;tag=%s\r\nTo: <sip:b@x>%s%s\r\nCall-ID: %s\r\n"
		"CSeq: 1 MESSAGE\r\nContent-Length: 0\r\n\r\n",
		from_tag, *to_tag ? ";tag=" : "", to_tag, call_id);
	assert_int_equal(
		message_index(slice_of(text), true, &limits, &message, &fault),
		0);
	return message;
}

struct use {
	const char *what;
	const char *call_id, *from_tag, *to_tag;
	const struct peer *from;
	const union address *from_at;
	const struct peer *to;
	const union address *to_at;
	bool allowed;
};

static bool allows(struct slice token, const struct use *use)
{
	const struct route_end from = {use->from, use->from_at},
			       to = {use->to, use->to_at};
	struct message *message =
		request(use->call_id, use->from_tag, use->to_tag);
	struct route_pass pass = {.by_callee = false};
	bool allowed =
		route_token_valid(&worker, message, &from, token, &pass) &&
		route_pass_allows(&worker, &pass, &to);

	message_release(&message);
	return allowed;
}

static void assert_uses(const struct peer *caller, const union address *at,
	const struct peer *callee, const union address *callee_at,
	const struct use *uses, size_t count)
{
	struct arena *arena = arena_new(65536);
	struct message *first = request("call", "caller", "");
	const struct route_end one = {caller, at}, other = {callee, callee_at};
	struct slice token = route_token(arena, &worker, first, &one, &other);

	for (size_t i = 0; i < count; i++)
		if (allows(token, &uses[i]) != uses[i].allowed)
			fail_msg("%s", uses[i].what);
	message_release(&first);
	arena_release(&arena);
}

#define ASSERT_USES(caller, at, callee, callee_at, uses)                       \
	assert_uses(caller, at, callee, callee_at, uses,                       \
		sizeof(uses) / sizeof((uses)[0]))

static void a_dialog_with_a_server_of_ours(void **state)
{
	const struct use uses[] = {
		{"by the caller", "call", "caller", "callee", &outside, &here,
			&home, &there, true},
		{"from another host", "call", "caller", "callee", &outside,
			&elsewhere, &home, &there, true},
		{"by the callee", "call", "callee", "caller", &home, &there,
			&outside, &here, true},
		{"to whom the callee chooses", "call", "callee", "caller",
			&home, &there, &outside, &elsewhere, true},
		{"to somebody inside", "call", "caller", "callee", &outside,
			&here, &inside, &there, false},
		{"to somebody outside", "call", "caller", "callee", &outside,
			&here, &outside, &there, false},
		{"to a front-end", "call", "caller", "callee", &outside, &here,
			&front_end, &there, false},
		{"another call", "other", "caller", "callee", &outside, &here,
			&home, &there, false},
		{"another caller", "call", "other", "callee", &outside, &here,
			&home, &there, false},
		{"in no dialog", "call", "caller", "", &outside, &here, &home,
			&there, false},
		{"the caller in the callee's place", "call", "callee", "caller",
			&outside, &here, &home, &there, false},
		{"by somebody inside", "call", "caller", "callee", &inside,
			&here, &home, &there, false},
	};

	(void)state;
	ASSERT_USES(&outside, &here, &home, &there, uses);
}

static void a_dialog_with_somebody_inside(void **state)
{
	const struct use uses[] = {
		{"by the caller", "call", "caller", "callee", &outside, &here,
			&inside, &there, true},
		{"to somebody else inside", "call", "caller", "callee",
			&outside, &here, &inside, &elsewhere, false},
		{"from another host", "call", "caller", "callee", &outside,
			&elsewhere, &inside, &there, true},
		{"by the callee, elsewhere now", "call", "callee", "caller",
			&inside, &elsewhere, &outside, &here, true},
		{"to whom the callee chooses", "call", "callee", "caller",
			&inside, &there, &outside, &elsewhere, true},
	};

	(void)state;
	ASSERT_USES(&outside, &here, &inside, &there, uses);
}

static void a_dialog_of_outsiders_is_of_two_hosts(void **state)
{
	const struct use uses[] = {
		{"by the caller", "call", "caller", "callee", &outside, &here,
			&outside, &there, true},
		{"by the callee", "call", "callee", "caller", &outside, &there,
			&outside, &here, true},
		{"to another host", "call", "caller", "callee", &outside, &here,
			&outside, &elsewhere, false},
		{"from another host", "call", "caller", "callee", &outside,
			&elsewhere, &outside, &there, false},
		{"to another host, by the callee", "call", "callee", "caller",
			&outside, &there, &outside, &elsewhere, false},
	};

	(void)state;
	ASSERT_USES(&outside, &here, &gateway, &there, uses);
}

static void what_is_not_ours_is_worth_nothing(void **state)
{
	static const char *const tokens[] = {"", "o", "oh", "oh0123456789abcde",
		"oh0123456789abcdef", "oo0123456789abcdef0123456789abcdef"};
	const struct use use = {"made up", "call", "caller", "callee", &outside,
		&here, &home, &there, false};

	(void)state;
	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++)
		assert_false(allows(slice_of(tokens[i]), &use));
}

static int addresses(void **state)
{
	(void)state;
	return address_of_host(SLICE("192.0.2.1"), 5060, &here) &&
			       address_of_host(
				       SLICE("192.0.2.2"), 5060, &there) &&
			       address_of_host(
				       SLICE("192.0.2.3"), 5060, &elsewhere)
		       ? 0
		       : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_dialog_with_a_server_of_ours),
		cmocka_unit_test(a_dialog_with_somebody_inside),
		cmocka_unit_test(a_dialog_of_outsiders_is_of_two_hosts),
		cmocka_unit_test(what_is_not_ours_is_worth_nothing),
	};

	return cmocka_run_group_tests(tests, addresses, NULL);
}
