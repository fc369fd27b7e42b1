/* charset_test.c -- bytes in any character set become valid UTF-8. */
#include "lib/charset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define BYTES(literal)                                                         \
	{                                                                      \
		(literal), sizeof(literal) - 1                                 \
	}

static const struct {
	struct slice bytes;
	bool valid;
} utf8[] = {
	{BYTES(""), true},
	{BYTES("plain, and longer than a word of eight"), true},
	{BYTES("\0"), true},
	{BYTES("\xC2\x80"), true},
	{BYTES("\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF"), true},
	{BYTES("12345678\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"), true},
	{BYTES("\x80"), false},
	{BYTES("\xC0\x80"), false},
	{BYTES("\xC1\xBF"), false},
	{BYTES("\xC2"), false},
	{BYTES("\xE0\x9F\xBF"), false},
	{BYTES("\xED\xA0\x80"), false},
	{BYTES("\xEF\xBF"), false},
	{BYTES("\xF0\x8F\xBF\xBF"), false},
	{BYTES("\xF4\x90\x80\x80"), false},
	{BYTES("\xF8\x88\x80\x80\x80"), false},
	{BYTES("12345678\xFF"), false},
};

static void utf8_is_told_strictly(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(utf8) / sizeof(*utf8); i++)
		if (charset_is_utf8(utf8[i].bytes) != utf8[i].valid)
			fail_msg("case %zu", i);
}

static const struct {
	const char *charset;
	struct slice bytes;
	enum charset_repair repair;
	enum charset_outcome outcome;
	const char *text;
} decodings[] = {
	{"iso-8859-1", BYTES("\xE4"), CHARSET_REPLACE, CHARSET_SOUND,
		"\xC3\xA4"},
	{"windows-1252", BYTES("\x80"), CHARSET_REPLACE, CHARSET_SOUND,
		"\xE2\x82\xAC"},
	{"utf-16le", BYTES("\xE4\0"), CHARSET_REPLACE, CHARSET_SOUND,
		"\xC3\xA4"},
	{"utf-16", BYTES("\xFF\xFE\xE4\0"), CHARSET_REPLACE, CHARSET_SOUND,
		"\xC3\xA4"},
	{"utf-16", BYTES("\xFE\xFF\0\xE4"), CHARSET_REPLACE, CHARSET_SOUND,
		"\xC3\xA4"},
	{"ucs-2", BYTES("\xFF\xFE\xE4\0"), CHARSET_REPLACE, CHARSET_SOUND,
		"\xC3\xA4"},
	{"utf-8",
		BYTES("\xEF\xBB\xBF"
		      "a"),
		CHARSET_REPLACE, CHARSET_SOUND, "a"},
	{"utf-7", BYTES("a+AOQ-b"), CHARSET_REPLACE, CHARSET_SOUND,
		"a\xC3\xA4"
		"b"},
	{"Shift_JIS", BYTES("\x83\x65"), CHARSET_REPLACE, CHARSET_SOUND,
		"\xE3\x83\x86"},
	{"gb18030", BYTES("\xC4\xE3"), CHARSET_REPLACE, CHARSET_SOUND,
		"\xE4\xBD\xA0"},
	{"iso-2022-jp", BYTES("\033$B$3\033(B"), CHARSET_REPLACE, CHARSET_SOUND,
		"\xE3\x81\x93"},
	{"utf-16le", BYTES("a\0\0\0b\0"), CHARSET_REPLACE, CHARSET_SOUND, "ab"},
	{"shift_jis",
		BYTES("a\xFF"
		      "b"),
		CHARSET_REPLACE, CHARSET_BROKEN,
		"a\xEF\xBF\xBD"
		"b"},
	{"shift_jis",
		BYTES("a\xFF"
		      "b"),
		CHARSET_DROP, CHARSET_BROKEN, "ab"},
	{"shift_jis",
		BYTES("a\xFF"
		      "b"),
		CHARSET_REFUSE, CHARSET_BROKEN, NULL},
	{"utf-16le", BYTES("a\0b"), CHARSET_REPLACE, CHARSET_BROKEN,
		"a\xEF\xBF\xBD"},
	{"x-none", BYTES("a"), CHARSET_REPLACE, CHARSET_UNKNOWN, NULL},
	{"", BYTES("a"), CHARSET_REPLACE, CHARSET_UNKNOWN, NULL},
	{"../../etc/x", BYTES("a"), CHARSET_REPLACE, CHARSET_UNKNOWN, NULL},
	{"utf-8,swaplfnl", BYTES("a"), CHARSET_REPLACE, CHARSET_UNKNOWN, NULL},
	{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		BYTES("a"), CHARSET_REPLACE, CHARSET_UNKNOWN, NULL},
};

static void character_sets_are_decoded(void **state)
{
	struct arena *arena = arena_new(1 << 20);

	(void)state;
	for (size_t i = 0; i < sizeof(decodings) / sizeof(*decodings); i++) {
		struct slice text = {NULL, 0};

		assert_int_equal(charset_decode(arena, decodings[i].bytes,
					 slice_of(decodings[i].charset),
					 decodings[i].repair, &text),
			decodings[i].outcome);
		if (!slice_equal(text, slice_of(decodings[i].text)))
			fail_msg("%s: %.*s", decodings[i].charset,
				SLICE_ARGS(text));
	}
	arena_release(&arena);
}

static void spent_arena_is_said(void **state)
{
	struct arena *arena = arena_new(4);
	struct slice text;

	(void)state;
	assert_int_equal(charset_decode(arena, SLICE("abcdefgh"),
				 SLICE("utf-7"), CHARSET_REPLACE, &text),
		CHARSET_SPENT);
	assert_false(charset_mend(arena,
		SLICE("abc\xFF"
		      "defgh"),
		&text));
	arena_release(&arena);
}

static const struct {
	struct slice bytes;
	const char *mended;
	const char *careless;
} mendings[] = {
	{BYTES("abc"), "abc", "abc"},
	{BYTES("a\0b"), "ab", "ab"},
	{BYTES("\xE4"
	       "b"),
		"\xC3\xA4"
		"b",
		"b"},
	{BYTES("\xC3\xA4\xE4"), "\xC3\xA4\xC3\xA4", "\xC3\xA4"},
	{BYTES("\xC1\xA1"), "\xC3\x81\xC2\xA1", "a"},
	{BYTES("\xE0\x81\xA1"), "\xC3\xA0\xC2\x81\xC2\xA1", "a"},
	{BYTES("\xF0\x80\x81\xA1"), "\xC3\xB0\xC2\x80\xC2\x81\xC2\xA1", "a"},
	{BYTES("\xC0\x80"), "\xC3\x80\xC2\x80", ""},
	{BYTES("a\x01\tb\r\n"), "a\x01\tb\r\n", "a\tb\r\n"},
};

static void broken_texts_are_mended(void **state)
{
	struct arena *arena = arena_new(1 << 20);

	(void)state;
	for (size_t i = 0; i < sizeof(mendings) / sizeof(*mendings); i++) {
		struct slice text;

		assert_true(charset_mend(arena, mendings[i].bytes, &text));
		if (!slice_equal(text, slice_of(mendings[i].mended)))
			fail_msg("case %zu: %.*s", i, SLICE_ARGS(text));
		assert_true(charset_mend_carelessly(
			arena, mendings[i].bytes, &text));
		if (!slice_equal(text, slice_of(mendings[i].careless)))
			fail_msg("case %zu: %.*s", i, SLICE_ARGS(text));
	}
	arena_release(&arena);
}

static void sound_text_is_not_copied(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	const struct slice bytes = SLICE("gr\xC3\xBC\xC3\x9F");
	struct slice text;

	(void)state;
	assert_true(charset_mend(arena, bytes, &text));
	assert_ptr_equal(text.at, bytes.at);
	assert_int_equal(arena_used(arena), 0);
	arena_release(&arena);
}

static const struct {
	const char *charset;
	enum charset_mark mark;
	bool allowed;
} marks[] = {
	{"utf-8", CHARSET_MARK_NONE, true},
	{"utf-8", CHARSET_MARK_UTF8, true},
	{"us-ascii", CHARSET_MARK_UTF8, true},
	{"utf-8", CHARSET_MARK_UTF16LE, false},
	{"utf-16", CHARSET_MARK_UTF16LE, true},
	{"utf-16", CHARSET_MARK_UTF16BE, true},
	{"utf-16", CHARSET_MARK_UTF8, false},
	{"utf-16", CHARSET_MARK_UTF32LE, false},
	{"utf-16le", CHARSET_MARK_UTF16LE, true},
	{"utf-16le", CHARSET_MARK_UTF16BE, false},
	{"utf-32", CHARSET_MARK_UTF32BE, true},
	{"iso-8859-1", CHARSET_MARK_UTF8, false},
};

static void marks_that_contradict_are_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (charset_allows_mark(slice_of(marks[i].charset),
			    marks[i].mark) != marks[i].allowed)
			fail_msg("%s, case %zu", marks[i].charset, i);
	assert_int_equal(charset_mark_of(SLICE("\xFF\xFE"
					       "a\0")),
		CHARSET_MARK_UTF16LE);
	assert_int_equal(
		charset_mark_of(SLICE("\xFF\xFE\0\0")), CHARSET_MARK_UTF32LE);
	assert_int_equal(charset_mark_of(SLICE("abc")), CHARSET_MARK_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8_is_told_strictly),
		cmocka_unit_test(character_sets_are_decoded),
		cmocka_unit_test(spent_arena_is_said),
		cmocka_unit_test(broken_texts_are_mended),
		cmocka_unit_test(sound_text_is_not_copied),
		cmocka_unit_test(marks_that_contradict_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
