/* fold_test.c -- one spelling of the many in which a text can be written. */
#include "policies/content/fold.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unicode/utf8.h>

static const struct {
	const char *what, *text, *folded;
} spellings[] = {
	{"nothing", "", ""},
	{"plain", "falcon 9", "falcon 9"},
	{"capitals", "FaLCoN", "falcon"},
	{"full width", "ＦａｌＣｏｎ", "falcon"},
	{"ligature", "ﬁnal ﬂow", "final flow"},
	{"sharp s", "Straße STRASSE", "strasse strasse"},
	{"mathematical letters", "𝐟𝓪𝕝𝖈𝗈𝚗 𝟜𝟤", "falcon 42"},
	{"circled and squared", "ⓕⒶⓛ🄲 🅵🅰🅻🅒", "falc falc"},
	{"regional indicators", "🇫🇦🇱", "fal"},
	{"small capitals", "ꜰᴀʟᴄᴏɴ", "falcon"},
	{"zero width", "fa\u200Bl\u200Cc\u200Do\uFEFFn\u2060", "falcon"},
	{"soft hyphen", "fal\u00ADcon", "falcon"},
	{"direction marks", "\u202Efal\u202Dcon\u2066 \u200Fx\u061C",
		"falcon x"},
	{"controls",
		"f\x01"
		"a\x7Fl\x1B"
		"con\xC2\x80",
		"falcon"},
	{"tags and variation selectors", "fal\U000E0061\uFE0Fcon", "falcon"},
	{"accents", "fàlçôñ", "falcon"},
	{"piled marks", "f\u0334\u0338a\u0300\u0301l\u20DDc\u0489on", "falcon"},
	{"Cyrillic letters", "fаlсоn", "falcon"},
	{"Cyrillic capitals", "СОРУ ТНЕМ", "copy them"},
	{"Greek letters", "ραlm", "palm"},
	{"Greek capitals", "ΝΕΥ ΗΟΤ", "ney hot"},
	{"white space",
		"a \t\r\n b\u00A0c\u2003d\u3000e\u2028f\xC2\x85"
		"g\vh",
		"a b c d e f g h"},
	{"white space beyond ASCII", "a\u00A0\u2003b\u3000 \u00A0c", "a b c"},
	{"digits of other scripts", "٤١١١ ४१ ４１", "4111 41 41"},
	{"dashes and quotes", "a–b—c‑d−e ‘f’ “g”", "a-b-c-d-e 'f' \"g\""},
	{"Hangul in letters", "\u1112\u1161\u11AB\u1100\u1173\u11AF 한글",
		"한글 한글"},
	{"half-width kana", "ｶﾞﾗｽ ガラス か\u3099", "ガラス ガラス が"},
	{"Hebrew points", "שָׁלוֹם", "שלום"},
	{"Arabic vowels", "مَرْحَبًا", "مرحبا"},
	{"Hindi keeps its vowels", "हिन्दी", "हिन्दी"},
	{"Thai keeps its vowels", "ที่", "ที่"},
	{"Chinese stays", "秘密文件", "秘密文件"},
	{"compatibility ideograph", "\uF900\U0002F800", "\u8C48\u4E3D"},
	{"not UTF-8", "a\xFF\xC3(\xE2\x82", "a\uFFFD\uFFFD(\uFFFD"},
	{"m stays m", "corn modern 0O1l", "corn modern 0o1l"},
};

static struct slice fold(struct folded *folded, struct slice text)
{
	assert_int_equal(fold_text(folded, text), 0);
	return slice_make(folded->bytes, folded->size);
}

static void makes_one_spelling_of_many(void **state)
{
	struct folded folded = {0};
	(void)state;
	for (size_t i = 0; i < sizeof(spellings) / sizeof(*spellings); i++) {
		struct slice out = fold(&folded, slice_of(spellings[i].text));
		if (!slice_equal(out, slice_of(spellings[i].folded)))
			fail_msg("%s: \"%.*s\", not \"%s\"", spellings[i].what,
				SLICE_ARGS(out), spellings[i].folded);
	}
	folded_clear(&folded);
}

/* Each folded byte's original, as "from-to" of the folded run wanted. */
static const struct {
	const char *text, *run;
	size_t at, end;
} places[] = {
	{"the falcon", "falcon", 4, 10},
	{"a  \t b", " b", 1, 6},
	{"ﬁnal", "f", 0, 3},
	{"ﬁnal", "i", 0, 3},
	{"xﬁy", "fiy", 1, 5},
	{"e\u0301t\u0301 x", "t", 3, 6},
	{"fal\u200Bcon\u00AD!", "falcon", 0, 11},
	{"a\u1112\u1161\u11ABb", "한", 1, 10},
	{"\u202Efalcon", "falcon", 3, 9},
	{"a𝐛c", "b", 1, 5},
};

static void maps_folded_bytes_to_the_original(void **state)
{
	struct folded folded = {0};
	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		struct slice out = fold(&folded, slice_of(places[i].text));
		struct slice run = slice_of(places[i].run);
		size_t at = slice_search(out, run);
		assert_int_not_equal(at, SIZE_MAX);
		assert_int_equal(folded.at[at], places[i].at);
		assert_int_equal(
			fold_end(&folded, at + run.size), places[i].end);
	}
	folded_clear(&folded);
}

/* Whatever goes in, valid UTF-8 comes out, and a map that never runs back. */
static void takes_any_bytes(void **state)
{
	struct folded folded = {0};
	unsigned char bytes[512];
	(void)state;
	srand(5);
	for (int round = 0; round < 2000; round++) {
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (unsigned char)(rand() >> 3);
		struct slice out =
			fold(&folded, slice_make(bytes, sizeof(bytes)));
		const uint8_t *at = (const uint8_t *)out.at;
		for (size_t i = 0; i < out.size;) {
			UChar32 point;
			U8_NEXT(at, i, out.size, point);
			assert_true(point > 0);
		}
		for (size_t i = 0; i < out.size; i++)
			assert_true(folded.at[i] <= folded.at[i + 1]);
		assert_int_equal(folded.at[out.size], sizeof(bytes));
	}
	folded_clear(&folded);
}

/* U+FDFA becomes eighteen letters: the room must follow. */
static void grows_with_what_expands(void **state)
{
	struct folded folded = {0};
	static char text[3 * 4000];
	(void)state;
	for (size_t i = 0; i < sizeof(text); i += 3)
		memcpy(text + i, "\uFDFA", 3);
	struct slice out = fold(&folded, slice_make(text, sizeof(text)));
	assert_true(out.size > 8 * sizeof(text));
	assert_int_equal(folded.at[out.size - 1], sizeof(text) - 3);
	folded_clear(&folded);
}

static void refuses_texts_beyond_its_limit(void **state)
{
	struct folded folded = {0};
	(void)state;
	assert_int_equal(
		fold_text(&folded, slice_make("", FOLD_TEXT_SIZE + 1)), E2BIG);
	folded_clear(&folded);
}

static void folds_every_point_within_bounds(void **state)
{
	UChar32 points[FOLD_MOST];
	(void)state;
	for (UChar32 point = 0; point <= 0x10FFFF; point++) {
		size_t count = fold_point(point, points);
		assert_true(count <= 18);
		for (size_t i = 0; i < count; i++)
			assert_true(points[i] > 0 && points[i] <= 0x10FFFF &&
				    !U_IS_SURROGATE((uint32_t)points[i]));
	}
}

static int prepare(void **state)
{
	(void)state;
	return fold_prepare();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_one_spelling_of_many),
		cmocka_unit_test(maps_folded_bytes_to_the_original),
		cmocka_unit_test(takes_any_bytes),
		cmocka_unit_test(grows_with_what_expands),
		cmocka_unit_test(refuses_texts_beyond_its_limit),
		cmocka_unit_test(folds_every_point_within_bounds),
	};
	return cmocka_run_group_tests(tests, prepare, NULL);
}
