/* text.c -- bytes put one after the other into a buffer of fixed size. */
#include "tests/load/text.h"

#include <stdlib.h>

enum { BASE64_LINE = 57 };

static char *take(struct text *text, size_t size)
{
	char *at = text->at + text->size;

	if (size > text->room - text->size)
		abort();
	text->size += size;
	return at;
}

void text_put(struct text *text, struct slice slice)
{
	if (slice.size)
		memcpy(take(text, slice.size), slice.at, slice.size);
}

void text_word(struct text *text, const char *word)
{
	text_put(text, slice_of(word));
}

static void digits(struct text *text, uint64_t number, unsigned base)
{
	char reversed[24];
	size_t size = sizeof(reversed);

	do {
		reversed[--size] = "0123456789abcdef"[number % base];
		number /= base;
	} while (number);
	text_put(text, slice_make(reversed + size, sizeof(reversed) - size));
}

void text_number(struct text *text, uint64_t number)
{
	digits(text, number, 10);
}

void text_hex(struct text *text, uint64_t number)
{
	digits(text, number, 16);
}

void text_little16(struct text *text, uint32_t number)
{
	char *at = take(text, 2);

	at[0] = (char)(number & 255);
	at[1] = (char)(number >> 8 & 255);
}

void text_little32(struct text *text, uint32_t number)
{
	text_little16(text, number & 0xffff);
	text_little16(text, number >> 16);
}

static void base64_group(char *out, const unsigned char *in, size_t count)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits = (uint32_t)in[0] << 16 |
			(count > 1 ? (uint32_t)in[1] << 8 : 0) |
			(count > 2 ? in[2] : 0);

	out[0] = letters[bits >> 18];
	out[1] = letters[bits >> 12 & 63];
	out[2] = count > 1 ? letters[bits >> 6 & 63] : '=';
	out[3] = count > 2 ? letters[bits & 63] : '=';
}

void text_base64(struct text *text, struct slice bytes)
{
	const unsigned char *in = (const unsigned char *)bytes.at;

	for (size_t i = 0; i < bytes.size; i += 3) {
		base64_group(take(text, 4), in + i,
			bytes.size - i < 3 ? bytes.size - i : 3);
		if ((i + 3) % BASE64_LINE == 0)
			text_word(text, "\r\n");
	}
	text_word(text, "\r\n");
}
