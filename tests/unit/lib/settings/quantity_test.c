/* quantity_test.c -- durations and sizes as people write them. */
#include "lib/settings/quantity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
	const char *text;
	enum setting_unit unit;
	enum quantity_result result;
	uint64_t value;
} durations[] = {
	{"500us", UNIT_US, QUANTITY_READ, 500},
	{"250ms", UNIT_MS, QUANTITY_READ, 250},
	{"250ms", UNIT_US, QUANTITY_READ, 250000},
	{"5s", UNIT_MS, QUANTITY_READ, 5000},
	{"3m", UNIT_S, QUANTITY_READ, 180},
	{"1h", UNIT_S, QUANTITY_READ, 3600},
	{"7d", UNIT_S, QUANTITY_READ, 604800},
	{"0s", UNIT_MS, QUANTITY_READ, 0},
	{"007s", UNIT_S, QUANTITY_READ, 7},
	{"1500us", UNIT_MS, QUANTITY_TOO_FINE, 0},
	{"500ms", UNIT_S, QUANTITY_TOO_FINE, 0},
	{"5", UNIT_S, QUANTITY_BARE, 0},
	{"", UNIT_S, QUANTITY_WRONG, 0},
	{"s", UNIT_S, QUANTITY_WRONG, 0},
	{"5 s", UNIT_S, QUANTITY_WRONG, 0},
	{"5S", UNIT_S, QUANTITY_WRONG, 0},
	{"-5s", UNIT_S, QUANTITY_WRONG, 0},
	{"1.5s", UNIT_S, QUANTITY_WRONG, 0},
	{"5ss", UNIT_S, QUANTITY_WRONG, 0},
	{"104249991374d", UNIT_S, QUANTITY_WRONG, 0},
	{"99999999999999999999s", UNIT_S, QUANTITY_WRONG, 0},
};

static void reads_durations(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(durations) / sizeof(durations[0]); i++) {
		uint64_t value = 0;
		enum quantity_result result = duration_read(
			durations[i].text, durations[i].unit, &value);

		if (result != durations[i].result ||
			(result == QUANTITY_READ &&
				value != durations[i].value))
			fail_msg("\"%s\"", durations[i].text);
	}
}

static const struct {
	const char *text;
	enum quantity_result result;
	uint64_t value;
} sizes[] = {
	{"512B", QUANTITY_READ, 512},
	{"64KB", QUANTITY_READ, 65536},
	{"64MB", QUANTITY_READ, UINT64_C(64) << 20},
	{"1GB", QUANTITY_READ, UINT64_C(1) << 30},
	{"2TB", QUANTITY_READ, UINT64_C(2) << 40},
	{"64", QUANTITY_BARE, 0},
	{"64kb", QUANTITY_WRONG, 0},
	{"64K", QUANTITY_WRONG, 0},
	{"MB", QUANTITY_WRONG, 0},
	{"16777216TB", QUANTITY_WRONG, 0},
};

static void reads_sizes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint64_t value = 0;
		enum quantity_result result = size_read(sizes[i].text, &value);

		if (result != sizes[i].result ||
			(result == QUANTITY_READ && value != sizes[i].value))
			fail_msg("\"%s\"", sizes[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_durations),
		cmocka_unit_test(reads_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
