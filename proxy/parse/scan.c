/* scan.c -- how the bytes of header values are classed and walked. */
#include "proxy/parse/scan.h"

/* Written by hand from RFC 3261 25.1: rows of sixteen, classes added up. */
enum {
	T = SCAN_TOKEN,
	C = SCAN_CONTROL,
	W = SCAN_SPACE,
	U = SCAN_USER,
	S = SCAN_SCHEME,
	H = SCAN_HOST,
	R = SCAN_URIC,
	X = SCAN_STOP,
	ALNUM = T | U | S | H | R,
	MARK = T | U | R, /* unreserved that is token too */
	PLAIN = U | R     /* unreserved or user-unreserved alone */
};

const unsigned char scan_classes[256] = {
	/* 00 */ C, C, C, C, C, C, C, C, C, W, C | W, C, C, C | W, C, C,
	/* 10 */ C, C, C, C, C, C, C, C, C, C, C, C, C, C, C, C,
	/* 20 SP ! " # $ % & ' ( ) * + , - . / */
	W, MARK, X, 0, PLAIN, T | R, PLAIN, MARK, PLAIN, PLAIN, MARK,
	T | U | S | R, PLAIN | X, ALNUM, ALNUM, PLAIN,
	/* 30 0-9 : ; < = > ? */
	ALNUM, ALNUM, ALNUM, ALNUM, ALNUM, ALNUM, ALNUM, ALNUM, ALNUM, ALNUM,
	U | R | X, PLAIN | X, X, PLAIN, X, PLAIN,
	/* 40 @ A-O */
	R, ALNUM, ALNUM, ALNUM, ALNUM, ALNUM, ALNUM, ALNUM, ALNUM, ALNUM, ALNUM,
	ALNUM, ALNUM, ALNUM, ALNUM, ALNUM,
	/* 50 P-Z [ \ ] ^ _ */
	ALNUM, ALNUM, ALNUM, ALNUM, ALNUM, ALNUM, ALNUM, ALNUM, ALNUM, ALNUM,
	ALNUM, R, X, R, 0, T | U | H | R,
	/* 60 ` a-o */
	T, ALNUM, ALNUM, ALNUM, ALNUM, ALNUM, ALNUM, ALNUM, ALNUM, ALNUM, ALNUM,
	ALNUM, ALNUM, ALNUM, ALNUM, ALNUM,
	/* 70 p-z { | } ~ DEL */
	ALNUM, ALNUM, ALNUM, ALNUM, ALNUM, ALNUM, ALNUM, ALNUM, ALNUM, ALNUM,
	ALNUM, 0, 0, 0, MARK, C};

size_t scan_span(struct slice text, unsigned classes)
{
	size_t i = 0;

	while (i < text.size && scan_is(text.at[i], classes))
		i++;
	return i;
}

bool scan_all(struct slice text, unsigned classes)
{
	return text.size && scan_span(text, classes) == text.size;
}

int scan_hex(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

bool scan_escapes_are_sound(struct slice text)
{
	size_t at;

	while ((at = slice_find(text, '%')) != SIZE_MAX) {
		text = slice_from(text, at + 1);
		if (text.size < 2 || scan_hex(text.at[0]) < 0 ||
			scan_hex(text.at[1]) < 0)
			return false;
		if (text.at[0] == '0' && text.at[1] == '0')
			return false;
	}
	return true;
}

/* A bit at the top of each byte that is 0x80 or above, below 0x20, or 0x7f.
 * Borrows may mark a byte too many, never one too few. */
static uint64_t marks(uint64_t word)
{
	const uint64_t each = UINT64_C(0x0101010101010101), top = each << 7;
	uint64_t deleted = word ^ each * 0x7f;

	return (word | (word - each * 0x20) | (deleted - each)) & top;
}

size_t scan_plain(struct slice text)
{
	uint64_t word;
	size_t at = 0;

	for (; text.size - at >= sizeof(word); at += sizeof(word)) {
		memcpy(&word, text.at + at, sizeof(word));
		if (marks(word))
			break;
	}
	return at;
}

/* How many bytes the sequence that starts with lead has; 0: cannot start. */
static size_t utf8_length(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead >= 0xc2 && lead <= 0xdf)
		return 2;
	if (lead >= 0xe0 && lead <= 0xef)
		return 3;
	if (lead >= 0xf0 && lead <= 0xf4)
		return 4;
	return 0;
}

/* RFC 3629: no overlong forms, no surrogates, nothing beyond 10FFFF. */
static bool utf8_second_is_sound(unsigned char lead, unsigned char second)
{
	unsigned char low = 0x80, high = 0xbf;

	if (lead == 0xe0)
		low = 0xa0;
	else if (lead == 0xed)
		high = 0x9f;
	else if (lead == 0xf0)
		low = 0x90;
	else if (lead == 0xf4)
		high = 0x8f;
	return second >= low && second <= high;
}

bool scan_is_utf8(struct slice text)
{
	const unsigned char *at = (const unsigned char *)text.at;
	size_t length;

	for (size_t i = scan_plain(text); i < text.size; i += length) {
		length = utf8_length(at[i]);
		if (length == 1)
			continue;
		if (length == 0 || length > text.size - i ||
			!utf8_second_is_sound(at[i], at[i + 1]))
			return false;
		for (size_t j = 2; j < length; j++)
			if ((at[i + j] & 0xc0) != 0x80)
				return false;
	}
	return true;
}

size_t scan_quoted(struct slice text)
{
	for (size_t i = 1; i < text.size; i++) {
		if (text.at[i] == '\\')
			i++;
		else if (text.at[i] == '"')
			return i + 1;
	}
	return SIZE_MAX;
}

static void skip_space(struct slice *text)
{
	*text = slice_from(*text, scan_span(*text, SCAN_SPACE));
}

static struct slice take(struct slice *text, size_t size)
{
	struct slice taken = slice_part(*text, 0, size);

	*text = slice_from(*text, size);
	return taken;
}

bool scan_media_type(struct slice *text)
{
	if (take(text, scan_span(*text, SCAN_TOKEN)).size == 0)
		return false;
	skip_space(text);
	if (text->size == 0 || text->at[0] != '/')
		return false;
	(void)take(text, 1);
	skip_space(text);
	return take(text, scan_span(*text, SCAN_TOKEN)).size > 0;
}

/* token, quoted-string, or a host in brackets (RFC 3261 gen-value). What is
 * neither may still stand in values of parameters that we do not know: any
 * run without separators. */
static size_t value_size(struct slice text)
{
	size_t i;

	if (text.size && text.at[0] == '"')
		return scan_quoted(text);
	for (i = 0; i < text.size; i++)
		if (scan_is(text.at[i], SCAN_SPACE | SCAN_CONTROL) ||
			text.at[i] == ';' || text.at[i] == ',' ||
			text.at[i] == '"' || text.at[i] == '<' ||
			text.at[i] == '>')
			break;
	return i ? i : SIZE_MAX;
}

enum scan_step scan_parameter(struct slice *rest, struct parameter *parameter)
{
	const char *start;
	size_t size;

	skip_space(rest);
	if (rest->size == 0)
		return SCAN_END;
	if (rest->at[0] != ';')
		return SCAN_BROKEN;
	start = rest->at;
	(void)take(rest, 1);
	skip_space(rest);
	parameter->name = take(rest, scan_span(*rest, SCAN_TOKEN));
	if (parameter->name.size == 0)
		return SCAN_BROKEN;
	parameter->value = (struct slice){NULL, 0};
	parameter->whole = slice_make(start, (size_t)(rest->at - start));
	skip_space(rest);
	if (rest->size == 0 || rest->at[0] != '=')
		return SCAN_ITEM;
	(void)take(rest, 1);
	skip_space(rest);
	size = value_size(*rest);
	if (size == SIZE_MAX)
		return SCAN_BROKEN;
	parameter->value = take(rest, size);
	parameter->whole = slice_make(start, (size_t)(rest->at - start));
	return SCAN_ITEM;
}

/* One of the two may be there once; else the message has two meanings. */
static bool take_once(struct slice *place, struct slice value)
{
	if (place->at || !value.at)
		return false;
	*place = value;
	return true;
}

static const char *address_parameters(
	struct slice rest, size_t limit, struct slice *tag)
{
	struct parameter parameter;
	enum scan_step step;
	size_t count = 0;

	while ((step = scan_parameter(&rest, &parameter)) == SCAN_ITEM) {
		if (++count > limit)
			return "Too many parameters";
		if (!slice_equal_nocase(parameter.name, SLICE("tag")))
			continue;
		if (!take_once(tag, parameter.value))
			return "Repeated or empty tag";
		if (!scan_all(*tag, SCAN_TOKEN))
			return "Unreadable tag";
	}
	return step == SCAN_BROKEN ? "Unreadable parameter" : NULL;
}

static const char *address_bracketed(
	struct slice *text, struct address_parts *parts)
{
	size_t end = slice_find(*text, '>');

	if (end == SIZE_MAX)
		return "Unclosed < in an address";
	parts->uri = slice_part(*text, 1, end - 1);
	*text = slice_from(*text, end + 1);
	return NULL;
}

/* Without < >, what follows a semicolon belongs to the header, and , and ?
 * may not stand in the URI (RFC 3261 20.10). */
static const char *address_bare(struct slice *text, struct address_parts *parts)
{
	size_t size = 0;

	while (size < text->size && text->at[size] != ';' &&
		!scan_is(text->at[size], SCAN_SPACE))
		size++;
	parts->uri = take(text, size);
	if (slice_find(parts->uri, ',') != SIZE_MAX ||
		slice_find(parts->uri, '?') != SIZE_MAX)
		return "URI with , or ? but without < >";
	return NULL;
}

static const char *address_name(struct slice *text, struct address_parts *parts)
{
	size_t size;

	if (text->at[0] == '"') {
		size = scan_quoted(*text);
		if (size == SIZE_MAX)
			return "Unclosed quote in an address";
		parts->name = slice_part(*text, 1, size - 2);
		parts->quoted = true;
		*text = slice_from(*text, size);
		skip_space(text);
		return text->size && text->at[0] == '<'
			       ? NULL
			       : "Display name without < >";
	}
	size = 0;
	while (size < text->size && !scan_is(text->at[size], SCAN_STOP))
		size++;
	if (size == 0 || size == text->size || text->at[size] != '<')
		return NULL;
	parts->name = slice_trim(take(text, size));
	return NULL;
}

const char *scan_address(
	struct slice text, size_t limit, struct address_parts *parts)
{
	const char *wrong;

	*parts = (struct address_parts){0};
	text = slice_trim(text);
	if (text.size == 0)
		return "Empty address";
	wrong = address_name(&text, parts);
	if (wrong)
		return wrong;
	wrong = text.at[0] == '<' ? address_bracketed(&text, parts)
				  : address_bare(&text, parts);
	if (wrong)
		return wrong;
	skip_space(&text);
	parts->parameters = text;
	if (text.size && text.at[0] != ';')
		return "More than one value, or rubbish, behind an address";
	wrong = address_parameters(text, limit, &parts->tag);
	return wrong ? wrong : scan_uri(parts->uri);
}

static bool scan_port(struct slice *text, bool spaces, uint16_t *port)
{
	struct slice rest = *text, digits;
	size_t size = 0;
	uint64_t number;

	*port = 0;
	if (spaces)
		skip_space(&rest);
	if (rest.size == 0 || rest.at[0] != ':')
		return true;
	(void)take(&rest, 1);
	if (spaces)
		skip_space(&rest);
	while (size < rest.size && rest.at[size] >= '0' && rest.at[size] <= '9')
		size++;
	digits = take(&rest, size);
	if (!slice_to_number(digits, UINT16_MAX, &number) || number == 0)
		return false;
	*port = (uint16_t)number;
	*text = rest;
	return true;
}

bool scan_host(struct slice *text, bool spaces, struct slice *host, bool *ipv6,
	uint16_t *port)
{
	size_t size;

	*ipv6 = text->size && text->at[0] == '[';
	if (*ipv6) {
		size = slice_find(*text, ']');
		if (size == SIZE_MAX || size < 3)
			return false;
		*host = slice_part(*text, 1, size - 1);
		for (size_t i = 0; i < host->size; i++)
			if (scan_hex(host->at[i]) < 0 && host->at[i] != ':' &&
				host->at[i] != '.')
				return false;
		*text = slice_from(*text, size + 1);
	} else {
		*host = take(text, scan_span(*text, SCAN_HOST));
		if (host->size == 0)
			return false;
	}
	return scan_port(text, spaces, port);
}

static const char *via_parameter(
	const struct parameter *parameter, struct via_parts *parts)
{
	struct slice name = parameter->name, value = parameter->value;
	uint64_t number;

	if (slice_equal_nocase(name, SLICE("branch")))
		return take_once(&parts->branch, value) &&
				       scan_all(value, SCAN_TOKEN)
			       ? NULL
			       : "Unreadable branch in Via";
	if (slice_equal_nocase(name, SLICE("received")))
		return take_once(&parts->received, value)
			       ? NULL
			       : "Unreadable received in Via";
	if (slice_equal_nocase(name, SLICE("maddr")))
		return take_once(&parts->maddr, value)
			       ? NULL
			       : "Unreadable maddr in Via";
	if (!slice_equal_nocase(name, SLICE("rport")))
		return NULL;
	if (parts->has_rport)
		return "Repeated rport in Via";
	parts->has_rport = true;
	if (!value.at)
		return NULL;
	if (!slice_to_number(value, UINT16_MAX, &number) || number == 0)
		return "Unreadable rport in Via";
	parts->rport = (uint16_t)number;
	return NULL;
}

/* token SLASH token SLASH token LWS sent-by */
static const char *via_head(struct slice *text, struct via_parts *parts)
{
	struct slice words[3];
	const char *start;

	for (size_t i = 0; i < 3; i++) {
		skip_space(text);
		words[i] = take(text, scan_span(*text, SCAN_TOKEN));
		if (words[i].size == 0)
			return "Unreadable protocol in Via";
		if (i == 2)
			break;
		skip_space(text);
		if (text->size == 0 || text->at[0] != '/')
			return "Unreadable protocol in Via";
		(void)take(text, 1);
	}
	if (!slice_equal_nocase(words[0], SLICE("SIP")))
		return "Unknown protocol in Via";
	parts->version = words[1];
	parts->transport = words[2];
	if (text->size == 0 || !scan_is(text->at[0], SCAN_SPACE))
		return "Unreadable host in Via";
	skip_space(text);
	start = text->at;
	if (!scan_host(text, true, &parts->host, &parts->ipv6, &parts->port))
		return "Unreadable host in Via";
	parts->sent_by = slice_make(start, (size_t)(text->at - start));
	return NULL;
}

const char *scan_via(struct slice text, size_t limit, struct via_parts *parts)
{
	struct parameter parameter;
	enum scan_step step;
	const char *wrong;
	size_t count = 0;

	*parts = (struct via_parts){0};
	wrong = via_head(&text, parts);
	if (wrong)
		return wrong;
	skip_space(&text);
	parts->parameters = text;
	while ((step = scan_parameter(&text, &parameter)) == SCAN_ITEM) {
		if (++count > limit)
			return "Too many parameters";
		wrong = via_parameter(&parameter, parts);
		if (wrong)
			return wrong;
	}
	if (step == SCAN_BROKEN)
		return "Unreadable parameter in Via";
	return slice_equal(parts->version, SLICE("2.0"))
		       ? NULL
		       : "Unknown version in Via";
}

static const char *sip_uri(struct slice rest)
{
	size_t at = slice_find(rest, '@');
	struct slice user, host;
	uint16_t port;
	bool ipv6;

	if (at != SIZE_MAX) {
		user = slice_part(rest, 0, at);
		rest = slice_from(rest, at + 1);
		for (size_t i = 0; i < user.size; i++)
			if (!scan_is(user.at[i], SCAN_USER) &&
				user.at[i] != '%')
				return "Unreadable user in a URI";
		if (user.size == 0 || user.at[0] == ':')
			return "Empty user in a URI";
		if (slice_find(rest, '@') != SIZE_MAX)
			return "More than one @ in a URI";
	}
	if (!scan_host(&rest, false, &host, &ipv6, &port))
		return "Unreadable host in a URI";
	if (rest.size && rest.at[0] != ';' && rest.at[0] != '?')
		return "Unreadable host in a URI";
	return NULL;
}

const char *scan_uri(struct slice text)
{
	size_t colon = scan_span(text, SCAN_SCHEME);
	struct slice scheme = slice_part(text, 0, colon);

	if (colon == 0 || colon == text.size || text.at[colon] != ':' ||
		((scheme.at[0] | 0x20) < 'a' || (scheme.at[0] | 0x20) > 'z'))
		return "URI without a scheme";
	text = slice_from(text, colon + 1);
	if (!scan_all(text, SCAN_URIC))
		return "Byte in a URI that may not stand there";
	if (!scan_escapes_are_sound(text))
		return "Escape in a URI that may not stand there";
	if (slice_equal_nocase(scheme, SLICE("sip")) ||
		slice_equal_nocase(scheme, SLICE("sips")))
		return sip_uri(text);
	return NULL;
}
