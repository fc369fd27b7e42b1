/* markup.c -- what HTML and XML show.
 *
 * One pass, forwards only: a construct that never ends swallows the rest, as
 * it does in a browser. What is swallowed is still in the text with its tags,
 * which is judged as well. No output is longer than its input.
 */
#include "lib/mime/markup.h"

#include "lib/charset.h"
#include "lib/mime/escape.h"

enum { REFERENCE_NAME_MAX = 16, DECLARED_WITHIN = 1024 };

struct markup {
	struct slice text;
	size_t at;
	char *out;
	size_t size;
	bool xml;
};

/* Names that stand for white space, ASCII or letters of Latin-1, by their first
 * letter; a list ends with an absent name. */
struct reference {
	struct slice name;
	uint32_t code;
};

#define REFERENCE(name, code)                                                  \
	{                                                                      \
		{(name), sizeof(name) - 1}, (code)                             \
	}
#define REFERENCES(...)                                                        \
	((const struct reference[]){__VA_ARGS__, {{NULL, 0}, 0}})

static const struct reference *const references[128] = {
	['A'] = REFERENCES(REFERENCE("Agrave", 0xC0), REFERENCE("Aacute", 0xC1),
		REFERENCE("Acirc", 0xC2), REFERENCE("Atilde", 0xC3),
		REFERENCE("Auml", 0xC4), REFERENCE("Aring", 0xC5),
		REFERENCE("AElig", 0xC6)),
	['C'] = REFERENCES(REFERENCE("Ccedil", 0xC7)),
	['E'] = REFERENCES(REFERENCE("Egrave", 0xC8), REFERENCE("Eacute", 0xC9),
		REFERENCE("Ecirc", 0xCA), REFERENCE("Euml", 0xCB),
		REFERENCE("ETH", 0xD0)),
	['I'] = REFERENCES(REFERENCE("InvisibleComma", 0x2063),
		REFERENCE("InvisibleTimes", 0x2062), REFERENCE("Igrave", 0xCC),
		REFERENCE("Iacute", 0xCD), REFERENCE("Icirc", 0xCE),
		REFERENCE("Iuml", 0xCF)),
	['N'] = REFERENCES(REFERENCE("NoBreak", 0x2060),
		REFERENCE("NewLine", '\n'), REFERENCE("Ntilde", 0xD1)),
	['O'] = REFERENCES(REFERENCE("Ograve", 0xD2), REFERENCE("Oacute", 0xD3),
		REFERENCE("Ocirc", 0xD4), REFERENCE("Otilde", 0xD5),
		REFERENCE("Ouml", 0xD6), REFERENCE("Oslash", 0xD8)),
	['T'] = REFERENCES(REFERENCE("Tab", '\t'), REFERENCE("THORN", 0xDE)),
	['U'] = REFERENCES(REFERENCE("Ugrave", 0xD9), REFERENCE("Uacute", 0xDA),
		REFERENCE("Ucirc", 0xDB), REFERENCE("Uuml", 0xDC)),
	['Y'] = REFERENCES(REFERENCE("Yacute", 0xDD)),
	['Z'] = REFERENCES(REFERENCE("ZeroWidthSpace", 0x200B)),
	['a'] = REFERENCES(REFERENCE("amp", '&'), REFERENCE("apos", '\''),
		REFERENCE("ast", '*'), REFERENCE("agrave", 0xE0),
		REFERENCE("aacute", 0xE1), REFERENCE("acirc", 0xE2),
		REFERENCE("atilde", 0xE3), REFERENCE("auml", 0xE4),
		REFERENCE("aring", 0xE5), REFERENCE("aelig", 0xE6)),
	['b'] = REFERENCES(REFERENCE("bull", 0x2022)),
	['c'] = REFERENCES(REFERENCE("comma", ','), REFERENCE("colon", ':'),
		REFERENCE("commat", '@'), REFERENCE("copy", 0xA9),
		REFERENCE("ccedil", 0xE7)),
	['d'] = REFERENCES(REFERENCE("dollar", '$'), REFERENCE("dash", 0x2010),
		REFERENCE("deg", 0xB0)),
	['e'] = REFERENCES(REFERENCE("ensp", 0x2002), REFERENCE("emsp", 0x2003),
		REFERENCE("excl", '!'), REFERENCE("equals", '='),
		REFERENCE("euro", 0x20AC), REFERENCE("egrave", 0xE8),
		REFERENCE("eacute", 0xE9), REFERENCE("ecirc", 0xEA),
		REFERENCE("euml", 0xEB), REFERENCE("eth", 0xF0)),
	['g'] = REFERENCES(REFERENCE("gt", '>')),
	['h'] = REFERENCES(REFERENCE("hairsp", 0x200A),
		REFERENCE("hyphen", 0x2010), REFERENCE("hellip", 0x2026)),
	['i'] = REFERENCES(REFERENCE("imath", 0x131),
		REFERENCE("inodot", 0x131), REFERENCE("iexcl", 0xA1),
		REFERENCE("igrave", 0xEC), REFERENCE("iacute", 0xED),
		REFERENCE("icirc", 0xEE), REFERENCE("iuml", 0xEF)),
	['l'] = REFERENCES(REFERENCE("lt", '<'), REFERENCE("lpar", '('),
		REFERENCE("lowbar", '_'), REFERENCE("lsquo", 0x2018),
		REFERENCE("ldquo", 0x201C)),
	['m'] = REFERENCES(REFERENCE("mdash", 0x2014)),
	['n'] = REFERENCES(REFERENCE("nbsp", 0xA0), REFERENCE("num", '#'),
		REFERENCE("ndash", 0x2013), REFERENCE("ntilde", 0xF1)),
	['o'] = REFERENCES(REFERENCE("ograve", 0xF2), REFERENCE("oacute", 0xF3),
		REFERENCE("ocirc", 0xF4), REFERENCE("otilde", 0xF5),
		REFERENCE("ouml", 0xF6), REFERENCE("oslash", 0xF8)),
	['p'] = REFERENCES(REFERENCE("percnt", '%'), REFERENCE("plus", '+'),
		REFERENCE("period", '.'), REFERENCE("pound", 0xA3)),
	['q'] = REFERENCES(REFERENCE("quot", '"'), REFERENCE("quest", '?')),
	['r'] = REFERENCES(REFERENCE("rpar", ')'), REFERENCE("rsquo", 0x2019),
		REFERENCE("rdquo", 0x201D), REFERENCE("reg", 0xAE)),
	['s'] = REFERENCES(REFERENCE("shy", 0xAD), REFERENCE("sol", '/'),
		REFERENCE("semi", ';'), REFERENCE("szlig", 0xDF),
		REFERENCE("sect", 0xA7)),
	['t'] = REFERENCES(
		REFERENCE("thinsp", 0x2009), REFERENCE("thorn", 0xFE)),
	['u'] = REFERENCES(REFERENCE("ugrave", 0xF9), REFERENCE("uacute", 0xFA),
		REFERENCE("ucirc", 0xFB), REFERENCE("uuml", 0xFC)),
	['y'] = REFERENCES(REFERENCE("yen", 0xA5), REFERENCE("yacute", 0xFD),
		REFERENCE("yuml", 0xFF)),
	['z'] = REFERENCES(REFERENCE("zwnj", 0x200C), REFERENCE("zwj", 0x200D)),
};

static bool is_letter(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Letters in mathematical shapes: &ffr; &aopf; &lscr; (each folds to f, a, l).
 */
static uint32_t mathematical(struct slice name)
{
	const struct slice shape = slice_from(name, 1);

	if (slice_equal(shape, SLICE("fr")) ||
		slice_equal(shape, SLICE("opf")) ||
		slice_equal(shape, SLICE("scr")))
		return (unsigned char)name.at[0];
	return 0;
}

/* The longest name that run, letters and digits, begins with; 0 when there is
 * none. */
static size_t reference_find(struct slice run, uint32_t *code)
{
	const struct reference *list = references[run.at[0] & 0x7F];
	size_t longest = 0;

	for (; list && list->name.at; list++) {
		const struct slice name = list->name;

		if (name.size <= longest ||
			!slice_equal(slice_part(run, 0, name.size), name))
			continue;
		longest = name.size;
		*code = list->code;
	}
	for (size_t size = 3; size <= 4 && size <= run.size && !longest;
		size++) {
		*code = mathematical(slice_part(run, 0, size));
		longest = *code ? size : 0;
	}
	return longest;
}

/* &#102; &#x66; with or without the semicolon. Returns how much it takes. */
static size_t number_read(struct slice text, uint32_t *code)
{
	const bool hex = text.size > 2 && (text.at[2] | 0x20) == 'x';
	const uint32_t base = hex ? 16 : 10;
	const size_t first = hex ? 3 : 2;
	size_t at = first;

	*code = 0;
	for (; at < text.size; at++) {
		const int digit = escape_hex_digit(text.at[at]);

		if (digit < 0 || (uint32_t)digit >= base)
			break;
		if (*code <= 0x10FFFF)
			*code = *code * base + (uint32_t)digit;
	}
	if (at == first)
		return 0;
	return at < text.size && text.at[at] == ';' ? at + 1 : at;
}

/* &name; Without its semicolon the longest known name counts. */
static size_t name_read(struct slice text, uint32_t *code)
{
	size_t end = 1;
	size_t size;

	while (end < text.size && end <= REFERENCE_NAME_MAX &&
		(is_letter(text.at[end]) || is_digit(text.at[end])))
		end++;
	if (end < 3)
		return 0;
	size = reference_find(slice_part(text, 1, end - 1), code);
	if (!size)
		return 0;
	return 1 + size < text.size && text.at[1 + size] == ';' ? size + 2
								: size + 1;
}

/* Decodes the reference at the start of text into out; never more than it
 * takes. Returns what it takes, 0 when it is none. */
static size_t reference_read(struct slice text, char *out, size_t *written)
{
	const bool number = text.size > 1 && text.at[1] == '#';
	uint32_t code = 0;
	const size_t taken =
		number ? number_read(text, &code) : name_read(text, &code);

	*written = 0;
	if (taken && code)
		*written = charset_utf8_put(out, code);
	return taken;
}

static void put(struct markup *markup, char c)
{
	markup->out[markup->size++] = c;
}

static struct slice rest_of(const struct markup *markup)
{
	return slice_from(markup->text, markup->at);
}

static void character_take(struct markup *markup)
{
	size_t taken = 0, written = 0;

	if (markup->text.at[markup->at] == '&')
		taken = reference_read(
			rest_of(markup), markup->out + markup->size, &written);
	if (taken) {
		markup->at += taken;
		markup->size += written;
		return;
	}
	put(markup, markup->text.at[markup->at++]);
}

/* Moves behind the next end; to the end of the text when there is none. */
static void skip_past(struct markup *markup, struct slice end)
{
	const size_t found = slice_search(rest_of(markup), end);

	markup->at = found == SIZE_MAX ? markup->text.size
				       : markup->at + found + end.size;
}

/* A comment ends at --> and at --!>, one of <!--> and <!---> at once. */
static void comment_skip(struct markup *markup)
{
	struct slice rest;

	markup->at += 4;
	rest = rest_of(markup);
	if (slice_equal(slice_part(rest, 0, 1), SLICE(">"))) {
		markup->at += 1;
		return;
	}
	if (slice_equal(slice_part(rest, 0, 2), SLICE("->"))) {
		markup->at += 2;
		return;
	}
	for (; markup->at < markup->text.size; markup->at++) {
		rest = rest_of(markup);
		if (rest.at[0] != '-')
			continue;
		if (slice_starts_nocase(rest, SLICE("-->"))) {
			markup->at += 3;
			return;
		}
		if (slice_starts_nocase(rest, SLICE("--!>"))) {
			markup->at += 4;
			return;
		}
	}
}

static void cdata_take(struct markup *markup)
{
	const struct slice rest = slice_from(rest_of(markup), 9);
	const size_t end = slice_search(rest, SLICE("]]>"));
	const struct slice inner = slice_part(rest, 0, end);

	if (inner.size)
		memcpy(markup->out + markup->size, inner.at, inner.size);
	markup->size += inner.size;
	markup->at += 9 + inner.size + (end == SIZE_MAX ? 0 : 3);
}

/* Behind the > of a tag; those within quoted values do not count, and a quote
 * begins a value only behind its equals sign. */
static void tag_skip(struct markup *markup)
{
	char quote = 0, before = 0;

	for (; markup->at < markup->text.size; markup->at++) {
		const char c = markup->text.at[markup->at];

		if (quote) {
			if (c == quote)
				quote = 0;
		} else if ((c == '"' || c == '\'') && before == '=') {
			quote = c;
		} else if (c == '>') {
			markup->at++;
			return;
		}
		if (c != ' ' && c != '\t' && c != '\r' && c != '\n')
			before = c;
	}
}

static bool name_among(
	struct slice name, const struct slice *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (slice_equal_nocase(name, names[i]))
			return true;
	return false;
}

/* Elements whose tags break the line. */
static bool breaks_line(struct slice name)
{
	static const struct slice names[] = {{"br", 2}, {"p", 1}, {"div", 3},
		{"li", 2}, {"ul", 2}, {"ol", 2}, {"dl", 2}, {"dt", 2},
		{"dd", 2}, {"tr", 2}, {"td", 2}, {"th", 2}, {"table", 5},
		{"h1", 2}, {"h2", 2}, {"h3", 2}, {"h4", 2}, {"h5", 2},
		{"h6", 2}, {"hr", 2}, {"pre", 3}, {"blockquote", 10},
		{"center", 6}, {"section", 7}, {"article", 7}, {"body", 4},
		{"html", 4}, {"head", 4}, {"option", 6}, {"form", 4}};

	return name_among(name, names, sizeof(names) / sizeof(*names));
}

/* Elements whose content is not shown, as it is no text. */
static bool is_hidden(struct slice name)
{
	static const struct slice names[] = {
		{"script", 6}, {"style", 5}, {"title", 5}, {"template", 8}};

	return name_among(name, names, sizeof(names) / sizeof(*names));
}

/* Behind the next </name. */
static void element_skip(struct markup *markup, struct slice name)
{
	for (; markup->at < markup->text.size; markup->at++) {
		const struct slice rest = rest_of(markup);

		if (rest.at[0] == '<' && rest.size > 1 && rest.at[1] == '/' &&
			slice_starts_nocase(slice_from(rest, 2), name)) {
			tag_skip(markup);
			return;
		}
	}
}

static void tag_take(struct markup *markup)
{
	struct slice name = slice_from(rest_of(markup), 1);
	const bool closing = name.at[0] == '/';
	size_t end = 0;

	if (closing)
		name = slice_from(name, 1);
	while (end < name.size &&
		(is_letter(name.at[end]) || is_digit(name.at[end])))
		end++;
	name = slice_part(name, 0, end);
	tag_skip(markup);
	if (markup->xml)
		return;
	if (breaks_line(name))
		put(markup, '\n');
	if (!closing && is_hidden(name))
		element_skip(markup, name);
}

static void angle_take(struct markup *markup)
{
	const struct slice rest = rest_of(markup);
	const char next = rest.size > 1 ? rest.at[1] : '\0';

	if (slice_starts_nocase(rest, SLICE("<!--")))
		comment_skip(markup);
	else if (markup->xml && slice_starts_nocase(rest, SLICE("<![CDATA[")))
		cdata_take(markup);
	else if (next == '!' || next == '?')
		skip_past(markup, SLICE(">"));
	else if (next == '/' || is_letter(next) || (markup->xml && next == '_'))
		tag_take(markup);
	else
		character_take(markup);
}

bool markup_show(
	struct arena *arena, struct slice text, bool xml, struct slice *shown)
{
	struct markup markup = {.text = text, .xml = xml};

	markup.out = arena_take(arena, text.size + 1);
	if (!markup.out)
		return false;
	while (markup.at < text.size) {
		if (text.at[markup.at] == '<')
			angle_take(&markup);
		else
			character_take(&markup);
	}
	*shown = slice_make(markup.out, markup.size);
	return true;
}

bool markup_decode(
	struct arena *arena, struct slice text, struct slice *decoded)
{
	struct markup markup = {.text = text};

	markup.out = arena_take(arena, text.size + 1);
	if (!markup.out)
		return false;
	while (markup.at < text.size)
		character_take(&markup);
	*decoded = slice_make(markup.out, markup.size);
	return true;
}

static struct slice name_behind(struct slice bytes, size_t at)
{
	size_t end = at;

	while (at < bytes.size && strchr("\"' \t", bytes.at[at]) &&
		bytes.at[at])
		at++;
	for (end = at; end < bytes.size; end++)
		if (!is_letter(bytes.at[end]) && !is_digit(bytes.at[end]) &&
			(!bytes.at[end] || !strchr("-_.:+", bytes.at[end])))
			break;
	return end > at ? slice_part(bytes, at, end - at)
			: (struct slice){NULL, 0};
}

struct slice markup_charset(struct slice bytes)
{
	const struct slice start = slice_part(bytes, 0, DECLARED_WITHIN);
	size_t at = slice_search(start, SLICE("<?xml"));
	size_t found = SIZE_MAX;

	if (at != SIZE_MAX) {
		const struct slice rest = slice_from(start, at);
		const size_t end = slice_search(rest, SLICE("?>"));

		found = slice_search(
			slice_part(rest, 0, end), SLICE("encoding="));
		if (found != SIZE_MAX)
			return name_behind(start, at + found + 9);
	}
	at = slice_search_nocase(start, SLICE("<meta"));
	if (at != SIZE_MAX)
		found = slice_search_nocase(
			slice_from(start, at), SLICE("charset="));
	if (found == SIZE_MAX)
		return (struct slice){NULL, 0};
	return name_behind(start, at + found + 8);
}
