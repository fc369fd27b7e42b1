/* readings_test.c -- every text that readers may see in the same bytes. */
#include "lib/mime/readings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define BYTES(literal)                                                         \
	{                                                                      \
		(literal), sizeof(literal) - 1                                 \
	}
/* A word in Cyrillic letters, whose units in UTF-16 have no NUL. */
#define SOKOL "\xD1\x81\xD0\xBE\xD0\xBA"

static const struct {
	const char *charset; /* NULL: not declared */
	struct slice bytes;
	bool textual;
	const char *text; /* must be among the readings; NULL: none is */
} cases[] = {
	{"utf-16", BYTES("\x41\x04\x3E\x04\x3A\x04"), true, SOKOL},
	{"utf-16", BYTES("\x04\x41\x04\x3E\x04\x3A"), true, SOKOL},
	{"utf-32", BYTES("\x41\x04\0\0\x3E\x04\0\0\x3A\x04\0\0"), true, SOKOL},
	{NULL, BYTES("\x41\x04\x3E\x04\x3A\x04\x20\0"), true, SOKOL " "},
	{NULL, BYTES("\x04\x41\x04\x3E\x04\x3A\0\x20"), true, SOKOL " "},
	{NULL, BYTES("\xFF\xFE\x41\x04\x3E\x04\x3A\x04"), true, SOKOL},
	{NULL, BYTES("\xFF\xFE\x41\x04\x3E\x04\x3A\x04"), false, SOKOL},
	{"windows-1251", BYTES("\xF1\xEE\xEA"), true, SOKOL},
	{"windows-1251", BYTES("\xF1\xEE\xEA"), false, SOKOL},
	{"windows-1251", BYTES(SOKOL), true, SOKOL},
	{"x-none", BYTES("a\xE4"), true, "a\xC3\xA4"},
	{NULL, BYTES("a\xE4"), true, "a\xC3\xA4"},
	{NULL, BYTES("a\xE4"), true, "a"},
	{NULL, BYTES("a\xE4"), false, "a\xC3\xA4"},
	{NULL, BYTES("\x89PNG\r\n\x1A\n\0\0\0\rIHDR"), false, NULL},
	{"shift_jis", BYTES("\x89\x01\xFF\x02"), false, NULL},
	{NULL, BYTES("a\0b"), false, "ab"},
};

static bool among(const struct readings *readings, struct slice text)
{
	for (size_t i = 0; i < readings->count; i++)
		if (slice_equal(readings->texts[i], text))
			return true;
	return false;
}

static void reading_is_among_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct arena *arena = arena_new(1 << 20);
		struct readings readings;

		assert_null(readings_make(&readings, arena, cases[i].bytes,
			slice_of(cases[i].charset), cases[i].textual));
		if (cases[i].text ? !among(&readings, slice_of(cases[i].text))
				  : readings.count != 0)
			fail_msg("case %zu: %zu readings", i, readings.count);
		arena_release(&arena);
	}
}

static void sound_text_has_one_reading_without_copy(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	const struct slice bytes = SLICE("gr\xC3\xBC\xC3\x9F");
	struct readings readings;

	(void)state;
	assert_null(
		readings_make(&readings, arena, bytes, SLICE("UTF-8"), true));
	assert_int_equal(readings.count, 1);
	assert_ptr_equal(readings.texts[0].at, bytes.at);
	assert_int_equal(arena_used(arena), 0);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reading_is_among_them),
		cmocka_unit_test(sound_text_has_one_reading_without_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
