/* torture_test.c -- the messages of RFC 4475 and RFC 5118: what becomes of them
 * at this layer. What routing or the registrar refuses passes here. */
#include "proxy/answer.h"
#include "proxy/edits.h"
#include "proxy/parse/message.h"
#include "proxy/parse/values.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct message_limits limits = {65536, 256, 8192, 64};

enum { TAKEN = 0, DROPPED = 1 /* else: the status of the answer */ };

static const struct {
	const char *section;
	const char *name;
	unsigned outcome;
	const char *reason; /* of a refusal */
} cases[] = {
	{"4475 3.1.1.1", "rfc4475/wsinv", TAKEN, NULL},
	/* The RFC lets an escaped NUL pass; C programs behind us would read
	 * another name than we, so it is refused, and silently: the To would
	 * have to be copied. The rest of it is fine. */
	{"4475 3.1.1.2", "rfc4475/intmeth", DROPPED, "NUL in the header"},
	{"4475 3.1.1.2", "rfc4475/intmeth_without_nul", TAKEN, NULL},
	{"4475 3.1.1.3", "rfc4475/esc01", TAKEN, NULL},
	/* Valid, but %00 makes one user another's (admin%00evil). */
	{"4475 3.1.1.4", "rfc4475/escnull", 400,
		"Escape in a URI that may not stand there"},
	{"4475 3.1.1.5", "rfc4475/esc02", TAKEN, NULL},
	{"4475 3.1.1.6", "rfc4475/lwsdisp", TAKEN, NULL},
	{"4475 3.1.1.7", "rfc4475/longreq", TAKEN, NULL},
	{"4475 3.1.1.8", "rfc4475/dblreq", TAKEN, NULL},
	{"4475 3.1.1.9", "rfc4475/semiuri", TAKEN, NULL},
	{"4475 3.1.1.10", "rfc4475/transports", TAKEN, NULL},
	{"4475 3.1.1.11", "rfc4475/mpart01", TAKEN, NULL},
	{"4475 3.1.1.12", "rfc4475/unreason", TAKEN, NULL},
	{"4475 3.1.1.13", "rfc4475/noreason", TAKEN, NULL},
	{"4475 3.1.2.1", "rfc4475/badinv01", 400, "Empty Via"},
	{"4475 3.1.2.2", "rfc4475/clerr", 400,
		"Content-Length is not the length of the body"},
	{"4475 3.1.2.3", "rfc4475/ncl", 400, "Unreadable Content-Length"},
	{"4475 3.1.2.4", "rfc4475/scalar02", 400, "Unreadable CSeq"},
	{"4475 3.1.2.5", "rfc4475/scalarlg", DROPPED, "Unreadable CSeq"},
	{"4475 3.1.2.6", "rfc4475/quotbal", 400,
		"Unclosed quote in an address"},
	{"4475 3.1.2.7", "rfc4475/ltgtruri", 400, "URI without a scheme"},
	{"4475 3.1.2.8", "rfc4475/lwsruri", 400, "Unreadable start line"},
	{"4475 3.1.2.9", "rfc4475/lwsstart", 400, "Unreadable start line"},
	{"4475 3.1.2.10", "rfc4475/trws", 400, "Unreadable start line"},
	{"4475 3.1.2.11", "rfc4475/escruri", 400, "Headers in the Request-URI"},
	{"4475 3.1.2.12", "rfc4475/baddate", TAKEN, NULL},
	{"4475 3.1.2.13", "rfc4475/regbadct", 400,
		"URI with , or ? but without < >"},
	{"4475 3.1.2.14", "rfc4475/badaspec", 400, "URI without a scheme"},
	{"4475 3.1.2.15", "rfc4475/baddn", 400,
		"URI with , or ? but without < >"},
	{"4475 3.1.2.16", "rfc4475/badvers", 505, "Version Not Supported"},
	{"4475 3.1.2.17", "rfc4475/mismatch01", 400,
		"CSeq names another method"},
	{"4475 3.1.2.18", "rfc4475/mismatch02", 400,
		"CSeq names another method"},
	{"4475 3.1.2.19", "rfc4475/bigcode", DROPPED, "Unreadable status"},
	{"4475 3.2.1", "rfc4475/badbranch", TAKEN, NULL},
	{"4475 3.3.1", "rfc4475/insuf", DROPPED, "From is missing"},
	{"4475 3.3.2", "rfc4475/unkscm", TAKEN, NULL},
	{"4475 3.3.3", "rfc4475/novelsc", TAKEN, NULL},
	{"4475 3.3.4", "rfc4475/unksm2", TAKEN, NULL},
	{"4475 3.3.5", "rfc4475/bext01", TAKEN, NULL},
	{"4475 3.3.6", "rfc4475/invut", TAKEN, NULL},
	{"4475 3.3.7", "rfc4475/regaut01", TAKEN, NULL},
	{"4475 3.3.8", "rfc4475/multi01", 400, "Repeated CSeq"},
	{"4475 3.3.9", "rfc4475/mcl01", 400, "Repeated Content-Length"},
	{"4475 3.3.10", "rfc4475/bcast", TAKEN, NULL},
	{"4475 3.3.11", "rfc4475/zeromf", TAKEN, NULL},
	{"4475 3.3.12", "rfc4475/cparam01", TAKEN, NULL},
	{"4475 3.3.13", "rfc4475/cparam02", TAKEN, NULL},
	{"4475 3.3.14", "rfc4475/regescrt", TAKEN, NULL},
	{"4475 3.3.15", "rfc4475/sdp01", TAKEN, NULL},
	{"4475 3.4.1", "rfc4475/inv2543", TAKEN, NULL},
	{"5118 4.1", "rfc5118/ipv6-good", TAKEN, NULL},
	{"5118 4.2", "rfc5118/ipv6-bad", 400, "Unreadable host in a URI"},
	{"5118 4.3", "rfc5118/port-ambiguous", TAKEN, NULL},
	{"5118 4.4", "rfc5118/port-unambiguous", TAKEN, NULL},
	{"5118 4.5", "rfc5118/via-received-param-with-delim", TAKEN, NULL},
	{"5118 4.5", "rfc5118/via-received-param-no-delim", TAKEN, NULL},
	/* As printed its length is another than that of its body. */
	{"5118 4.6", "rfc5118/ipv6-in-sdp", 400,
		"Content-Length is not the length of the body"},
	{"5118 4.6", "rfc5118/ipv6-in-sdp_whole", TAKEN, NULL},
	{"5118 4.7", "rfc5118/mult-ip-in-header", TAKEN, NULL},
	{"5118 4.8", "rfc5118/mult-ip-in-sdp", TAKEN, NULL},
	{"5118 4.8", "rfc5118/mult-ip-in-sdp_whole", TAKEN, NULL},
	{"5118 4.9", "rfc5118/ipv4-mapped-ipv6", TAKEN, NULL},
	{"5118 4.9", "rfc5118/ipv4-mapped-ipv6_whole", TAKEN, NULL},
	/* One reading of the grammar lets it pass; it is no address then. */
	{"5118 4.10", "rfc5118/ipv6-bug-abnf-3-colons", TAKEN, NULL},
	{"5118 4.10", "rfc5118/ipv6-correct-abnf-2-colons", TAKEN, NULL},
};

static struct slice bytes_of(const char *name)
{
	char path[512];
	char *bytes = malloc(65536);
	FILE *file;
	size_t size;

	(void)snprintf(path, sizeof(path),
		SOURCE_FOLDER "/tests/support/torture/%s.sip", name);
	file = fopen(path, "rb");
	if (!file)
		fail_msg("cannot open %s", path);
	assert_non_null(bytes);
	size = fread(bytes, 1, 65536, file);
	(void)fclose(file);
	bytes = realloc(bytes, size);
	assert_non_null(bytes);
	return slice_make(bytes, size);
}

static struct message *taken(const char *name)
{
	struct slice bytes = bytes_of(name);
	struct message_fault fault;
	struct message *message;

	if (message_index(bytes, true, &limits, &message, &fault))
		fail_msg("%s: %s", name, fault.reason);
	free((void *)(uintptr_t)bytes.at);
	return message;
}

static void ends_as_the_table_says(void **state)
{
	const struct answer answer = {.status = 400, .to_tag = SLICE("t")};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct slice bytes = bytes_of(cases[i].name);
		struct arena *arena = arena_new(1 << 20);
		struct message_fault fault;
		struct message *message;
		unsigned outcome = DROPPED;

		if (message_index(bytes, true, &limits, &message, &fault) == 0)
			outcome = TAKEN;
		else if (message)
			outcome = fault.status;
		if (outcome != cases[i].outcome ||
			(cases[i].reason &&
				strcmp(cases[i].reason, fault.reason) != 0))
			fail_msg("%s (RFC %s): %u, %s at %zu", cases[i].name,
				cases[i].section, outcome,
				fault.reason ? fault.reason : "", fault.offset);
		if (outcome > DROPPED)
			assert_non_null(
				answer_build(arena, message, &answer).at);
		message_release(&message);
		arena_release(&arena);
		free((void *)(uintptr_t)bytes.at);
	}
}

static bool slice_is(struct slice slice, const char *text)
{
	return slice.at && slice_equal(slice, slice_of(text));
}

static void reads_white_space_as_it_is_meant(void **state)
{
	struct message *message = taken("rfc4475/wsinv");

	(void)state;
	assert_true(slice_is(message->to_tag, "1918181833n"));
	assert_true(slice_is(message->from_tag, "98asjd8"));
	assert_true(slice_is(message->from_uri, "sip:jdrosen@example.com"));
	assert_int_equal(message->cseq, 9);
	assert_int_equal(message->max_forwards, 68);
	assert_int_equal(message->via_count, 3);
	assert_true(slice_is(message->via.host, "192.0.2.2"));
	assert_true(slice_is(message->via.branch, "390skdjuw"));
	assert_false(message->via.magic);
	message_release(&message);
}

static void does_not_unescape_methods_and_names(void **state)
{
	struct message *message = taken("rfc4475/esc02");
	const struct header *contact =
		message_header(message, HEADER_CONTACT, NULL);

	(void)state;
	assert_int_equal(message->method, METHOD_OTHER);
	contact = message_header(message, HEADER_CONTACT, contact);
	assert_true(slice_is(contact->value, "<sip:alias3@host3.example.com>"));
	assert_null(message_header(message, HEADER_CONTACT, contact));
	assert_true(slice_is(message->to_name, "%Z%45"));
	message_release(&message);
}

static void takes_an_extension_method_whole(void **state)
{
	struct message *message = taken("rfc4475/intmeth_without_nul");

	(void)state;
	assert_int_equal(message->method, METHOD_OTHER);
	assert_true(slice_is(message->method_name,
		"!interesting-Method0123456789_*+`.%indeed'~"));
	assert_true(slice_is(message->from_tag, "_token~1'+`*%!-."));
	assert_true(slice_is(message->call_id,
		"intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{"));
	message_release(&message);
}

static void cuts_the_second_request_off(void **state)
{
	struct message *message = taken("rfc4475/dblreq");

	(void)state;
	assert_int_equal(message->body.size, 0);
	assert_int_equal(
		slice_search(message->bytes, SLICE("INVITE")), SIZE_MAX);
	message_release(&message);
}

static void treats_an_empty_magic_branch_as_none(void **state)
{
	struct message *message = taken("rfc4475/badbranch");

	(void)state;
	assert_true(slice_is(message->via.branch, "z9hG4bK"));
	assert_false(message->via.magic);
	message_release(&message);
}

static void reads_ipv6_references(void **state)
{
	static const struct {
		const char *name, *host;
		unsigned port;
		bool address;
	} uris[] = {
		{"rfc5118/ipv6-good", "2001:db8::10", 0, true},
		{"rfc5118/port-ambiguous", "2001:db8::10:5070", 0, true},
		{"rfc5118/port-unambiguous", "2001:db8::10", 5070, true},
		{"rfc5118/ipv6-bug-abnf-3-colons", "2001:db8:::192.0.2.1", 0,
			false},
		{"rfc5118/ipv6-correct-abnf-2-colons", "2001:db8::192.0.2.1", 0,
			true},
	};
	struct arena *arena = arena_new(1 << 20);
	union address address;
	struct uri uri;

	(void)state;
	for (size_t i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
		struct message *message = taken(uris[i].name);

		assert_true(uri_read(arena, message->request_uri, &uri));
		assert_true(uri.ipv6);
		assert_true(slice_is(uri.host, uris[i].host));
		assert_int_equal(uri.port, uris[i].port);
		assert_int_equal(address_of_host(uri.host, 5060, &address),
			uris[i].address);
		message_release(&message);
	}
	arena_release(&arena);
}

static void reads_received_with_and_without_brackets(void **state)
{
	static const struct {
		const char *name, *received;
	} vias[] = {
		{"rfc5118/via-received-param-with-delim", "[2001:db8::9:255]"},
		{"rfc5118/via-received-param-no-delim", "2001:db8::9:255"},
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct message *message = taken(vias[i].name);
		struct arena *arena = arena_new(1 << 16);
		struct via via;

		assert_true(slice_is(message->via.host, "2001:db8::9:1"));
		assert_true(via_read(arena, message->via.value, &via));
		assert_true(slice_is(via.received, vias[i].received));
		message_release(&message);
		arena_release(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_as_the_table_says),
		cmocka_unit_test(reads_white_space_as_it_is_meant),
		cmocka_unit_test(does_not_unescape_methods_and_names),
		cmocka_unit_test(takes_an_extension_method_whole),
		cmocka_unit_test(cuts_the_second_request_off),
		cmocka_unit_test(treats_an_empty_magic_branch_as_none),
		cmocka_unit_test(reads_ipv6_references),
		cmocka_unit_test(reads_received_with_and_without_brackets),
	};

	values_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
