/* word.c -- where words begin and end in a folded text. */
#include "policies/content/word.h"

#include <stdint.h>
#include <unicode/uchar.h>
#include <unicode/uscript.h>
#include <unicode/utf8.h>

enum word_class { WORD_NONE, WORD_LETTER, WORD_ALONE };

/* A mark belongs to the letter before it. */
static bool is_mark(UChar32 point)
{
	return point >= 0x80 && (U_GET_GC_MASK(point) & U_GC_M_MASK);
}

static enum word_class class_by_script(UChar32 point)
{
	UErrorCode error = U_ZERO_ERROR;
	/* The long-vowel mark and its like are shared by scripts. */
	if (point >= 0x3000 && point <= 0x30FF)
		return WORD_ALONE;
	switch (uscript_getScript(point, &error)) {
	case USCRIPT_HAN:
	case USCRIPT_HIRAGANA:
	case USCRIPT_KATAKANA:
	case USCRIPT_BOPOMOFO:
	case USCRIPT_HANGUL: /* particles are written on to the word */
	case USCRIPT_YI:
	case USCRIPT_THAI:
	case USCRIPT_LAO:
	case USCRIPT_KHMER:
	case USCRIPT_MYANMAR:
	case USCRIPT_TIBETAN:
	case USCRIPT_JAVANESE:
	case USCRIPT_TAI_LE:
	case USCRIPT_NEW_TAI_LUE:
	case USCRIPT_LANNA:
		return WORD_ALONE;
	default:
		return WORD_LETTER;
	}
}

static enum word_class class_of(UChar32 point)
{
	if (point < 0x80)
		return (point >= 'a' && point <= 'z') ||
				       (point >= '0' && point <= '9') ||
				       (point >= 'A' && point <= 'Z')
			       ? WORD_LETTER
			       : WORD_NONE;
	uint32_t kind = U_GET_GC_MASK(point);
	if (!(kind & (U_GC_L_MASK | U_GC_N_MASK | U_GC_M_MASK)))
		return WORD_NONE;
	return class_by_script(point);
}

static bool joined(UChar32 left, UChar32 right)
{
	enum word_class before = class_of(left);
	if (is_mark(right))
		return before != WORD_NONE;
	return before == WORD_LETTER && class_of(right) == WORD_LETTER;
}

static UChar32 point_before(struct slice text, size_t at)
{
	const uint8_t *bytes = (const uint8_t *)text.at;
	UChar32 point;
	do
		at--;
	while (at > 0 && U8_IS_TRAIL(bytes[at]));
	U8_NEXT(bytes, at, text.size, point);
	return point;
}

static UChar32 point_after(struct slice text, size_t *at)
{
	const uint8_t *bytes = (const uint8_t *)text.at;
	UChar32 point;
	U8_NEXT(bytes, *at, text.size, point);
	return point;
}

bool word_border(struct slice text, size_t at)
{
	if (at == 0 || at >= text.size)
		return true;
	size_t next = at;
	return !joined(point_before(text, at), point_after(text, &next));
}

size_t word_end(struct slice text, size_t at)
{
	if (at == 0)
		return 0;
	UChar32 left = point_before(text, at);
	while (at < text.size) {
		size_t next = at;
		UChar32 right = point_after(text, &next);
		if (!joined(left, right))
			break;
		left = right;
		at = next;
	}
	return at;
}
