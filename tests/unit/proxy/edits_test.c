/* edits_test.c -- splices change what they name and not one byte else. */
#include "proxy/edits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct message_limits limits = {65536, 256, 8192, 64};

#define START "MESSAGE sip:bob@x SIP/2.0\r\n"
#define VIA "v : SIP/2.0/UDP a:5070 ;branch=z9hG4bKa, SIP/2.0/UDP b\r\n"
#define REST                                                                   \
	"f: <sip:a@x>;tag=1\r\nt: <sip:b@x>\r\ni: 1\r\n"                       \
	"CSeq: 1 MESSAGE\r\n"
#define ROUTES                                                                 \
	"Route: <sip:p1;lr>\t, <sip:p2;lr>,\r\n  <sip:p3;lr>  \r\n"            \
	"ROUTE:<sip:p4;lr>\r\n"
#define HOPS "Max-Forwards:  0017\r\n"
#define LENGTH "l: 5\r\n"
#define BODY "\r\nhello"

struct edited {
	struct arena *arena;
	struct message *message;
	struct edits edits;
};

static struct edited started(const char *text)
{
	struct message_fault fault;
	struct edited edited;

	edited.arena = arena_new(1 << 20);
	assert_non_null(edited.arena);
	if (message_index(
		    slice_of(text), true, &limits, &edited.message, &fault))
		fail_msg("%s at %zu in %s", fault.reason, fault.offset, text);
	edits_start(&edited.edits, edited.arena);
	return edited;
}

static void ended(struct edited *edited, const char *expected)
{
	struct slice bytes =
		edits_apply(&edited->edits, edited->arena, edited->message);
	char *text;

	if (expected) {
		assert_non_null(bytes.at);
		text = slice_to_string(bytes);
		assert_string_equal(text, expected);
		assert_int_equal(bytes.size, strlen(expected));
		free(text);
	} else {
		assert_null(bytes.at);
	}
	message_release(&edited->message);
	arena_release(&edited->arena);
}

static const struct header *header_of(
	const struct edited *edited, enum header_id id)
{
	const struct header *header = message_header(edited->message, id, NULL);

	assert_non_null(header);
	return header;
}

/* The value of this number in the first header of the id, taken from the
 * unfolded text or from the bytes. */
static struct slice value_of(const struct edited *edited, enum header_id id,
	size_t number, bool unfolded)
{
	const struct header *header = header_of(edited, id);
	struct slice rest = unfolded ? header->unfolded : header->value;
	struct slice value = {NULL, 0};

	for (size_t i = 0; i <= number; i++)
		assert_true(header_next_value(&rest, &value));
	return value;
}

static void leaves_all_as_it_is(void **state)
{
	static const char text[] = START VIA ROUTES HOPS REST LENGTH BODY;
	struct edited edited = started(text);

	(void)state;
	ended(&edited, text);
}

static void sorts_splices_and_keeps_the_order_of_inserts(void **state)
{
	struct edited edited = started(START VIA REST BODY);

	(void)state;
	assert_true(edits_replace(&edited.edits, 12, 3, SLICE("carol")));
	assert_true(edits_replace(&edited.edits, 8, 0, SLICE("1")));
	assert_true(edits_replace(&edited.edits, 12, 0, SLICE("2")));
	assert_true(edits_replace(&edited.edits, 12, 0, SLICE("3")));
	assert_true(edits_replace(&edited.edits, 15, 0, SLICE("4")));
	assert_true(edits_replace(&edited.edits, 0, 7, SLICE("PUBLISH")));
	ended(&edited, "PUBLISH 1sip:23carol4@x SIP/2.0\r\n" VIA REST BODY);
}

static void takes_all_or_none(void **state)
{
	static const struct {
		size_t offset, removed;
	} second[] = {
		{11, 2}, {14, 1}, {13, 0}, {5, 8}, {100000, 1}, {100000, 0}};

	(void)state;
	for (size_t i = 0; i < sizeof(second) / sizeof(second[0]); i++) {
		struct edited edited = started(START VIA REST BODY);

		assert_true(edits_replace(&edited.edits, 12, 3, SLICE("x")));
		assert_true(edits_replace(&edited.edits, second[i].offset,
			second[i].removed, SLICE("y")));
		ended(&edited, NULL);
	}
}

static void refuses_what_no_offset_can_be(void **state)
{
	struct edited edited = started(START VIA REST BODY);

	(void)state;
	assert_false(edits_replace(&edited.edits, 2, SIZE_MAX, SLICE("x")));
	ended(&edited, START VIA REST BODY);
}

static void puts_headers_where_they_belong(void **state)
{
	struct edited edited = started(START VIA ROUTES REST BODY);
	struct edits *edits = &edited.edits;
	const struct message *message = edited.message;

	(void)state;
	assert_true(edits_insert_before(
		edits, message, HEADER_VIA, SLICE("Via: new\r\n")));
	assert_true(edits_insert_before(
		edits, message, HEADER_ROUTE, SLICE("Route: <sip:n>\r\n")));
	assert_true(edits_insert_before(edits, message, HEADER_RECORD_ROUTE,
		SLICE("Record-Route: <sip:r>\r\n")));
	assert_true(edits_append_header(edits, message, SLICE("Last: 1\r\n")));
	assert_true(edits_append_header(edits, message, SLICE("Last: 2\r\n")));
	/* Behind the last Via and in front of the first Route is one place. */
	ended(&edited, START "Via: new\r\n" VIA "Route: <sip:n>\r\n"
			     "Record-Route: <sip:r>\r\n" ROUTES REST
			     "Last: 1\r\nLast: 2\r\n" BODY);
}

static void removes_values_and_keeps_the_rest_exact(void **state)
{
	static const struct {
		const char *values; /* numbers, in order of removal */
		const char *left;
	} cases[] = {
		{"0", "Route: <sip:p2;lr>,\r\n  <sip:p3;lr>  \r\n"},
		{"1", "Route: <sip:p1;lr>\t, <sip:p3;lr>  \r\n"},
		{"2", "Route: <sip:p1;lr>\t, <sip:p2;lr>  \r\n"},
		{"01", "Route: <sip:p3;lr>  \r\n"},
		{"10", "Route: <sip:p3;lr>  \r\n"},
		{"12", "Route: <sip:p1;lr>  \r\n"},
		{"21", "Route: <sip:p1;lr>  \r\n"},
		{"02", "Route: <sip:p2;lr>  \r\n"},
		{"012", ""},
		{"210", ""},
		{"00", "Route: <sip:p2;lr>,\r\n  <sip:p3;lr>  \r\n"},
	};
	char expected[512];

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		struct edited edited = started(START VIA ROUTES REST BODY);

		for (const char *at = cases[i / 2].values; *at; at++)
			assert_true(edits_remove_value(&edited.edits,
				edited.message,
				value_of(&edited, HEADER_ROUTE,
					(size_t)(*at - '0'), i % 2)));
		(void)snprintf(expected, sizeof(expected),
			START VIA "%sROUTE:<sip:p4;lr>\r\n" REST BODY,
			cases[i / 2].left);
		ended(&edited, expected);
	}
}

static void removes_one_value_and_replaces_another(void **state)
{
	struct edited edited = started(START VIA ROUTES REST BODY);

	(void)state;
	assert_true(edits_replace_value(&edited.edits, edited.message,
		value_of(&edited, HEADER_ROUTE, 1, true), SLICE("<sip:q>")));
	assert_true(edits_remove_value(&edited.edits, edited.message,
		value_of(&edited, HEADER_ROUTE, 0, true)));
	ended(&edited, START VIA "Route: <sip:q>,\r\n  <sip:p3;lr>  \r\n"
				 "ROUTE:<sip:p4;lr>\r\n" REST BODY);
}

static void refuses_values_of_elsewhere(void **state)
{
	struct edited edited = started(START VIA ROUTES REST BODY);

	(void)state;
	assert_false(edits_remove_value(
		&edited.edits, edited.message, SLICE("<sip:p1;lr>")));
	assert_false(edits_replace_value(&edited.edits, edited.message,
		edited.message->request_uri, SLICE("x")));
	ended(&edited, START VIA ROUTES REST BODY);
}

static void removes_a_header_with_what_was_wanted_in_it(void **state)
{
	struct edited edited = started(START VIA ROUTES REST BODY);

	(void)state;
	assert_true(edits_insert_before(&edited.edits, edited.message,
		HEADER_ROUTE, SLICE("X: y\r\n")));
	assert_true(edits_remove_value(&edited.edits, edited.message,
		value_of(&edited, HEADER_ROUTE, 0, true)));
	assert_true(edits_remove_header(&edited.edits, edited.message,
		header_of(&edited, HEADER_ROUTE)));
	ended(&edited, START VIA "X: y\r\nROUTE:<sip:p4;lr>\r\n" REST BODY);
}

static void sets_the_request_uri(void **state)
{
	struct edited edited = started(START VIA REST BODY);

	(void)state;
	assert_true(edits_set_request_uri(
		&edited.edits, edited.message, SLICE("sip:first@y")));
	assert_true(edits_set_request_uri(
		&edited.edits, edited.message, SLICE("sip:bob@[::1]:5090")));
	ended(&edited, "MESSAGE sip:bob@[::1]:5090 SIP/2.0\r\n" VIA REST BODY);
}

static void lowers_max_forwards(void **state)
{
	struct edited edited = started(START VIA HOPS REST BODY);

	(void)state;
	assert_true(edits_lower_max_forwards(&edited.edits, edited.message));
	ended(&edited, START VIA "Max-Forwards:  16\r\n" REST BODY);
	edited = started(START VIA REST BODY);
	assert_true(edits_lower_max_forwards(&edited.edits, edited.message));
	ended(&edited, START VIA "Max-Forwards: 70\r\n" REST BODY);
	edited = started(START VIA "Max-Forwards: 0\r\n" REST BODY);
	assert_false(edits_lower_max_forwards(&edited.edits, edited.message));
	ended(&edited, START VIA "Max-Forwards: 0\r\n" REST BODY);
}

/* RFC 3581 4, RFC 3261 18.2.1, RFC 5118 4.5. */
static void marks_where_a_request_came_from(void **state)
{
	static const struct {
		const char *via, *address;
		unsigned port;
		const char *marked;
	} cases[] = {
		{"SIP/2.0/UDP h.example.com;branch=z9hG4bKa", "192.0.2.1", 5060,
			"SIP/2.0/UDP h.example.com;branch=z9hG4bKa"
			";received=192.0.2.1"},
		{"SIP/2.0/UDP 192.0.2.1:5062;branch=z9hG4bKa", "192.0.2.1",
			5060, "SIP/2.0/UDP 192.0.2.1:5062;branch=z9hG4bKa"},
		{"SIP/2.0/UDP 192.0.2.1;rport;branch=z9hG4bKa", "192.0.2.1",
			4000,
			"SIP/2.0/UDP 192.0.2.1;rport=4000;branch=z9hG4bKa"
			";received=192.0.2.1"},
		{"SIP/2.0/UDP a ; rport = 1 ; x , SIP/2.0/UDP b;rport",
			"192.0.2.1", 4000,
			"SIP/2.0/UDP a ;rport=4000 ; x;received=192.0.2.1 , "
			"SIP/2.0/UDP b;rport"},
		{"SIP/2.0/UDP a;received=10.0.0.1;x", "192.0.2.1", 4000,
			"SIP/2.0/UDP a;received=192.0.2.1;x"},
		{"SIP/2.0/UDP 192.0.2.1;received=10.0.0.1", "192.0.2.1", 4000,
			"SIP/2.0/UDP 192.0.2.1;received=192.0.2.1"},
		{"SIP/2.0/UDP [2001:DB8:0::1]:5062;branch=z9hG4bKa",
			"2001:db8::1", 5060,
			"SIP/2.0/UDP [2001:DB8:0::1]:5062;branch=z9hG4bKa"},
		{"SIP/2.0/UDP [2001:db8::2];rport", "2001:db8::1", 0,
			"SIP/2.0/UDP [2001:db8::2];rport"
			";received=2001:db8::1"},
	};
	char text[512], expected[512];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)snprintf(text, sizeof(text),
			START "Via: %s\r\n" REST BODY, cases[i].via);
		(void)snprintf(expected, sizeof(expected),
			START "Via: %s\r\n" REST BODY, cases[i].marked);
		struct edited edited = started(text);

		assert_true(edits_mark_received(&edited.edits, edited.message,
			slice_of(cases[i].address), (uint16_t)cases[i].port));
		ended(&edited, expected);
	}
}

static void sets_the_body_and_its_length(void **state)
{
	struct edited edited = started(START VIA REST LENGTH BODY);

	(void)state;
	assert_true(edits_set_body(
		&edited.edits, edited.message, SLICE("hello world")));
	ended(&edited, START VIA REST "l: 11\r\n\r\nhello world");
	edited = started(START VIA REST BODY);
	assert_true(edits_append_header(
		&edited.edits, edited.message, SLICE("X: y\r\n")));
	assert_true(edits_set_body(&edited.edits, edited.message, SLICE("a")));
	assert_true(edits_set_body(&edited.edits, edited.message, SLICE("ab")));
	ended(&edited, START VIA REST "X: y\r\nContent-Length: 2\r\n\r\nab");
	edited = started(START VIA REST "\r\n");
	assert_true(edits_set_body(&edited.edits, edited.message, SLICE("a")));
	assert_true(edits_set_body(&edited.edits, edited.message, SLICE("ab")));
	ended(&edited, START VIA REST "Content-Length: 2\r\n\r\nab");
	edited = started(START VIA REST LENGTH BODY);
	assert_true(edits_replace(
		&edited.edits, edited.message->bytes.size - 2, 1, SLICE("L")));
	assert_true(edits_set_body(&edited.edits, edited.message, SLICE("")));
	ended(&edited, START VIA REST "l: 0\r\n\r\n");
}

static void applies_to_a_part_alone(void **state)
{
	struct edited edited = started(START VIA REST BODY);
	const struct header *to = header_of(&edited, HEADER_TO);
	struct slice part;

	(void)state;
	assert_true(edits_set_request_uri(
		&edited.edits, edited.message, SLICE("sip:c@y")));
	assert_true(edits_replace_value(
		&edited.edits, edited.message, to->value, SLICE("<sip:z@x>")));
	part = edits_apply_part(
		&edited.edits, edited.arena, edited.message, to->line);
	assert_int_equal(part.size, 14);
	assert_memory_equal(part.at, "t: <sip:z@x>\r\n", 14);
	part = slice_part(to->line, 0, 5);
	part = edits_apply_part(
		&edited.edits, edited.arena, edited.message, part);
	assert_null(part.at);
	ended(&edited, "MESSAGE sip:c@y SIP/2.0\r\n" VIA
		       "f: <sip:a@x>;tag=1\r\nt: <sip:z@x>\r\ni: 1\r\n"
		       "CSeq: 1 MESSAGE\r\n" BODY);
}

static void says_when_memory_is_spent(void **state)
{
	struct edited edited = started(START VIA REST BODY);
	struct arena *small = arena_new(64);
	struct edits edits;

	(void)state;
	assert_non_null(small);
	edits_start(&edits, small);
	assert_false(
		edits_set_request_uri(&edits, edited.message, SLICE("x:y")));
	assert_null(edits_apply(&edits, small, edited.message).at);
	arena_release(&small);
	ended(&edited, START VIA REST BODY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaves_all_as_it_is),
		cmocka_unit_test(sorts_splices_and_keeps_the_order_of_inserts),
		cmocka_unit_test(takes_all_or_none),
		cmocka_unit_test(refuses_what_no_offset_can_be),
		cmocka_unit_test(puts_headers_where_they_belong),
		cmocka_unit_test(removes_values_and_keeps_the_rest_exact),
		cmocka_unit_test(removes_one_value_and_replaces_another),
		cmocka_unit_test(refuses_values_of_elsewhere),
		cmocka_unit_test(removes_a_header_with_what_was_wanted_in_it),
		cmocka_unit_test(sets_the_request_uri),
		cmocka_unit_test(lowers_max_forwards),
		cmocka_unit_test(marks_where_a_request_came_from),
		cmocka_unit_test(sets_the_body_and_its_length),
		cmocka_unit_test(applies_to_a_part_alone),
		cmocka_unit_test(says_when_memory_is_spent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
