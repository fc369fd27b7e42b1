/* words.c -- cuts text into the words that are indexed and looked for. */
#include "lib/query/words.h"

#include "lib/log.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/ustring.h>
#include <unicode/utf8.h>

enum class { CLASS_GAP, CLASS_SKIP, CLASS_LETTER, CLASS_RUN, CLASS_SYMBOL };
enum { CHARACTER_BYTES = 64, CHARACTER_UNITS = 32 };

/* One character of the source, classified. */
struct character {
	UChar32 code;
	size_t end;
	enum class class;
};

void words_start(struct words *words, struct slice source, enum words_mode mode)
{
	words->source = source;
	words->at = 0;
	words->mode = mode;
	words->holds = false;
	words->run_goes_on = false;
}

static bool without_spaces(UChar32 code)
{
	UErrorCode error = U_ZERO_ERROR;

	if (code < 0x0e00)
		return false;
	if (code == 0x30fc || code == 0xff70) /* long vowel, script Common */
		return true;
	switch (uscript_getScript(code, &error)) {
	case USCRIPT_HAN:
	case USCRIPT_HIRAGANA:
	case USCRIPT_KATAKANA:
	case USCRIPT_HANGUL:
	case USCRIPT_BOPOMOFO:
	case USCRIPT_YI:
	case USCRIPT_THAI:
	case USCRIPT_LAO:
	case USCRIPT_KHMER:
	case USCRIPT_MYANMAR:
		return true;
	default:
		return false;
	}
}

static enum class class_of_ascii(UChar32 code) {
	bool letter = (code >= '0' && code <= '9') ||
		      ((code | 0x20) >= 'a' && (code | 0x20) <= 'z');

	return letter ? CLASS_LETTER : CLASS_GAP;
}

static enum class class_of_wide(UChar32 code) {
	if (u_hasBinaryProperty(code,
		    UCHAR_DEFAULT_IGNORABLE_CODE_POINT)) return CLASS_SKIP;
	switch (u_charType(code)){
		case U_UPPERCASE_LETTER : case U_LOWERCASE_LETTER : case
			U_TITLECASE_LETTER : case U_MODIFIER_LETTER : case
			U_OTHER_LETTER : case U_NON_SPACING_MARK : case
			U_COMBINING_SPACING_MARK : case U_ENCLOSING_MARK : case
			U_DECIMAL_DIGIT_NUMBER : case U_LETTER_NUMBER : case
			U_OTHER_NUMBER : return without_spaces(code)
			? CLASS_RUN
			: CLASS_LETTER;
		case U_OTHER_SYMBOL : case
		U_CURRENCY_SYMBOL : return CLASS_SYMBOL;
		default : return CLASS_GAP;
	}
}

/* Bytes that are not UTF-8 separate words. */
static bool character_at(
	struct slice source, size_t at, struct character *character)
{
	const uint8_t *bytes = (const uint8_t *)source.at + at;
	int32_t room, used = 0;
	UChar32 code;

	if (at >= source.size)
		return false;
	if (*bytes < 0x80) {
		*character = (struct character){
			*bytes, at + 1, class_of_ascii(*bytes)};
		return true;
	}
	room = source.size - at > 8 ? 8 : (int32_t)(source.size - at);
	U8_NEXT(bytes, used, room, code);
	character->code = code;
	character->end = at + (size_t)used;
	character->class = code < 0 ? CLASS_GAP : class_of_wide(code);
	return true;
}

static bool is_diacritic(UChar32 code)
{
	return (code >= 0x0300 && code <= 0x036f) ||
	       (code >= 0x0591 && code <= 0x05c7) ||
	       (code >= 0x064b && code <= 0x065f) || code == 0x0670 ||
	       (code >= 0x1ab0 && code <= 0x1aff) ||
	       (code >= 0x1dc0 && code <= 0x1dff) ||
	       (code >= 0x20d0 && code <= 0x20ff);
}

static int32_t to_units(UChar32 code, UChar units[2])
{
	if (code < 0x10000) {
		units[0] = (UChar)code;
		return 1;
	}
	units[0] = (UChar)((code >> 10) + 0xd7c0);
	units[1] = (UChar)((code & 0x3ff) | 0xdc00);
	return 2;
}

/* As UTF-8, without diacritics; what does not fit is left out. */
static size_t put_folded(
	const UChar *units, int32_t count, char *out, size_t room)
{
	size_t used = 0;

	for (int32_t at = 0; at < count;) {
		uint8_t bytes[U8_MAX_LENGTH];
		size_t size = 0;
		UChar unit = units[at++];
		UChar32 code = unit;

		if (U16_IS_LEAD(unit) && at < count)
			code = U16_GET_SUPPLEMENTARY(code, units[at++]);
		if (is_diacritic(code))
			continue;
		U8_APPEND_UNSAFE(bytes, size, (uint32_t)code);
		if (used + size > room)
			break;
		memcpy(out + used, bytes, size);
		used += size;
	}
	return used;
}

/* The folded form of one character; at most room bytes. Runs stay composed:
 * Hangul would fall apart. */
static size_t fold(const struct character *character, char *out, size_t room)
{
	UErrorCode error = U_ZERO_ERROR;
	UChar folded[CHARACTER_UNITS], parts[CHARACTER_UNITS], source[2];
	int32_t size = unorm2_normalize(unorm2_getNFKCCasefoldInstance(&error),
		source, to_units(character->code, source), folded,
		CHARACTER_UNITS, &error);

	if (character->class == CLASS_RUN)
		return U_FAILURE(error) ? 0
					: put_folded(folded, size, out, room);
	size = unorm2_normalize(unorm2_getNFDInstance(&error), folded, size,
		parts, CHARACTER_UNITS, &error);
	return U_FAILURE(error) ? 0 : put_folded(parts, size, out, room);
}

static size_t fold_into(
	const struct character *character, char *out, size_t room)
{
	UChar32 code = character->code;

	if (code >= 0x80)
		return fold(character, out, room);
	*out = (char)(code >= 'A' && code <= 'Z' ? code | 0x20 : code);
	return 1;
}

/* As long as it is ASCII: the letters and digits there, folded. */
static void letters_of_ascii(struct words *words, struct word *word)
{
	while (words->at < words->source.size && word->size < WORD_BYTES) {
		unsigned char code = (unsigned char)words->source.at[words->at];

		if (code >= 0x80 || class_of_ascii(code) != CLASS_LETTER)
			break;
		word->text[word->size++] =
			(char)(code >= 'A' && code <= 'Z' ? code | 0x20 : code);
		words->at++;
		word->end = words->at;
	}
}

/* Letters up to the first that is none; a longer run is cut. */
static bool letters(struct words *words, struct word *word)
{
	struct character character;

	word->size = 0;
	word->start = words->at;
	word->end = words->at;
	word->same_place = false;
	letters_of_ascii(words, word);
	while (word->size < WORD_BYTES &&
		character_at(words->source, words->at, &character)) {
		if (character.class == CLASS_SKIP) {
			words->at = character.end;
			continue;
		}
		if (character.class != CLASS_LETTER)
			break;
		word->size += fold_into(&character, word->text + word->size,
			sizeof(word->text) - word->size);
		words->at = character.end;
		word->end = character.end;
	}
	return word->size > 0; /* marks alone are no word */
}

static void atom_of_ascii(struct words *words, struct word *word)
{
	while (words->at < words->source.size &&
		word->size + CHARACTER_BYTES < sizeof(word->text)) {
		unsigned char code = (unsigned char)words->source.at[words->at];

		if (code <= ' ' || code >= 0x80)
			break;
		word->text[word->size++] =
			(char)(code >= 'A' && code <= 'Z' ? code | 0x20 : code);
		words->at++;
	}
}

/* An address or a fact: all of it, with only its letters' case folded. */
static bool atom(struct words *words, struct word *word)
{
	struct character character;

	word->text[0] = QUERY_ATOM;
	word->size = 1;
	word->start = words->at++;
	word->same_place = false;
	atom_of_ascii(words, word);
	while (character_at(words->source, words->at, &character) &&
		character.code != ' ' &&
		!(character.code >= 0 && character.code < 0x20)) {
		if (word->size + CHARACTER_BYTES < sizeof(word->text) &&
			character.code >= 0)
			word->size += fold_into(&character,
				word->text + word->size, CHARACTER_BYTES);
		words->at = character.end;
	}
	word->end = words->at;
	return true;
}

/* The next character that counts, behind invisible ones. */
static bool run_character(
	const struct words *words, size_t at, struct character *character)
{
	while (character_at(words->source, at, character)) {
		if (character->class != CLASS_SKIP)
			return character->class == CLASS_RUN;
		at = character->end;
	}
	return false;
}

static void put_character(struct word *word, const struct character *character)
{
	word->size +=
		fold_into(character, word->text + word->size, CHARACTER_BYTES);
	word->end = character->end;
}

/* A character of a run, and the pair that it begins. */
static bool pair(
	struct words *words, const struct character *first, struct word *word)
{
	struct character second;
	bool pairs = run_character(words, first->end, &second);
	struct word single = {.start = words->at};
	struct word both = {.start = words->at};

	put_character(&single, first);
	if (pairs) {
		both = single;
		put_character(&both, &second);
	}
	words->at = first->end;
	if (words->mode == WORDS_OF_QUERY) {
		bool last = !pairs && words->run_goes_on;

		words->run_goes_on = pairs;
		*word = pairs ? both : single;
		return !last && word->size > 0;
	}
	*word = single;
	words->holds = pairs && single.size > 0;
	words->held = both;
	words->held.same_place = true;
	return word->size > 0;
}

static bool symbol(struct words *words, const struct character *character,
	struct word *word)
{
	word->start = words->at;
	word->size = 0;
	word->same_place = false;
	words->at = character->end;
	put_character(word, character);
	return word->size > 0;
}

static bool boundary(struct words *words, struct word *word)
{
	word->text[0] = QUERY_BREAK;
	word->size = 1;
	word->start = words->at++;
	word->end = words->at;
	word->same_place = false;
	return true;
}

/* One step over the source; false when it made no word. */
static bool step(struct words *words, const struct character *character,
	struct word *word)
{
	if (character->code == QUERY_ATOM)
		return atom(words, word);
	if (character->code == QUERY_BREAK)
		return boundary(words, word);
	switch (character->class) {
	case CLASS_LETTER:
		return letters(words, word);
	case CLASS_RUN:
		return pair(words, character, word);
	case CLASS_SYMBOL:
		return symbol(words, character, word);
	case CLASS_SKIP:
	case CLASS_GAP:
		break;
	}
	words->at = character->end;
	return false;
}

bool words_next(struct words *words, struct word *word)
{
	struct character character;

	if (words->holds) {
		*word = words->held;
		words->holds = false;
		return true;
	}
	while (character_at(words->source, words->at, &character)) {
		size_t before = words->at;

		if (character.class != CLASS_RUN &&
			character.class != CLASS_SKIP)
			words->run_goes_on = false;
		if (step(words, &character, word))
			return true;
		must(words->at > before);
	}
	return false;
}

bool words_any(struct slice source)
{
	struct words words;
	struct word word;

	words_start(&words, source, WORDS_OF_QUERY);
	return words_next(&words, &word);
}
