/* outage_test.c -- an outage is told once, whatever the client repeats. */
#include "archiver/publisher/outage.h"

#include "tests/unit/archiver/publisher/heard.h"

#include <syslog.h>

static void tells_each_outage_once(void **state)
{
	struct heard heard = heard_begin();
	struct outage outage = {0};
	unsigned away;
	bool ended, again;

	(void)state;
	for (int i = 0; i < 3; i++)
		outage_begin(&outage, "no route");
	ended = outage_end(&outage);
	again = outage_end(&outage);
	outage_begin(&outage, "no route");
	away = heard_count(&heard, "does not take records");
	heard_end(&heard);
	assert_true(ended);
	assert_false(again);
	assert_int_equal(away, 2);
}

static void hears_each_kind_once_until_things_change(void **state)
{
	struct heard heard = heard_begin();
	struct outage outage = {0};
	unsigned fail, auth, more, quiet;

	(void)state;
	outage_begin(&outage, "down");
	for (int i = 0; i < 5; i++) {
		outage_hear(&outage, LOG_ERR, "FAIL", "connection refused");
		outage_hear(&outage, LOG_WARNING, "AUTH", "no");
		outage_hear(&outage, LOG_NOTICE, "NOTE", "chatter");
	}
	fail = heard_count(&heard, "connection refused");
	auth = heard_count(&heard, "kind=AUTH");
	quiet = heard_count(&heard, "chatter");
	(void)outage_end(&outage);
	outage_hear(&outage, LOG_ERR, "FAIL", "connection refused");
	more = heard_count(&heard, "connection refused");
	heard_end(&heard);
	assert_int_equal(fail, 1);
	assert_int_equal(auth, 1);
	assert_int_equal(quiet, 0);
	assert_int_equal(more, 2);
}

static void keeps_few_kinds(void **state)
{
	struct heard heard = heard_begin();
	struct outage outage = {0};
	unsigned lines;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		char kind[32];

		(void)snprintf(kind, sizeof(kind), "K%d", i);
		outage_hear(&outage, LOG_ERR, kind, "text");
	}
	lines = heard_count(&heard, "client says");
	heard_end(&heard);
	assert_int_equal(lines, OUTAGE_KINDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_each_outage_once),
		cmocka_unit_test(hears_each_kind_once_until_things_change),
		cmocka_unit_test(keeps_few_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
