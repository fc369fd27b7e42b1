/* siphash_test.c -- the vectors of the SipHash paper, whole and in pieces. */
#include "lib/siphash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct {
	size_t size;
	uint64_t hash;
} vectors[] = {
	{0, 0x726fdb47dd0e0e31u},
	{1, 0x74f839c593dc67fdu},
	{8, 0x93f5f5799a932462u},
	{15, 0xa129ca6149be45e5u},
};

static void agrees_with_the_paper(void **state)
{
	unsigned char key[SIPHASH_KEY_BYTES];
	char bytes[16];

	(void)state;
	for (unsigned i = 0; i < sizeof(key); i++)
		key[i] = (unsigned char)i;
	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)i;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		for (size_t cut = 0; cut <= vectors[i].size; cut++) {
			struct slice whole = slice_make(bytes, vectors[i].size);
			struct slice pieces[2] = {slice_part(whole, 0, cut),
				slice_from(whole, cut)};

			assert_true(siphash(key, pieces, 2) == vectors[i].hash);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_the_paper),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
