/* rtf.c -- what rich text shows (Rich Text Format 1.9). */
#include "lib/mime/rtf.h"

#include "lib/charset.h"
#include "lib/mime/escape.h"

enum { GROUPS_MAX = 64, WORD_MAX = 32, RUN_MAX = 256 };

/* What a brace keeps and gives back. */
struct group {
	bool hidden;  /* \v, or a destination that is not shown */
	long skipped; /* \uc: characters that stand for one \u */
};

struct rtf {
	struct arena *arena;
	struct slice text;
	size_t at;
	char *out;
	size_t size;
	size_t room;
	struct group groups[GROUPS_MAX];
	size_t depth;      /* may be more than GROUPS_MAX */
	long skip;         /* characters still to skip behind \u */
	char run[RUN_MAX]; /* bytes of \'hh one after the other */
	size_t run_size;
	char page[16];    /* the character set of those */
	bool destination; /* behind \* */
};

bool rtf_looks_so(struct slice text)
{
	return slice_starts_nocase(slice_trim(text), SLICE("{\\rtf"));
}

static struct group *group_of(struct rtf *rtf)
{
	const size_t depth =
		rtf->depth < GROUPS_MAX ? rtf->depth : GROUPS_MAX - 1;

	return &rtf->groups[depth];
}

static void put(struct rtf *rtf, struct slice text)
{
	if (group_of(rtf)->hidden || text.size > rtf->room - rtf->size)
		return;
	if (text.size)
		memcpy(rtf->out + rtf->size, text.at, text.size);
	rtf->size += text.size;
}

/* A run is decoded as a whole: a character may take two of its bytes. */
static bool run_end(struct rtf *rtf)
{
	const struct slice run = slice_make(rtf->run, rtf->run_size);
	struct slice text = run;
	enum charset_outcome outcome;

	if (!rtf->run_size)
		return true;
	rtf->run_size = 0;
	if (!charset_is_ascii(run)) {
		/* The letters of code page 1252 are those of Latin-1. */
		outcome = CHARSET_UNKNOWN;
		if (strcmp(rtf->page, "cp1252") != 0)
			outcome = charset_decode(rtf->arena, run,
				slice_of(rtf->page), CHARSET_REPLACE, &text);
		if (outcome == CHARSET_SPENT)
			return false;
		if (outcome == CHARSET_UNKNOWN &&
			!charset_mend(rtf->arena, run, &text))
			return false;
	}
	put(rtf, text);
	return true;
}

static bool run_add(struct rtf *rtf, char byte)
{
	if (rtf->run_size == RUN_MAX && !run_end(rtf))
		return false;
	rtf->run[rtf->run_size++] = byte;
	return true;
}

/* A control word: letters, and a number, and one blank that belongs to it. */
struct word {
	struct slice name;
	long number;
	bool numbered;
};

static struct word word_read(struct rtf *rtf)
{
	const struct slice rest = slice_from(rtf->text, rtf->at);
	struct word word = {.number = 0};
	size_t end = 0;
	bool negative;

	while (end < rest.size && end < WORD_MAX &&
		(rest.at[end] | 0x20) >= 'a' && (rest.at[end] | 0x20) <= 'z')
		end++;
	word.name = slice_part(rest, 0, end);
	negative = end < rest.size && rest.at[end] == '-';
	end += negative;
	for (; end < rest.size && rest.at[end] >= '0' && rest.at[end] <= '9';
		end++) {
		word.numbered = true;
		if (word.number < 100000000)
			word.number = word.number * 10 + (rest.at[end] - '0');
	}
	if (negative)
		word.number = -word.number;
	if (end < rest.size && rest.at[end] == ' ')
		end++;
	rtf->at += end;
	return word;
}

static bool named(struct slice name, const struct slice *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (slice_equal(name, names[i]))
			return true;
	return false;
}

static bool breaks_line(struct slice name)
{
	static const struct slice names[] = {{"par", 3}, {"line", 4},
		{"page", 4}, {"sect", 4}, {"cell", 4}, {"row", 3}, {"tab", 3}};

	return named(name, names, sizeof(names) / sizeof(*names));
}

static bool is_not_shown(struct slice name)
{
	static const struct slice names[] = {{"fonttbl", 7}, {"colortbl", 8},
		{"stylesheet", 10}, {"info", 4}, {"pict", 4}, {"objdata", 7},
		{"fldinst", 7}, {"themedata", 9}, {"datastore", 9}};

	return named(name, names, sizeof(names) / sizeof(*names));
}

static void unicode_put(struct rtf *rtf, long number)
{
	const long code = number < 0 ? number + 65536 : number;
	char bytes[4];

	if (code > 0)
		put(rtf, slice_make(bytes,
				 charset_utf8_put(bytes, (uint32_t)code)));
	rtf->skip = group_of(rtf)->skipped;
}

static void page_set(struct rtf *rtf, long number)
{
	static const char digits[] = "0123456789";
	char *end = rtf->page + sizeof(rtf->page) - 1;
	char *at = end;

	*end = '\0';
	for (; number > 0 && at > rtf->page + 2; number /= 10)
		*--at = digits[number % 10];
	*--at = 'p';
	*--at = 'c';
	memmove(rtf->page, at, (size_t)(end - at) + 1);
}

static void word_do(struct rtf *rtf, const struct word *word)
{
	struct group *group = group_of(rtf);

	if (rtf->destination || is_not_shown(word->name))
		group->hidden = true;
	rtf->destination = false;
	if (breaks_line(word->name))
		put(rtf, SLICE("\n"));
	else if (slice_equal(word->name, SLICE("v")))
		group->hidden = !word->numbered || word->number != 0;
	else if (slice_equal(word->name, SLICE("u")) && word->numbered)
		unicode_put(rtf, word->number);
	else if (slice_equal(word->name, SLICE("uc")) && word->number >= 0)
		group->skipped = word->number;
	else if (slice_equal(word->name, SLICE("ansicpg")))
		page_set(rtf, word->number);
	else if (slice_equal(word->name, SLICE("bin")) && word->number > 0)
		rtf->at += (size_t)word->number < rtf->text.size - rtf->at
				   ? (size_t)word->number
				   : rtf->text.size - rtf->at;
}

/* A character that is skipped when it stands for a \u before it. */
static bool skipped(struct rtf *rtf)
{
	if (rtf->skip <= 0)
		return false;
	rtf->skip--;
	return true;
}

/* Behind a backslash. */
static bool control_take(struct rtf *rtf)
{
	const struct slice rest = slice_from(rtf->text, rtf->at);
	struct word word;
	long code;

	if (!rest.size)
		return true;
	if (rest.at[0] == '\'') {
		code = escape_hex(slice_from(rest, 1), 2);
		rtf->at += code < 0 ? 1 : 3;
		return code <= 0 || skipped(rtf) || run_add(rtf, (char)code);
	}
	if (!run_end(rtf))
		return false;
	if ((rest.at[0] | 0x20) < 'a' || (rest.at[0] | 0x20) > 'z') {
		rtf->at++;
		if (rest.at[0] == '*')
			rtf->destination = true;
		else if (strchr("\\{}", rest.at[0]) && !skipped(rtf))
			put(rtf, slice_part(rest, 0, 1));
		else if (rest.at[0] == '~')
			put(rtf, SLICE(" "));
		else if (rest.at[0] == '_')
			put(rtf, SLICE("-"));
		else if (rest.at[0] == '\r' || rest.at[0] == '\n')
			put(rtf, SLICE("\n"));
		return true;
	}
	word = word_read(rtf);
	word_do(rtf, &word);
	return true;
}

static bool brace_take(struct rtf *rtf, char brace)
{
	struct group outer = *group_of(rtf);

	if (!run_end(rtf))
		return false;
	rtf->at++;
	rtf->skip = 0;
	rtf->destination = false;
	if (brace == '}') {
		rtf->depth -= rtf->depth > 0;
		return true;
	}
	rtf->depth++;
	if (rtf->depth < GROUPS_MAX)
		*group_of(rtf) = outer;
	return true;
}

static bool character_take(struct rtf *rtf)
{
	const struct slice rest = slice_from(rtf->text, rtf->at);
	const size_t size = charset_utf8_size(rest);

	if (!run_end(rtf))
		return false;
	rtf->at += size ? size : 1;
	/* A line end of the file is none of the text. */
	if (rest.at[0] != '\r' && rest.at[0] != '\n' && size && !skipped(rtf))
		put(rtf, slice_part(rest, 0, size));
	return true;
}

static bool step(struct rtf *rtf)
{
	const char c = rtf->text.at[rtf->at];

	if (c == '{' || c == '}')
		return brace_take(rtf, c);
	if (c == '\\') {
		rtf->at++;
		return control_take(rtf);
	}
	return character_take(rtf);
}

bool rtf_show(struct arena *arena, struct slice text, struct slice *shown)
{
	/* \'hh makes at most three bytes of four, a plain byte one of one. */
	struct rtf rtf = {.arena = arena,
		.text = text,
		.room = text.size + 16,
		.page = "cp1252"};

	rtf.out = arena_take(arena, rtf.room);
	if (!rtf.out)
		return false;
	rtf.groups[0].skipped = 1;
	while (rtf.at < text.size)
		if (!step(&rtf))
			return false;
	if (!run_end(&rtf))
		return false;
	*shown = slice_make(rtf.out, rtf.size);
	return true;
}
