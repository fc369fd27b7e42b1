/* sha256_test.c -- digests as FIPS 180-4 and RFC 4231 have them. */
#include "lib/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static void expect_hex(const uint8_t digest[SHA256_BYTES], const char *wanted)
{
	char text[2 * SHA256_BYTES + 1];

	for (size_t i = 0; i < SHA256_BYTES; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", digest[i]);
	assert_string_equal(text, wanted);
}

static void pieces_are_one_text(void **state)
{
	static const char wanted[] = "ba7816bf8f01cfea414140de5dae2223"
				     "b00361a396177a9cb410ff61f20015ad";
	struct slice whole = SLICE("abc");
	struct slice pieces[] = {SLICE("a"), {NULL, 0}, SLICE("bc")};
	uint8_t digest[SHA256_BYTES];

	(void)state;
	assert_true(sha256_pieces(&whole, 1, digest));
	expect_hex(digest, wanted);
	assert_true(sha256_pieces(pieces, 3, digest));
	expect_hex(digest, wanted);
	assert_true(sha256_pieces(NULL, 0, digest));
	expect_hex(digest, "e3b0c44298fc1c149afbf4c8996fb924"
			   "27ae41e4649b934ca495991b7852b855");
}

/* RFC 4231, test cases 2 and 3. */
static void keyed_as_in_the_rfc(void **state)
{
	char key[20], text[50];
	uint8_t digest[SHA256_BYTES];

	(void)state;
	assert_true(sha256_keyed(
		SLICE("Jefe"), SLICE("what do ya want for nothing?"), digest));
	expect_hex(digest, "5bdcc146bf60754e6a042426089575c7"
			   "5a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof(key));
	memset(text, 0xdd, sizeof(text));
	assert_true(sha256_keyed(slice_make(key, sizeof(key)),
		slice_make(text, sizeof(text)), digest));
	expect_hex(digest, "773ea91e36800e46854db8ebd09181a7"
			   "2959098b3ef8c122d9635514ced565fe");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_one_text),
		cmocka_unit_test(keyed_as_in_the_rfc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
