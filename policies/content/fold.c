/* fold.c -- makes one spelling of the many in which a text can be written. */
#include "policies/content/fold.h"

#include "lib/log.h"
#include "policies/content/homoglyphs.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/utf16.h>
#include <unicode/utf8.h>

/* The folding of each code point is worked out once, since ICU's way takes
 * some hundred nanoseconds: 0x20000 points and a few beyond, in pages of 256.
 * An entry is a code point, or MANY | count << 24 | place in the pool. */
enum { PAGE = 256, PAGES = 0x110000 / PAGE };
#define MANY 0x80000000u

static struct {
	pthread_once_t once;
	int error;
	const UNormalizer2 *nfkd, *nfkc_casefold, *nfd, *nfc;
	uint32_t *pages[PAGES]; /* NULL: each point is itself */
	UChar32 *pool;
	uint32_t pooled, pool_room;
	unsigned char ascii[128]; /* 0: vanishes */
} tables = {.once = PTHREAD_ONCE_INIT};

/* Ranges to be worked out; all else stays as it is. */
static const struct {
	UChar32 first, last;
} worked_out[] = {{0x0000, 0x33FF}, {0xA000, 0xABFF}, {0xD800, 0xDFFF},
	{0xF900, 0xFFFF}, {0x10000, 0x16FFF}, {0x1B000, 0x1FFFF},
	{0x2F800, 0x2FAFF}, {0xE0000, 0xE0FFF}};

/* Marks of scripts that are written well without them. */
static bool mark_is_ornament(UChar32 point)
{
	UErrorCode error = U_ZERO_ERROR;
	switch (uscript_getScript(point, &error)) {
	case USCRIPT_INHERITED:
		/* Voiced kana are other letters, not adorned ones. */
		return point != 0x3099 && point != 0x309A;
	case USCRIPT_COMMON:
	case USCRIPT_LATIN:
	case USCRIPT_GREEK:
	case USCRIPT_CYRILLIC:
	case USCRIPT_HEBREW:
	case USCRIPT_ARABIC:
	case USCRIPT_SYRIAC:
		return true;
	default:
		return false;
	}
}

/* One code point, decomposed and without case; -1: it vanishes. */
static UChar32 plain_point(UChar32 point)
{
	if (u_isUWhiteSpace(point) || point == 0x2800)
		return ' ';
	switch (u_charType(point)) {
	case U_CONTROL_CHAR:
	case U_FORMAT_CHAR:
	case U_ENCLOSING_MARK:
		return -1;
	case U_NON_SPACING_MARK:
		return mark_is_ornament(point) ? -1 : point;
	case U_DECIMAL_DIGIT_NUMBER:
		return '0' + u_charDigitValue(point);
	case U_DASH_PUNCTUATION:
		return '-';
	case U_SURROGATE:
		return 0xFFFD;
	default:
		break;
	}
	switch (point) {
	case 0x2212: /* minus */
		return '-';
	case 0x02BC: /* apostrophes */
	case 0x2018:
	case 0x2019:
	case 0x201B:
		return '\'';
	case 0x201C:
	case 0x201D:
	case 0x201F:
		return '"';
	default:
		return homoglyph_of(point);
	}
}

struct units {
	UChar at[64];
	int32_t size;
};

static bool units_normalize(const UNormalizer2 *normalizer,
	const struct units *in, struct units *out)
{
	UErrorCode error = U_ZERO_ERROR;
	out->size = unorm2_normalize(
		normalizer, in->at, in->size, out->at, 64, &error);
	return U_SUCCESS(error) && out->size <= 64;
}

static void units_of(struct units *units, UChar32 point)
{
	uint32_t value = (uint32_t)point;
	units->size = 0;
	U16_APPEND_UNSAFE(units->at, units->size, value);
}

static UChar32 units_next(const struct units *units, int32_t *at)
{
	uint16_t unit = units->at[(*at)++];
	if (!U16_IS_LEAD((uint32_t)unit) || *at == units->size)
		return unit;
	return U16_GET_SUPPLEMENTARY(unit, units->at[(*at)++]);
}

static size_t plain_units(const struct units *units, UChar32 *points)
{
	size_t count = 0;
	for (int32_t at = 0; at < units->size;) {
		UChar32 plain = plain_point(units_next(units, &at));
		if (plain >= 0 && count < FOLD_MOST)
			points[count++] = plain;
	}
	return count;
}

/* Takes the point apart, has each piece lose its case, takes it apart again. */
static size_t work_out(UChar32 point, UChar32 points[FOLD_MOST])
{
	if (u_isUWhiteSpace(point) || U_IS_SURROGATE((uint32_t)point)) {
		points[0] = plain_point(point);
		return 1;
	}
	struct units one, pieces, low, parts;
	units_of(&one, point);
	if (!units_normalize(tables.nfkd, &one, &pieces))
		return points[0] = point, 1;
	size_t count = 0;
	for (int32_t at = 0; at < pieces.size && count < FOLD_MOST;) {
		UChar32 piece = units_next(&pieces, &at);
		UChar32 found[FOLD_MOST];
		units_of(&one, homoglyph_of(piece));
		if (!units_normalize(tables.nfkc_casefold, &one, &low) ||
			!units_normalize(tables.nfd, &low, &parts))
			return points[0] = point, 1;
		size_t more = plain_units(&parts, found);
		for (size_t i = 0; i < more && count < FOLD_MOST; i++)
			points[count++] = found[i];
	}
	return count;
}

static uint32_t pool_add(const UChar32 *points, size_t count)
{
	if (tables.pooled + count > tables.pool_room) {
		uint32_t room = 2 * tables.pool_room + 1024;
		UChar32 *pool =
			realloc(tables.pool, room * sizeof(*tables.pool));
		if (!pool) {
			tables.error = ENOMEM;
			return 0;
		}
		tables.pool = pool;
		tables.pool_room = room;
	}
	uint32_t place = tables.pooled;
	for (size_t i = 0; i < count; i++)
		tables.pool[tables.pooled++] = points[i];
	return place;
}

static uint32_t entry_of(UChar32 point)
{
	UChar32 points[FOLD_MOST];
	size_t count = work_out(point, points);
	if (count == 1)
		return (uint32_t)points[0];
	uint32_t place = count ? pool_add(points, count) : 0;
	return MANY | (uint32_t)count << 24 | place;
}

static void page_make(size_t page)
{
	uint32_t entries[PAGE];
	bool itself = true;
	for (size_t i = 0; i < PAGE; i++) {
		uint32_t point = (uint32_t)(page * PAGE + i);
		entries[i] = entry_of((UChar32)point);
		itself = itself && entries[i] == point;
	}
	if (itself)
		return;
	tables.pages[page] = malloc(sizeof(entries));
	if (tables.pages[page])
		memcpy(tables.pages[page], entries, sizeof(entries));
	else
		tables.error = ENOMEM;
}

static void tables_make(void)
{
	UErrorCode error = U_ZERO_ERROR;
	tables.nfkd = unorm2_getNFKDInstance(&error);
	tables.nfkc_casefold = unorm2_getNFKCCasefoldInstance(&error);
	tables.nfd = unorm2_getNFDInstance(&error);
	tables.nfc = unorm2_getNFCInstance(&error);
	if (U_FAILURE(error)) {
		tables.error = EIO;
		return;
	}
	for (size_t i = 0; i < sizeof(worked_out) / sizeof(*worked_out); i++)
		for (UChar32 page = worked_out[i].first / PAGE;
			page <= worked_out[i].last / PAGE; page++)
			page_make((size_t)page);
	for (size_t i = 0; i < 128 && !tables.error; i++) {
		uint32_t entry = tables.pages[0][i];
		tables.ascii[i] = entry & MANY ? 0 : (unsigned char)entry;
	}
}

int fold_prepare(void)
{
	int failed = pthread_once(&tables.once, tables_make);
	return failed ? failed : tables.error;
}

size_t fold_point(UChar32 point, UChar32 points[FOLD_MOST])
{
	must(point >= 0 && point <= 0x10FFFF && tables.nfc);
	const uint32_t *page = tables.pages[point / PAGE];
	uint32_t entry = page ? page[point % PAGE] : (uint32_t)point;
	if (!(entry & MANY)) {
		points[0] = (UChar32)entry;
		return 1;
	}
	size_t count = entry >> 24 & 0x1F;
	for (size_t i = 0; i < count; i++)
		points[i] = tables.pool[(entry & 0xFFFFFF) + i];
	return count;
}

/* Room for more bytes, and for the closing entry of the map. */
static int folded_reserve(struct folded *folded, size_t more)
{
	if (folded->size + more < folded->room)
		return 0;
	size_t room = folded->size + more + folded->room / 2 + 256;
	char *bytes = realloc(folded->bytes, room);
	if (!bytes)
		return ENOMEM;
	folded->bytes = bytes;
	uint32_t *at = realloc(folded->at, room * sizeof(*at));
	if (!at)
		return ENOMEM;
	folded->at = at;
	folded->room = room;
	return 0;
}

/* The part of fold_text that is under way. */
struct folding {
	struct folded *out;
	UChar32 last;    /* code point put last */
	size_t last_at;  /* where it stands in out */
	uint32_t source; /* where its original begins */
};

static void put(struct folding *folding, UChar32 point, uint32_t source)
{
	struct folded *out = folding->out;
	folding->last = point;
	folding->last_at = out->size;
	folding->source = source;
	size_t end = out->size + point_write(out->bytes + out->size, point);
	for (size_t i = out->size; i < end; i++)
		out->at[i] = source;
	out->size = end;
}

static bool joins_last(UChar32 point)
{
	return (point >= 0x1161 && point <= 0x11C2) || point == 0x3099 ||
	       point == 0x309A;
}

/* Room for four bytes is there. */
static void put_point(struct folding *folding, UChar32 point, uint32_t source)
{
	if (point == ' ' && folding->last == ' ')
		return;
	UChar32 pair = -1;
	/* Hangul syllables and voiced kana are put together again. */
	if (joins_last(point) && folding->last >= 0)
		pair = unorm2_composePair(tables.nfc, folding->last, point);
	if (pair < 0) {
		put(folding, point, source);
		return;
	}
	folding->out->size = folding->last_at;
	put(folding, pair, folding->source);
}

static int put_other(struct folding *folding, UChar32 point, uint32_t source)
{
	UChar32 points[FOLD_MOST];
	size_t count = fold_point(point < 0 ? 0xFFFD : point, points);
	int error = folded_reserve(folding->out, 4 * count);
	for (size_t i = 0; i < count && !error; i++)
		put_point(folding, points[i], source);
	return error;
}

/* The bytes below 0x80 from *at on; most texts are nothing else. */
static int put_ascii(struct folding *folding, struct slice text, size_t *at)
{
	struct folded *out = folding->out;
	size_t i = *at;
	int error = folded_reserve(out, text.size - i);
	if (error)
		return error;
	UChar32 last = folding->last;
	for (; i < text.size && (unsigned char)text.at[i] < 0x80; i++) {
		unsigned char low = tables.ascii[(unsigned char)text.at[i]];
		if (low == 0 || (low == ' ' && last == ' '))
			continue;
		out->bytes[out->size] = (char)low;
		out->at[out->size++] = (uint32_t)i;
		last = low;
	}
	if (last >= 0 && last < 0x80 && out->size > 0) {
		folding->last = last;
		folding->last_at = out->size - 1;
		folding->source = out->at[out->size - 1];
	}
	*at = i;
	return 0;
}

int fold_text(struct folded *folded, struct slice text)
{
	must(tables.nfc);
	folded->size = 0;
	if (text.size > FOLD_TEXT_SIZE)
		return E2BIG;
	struct folding folding = {.out = folded, .last = -1};
	const uint8_t *bytes = (const uint8_t *)text.at;
	int error = folded_reserve(folded, text.size);
	for (size_t at = 0; at < text.size && !error;) {
		if ((unsigned char)text.at[at] < 0x80) {
			error = put_ascii(&folding, text, &at);
			continue;
		}
		size_t start = at;
		UChar32 point;
		U8_NEXT(bytes, at, text.size, point);
		error = put_other(&folding, point, (uint32_t)start);
	}
	if (!error)
		folded->at[folded->size] = (uint32_t)text.size;
	return error;
}

size_t point_write(char *bytes, UChar32 point)
{
	uint8_t *out = (uint8_t *)bytes;
	uint32_t value = (uint32_t)point;
	size_t size = 0;
	U8_APPEND_UNSAFE(out, size, value);
	return size;
}

size_t fold_end(const struct folded *folded, size_t to)
{
	must(to > 0 && to <= folded->size);
	/* Behind a part of a ligature the original ends with all of it. */
	while (to < folded->size && folded->at[to] == folded->at[to - 1])
		to++;
	return folded->at[to];
}

void folded_clear(struct folded *folded)
{
	free(folded->bytes);
	free(folded->at);
	*folded = (struct folded){0};
}
