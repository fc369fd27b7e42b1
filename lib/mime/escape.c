/* escape.c -- texts with escapes, read: quoted pairs, percent, JSON. */
#include "lib/mime/escape.h"

#include "lib/charset.h"

int escape_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

long escape_hex(struct slice text, size_t count)
{
	long value = 0;

	if (text.size < count)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const int digit = escape_hex_digit(text.at[i]);

		if (digit < 0)
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

bool escape_undo_percent(
	struct arena *arena, struct slice text, struct slice *bytes)
{
	char *out = arena_take(arena, text.size + 1);
	size_t size = 0;

	if (!out)
		return false;
	for (size_t at = 0; at < text.size; at++) {
		const long code =
			text.at[at] == '%'
				? escape_hex(slice_from(text, at + 1), 2)
				: -1;

		out[size++] = code < 0 ? text.at[at] : (char)code;
		if (code >= 0)
			at += 2;
	}
	*bytes = slice_make(out, size);
	return true;
}

/* \uXXXX behind the backslash at the start of text, a second one joined when
 * they are a pair of surrogates. Returns how much it takes, 0 for none. */
static size_t unicode_read(struct slice text, uint32_t *code)
{
	long high, low;

	if (text.size < 6 || text.at[1] != 'u')
		return 0;
	high = escape_hex(slice_from(text, 2), 4);
	if (high < 0)
		return 0;
	*code = (uint32_t)high;
	if (high < 0xD800 || high > 0xDBFF || text.size < 12 ||
		text.at[6] != '\\' || text.at[7] != 'u')
		return 6;
	low = escape_hex(slice_from(text, 8), 4);
	if (low < 0xDC00 || low > 0xDFFF)
		return 6;
	*code = 0x10000 + ((uint32_t)(high - 0xD800) << 10) +
		(uint32_t)(low - 0xDC00);
	return 12;
}

/* What \c means in JSON. */
static char json_letter(char c)
{
	switch (c) {
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	default:
		return c;
	}
}

static bool undo(
	struct arena *arena, struct slice text, bool json, struct slice *plain)
{
	char *out = arena_take(arena, text.size + 1);
	size_t size = 0;

	if (!out)
		return false;
	for (size_t at = 0; at < text.size; at++) {
		uint32_t code = 0;
		size_t taken;

		if (text.at[at] != '\\' || at + 1 == text.size) {
			out[size++] = text.at[at];
			continue;
		}
		taken = unicode_read(slice_from(text, at), &code);
		if (taken) {
			if (code)
				size += charset_utf8_put(out + size, code);
			at += taken - 1;
			continue;
		}
		at++;
		out[size++] = json ? json_letter(text.at[at]) : text.at[at];
	}
	*plain = slice_make(out, size);
	return true;
}

bool escape_undo_pairs(
	struct arena *arena, struct slice text, struct slice *plain)
{
	return undo(arena, text, false, plain);
}

bool escape_undo_json(
	struct arena *arena, struct slice text, struct slice *plain)
{
	return undo(arena, text, true, plain);
}
