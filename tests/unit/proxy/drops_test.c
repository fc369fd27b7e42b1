/* drops_test.c -- whoever floods is named, however many others there are. */
#include "proxy/drops.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static union address address_of(int number)
{
	char text[64];
	union address address;

	(void)snprintf(text, sizeof(text), "10.0.%d.%d:%d", number / 250,
		number % 250 + 1, 1000 + number);
	assert_true(address_parse(text, &address));
	return address;
}

static const struct drop_source *find(
	const struct drops *drops, const union address *address)
{
	for (int i = 0; i < DROPS_SOURCES; i++)
		if (drops->sources[i].count &&
			address_same_host(&drops->sources[i].address, address))
			return &drops->sources[i];
	return NULL;
}

static void counts_by_host(void **state)
{
	struct drops drops = {0};
	union address one = address_of(1), again = one;

	(void)state;
	address_set_port(&again, 9);
	drops_note(&drops, &one, "first");
	drops_note(&drops, &again, "second");
	assert_int_equal(find(&drops, &one)->count, 2);
	assert_string_equal(find(&drops, &one)->reason, "second");
}

static void keeps_those_with_most(void **state)
{
	struct drops drops = {0};
	union address flood = address_of(0);
	const struct drop_source *found;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		union address other = address_of(1 + i % 1000);

		drops_note(&drops, &other, "now and then");
		drops_note(&drops, &flood, "flood");
	}
	found = find(&drops, &flood);
	assert_non_null(found);
	assert_true(found->count >= 2000);
	assert_true(found->count - found->over <= 2000);
}

static void merges_workers(void **state)
{
	struct drops all = {0}, one = {0}, two = {0};
	union address a = address_of(1), b = address_of(2);

	(void)state;
	drops_note(&one, &a, "x");
	drops_note(&two, &a, "x");
	drops_note(&two, &b, "y");
	drops_merge(&all, &one);
	drops_merge(&all, &two);
	assert_int_equal(find(&all, &a)->count, 2);
	assert_int_equal(find(&all, &b)->count, 1);
	assert_int_equal(find(&all, &a)->over, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_by_host),
		cmocka_unit_test(keeps_those_with_most),
		cmocka_unit_test(merges_workers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
