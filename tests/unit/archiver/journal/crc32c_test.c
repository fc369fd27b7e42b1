/* crc32c_test.c -- CRC-32C gives the published values, both ways. */
#include "archiver/journal/crc32c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* RFC 3720 B.4, and the usual check value. */
static void gives_the_published_values(void **state)
{
	unsigned char zeros[32] = {0}, ones[32], rising[32], falling[32];
	const struct {
		const void *bytes;
		size_t size;
		uint32_t crc;
	} cases[] = {{"123456789", 9, 0xe3069283}, {zeros, 32, 0x8a9136aa},
		{ones, 32, 0x62a8ab43}, {rising, 32, 0x46dd794e},
		{falling, 32, 0x113fdb5c}, {"", 0, 0}};

	(void)state;
	memset(ones, 0xff, sizeof(ones));
	for (unsigned char i = 0; i < 32; i++) {
		rising[i] = i;
		falling[i] = (unsigned char)(31 - i);
	}
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(
			crc32c(0, cases[i].bytes, cases[i].size), cases[i].crc);
		assert_int_equal(
			crc32c_by_table(0, cases[i].bytes, cases[i].size),
			cases[i].crc);
	}
}

static void goes_on_where_it_stopped(void **state)
{
	const char *text = "a record is taken, numbered, chained and synced";
	uint32_t whole = crc32c(0, text, strlen(text));

	(void)state;
	for (size_t i = 0; i <= strlen(text); i++) {
		uint32_t crc = crc32c(0, text, i);

		assert_int_equal(
			crc32c(crc, text + i, strlen(text) - i), whole);
		assert_int_equal(
			crc32c_by_table(crc, text + i, strlen(text) - i),
			whole);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_the_published_values),
		cmocka_unit_test(goes_on_where_it_stopped)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
