/* transfer_test.c -- transfer encodings are decoded strictly. */
#include "lib/mime/transfer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct decoding {
	const char *encoded;
	const char *plain; /* NULL: refused */
};

static const struct decoding base64[] = {
	{"", ""},
	{"YQ==", "a"},
	{"YWI=", "ab"},
	{"YWJj", "abc"},
	{"YWJjZGVm", "abcdef"},
	{" Y W\tJ\r\nj ", "abc"},
	{"++//", "\xFB\xEF\xFF"},
	{"YQ=\r\n=", "a"},
	{"Y", NULL},
	{"YQ", NULL},
	{"YWI", NULL},
	{"YQ=", NULL},
	{"=", NULL},
	{"====", NULL},
	{"Y===", NULL},
	{"YQ==YQ==", NULL},
	{"YW-J", NULL},
	{"YW_J", NULL},
	{"YW.J", NULL},
};

static const struct decoding quoted[] = {
	{"", ""},
	{"plain\r\n", "plain\r\n"},
	{"=41=62", "Ab"},
	{"=e4=E4", "\xE4\xE4"},
	{"a=\r\nb", "ab"},
	{"a=\nb", "ab"},
	{"a= \t \r\nb", "ab"},
	{"a=", "a"},
	{"a= ", "a"},
	{"=3D41", "=41"},
	{"a_b", "a_b"},
	{"=4", NULL},
	{"=4x", NULL},
	{"=x", NULL},
	{"==41", NULL},
	{"a= b", NULL},
	{"a=\rb", NULL},
};

typedef const char *(*decode_fn)(
	struct arena *arena, struct slice encoded, struct slice *plain);

static void check(const struct decoding *cases, size_t count, decode_fn decode)
{
	struct arena *arena = arena_new(1 << 20);

	for (size_t i = 0; i < count; i++) {
		struct slice plain;
		const char *wrong =
			decode(arena, slice_of(cases[i].encoded), &plain);

		if (!wrong != !!cases[i].plain)
			fail_msg(
				"%s: %s", cases[i].encoded, wrong ? wrong : "");
		if (!wrong && !slice_equal(plain, slice_of(cases[i].plain)))
			fail_msg("%s: %.*s", cases[i].encoded,
				SLICE_ARGS(plain));
	}
	arena_release(&arena);
}

static void base64_is_decoded_strictly(void **state)
{
	(void)state;
	check(base64, sizeof(base64) / sizeof(*base64), transfer_base64);
}

static void quoted_printable_is_decoded_strictly(void **state)
{
	(void)state;
	check(quoted, sizeof(quoted) / sizeof(*quoted),
		transfer_quoted_printable);
}

static void lax_base64_takes_what_there_is(void **state)
{
	char out[64];

	(void)state;
	assert_int_equal(transfer_base64_lax(SLICE("Y*W-J j=x"), out), 3);
	assert_memory_equal(out, "abc", 3);
	assert_int_equal(transfer_base64_lax(SLICE("YWI"), out), 2);
	assert_int_equal(transfer_base64_lax(SLICE("=YWI"), out), 0);
}

static void names_are_known_in_any_case(void **state)
{
	(void)state;
	assert_int_equal(transfer_encoding_of((struct slice){NULL, 0}),
		TRANSFER_IDENTITY);
	assert_int_equal(
		transfer_encoding_of(SLICE(" 8BIT ")), TRANSFER_IDENTITY);
	assert_int_equal(
		transfer_encoding_of(SLICE("Base64")), TRANSFER_BASE64);
	assert_int_equal(transfer_encoding_of(SLICE("QUOTED-printable")),
		TRANSFER_QUOTED_PRINTABLE);
	assert_int_equal(transfer_encoding_of(SLICE("")), TRANSFER_UNKNOWN);
	assert_int_equal(
		transfer_encoding_of(SLICE("x-base64")), TRANSFER_UNKNOWN);
	assert_int_equal(
		transfer_encoding_of(SLICE("base64;x")), TRANSFER_UNKNOWN);
}

static void spent_arena_is_said(void **state)
{
	struct arena *arena = arena_new(2);
	struct slice plain;

	(void)state;
	assert_null(transfer_base64(arena, SLICE("YWJj"), &plain));
	assert_null(plain.at);
	assert_null(transfer_quoted_printable(arena, SLICE("abcd"), &plain));
	assert_null(plain.at);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base64_is_decoded_strictly),
		cmocka_unit_test(quoted_printable_is_decoded_strictly),
		cmocka_unit_test(lax_base64_takes_what_there_is),
		cmocka_unit_test(names_are_known_in_any_case),
		cmocka_unit_test(spent_arena_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
