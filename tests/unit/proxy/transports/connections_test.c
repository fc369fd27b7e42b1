/* connections_test.c -- a name finds its connection, and nothing once that is
 * gone. */
#include "proxy/transports/connections.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { LIMIT = 150 };

static struct connection *thing(size_t number)
{
	static char things[LIMIT + 1];

	return (struct connection *)(void *)&things[number];
}

static void stale_names_find_nothing(void **state)
{
	struct connections *connections = connections_new(LIMIT);
	uint32_t slots[LIMIT], generations[LIMIT], slot, generation;

	(void)state;
	for (size_t i = 0; i < LIMIT; i++) {
		assert_int_equal(connections_add(connections, thing(i),
					 &slots[i], &generations[i]),
			0);
		assert_int_not_equal(generations[i], 0);
	}
	assert_int_equal(
		connections_add(connections, thing(LIMIT), &slot, &generation),
		ENOSPC);
	assert_int_equal(connections_count(connections), LIMIT);
	for (size_t i = 0; i < LIMIT; i++)
		assert_ptr_equal(
			connections_find(connections, slots[i], generations[i]),
			thing(i));
	connections_remove(connections, slots[70]);
	assert_null(connections_find(connections, slots[70], generations[70]));
	assert_int_equal(
		connections_add(connections, thing(LIMIT), &slot, &generation),
		0);
	assert_int_equal(slot, slots[70]);
	assert_null(connections_find(connections, slot, generations[70]));
	assert_ptr_equal(
		connections_find(connections, slot, generation), thing(LIMIT));
	assert_null(connections_find(connections, 4000000000U, 1));
	connections_release(&connections);
	assert_null(connections);
}

static void walk_visits_each_once(void **state)
{
	struct connections *connections = connections_new(LIMIT);
	uint32_t slot, generation, at = 0;
	size_t seen = 0;

	(void)state;
	assert_null(connections_next(connections, &at));
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(connections_add(connections, thing(i), &slot,
					 &generation),
			0);
	connections_remove(connections, 0);
	connections_remove(connections, 50);
	at = 0;
	while (connections_next(connections, &at))
		seen++;
	assert_int_equal(seen, 98);
	connections_release(&connections);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stale_names_find_nothing),
		cmocka_unit_test(walk_visits_each_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
