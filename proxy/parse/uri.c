/* uri.c -- SIP URIs: read, made into an address of record, compared.
 *
 * Nearly all URIs are plain (user@host:port;parameters) and are read here
 * alone. What is written in a rarer way (escapes in the user, a password,
 * brackets, headers) must mean the same to libosip2 too, or it is refused:
 * those are the forms in which one reader's alice is another's admin.
 */
#include "proxy/parse/library.h"
#include "proxy/parse/scan.h"
#include "proxy/parse/values.h"

#include <stdio.h>

enum { URI_BYTES_MOST = 8192, URI_PARAMETERS_MOST = 64 };

/* --- text with %HH in it ----------------------------------------------- */

/* The byte at *at, which moves behind it. *escaped: it was written as %HH. */
static unsigned char next_byte(struct slice text, size_t *at, bool *escaped)
{
	*escaped = text.at[*at] == '%' && *at + 2 < text.size;
	if (*escaped) {
		int byte = scan_hex(text.at[*at + 1]) * 16 +
			   scan_hex(text.at[*at + 2]);

		*at += 3;
		return (unsigned char)byte;
	}
	return (unsigned char)text.at[(*at)++];
}

static bool is_reserved(unsigned char byte)
{
	return byte && strchr(";/?:@&=+$,", byte);
}

static unsigned char lowered(unsigned char byte)
{
	return byte >= 'A' && byte <= 'Z' ? (unsigned char)(byte + 32) : byte;
}

/* RFC 3261 19.1.4: %HH equals the byte, reserved ones excepted. */
static bool equal_escaped(struct slice a, struct slice b, bool nocase)
{
	size_t i = 0, j = 0;
	bool escaped_a, escaped_b;

	while (i < a.size && j < b.size) {
		unsigned char x = next_byte(a, &i, &escaped_a);
		unsigned char y = next_byte(b, &j, &escaped_b);

		if (nocase ? lowered(x) != lowered(y) : x != y)
			return false;
		if (escaped_a != escaped_b && is_reserved(x))
			return false;
	}
	return i == a.size && j == b.size;
}

static struct slice unescape(struct arena *arena, struct slice text)
{
	size_t size = 0;
	bool escaped;
	char *copy;

	if (slice_find(text, '%') == SIZE_MAX)
		return text;
	copy = arena_take(arena, text.size + 1);
	if (!copy)
		return (struct slice){NULL, 0};
	for (size_t at = 0; at < text.size;)
		copy[size++] = (char)next_byte(text, &at, &escaped);
	return slice_make(copy, size);
}

/* --- parameters -------------------------------------------------------- */

/* One name[=value] of a list; false at its end. */
static bool next_pair(struct slice *rest, char separator, struct slice *name,
	struct slice *value)
{
	struct slice pair;
	size_t equals;

	if (!slice_cut(rest, separator, &pair))
		return false;
	equals = slice_find(pair, '=');
	*name = slice_part(pair, 0, equals);
	*value = (struct slice){NULL, 0};
	if (equals != SIZE_MAX)
		*value = slice_from(pair, equals + 1);
	return true;
}

/* The list behind its first separator; absent when there is none. */
static struct slice list_of(struct slice parameters)
{
	return parameters.size ? slice_from(parameters, 1)
			       : (struct slice){NULL, 0};
}

bool uri_parameter(
	const struct uri *uri, struct slice name, struct slice *value)
{
	struct slice rest = list_of(uri->parameters), each;

	while (next_pair(&rest, ';', &each, value))
		if (equal_escaped(each, name, true))
			return true;
	*value = (struct slice){NULL, 0};
	return false;
}

/* Those we go by. */
static void take_parameter(
	struct uri *uri, struct slice name, struct slice value)
{
	if (equal_escaped(name, SLICE("transport"), true))
		uri->transport = value;
	else if (equal_escaped(name, SLICE("maddr"), true))
		uri->maddr = value;
	else if (equal_escaped(name, SLICE("user"), true))
		uri->user_parameter = value;
	else if (equal_escaped(name, SLICE("lr"), true))
		uri->lr = true;
}

/* Twice the same name has two meanings (RFC 3261 19.1.1). */
static bool read_parameters(struct uri *uri)
{
	struct slice rest = list_of(uri->parameters), name, value;
	struct slice names[URI_PARAMETERS_MOST];

	for (size_t i = 0; next_pair(&rest, ';', &name, &value); i++) {
		if (i == URI_PARAMETERS_MOST || name.size == 0)
			return false;
		for (size_t j = 0; j < i; j++)
			if (equal_escaped(names[j], name, true))
				return false;
		names[i] = name;
		take_parameter(uri, name, value);
	}
	return true;
}

/* --- reading ----------------------------------------------------------- */

static struct slice lower_scheme(struct arena *arena, struct slice scheme)
{
	struct slice copy;

	if (slice_equal_nocase(scheme, SLICE("sip")))
		return SLICE("sip");
	if (slice_equal_nocase(scheme, SLICE("sips")))
		return SLICE("sips");
	copy = arena_copy(arena, scheme);
	for (size_t i = 0; i < copy.size; i++)
		((char *)(uintptr_t)copy.at)[i] =
			(char)lowered((unsigned char)copy.at[i]);
	return copy;
}

/* user[:password]@ */
static bool read_userinfo(
	struct arena *arena, struct slice *rest, struct uri *uri)
{
	size_t at = slice_find(*rest, '@'), colon;
	struct slice userinfo;

	if (at == SIZE_MAX)
		return true;
	userinfo = slice_part(*rest, 0, at);
	*rest = slice_from(*rest, at + 1);
	colon = slice_find(userinfo, ':');
	uri->user = unescape(arena, slice_part(userinfo, 0, colon));
	if (!uri->user.at)
		return false;
	if (colon == SIZE_MAX)
		return true;
	uri->password = unescape(arena, slice_from(userinfo, colon + 1));
	return uri->password.at;
}

static struct slice userinfo_of(const struct uri *uri)
{
	size_t at = slice_find(uri->whole, '@');

	if (!uri->user.at || at == SIZE_MAX)
		return (struct slice){NULL, 0};
	return slice_part(
		uri->whole, uri->scheme.size + 1, at - uri->scheme.size - 1);
}

static bool headers_are_few(struct slice headers)
{
	struct slice header;

	for (size_t i = 0; slice_cut(&headers, '&', &header); i++)
		if (i == URI_PARAMETERS_MOST)
			return false;
	return true;
}

static bool is_plain(const struct uri *uri)
{
	struct slice user = userinfo_of(uri);

	return !uri->password.at && !uri->ipv6 && !uri->headers.at &&
	       slice_find(user, '%') == SIZE_MAX;
}

bool uri_read(struct arena *arena, struct slice text, struct uri *uri)
{
	struct slice rest;
	size_t colon, question;

	*uri = (struct uri){0};
	if (text.size > URI_BYTES_MOST || scan_uri(text))
		return false;
	colon = slice_find(text, ':');
	uri->whole = text;
	uri->scheme = lower_scheme(arena, slice_part(text, 0, colon));
	if (!uri->scheme.at)
		return false;
	uri->sip = slice_starts_nocase(uri->scheme, SLICE("sip")) &&
		   (uri->scheme.size == 3 ||
			   (uri->scheme.size == 4 && uri->scheme.at[3] == 's'));
	if (!uri->sip)
		return true;
	rest = slice_from(text, colon + 1);
	if (!read_userinfo(arena, &rest, uri) ||
		!scan_host(&rest, false, &uri->host, &uri->ipv6, &uri->port))
		return false;
	question = slice_find(rest, '?');
	if (question != SIZE_MAX)
		uri->headers = slice_from(rest, question + 1);
	uri->parameters = slice_part(rest, 0, question);
	if (!read_parameters(uri) || !headers_are_few(uri->headers))
		return false;
	return is_plain(uri) || library_reads_the_same(arena, uri);
}

/* --- address of record ------------------------------------------------- */

/* Bytes that mean something else unescaped stay escaped, so that no two users
 * share an address of record. */
static bool stays_escaped(unsigned char byte)
{
	return byte == ':' || !scan_is((char)byte, SCAN_USER);
}

struct slice uri_address_of_record(struct arena *arena, const struct uri *uri)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t size = 0;
	char *text;

	if (!uri->sip || !uri->user.at)
		return (struct slice){NULL, 0};
	text = arena_take(arena, uri->user.size * 3 + uri->host.size + 4);
	if (!text)
		return (struct slice){NULL, 0};
	for (size_t i = 0; i < uri->user.size; i++) {
		unsigned char byte = (unsigned char)uri->user.at[i];

		if (stays_escaped(byte)) {
			text[size++] = '%';
			text[size++] = hex[byte >> 4];
			text[size++] = hex[byte & 15];
		} else {
			text[size++] = (char)byte;
		}
	}
	text[size++] = '@';
	if (uri->ipv6)
		text[size++] = '[';
	for (size_t i = 0; i < uri->host.size; i++)
		text[size++] = (char)lowered((unsigned char)uri->host.at[i]);
	if (uri->ipv6)
		text[size++] = ']';
	return slice_make(text, size);
}

/* --- RFC 3261 19.1.4 --------------------------------------------------- */

static bool hosts_equal(const struct uri *a, const struct uri *b)
{
	union address x, y;

	if (a->ipv6 && b->ipv6 && address_of_host(a->host, 1, &x) &&
		address_of_host(b->host, 1, &y))
		return memcmp(&x.v6.sin6_addr, &y.v6.sin6_addr,
			       sizeof(x.v6.sin6_addr)) == 0;
	return a->ipv6 == b->ipv6 && slice_equal_nocase(a->host, b->host);
}

/* These must stand in both or in none. */
static bool must_match(struct slice name)
{
	static const struct slice names[] = {{"user", 4}, {"ttl", 3},
		{"method", 6}, {"maddr", 5}, {"transport", 9}};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (equal_escaped(name, names[i], true))
			return true;
	return false;
}

/* Each parameter of a is in b with the same value, or may be missing there. */
static bool parameters_agree(const struct uri *a, const struct uri *b)
{
	struct slice rest = list_of(a->parameters), name, mine, theirs;

	while (next_pair(&rest, ';', &name, &mine)) {
		if (uri_parameter(b, name, &theirs)) {
			if ((mine.at != NULL) != (theirs.at != NULL) ||
				!equal_escaped(mine, theirs, true))
				return false;
		} else if (must_match(name)) {
			return false;
		}
	}
	return true;
}

/* Each header of a is in b. Both have at most 8 KB; pairs are counted so that
 * the work stays small. */
static bool headers_within(struct slice a, struct slice b)
{
	struct slice name, value, rest, other, others;
	bool found;

	for (size_t i = 0; next_pair(&a, '&', &name, &value); i++) {
		if (i == URI_PARAMETERS_MOST)
			return false;
		rest = b;
		found = false;
		while (!found && next_pair(&rest, '&', &other, &others))
			found = equal_escaped(name, other, true) &&
				equal_escaped(value, others, false);
		if (!found)
			return false;
	}
	return true;
}

bool uri_equal(const struct uri *a, const struct uri *b)
{
	if (!slice_equal(a->scheme, b->scheme))
		return false;
	if (!a->sip)
		return slice_equal(slice_from(a->whole, a->scheme.size),
			slice_from(b->whole, b->scheme.size));
	return (a->user.at != NULL) == (b->user.at != NULL) &&
	       equal_escaped(userinfo_of(a), userinfo_of(b), false) &&
	       hosts_equal(a, b) && a->port == b->port &&
	       parameters_agree(a, b) && parameters_agree(b, a) &&
	       headers_within(a->headers, b->headers) &&
	       headers_within(b->headers, a->headers);
}
