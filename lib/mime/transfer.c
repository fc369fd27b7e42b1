/* transfer.c -- Content-Transfer-Encoding (RFC 2045 6). */
#include "lib/mime/transfer.h"

#include "lib/mime/escape.h"

/* Classes of bytes in base64: below 64 the value itself. */
enum { BASE64_PADDING = 64, BASE64_SPACE = 65, BASE64_OTHER = 66 };

enum transfer_encoding transfer_encoding_of(struct slice name)
{
	static const struct {
		struct slice name;
		enum transfer_encoding encoding;
	} names[] = {
		{{"7bit", 4}, TRANSFER_IDENTITY},
		{{"8bit", 4}, TRANSFER_IDENTITY},
		{{"binary", 6}, TRANSFER_IDENTITY},
		{{"base64", 6}, TRANSFER_BASE64},
		{{"quoted-printable", 16}, TRANSFER_QUOTED_PRINTABLE},
	};

	if (!name.at)
		return TRANSFER_IDENTITY;
	name = slice_trim(name);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (slice_equal_nocase(name, names[i].name))
			return names[i].encoding;
	return TRANSFER_UNKNOWN;
}

static unsigned base64_class(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (unsigned)(c - 'A');
	if (c >= 'a' && c <= 'z')
		return (unsigned)(c - 'a') + 26;
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0') + 52;
	if (c == '+')
		return 62;
	if (c == '/')
		return 63;
	if (c == '=')
		return BASE64_PADDING;
	if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
		return BASE64_SPACE;
	return BASE64_OTHER;
}

const char *transfer_base64(
	struct arena *arena, struct slice encoded, struct slice *plain)
{
	char *out = arena_take(arena, encoded.size / 4 * 3 + 4);
	size_t size = 0, digits = 0, padding = 0;
	uint32_t group = 0;

	*plain = (struct slice){NULL, 0};
	if (!out)
		return NULL;
	for (size_t i = 0; i < encoded.size; i++) {
		const unsigned class = base64_class(encoded.at[i]);

		if (class == BASE64_SPACE)
			continue;
		if (class == BASE64_OTHER)
			return "base64 with other characters";
		if (class == BASE64_PADDING) {
			padding++;
			continue;
		}
		if (padding)
			return "base64 that goes on behind its padding";
		group = group << 6 | class;
		if (++digits % 4)
			continue;
		out[size++] = (char)(group >> 16);
		out[size++] = (char)(group >> 8);
		out[size++] = (char)group;
	}
	if ((digits + padding) % 4 || padding > 2)
		return "base64 with wrong padding";
	if (digits % 4 >= 2)
		out[size++] =
			(char)(digits % 4 == 2 ? group >> 4 : group >> 10);
	if (digits % 4 == 3)
		out[size++] = (char)(group >> 2);
	*plain = slice_make(out, size);
	return NULL;
}

size_t transfer_base64_lax(struct slice encoded, char *out)
{
	size_t size = 0;
	unsigned bits = 0;
	uint32_t group = 0;

	for (size_t i = 0; i < encoded.size; i++) {
		const unsigned class = base64_class(encoded.at[i]);

		if (class == BASE64_PADDING)
			break;
		if (class > BASE64_PADDING)
			continue;
		group = group << 6 | class;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			out[size++] = (char)(group >> bits);
		}
	}
	return size;
}

/* A soft break behind the = at the start of rest: how much it takes, 0 for
 * none. Blanks before the end of the line were added on the way (6.7 (3)). */
static size_t soft_break(struct slice rest)
{
	size_t at = 1;

	while (at < rest.size && (rest.at[at] == ' ' || rest.at[at] == '\t'))
		at++;
	if (at == rest.size)
		return at;
	if (rest.at[at] == '\n')
		return at + 1;
	if (rest.at[at] == '\r' && at + 1 < rest.size &&
		rest.at[at + 1] == '\n')
		return at + 2;
	return 0;
}

const char *transfer_quoted_printable(
	struct arena *arena, struct slice encoded, struct slice *plain)
{
	char *out = arena_take(arena, encoded.size + 1);
	size_t size = 0;

	*plain = (struct slice){NULL, 0};
	if (!out)
		return NULL;
	for (size_t at = 0; at < encoded.size;) {
		const struct slice rest = slice_from(encoded, at);
		size_t broken;
		long code;

		if (rest.at[0] != '=') {
			out[size++] = rest.at[0];
			at++;
			continue;
		}
		code = escape_hex(slice_from(rest, 1), 2);
		broken = code < 0 ? soft_break(rest) : 3;
		if (!broken)
			return "malformed quoted-printable";
		if (code >= 0)
			out[size++] = (char)code;
		at += broken;
	}
	*plain = slice_make(out, size);
	return NULL;
}
