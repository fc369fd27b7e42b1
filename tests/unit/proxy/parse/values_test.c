/* values_test.c -- URIs, addresses and Vias, as RFC 3261 gives them. */
#include "proxy/parse/values.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct arena *arena;

static void assert_slice(struct slice slice, const char *text)
{
	char *copy;

	if (!text) {
		assert_null(slice.at);
		return;
	}
	assert_non_null(slice.at);
	copy = slice_to_string(slice);
	assert_string_equal(copy, text);
	free(copy);
}

static struct uri uri_of(const char *text)
{
	struct uri uri;

	if (!uri_read(arena, slice_of(text), &uri))
		fail_msg("not read: %s", text);
	return uri;
}

static const struct {
	const char *text;
	const char *scheme;
	bool sip;
	const char *user, *password, *host;
	bool ipv6;
	unsigned port;
	const char *transport, *maddr, *user_parameter;
	bool lr;
	const char *headers, *parameters, *record;
} uris[] = {
	{"sip:alice@atlanta.com", "sip", true, "alice", NULL, "atlanta.com",
		false, 0, NULL, NULL, NULL, false, NULL, "",
		"alice@atlanta.com"},
	{"SIPS:1212@Gateway.com:5061;USER=phone;lr", "sips", true, "1212", NULL,
		"Gateway.com", false, 5061, NULL, NULL, "phone", true, NULL,
		";USER=phone;lr", "1212@gateway.com"},
	{"sip:alice:secretword@atlanta.com;transport=tcp", "sip", true, "alice",
		"secretword", "atlanta.com", false, 0, "tcp", NULL, NULL, false,
		NULL, ";transport=tcp", "alice@atlanta.com"},
	{"sip:alice@atlanta.com?subject=project%20x&priority=urgent", "sip",
		true, "alice", NULL, "atlanta.com", false, 0, NULL, NULL, NULL,
		false, "subject=project%20x&priority=urgent", "",
		"alice@atlanta.com"},
	{"sip:alice;day=tuesday@atlanta.com", "sip", true, "alice;day=tuesday",
		NULL, "atlanta.com", false, 0, NULL, NULL, NULL, false, NULL,
		"", "alice;day=tuesday@atlanta.com"},
	{"sip:user;par=u%40example.net@example.com", "sip", true,
		"user;par=u@example.net", NULL, "example.com", false, 0, NULL,
		NULL, NULL, false, NULL, "",
		"user;par=u%40example.net@example.com"},
	{"sip:a%3Ab%25%40@x", "sip", true, "a:b%@", NULL, "x", false, 0, NULL,
		NULL, NULL, false, NULL, "", "a%3Ab%25%40@x"},
	{"sip:%61lice@x", "sip", true, "alice", NULL, "x", false, 0, NULL, NULL,
		NULL, false, NULL, "", "alice@x"},
	{"sip:example.com;maddr=192.0.2.1;m%61x=2", "sip", true, NULL, NULL,
		"example.com", false, 0, NULL, "192.0.2.1", NULL, false, NULL,
		";maddr=192.0.2.1;m%61x=2", NULL},
	{"sip:bob@[2001:DB8::10]:5070", "sip", true, "bob", NULL,
		"2001:DB8::10", true, 5070, NULL, NULL, NULL, false, NULL, "",
		"bob@[2001:db8::10]"},
	{"sip:x@y;m%61ddr=z", "sip", true, "x", NULL, "y", false, 0, NULL, "z",
		NULL, false, NULL, ";m%61ddr=z", "x@y"},
	{"tel:+358-555-1234567", "tel", false, NULL, NULL, NULL, false, 0, NULL,
		NULL, NULL, false, NULL, NULL, NULL},
	/* RFC 4475 3.1.1.2 intmeth, 3.3.3 novelsc, 3.3.2 unkscm */
	{"sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"
	 ":&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com",
		"sip", true, "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*",
		"&it+has=1,weird!*pas$wo~d_too.(doesn't-it)", "example.com",
		false, 0, NULL, NULL, NULL, false, NULL, "",
		"1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@example.com"},
	{"Soap.Beep://192.0.2.103:3002", "soap.beep", false, NULL, NULL, NULL,
		false, 0, NULL, NULL, NULL, false, NULL, NULL, NULL},
};

static void reads_uris(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
		struct uri uri = uri_of(uris[i].text);

		assert_slice(uri.whole, uris[i].text);
		assert_slice(uri.scheme, uris[i].scheme);
		assert_int_equal(uri.sip, uris[i].sip);
		assert_slice(uri.user, uris[i].user);
		assert_slice(uri.password, uris[i].password);
		assert_slice(uri.host, uris[i].host);
		assert_int_equal(uri.ipv6, uris[i].ipv6);
		assert_int_equal(uri.port, uris[i].port);
		assert_slice(uri.transport, uris[i].transport);
		assert_slice(uri.maddr, uris[i].maddr);
		assert_slice(uri.user_parameter, uris[i].user_parameter);
		assert_int_equal(uri.lr, uris[i].lr);
		assert_slice(uri.headers, uris[i].headers);
		assert_slice(uri.parameters, uris[i].parameters);
		assert_slice(
			uri_address_of_record(arena, &uri), uris[i].record);
	}
}

static void refuses_uris(void **state)
{
	static const char *const texts[] = {"", "sip", "sip:", ":x", "1sip:x@y",
		"sip:@x", "sip::p@x", "sip:a@", "sip:a@b@c", "sip:a b@c",
		"sip:a@b c", "<sip:a@b>", "sip:a%00b@c", "sip:%@c", "sip:%4g@c",
		"sip:a@b:0", "sip:a@b:65536", "sip:a@b:", "sip:a@b:5060x",
		"sip:a@[::1", "sip:a@::1", "sip:a@[]", "sip:a@[fe80::1%25eth0]",
		"sip:a@b;", "sip:a@b;;lr", "sip:a@b;=x",
		"sip:a@b;transport=udp;transport=tcp",
		"sip:a@b;maddr=x;m%61ddr=y", "sip:a@b;lr;LR",
		"sip:a@b;x=1;%78=2", "sip:a@b/c", "sip:\xc3\xa4@b", "sip:a\n@b",
		"si p:a@b", "sip:a\"@b", "sip:a#@b"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct uri uri;

		if (uri_read(arena, slice_of(texts[i]), &uri))
			fail_msg("read: %s", texts[i]);
	}
}

/* RFC 3261 19.1.4 gives most of these. */
static void compares_uris(void **state)
{
	static const struct {
		const char *a, *b;
		bool equal;
	} cases[] = {
		{"sip:%61lice@atlanta.com;transport=TCP",
			"sip:alice@AtlanTa.CoM;Transport=tcp", true},
		{"sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5",
			true},
		{"sip:carol@chicago.com;security=on",
			"sip:carol@chicago.com;newparam=5", true},
		{"sip:biloxi.com;transport=tcp;method=REGISTER"
		 "?to=sip:bob%40biloxi.com",
			"sip:biloxi.com;method=REGISTER;transport=tcp"
			"?to=sip:bob%40biloxi.com",
			true},
		{"sip:alice@atlanta.com?subject=project%20x&priority=urgent",
			"sip:alice@atlanta.com?priority=urgent&subject="
			"project%20x",
			true},
		{"SIP:ALICE@AtLanTa.CoM;Transport=udp",
			"sip:alice@AtLanTa.CoM;Transport=UDP", false},
		{"sip:bob@biloxi.com", "sip:bob@biloxi.com:5060", false},
		{"sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp",
			false},
		{"sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp",
			false},
		{"sip:carol@chicago.com",
			"sip:carol@chicago.com?Subject=next%20meeting", false},
		{"sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4", false},
		{"sip:carol@chicago.com;security=off",
			"sip:carol@chicago.com;security=on", false},
		{"sip:a@b", "sips:a@b", false},
		{"sip:b", "sip:a@b", false},
		{"sip:a@b", "sip:a:p@b", false},
		{"sip:a%3Bx@b", "sip:a;x@b", false},
		{"sip:a%3Bx@b", "sip:a%3bx@b", true},
		{"sip:a@b;maddr=c", "sip:a@b", false},
		{"sip:a@b;user=phone", "sip:a@b", false},
		{"sip:a@b;lr", "sip:a@b", true},
		{"sip:a@b;x", "sip:a@b;x=1", false},
		{"sip:a@[2001:db8::1]", "sip:a@[2001:DB8:0:0::1]", true},
		{"sip:a@[2001:db8::1]", "sip:a@[2001:db8::2]", false},
		{"tel:+1", "TEL:+1", true},
		{"tel:+1", "tel:+2", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct uri a = uri_of(cases[i].a), b = uri_of(cases[i].b);

		if (uri_equal(&a, &b) != cases[i].equal ||
			uri_equal(&b, &a) != cases[i].equal)
			fail_msg("%s and %s", cases[i].a, cases[i].b);
	}
}

static void finds_parameters_of_uris(void **state)
{
	struct uri uri = uri_of("sip:a@b;LR;x=1;m%61ddr=y;e=");
	struct slice value;

	(void)state;
	assert_true(uri_parameter(&uri, SLICE("lr"), &value));
	assert_slice(value, NULL);
	assert_true(uri_parameter(&uri, SLICE("X"), &value));
	assert_slice(value, "1");
	assert_true(uri_parameter(&uri, SLICE("maddr"), &value));
	assert_slice(value, "y");
	assert_true(uri_parameter(&uri, SLICE("e"), &value));
	assert_slice(value, "");
	assert_false(uri_parameter(&uri, SLICE("y"), &value));
	assert_slice(value, NULL);
}

static void reads_addresses(void **state)
{
	static const struct {
		const char *text, *name, *uri, *parameters;
	} cases[] = {
		{"sip:a@b;tag=1", NULL, "sip:a@b", ";tag=1"},
		{" <sip:a@b;lr> ;tag=1 ", NULL, "sip:a@b;lr", ";tag=1"},
		{"Alice  B <sip:a@b>", "Alice  B", "sip:a@b", ""},
		{"caller<sip:a@b>", "caller", "sip:a@b", ""},
		{"\"A \\\"B\\\\\" <sip:a@b>;x=\"y;z\"", "A \"B\\", "sip:a@b",
			";x=\"y;z\""},
		{"\"\" <sip:a@b>", "", "sip:a@b", ""},
		{"\"<sip:eve@x>\"<sip:a@b>", "<sip:eve@x>", "sip:a@b", ""},
		{"\xe5\xa4\xa7 <sip:a@b>", "\xe5\xa4\xa7", "sip:a@b", ""},
		{"token1~` token2'+_ token3*%!.- <sip:mundane@example.com>",
			"token1~` token2'+_ token3*%!.-",
			"sip:mundane@example.com", ""},
		{"<tel:+1>", NULL, "tel:+1", ""},
	};
	static const char *const broken[] = {"", " ", "\"a <sip:a@b>",
		"\"a\" b <sip:a@b>", "\"a\" sip:a@b", "a \"b\" <sip:a@b>",
		"<sip:a@b", "sip:a@b>", "<sip:a@b> <sip:c@d>",
		"<sip:a@b>, <sip:c@d>", "<sip:a@b>;",
		"<sip:a@b>;tag=", "<sip:a@b>;tag=a;tag=b", "<sip:a@b>;x=\"y",
		"a, b <sip:a@b>", "<>", "a <>", "\"a\\", "\"\\\"",
		"<sip:a@b>;tag=\"a\"", "<sip:a@b;;lr>", "a\r\n\n <sip:a@b>",
		"\"\\\n\" <sip:a@b>"};
	struct name_address address;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (!name_address_read(
			    arena, slice_of(cases[i].text), &address))
			fail_msg("not read: %s", cases[i].text);
		assert_slice(address.display_name, cases[i].name);
		assert_slice(address.uri.whole, cases[i].uri);
		assert_slice(address.parameters, cases[i].parameters);
		assert_false(address.star);
	}
	assert_true(name_address_read(arena, SLICE(" * "), &address));
	assert_true(address.star);
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
		if (name_address_read(arena, slice_of(broken[i]), &address))
			fail_msg("read: %s", broken[i]);
}

static void finds_parameters_of_headers(void **state)
{
	static const char text[] =
		";a;b = c ; D=\"e;\\\"f\\\\\";g=[::1];h=\"\"";
	struct slice value, all = slice_of(text);

	(void)state;
	assert_true(parameter_find(arena, all, SLICE("a"), &value));
	assert_slice(value, NULL);
	assert_true(parameter_find(arena, all, SLICE("B"), &value));
	assert_slice(value, "c");
	assert_true(parameter_find(arena, all, SLICE("d"), &value));
	assert_slice(value, "e;\"f\\");
	assert_true(parameter_find(arena, all, SLICE("g"), &value));
	assert_slice(value, "[::1]");
	assert_true(parameter_find(arena, all, SLICE("h"), &value));
	assert_slice(value, "");
	assert_false(parameter_find(arena, all, SLICE("e"), &value));
	assert_slice(value, NULL);
	assert_false(
		parameter_find(arena, SLICE(";x=\"y"), SLICE("x"), &value));
	assert_false(parameter_find(arena, SLICE(""), SLICE("x"), &value));
}

static void reads_vias(void **state)
{
	static const struct {
		const char *text, *transport, *host, *sent_by;
		unsigned port;
		const char *branch, *received, *maddr;
		bool has_rport;
		unsigned rport;
	} cases[] = {
		{"SIP/2.0/UDP a.example.com;branch=z9hG4bKx", "UDP",
			"a.example.com", "a.example.com", 0, "z9hG4bKx", NULL,
			NULL, false, 0},
		{"sip / 2.0 /\r\n TCP [2001:db8::9:1] : 5061 ; RPORT = 7 ;"
		 "received=2001:db8::9:255;maddr=m",
			"TCP", "2001:db8::9:1", "[2001:db8::9:1] : 5061", 5061,
			NULL, "2001:db8::9:255", "m", true, 7},
		{"SIP/2.0/UDP a;rport;received=[2001:db8::1];ttl=1", "UDP", "a",
			"a", 0, NULL, "[2001:db8::1]", NULL, true, 0},
	};
	static const char *const broken[] = {"", "SIP/2.0/UDP", "SIP/2.0 UDP a",
		"SIP/2.0/UDP ", "SIP/2.0/UDPa", "HTTP/2.0/UDP a",
		"SIP/1.0/UDP a", "SIP/2.0/UDP a;branch", "SIP/2.0/UDP a b",
		"SIP/2.0/UDP a;rport=x", "SIP/2.0/UDP a;rport;rport",
		"SIP/2.0/UDP a:99999", "SIP/2.0/UDP [::1", "SIP/2.0/UDP a,b",
		"SIP/2.0/UDP a;branch=\"x\"", "SIP/2.0/UDP a;received",
		"SIP/2.0/UDP a;maddr=x;maddr=y", "SIP/2.0/UDP\na",
		"SIP/2.0/UDP\r\na", "SIP/2.0/UDP\r\n\r\n a"};
	struct via via;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (!via_read(arena, slice_of(cases[i].text), &via))
			fail_msg("not read: %s", cases[i].text);
		assert_slice(via.transport, cases[i].transport);
		assert_slice(via.host, cases[i].host);
		assert_slice(via.sent_by, cases[i].sent_by);
		assert_int_equal(via.port, cases[i].port);
		assert_slice(via.branch, cases[i].branch);
		assert_slice(via.received, cases[i].received);
		assert_slice(via.maddr, cases[i].maddr);
		assert_int_equal(via.has_rport, cases[i].has_rport);
		assert_int_equal(via.rport, cases[i].rport);
	}
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
		if (via_read(arena, slice_of(broken[i]), &via))
			fail_msg("read: %s", broken[i]);
}

static void keeps_to_its_limits(void **state)
{
	struct name_address address;
	struct via via;
	struct uri uri;
	char text[9000] = "sip:b@x";
	size_t size = 7;

	(void)state;
	for (int i = 0; i < 64; i++, size += 3)
		(void)snprintf(text + size, 16, ";%02d", i);
	assert_true(uri_read(arena, slice_make(text, size), &uri));
	assert_true(name_address_read(arena, slice_make(text, size), &address));
	memcpy(text + size, ";64", 3);
	assert_false(uri_read(arena, slice_make(text, size + 3), &uri));
	assert_false(
		name_address_read(arena, slice_make(text, size + 3), &address));
	memset(text + 4, 'a', sizeof(text) - 4);
	assert_true(uri_read(arena, slice_make(text, 8192), &uri));
	assert_false(uri_read(arena, slice_make(text, 8193), &uri));
	memcpy(text, "SIP/2.0/UDP a", 13);
	assert_true(via_read(arena, slice_make(text, 8192), &via));
	assert_false(via_read(arena, slice_make(text, 8193), &via));
}

static void reads_addresses_of_hosts(void **state)
{
	union address address;

	(void)state;
	assert_true(address_of_host(SLICE("192.0.2.1"), 5060, &address));
	assert_int_equal(address.any.sa_family, AF_INET);
	assert_int_equal(ntohs(address.v4.sin_port), 5060);
	assert_true(address_of_host(SLICE("2001:db8::1"), 5061, &address));
	assert_int_equal(address.any.sa_family, AF_INET6);
	assert_int_equal(ntohs(address.v6.sin6_port), 5061);
	assert_false(address_of_host(SLICE("[::1]"), 1, &address));
	assert_false(address_of_host(SLICE("192.0.2"), 1, &address));
	assert_false(address_of_host(SLICE("::1\0x"), 1, &address));
	assert_false(address_of_host(SLICE("example.com"), 1, &address));
	assert_false(address_of_host(SLICE(""), 1, &address));
}

static int begin(void **state)
{
	(void)state;
	values_start();
	arena = arena_new(1 << 20);
	return arena ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_uris),
		cmocka_unit_test(refuses_uris),
		cmocka_unit_test(compares_uris),
		cmocka_unit_test(finds_parameters_of_uris),
		cmocka_unit_test(reads_addresses),
		cmocka_unit_test(finds_parameters_of_headers),
		cmocka_unit_test(reads_vias),
		cmocka_unit_test(keeps_to_its_limits),
		cmocka_unit_test(reads_addresses_of_hosts),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
