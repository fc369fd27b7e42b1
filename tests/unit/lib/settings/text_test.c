/* text_test.c -- the forms that texts in the configuration must have. */
#include "lib/settings/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

typedef bool valid_fn(struct slice text);

static bool next_hop_is_valid(struct slice text)
{
	enum transport transport;
	union address address;

	return next_hop_parse(text.at, &transport, &address);
}

#define LABEL63                                                                \
	"a23456789012345678901234567890123456789012345678901234567890123"

static const struct {
	valid_fn *is_valid;
	const char *text;
	bool valid;
} cases[] = {
	{host_is_valid, "home1.example.com", true},
	{host_is_valid, "a", true},
	{host_is_valid, "10.0.0.1", true},
	{host_is_valid, "x-1.example", true},
	{host_is_valid, LABEL63 ".example", true},
	{host_is_valid, LABEL63 "4.example", false},
	{host_is_valid, LABEL63 "." LABEL63 "." LABEL63 "." LABEL63, false},
	{host_is_valid, "", false},
	{host_is_valid, ".", false},
	{host_is_valid, "a..b", false},
	{host_is_valid, "a.", false},
	{host_is_valid, "-a.b", false},
	{host_is_valid, "a-.b", false},
	{host_is_valid, "a b", false},
	{host_is_valid, "a_b", false},
	{host_is_valid, "b\303\274cher.example", false},
	{advertised_is_valid, "sip.example.com", true},
	{advertised_is_valid, "sip.example.com:5061", true},
	{advertised_is_valid, "10.0.0.1:5061", true},
	{advertised_is_valid, "[2001:db8::1]", true},
	{advertised_is_valid, "[2001:db8::1]:5061", true},
	{advertised_is_valid, "2001:db8::1", false},
	{advertised_is_valid, "sip.example.com:0", false},
	{advertised_is_valid, "sip.example.com:", false},
	{advertised_is_valid, "[10.0.0.1]", false},
	{brokers_are_valid, "127.0.0.1:9092", true},
	{brokers_are_valid, "a:9092,b:9092, [::1]:9092", true},
	{brokers_are_valid, "a", false},
	{brokers_are_valid, "a:9092,", false},
	{brokers_are_valid, "", false},
	{pattern_is_valid, "*@pstn.example.com", true},
	{pattern_is_valid, "alice@*", true},
	{pattern_is_valid, "*@*", true},
	{pattern_is_valid, "+49@a", true},
	{pattern_is_valid, "a", false},
	{pattern_is_valid, "@a", false},
	{pattern_is_valid, "a@", false},
	{pattern_is_valid, "a*@b", false},
	{pattern_is_valid, "a@b@c", false},
	{pattern_is_valid, "a@*.b", false},
	{word_is_valid, "sipwarden.records", true},
	{word_is_valid, "a b", false},
	{word_is_valid, "", false},
	{next_hop_is_valid, "sip:127.0.0.1:5090;transport=udp", true},
	{next_hop_is_valid, "sip:127.0.0.1", true},
	{next_hop_is_valid, "SIP:[::1]:5090;lr;transport=TCP", true},
	{next_hop_is_valid, "sip:[::1]", true},
	{next_hop_is_valid, "sips:127.0.0.1", false},
	{next_hop_is_valid, "sip:host", false},
	{next_hop_is_valid, "sip:a@127.0.0.1", false},
	{next_hop_is_valid, "sip:127.0.0.1;transport=tls", false},
	{next_hop_is_valid, "sip:127.0.0.1;maddr=1.2.3.4", false},
	{next_hop_is_valid, "sip:", false},
	{next_hop_is_valid, "127.0.0.1", false},
	{next_hop_is_valid, "sip:" LABEL63, false},
};

static void knows_the_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (cases[i].is_valid(slice_of(cases[i].text)) !=
			cases[i].valid)
			fail_msg("case %zu: \"%s\"", i, cases[i].text);
}

static void reads_a_next_hop(void **state)
{
	enum transport transport;
	union address address;
	char text[ADDRESS_TEXT_SIZE];

	(void)state;
	assert_true(next_hop_parse(
		"sip:[::1]:5090;transport=TCP", &transport, &address));
	assert_int_equal(transport, TRANSPORT_TCP);
	address_text(&address, text);
	assert_string_equal(text, "[::1]:5090");
	/* RFC 3261 19.1.2: what is absent. */
	assert_true(next_hop_parse("sip:10.0.0.1", &transport, &address));
	assert_int_equal(transport, TRANSPORT_UDP);
	address_text(&address, text);
	assert_string_equal(text, "10.0.0.1:5060");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_the_forms),
		cmocka_unit_test(reads_a_next_hop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
