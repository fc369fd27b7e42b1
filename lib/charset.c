/* charset.c -- bytes in any character set made into UTF-8. */
#include "lib/charset.h"

#include <limits.h>
#include <stdlib.h>
#include <unicode/ucnv.h>
#include <unicode/ucnv_cb.h>
#include <unicode/ucnv_err.h>
#include <unicode/ustring.h>

enum { CHARSET_NAME_MAX = 40, REPLACEMENT = 0xFFFD };

/* The highest bits of eight bytes at once. */
#define HIGH_BITS UINT64_C(0x8080808080808080)

/* Where the first byte outside ASCII stands; the size when there is none. */
static size_t ascii_run(struct slice bytes)
{
	size_t at = 0;
	uint64_t eight;

	for (; at + sizeof(eight) <= bytes.size; at += sizeof(eight)) {
		memcpy(&eight, bytes.at + at, sizeof(eight));
		if (eight & HIGH_BITS)
			break;
	}
	while (at < bytes.size && (unsigned char)bytes.at[at] < 0x80)
		at++;
	return at;
}

bool charset_is_ascii(struct slice bytes)
{
	return ascii_run(bytes) == bytes.size;
}

static bool continues(unsigned char byte)
{
	return (byte & 0xC0) == 0x80;
}

size_t charset_utf8_size(struct slice bytes)
{
	const unsigned char *at = (const unsigned char *)bytes.at;
	unsigned char low = 0x80, high = 0xBF;
	size_t size;

	if (!bytes.size)
		return 0;
	if (at[0] < 0x80)
		return 1;
	if (at[0] < 0xC2 || at[0] > 0xF4)
		return 0;
	size = at[0] < 0xE0 ? 2 : at[0] < 0xF0 ? 3 : 4;
	if (bytes.size < size)
		return 0;
	/* RFC 3629, section 4: the second byte rules out what is overlong, a
	 * surrogate or too high. */
	if (at[0] == 0xE0)
		low = 0xA0;
	else if (at[0] == 0xED)
		high = 0x9F;
	else if (at[0] == 0xF0)
		low = 0x90;
	else if (at[0] == 0xF4)
		high = 0x8F;
	if (at[1] < low || at[1] > high)
		return 0;
	for (size_t i = 2; i < size; i++)
		if (!continues(at[i]))
			return 0;
	return size;
}

bool charset_is_utf8(struct slice bytes)
{
	size_t at = ascii_run(bytes);

	while (at < bytes.size) {
		const size_t size = charset_utf8_size(slice_from(bytes, at));

		if (!size)
			return false;
		at += size;
		if (size == 1)
			at += ascii_run(slice_from(bytes, at));
	}
	return true;
}

size_t charset_utf8_put(char *out, uint32_t code)
{
	if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
		code = REPLACEMENT;
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xC0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3F));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (char)(0xE0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 0x3F));
		out[2] = (char)(0x80 | (code & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 0x3F));
	out[2] = (char)(0x80 | (code >> 6 & 0x3F));
	out[3] = (char)(0x80 | (code & 0x3F));
	return 4;
}

static const struct {
	enum charset_mark mark;
	struct slice bytes;
} marks[] = {
	{CHARSET_MARK_UTF8, {"\xEF\xBB\xBF", 3}},
	{CHARSET_MARK_UTF32LE, {"\xFF\xFE\0\0", 4}},
	{CHARSET_MARK_UTF32BE, {"\0\0\xFE\xFF", 4}},
	{CHARSET_MARK_UTF16LE, {"\xFF\xFE", 2}},
	{CHARSET_MARK_UTF16BE, {"\xFE\xFF", 2}},
};

enum charset_mark charset_mark_of(struct slice bytes)
{
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (slice_equal(slice_part(bytes, 0, marks[i].bytes.size),
			    marks[i].bytes))
			return marks[i].mark;
	return CHARSET_MARK_NONE;
}

static bool name_in(
	struct slice charset, const struct slice *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (slice_equal_nocase(charset, names[i]))
			return true;
	return false;
}

bool charset_names_utf8(struct slice charset)
{
	static const struct slice names[] = {{"utf-8", 5}, {"utf8", 4},
		{"us-ascii", 8}, {"ascii", 5}, {"unicode-1-1-utf-8", 17},
		{"ansi_x3.4-1968", 14}, {"iso646-us", 9}};

	return name_in(charset, names, sizeof(names) / sizeof(*names));
}

bool charset_leaves_order_open(struct slice charset)
{
	static const struct slice names[] = {{"utf-16", 6}, {"utf16", 5},
		{"utf-32", 6}, {"utf32", 5}, {"ucs-2", 5}, {"ucs2", 4},
		{"ucs-4", 5}, {"ucs4", 4}, {"unicode", 7}, {"csunicode", 9},
		{"iso-10646-ucs-2", 15}, {"iso-10646-ucs-4", 15}};

	return name_in(charset, names, sizeof(names) / sizeof(*names));
}

/* ICU takes options after a comma and paths; a character set has neither. */
static UConverter *converter_open(struct slice charset)
{
	static const char others[] = "-_.:+()";
	UErrorCode status = U_ZERO_ERROR;
	char name[CHARSET_NAME_MAX + 1];
	UConverter *converter;

	if (!charset.size || charset.size > CHARSET_NAME_MAX)
		return NULL;
	for (size_t i = 0; i < charset.size; i++) {
		const char c = charset.at[i];
		const char folded = (char)(c | 0x20);

		if (!(c >= '0' && c <= '9') &&
			!(folded >= 'a' && folded <= 'z') &&
			!(c && strchr(others, c)))
			return NULL;
		name[i] = c;
	}
	name[charset.size] = '\0';
	converter = ucnv_open(name, &status);
	return U_SUCCESS(status) ? converter : NULL;
}

bool charset_allows_mark(struct slice charset, enum charset_mark mark)
{
	UConverter *converter;
	UConverterType type;

	if (mark == CHARSET_MARK_NONE)
		return true;
	if (charset_names_utf8(charset))
		return mark == CHARSET_MARK_UTF8;
	converter = converter_open(charset);
	if (!converter)
		return false;
	type = ucnv_getType(converter);
	ucnv_close(converter);
	switch (mark) {
	case CHARSET_MARK_UTF16LE:
		return type == UCNV_UTF16 || type == UCNV_UTF16_LittleEndian ||
		       charset_leaves_order_open(charset);
	case CHARSET_MARK_UTF16BE:
		return type == UCNV_UTF16 || type == UCNV_UTF16_BigEndian ||
		       charset_leaves_order_open(charset);
	case CHARSET_MARK_UTF32LE:
		return type == UCNV_UTF32 || type == UCNV_UTF32_LittleEndian;
	case CHARSET_MARK_UTF32BE:
		return type == UCNV_UTF32 || type == UCNV_UTF32_BigEndian;
	default:
		return type == UCNV_UTF8;
	}
}

/* A piece of the arena for count bytes; empty texts are present, too. */
static char *text_take(struct arena *arena, size_t count)
{
	return arena_take(arena, count + 1);
}

/* Copies without NULs. */
static bool without_nul(
	struct arena *arena, struct slice bytes, struct slice *text)
{
	char *out = text_take(arena, bytes.size);
	size_t size = 0;

	if (!out)
		return false;
	for (size_t i = 0; i < bytes.size; i++)
		if (bytes.at[i])
			out[size++] = bytes.at[i];
	*text = slice_make(out, size);
	return true;
}

static bool utf8_from_units(struct arena *arena, const UChar *units,
	int32_t count, struct slice *text)
{
	UErrorCode status = U_ZERO_ERROR;
	int32_t size = 0;
	char *out;

	u_strToUTF8WithSub(
		NULL, 0, &size, units, count, REPLACEMENT, NULL, &status);
	if (size < 0 ||
		(U_FAILURE(status) && status != U_BUFFER_OVERFLOW_ERROR))
		return false;
	out = text_take(arena, (size_t)size);
	if (!out)
		return false;
	status = U_ZERO_ERROR;
	u_strToUTF8WithSub(
		out, size + 1, &size, units, count, REPLACEMENT, NULL, &status);
	if (U_FAILURE(status))
		return false;
	*text = slice_make(out, (size_t)size);
	return !memchr(out, '\0', (size_t)size) ||
	       without_nul(arena, *text, text);
}

/* ICU's own substitution writes U+001A for single bytes. */
static void replace(const void *context, UConverterToUnicodeArgs *to,
	const char *bytes, int32_t count, UConverterCallbackReason reason,
	UErrorCode *status)
{
	static const UChar replacement = REPLACEMENT;

	(void)context;
	(void)bytes;
	(void)count;
	if (reason > UCNV_IRREGULAR)
		return;
	*status = U_ZERO_ERROR;
	ucnv_cbToUWriteUChars(to, &replacement, 1, 0, status);
}

/* True when all of bytes is valid; units then hold it. Else it is read again
 * with the repair. */
static bool units_read(UConverter *converter, struct slice bytes,
	enum charset_repair repair, UChar *units, int32_t room, int32_t *count,
	bool *sound)
{
	const UConverterToUCallback mender =
		repair == CHARSET_DROP ? UCNV_TO_U_CALLBACK_SKIP : replace;
	UErrorCode status = U_ZERO_ERROR;

	ucnv_setToUCallBack(
		converter, UCNV_TO_U_CALLBACK_STOP, NULL, NULL, NULL, &status);
	*count = ucnv_toUChars(
		converter, units, room, bytes.at, (int32_t)bytes.size, &status);
	*sound = U_SUCCESS(status);
	if (*sound || repair == CHARSET_REFUSE)
		return true;
	status = U_ZERO_ERROR;
	ucnv_reset(converter);
	ucnv_setToUCallBack(converter, mender, NULL, NULL, NULL, &status);
	*count = ucnv_toUChars(
		converter, units, room, bytes.at, (int32_t)bytes.size, &status);
	return U_SUCCESS(status);
}

static enum charset_outcome decode(struct arena *arena, UConverter *converter,
	struct slice bytes, enum charset_repair repair, struct slice *text)
{
	/* No character set of ICU makes more than two units of a byte; the
	 * rest is for what a stateful one may add at the end. */
	const size_t room = bytes.size * 2 + 16;
	int32_t count = 0;
	bool sound = false;
	UChar *units;
	bool read;

	if (room > INT32_MAX / 4)
		return CHARSET_SPENT;
	units = malloc(room * sizeof(*units));
	if (!units)
		return CHARSET_SPENT;
	read = units_read(converter, bytes, repair, units, (int32_t)room,
		       &count, &sound) &&
	       ((!sound && repair == CHARSET_REFUSE) ||
		       utf8_from_units(arena, units, count, text));
	free(units);
	if (!read)
		return CHARSET_SPENT;
	return sound ? CHARSET_SOUND : CHARSET_BROKEN;
}

static size_t mark_size(struct slice bytes)
{
	const enum charset_mark mark = charset_mark_of(bytes);

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (marks[i].mark == mark)
			return marks[i].bytes.size;
	return 0;
}

/* With a mark, the order is the mark's whatever the name leaves open. */
static struct slice charset_of_mark(struct slice charset, struct slice bytes)
{
	if (!charset_leaves_order_open(charset))
		return charset;
	switch (charset_mark_of(bytes)) {
	case CHARSET_MARK_UTF16LE:
		return SLICE("UTF-16LE");
	case CHARSET_MARK_UTF16BE:
		return SLICE("UTF-16BE");
	case CHARSET_MARK_UTF32LE:
		return SLICE("UTF-32LE");
	case CHARSET_MARK_UTF32BE:
		return SLICE("UTF-32BE");
	default:
		return charset;
	}
}

enum charset_outcome charset_decode(struct arena *arena, struct slice bytes,
	struct slice charset, enum charset_repair repair, struct slice *text)
{
	UConverter *converter = converter_open(charset_of_mark(charset, bytes));
	enum charset_outcome outcome;
	size_t marked;

	if (!converter)
		return CHARSET_UNKNOWN;
	marked = charset_allows_mark(charset, charset_mark_of(bytes))
			 ? mark_size(bytes)
			 : 0;
	outcome = decode(
		arena, converter, slice_from(bytes, marked), repair, text);
	ucnv_close(converter);
	return outcome;
}

/* One character of a text that is not all valid; writes at most two bytes for
 * each that it takes. */
typedef size_t (*mend_fn)(struct slice bytes, char *out, size_t *written);

static size_t mend_one(struct slice bytes, char *out, size_t *written)
{
	const size_t size = charset_utf8_size(bytes);

	*written = 0;
	if (size && !bytes.at[0])
		return 1;
	if (size) {
		memcpy(out, bytes.at, size);
		*written = size;
		return size;
	}
	*written = charset_utf8_put(out, (unsigned char)bytes.at[0]);
	return 1;
}

/* The code point that an overlong form says, and its size; 0 for none. */
static size_t overlong(struct slice bytes, uint32_t *code)
{
	const unsigned char *at = (const unsigned char *)bytes.at;
	size_t size;

	if (at[0] == 0xC0 || at[0] == 0xC1)
		size = 2;
	else if (at[0] == 0xE0)
		size = 3;
	else if (at[0] == 0xF0)
		size = 4;
	else
		return 0;
	if (bytes.size < size)
		return 0;
	*code = at[0] & (size == 2 ? 0x1FU : size == 3 ? 0x0FU : 0x07U);
	for (size_t i = 1; i < size; i++) {
		if (!continues(at[i]))
			return 0;
		*code = *code << 6 | (at[i] & 0x3FU);
	}
	return size;
}

static bool control_dropped(uint32_t code)
{
	return (code < 0x20 && code != '\t' && code != '\n' && code != '\r') ||
	       code == 0x7F;
}

static size_t mend_one_carelessly(
	struct slice bytes, char *out, size_t *written)
{
	size_t size = charset_utf8_size(bytes);
	uint32_t code = 0;

	*written = 0;
	if (size) {
		if (size == 1 && control_dropped((unsigned char)bytes.at[0]))
			return 1;
		memcpy(out, bytes.at, size);
		*written = size;
		return size;
	}
	size = overlong(bytes, &code);
	if (!size)
		return 1;
	if (!control_dropped(code))
		*written = charset_utf8_put(out, code);
	return size;
}

static bool mend(struct arena *arena, struct slice bytes, mend_fn one,
	struct slice *text)
{
	size_t size = 0, written;
	char few[8];
	char *out;

	for (size_t at = 0; at < bytes.size;) {
		at += one(slice_from(bytes, at), few, &written);
		size += written;
	}
	out = text_take(arena, size);
	if (!out)
		return false;
	size = 0;
	for (size_t at = 0; at < bytes.size;) {
		at += one(slice_from(bytes, at), out + size, &written);
		size += written;
	}
	*text = slice_make(out, size);
	return true;
}

bool charset_mend(struct arena *arena, struct slice bytes, struct slice *text)
{
	if (charset_is_utf8(bytes) && slice_find(bytes, '\0') == SIZE_MAX) {
		*text = bytes;
		return true;
	}
	return mend(arena, bytes, mend_one, text);
}

bool charset_mend_carelessly(
	struct arena *arena, struct slice bytes, struct slice *text)
{
	return mend(arena, bytes, mend_one_carelessly, text);
}
