/* makers_test.c -- the table forgets the most silent, and keeps what is
 * durable. */
#include "archiver/journal/makers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void name(uint8_t boot[16], uint64_t which)
{
	memset(boot, 0, 16);
	memcpy(boot, &which, sizeof(which));
}

static void the_most_silent_is_forgotten(void **state)
{
	struct makers *makers = calloc(1, sizeof(*makers));
	uint8_t boot[16];

	(void)state;
	assert_non_null(makers);
	for (uint64_t i = 1; i <= MAKERS_LIMIT; i++) {
		name(boot, i);
		makers_note(makers, boot, 1, i, i);
	}
	/* The first speaks again; so the second goes. */
	name(boot, 1);
	makers_note(makers, boot, 1, 2, 5000);
	name(boot, 9999);
	makers_note(makers, boot, 1, 1, 5001);
	assert_int_equal(makers->count, MAKERS_LIMIT);
	assert_int_equal(makers_find(makers, boot, 1)->taken, 1);
	assert_int_equal(makers_find(makers, boot, 1)->durable, 0);
	assert_null(makers_find(makers, boot, 2));
	name(boot, 1);
	assert_int_equal(makers_find(makers, boot, 1)->taken, 2);
	name(boot, 2);
	assert_null(makers_find(makers, boot, 1));
	free(makers);
}

/* What was taken and not synced must not stand in a header. */
static void writes_what_is_durable(void **state)
{
	struct makers *makers = calloc(2, sizeof(*makers));
	struct makers *again = makers + 1;
	char bytes[4 * MAKER_BYTES];
	uint8_t boot[16];
	size_t size;

	(void)state;
	assert_non_null(makers);
	name(boot, 1);
	makers_note(makers, boot, 7, 41, 100);
	makers_settle(makers);
	makers_note(makers, boot, 7, 45, 105);
	makers_note(makers, boot, 8, 1, 106);
	size = makers_write(makers, bytes);
	assert_int_equal(size, MAKER_BYTES);
	assert_true(makers_read(again, slice_make(bytes, size)));
	assert_int_equal(again->count, 1);
	assert_int_equal(makers_find(again, boot, 7)->taken, 41);
	assert_int_equal(makers_find(again, boot, 7)->durable, 41);
	assert_int_equal(makers_find(again, boot, 7)->number, 100);
	assert_false(makers_read(again, slice_make(bytes, size - 1)));
	free(makers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_most_silent_is_forgotten),
		cmocka_unit_test(writes_what_is_durable)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
