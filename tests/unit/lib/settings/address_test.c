/* address_test.c -- IP addresses with ports, and networks. */
#include "lib/settings/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct {
	const char *text;
	const char *back; /* NULL: refused */
} addresses[] = {
	{"127.0.0.1:5060", "127.0.0.1:5060"},
	{"[::1]:5060", "[::1]:5060"},
	{"[2001:DB8::0:1]:65535", "[2001:db8::1]:65535"},
	{"[::ffff:10.0.0.1]:5060", "[::ffff:10.0.0.1]:5060"},
	{"127.0.0.1", NULL},
	{"127.0.0.1:", NULL},
	{"127.0.0.1:0", NULL},
	{"127.0.0.1:65536", NULL},
	{"127.0.0.1:5060 ", NULL},
	{"127.0.0.1:+1", NULL},
	{"127.1:5060", NULL},
	{"::1:5060", NULL},
	{"[127.0.0.1]:5060", NULL},
	{"[::1]5060", NULL},
	{"[]:5060", NULL},
	{"[::1%lo]:5060", NULL},
	{"host:5060", NULL},
	{":5060", NULL},
	{"", NULL},
};

static void reads_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		union address address;
		char text[ADDRESS_TEXT_SIZE];
		bool read = address_parse(addresses[i].text, &address);

		if (read != (addresses[i].back != NULL))
			fail_msg("\"%s\"", addresses[i].text);
		if (!read)
			continue;
		address_text(&address, text);
		assert_string_equal(text, addresses[i].back);
	}
}

static union address address_of(const char *text)
{
	union address address;

	assert_true(address_parse(text, &address));
	return address;
}

static void compares_addresses(void **state)
{
	union address v4 = address_of("10.0.0.1:5060");
	union address other_port = address_of("10.0.0.1:5061");
	union address mapped = address_of("[::ffff:10.0.0.1]:5060");
	union address v6 = address_of("[::a00:1]:5060");
	union address none = {0};

	(void)state;
	assert_true(address_equal(&v4, &v4));
	assert_false(address_equal(&v4, &other_port));
	assert_true(address_same_host(&v4, &other_port));
	assert_true(address_equal(&v4, &mapped));
	assert_false(address_same_host(&v4, &v6));
	assert_false(address_same_host(&none, &none));
}

static const struct {
	const char *network;
	const char *address;
	bool contains;
} networks[] = {
	{"10.0.0.0/8", "10.255.0.1:1", true},
	{"10.0.0.0/8", "11.0.0.1:1", false},
	{"10.0.0.0/8", "[::ffff:10.1.2.3]:1", true},
	{"10.0.0.0/8", "[a00::1]:1", false},
	{"192.168.4.0/23", "192.168.5.255:1", true},
	{"192.168.4.0/23", "192.168.6.0:1", false},
	{"10.1.2.3", "10.1.2.3:1", true},
	{"10.1.2.3", "10.1.2.2:1", false},
	{"0.0.0.0/0", "1.2.3.4:1", true},
	{"0.0.0.0/0", "[::1]:1", false},
	{"fd00::/8", "[fdff::1]:1", true},
	{"fd00::/8", "[fe00::1]:1", false},
	{"2001:db8::/33", "[2001:db8:7fff::1]:1", true},
	{"2001:db8::/33", "[2001:db8:8000::1]:1", false},
	{"::1", "[::1]:1", true},
	{"::ffff:10.0.0.0/104", "10.1.1.1:1", true},
	{"::ffff:10.0.0.0/104", "11.1.1.1:1", false},
};

static void knows_who_is_in_a_network(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(networks) / sizeof(networks[0]); i++) {
		union address address = address_of(networks[i].address);
		struct network network;

		assert_true(network_parse(networks[i].network, &network));
		if (network_contains(&network, &address) !=
			networks[i].contains)
			fail_msg("%s in %s", networks[i].address,
				networks[i].network);
	}
}

static const struct {
	const char *text;
	bool read, host_bits;
} network_texts[] = {
	{"10.0.0.0/8", true, false},
	{"10.0.0.1/8", true, true},
	{"10.128.0.0/9", true, false},
	{"10.128.0.0/8", true, true},
	{"10.0.0.1/32", true, false},
	{"10.0.0.1", true, false},
	{"fd00::/8", true, false},
	{"fd00::1/8", true, true},
	{"fd00::1/128", true, false},
	{"0.0.0.0/0", true, false},
	{"1.0.0.0/0", true, true},
	{"10.0.0.0/33", false, false},
	{"fd00::/129", false, false},
	{"10.0.0.0/", false, false},
	{"/8", false, false},
	{"10.0.0/8", false, false},
	{"10.0.0.0/8/8", false, false},
	{"", false, false},
};

static void reads_networks(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(network_texts) / sizeof(network_texts[0]);
		i++) {
		struct network network;
		bool read = network_parse(network_texts[i].text, &network);

		if (read != network_texts[i].read ||
			(read && network_has_host_bits(&network) !=
					 network_texts[i].host_bits))
			fail_msg("\"%s\"", network_texts[i].text);
	}
}

static void knows_loopback_and_wildcard(void **state)
{
	static const struct {
		const char *text;
		bool loopback, wildcard;
	} cases[] = {
		{"127.0.0.1:1", true, false},
		{"127.9.9.9:1", true, false},
		{"128.0.0.1:1", false, false},
		{"[::1]:1", true, false},
		{"[::ffff:127.0.0.1]:1", true, false},
		{"[::2]:1", false, false},
		{"0.0.0.0:1", false, true},
		{"[::]:1", false, true},
		{"10.0.0.1:1", false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		union address address = address_of(cases[i].text);

		if (address_is_loopback(&address) != cases[i].loopback ||
			address_is_wildcard(&address) != cases[i].wildcard)
			fail_msg("%s", cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_addresses),
		cmocka_unit_test(compares_addresses),
		cmocka_unit_test(knows_who_is_in_a_network),
		cmocka_unit_test(reads_networks),
		cmocka_unit_test(knows_loopback_and_wildcard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
