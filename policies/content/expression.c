/* expression.c -- folds the letters of a regular expression, not its signs. */
#include "policies/content/expression.h"

#include "policies/content/fold.h"

#include <stdlib.h>
#include <unicode/utf8.h>

enum {
	/* Longer ranges are of scripts that folding leaves alone. */
	RANGE_MOST = 2048,
	/* Each is an automaton of thousands of states: more of them, or one
	 * that is counted, take vectorscan seconds to compile. */
	PROPERTIES_MOST = 3,
	OUT_SIZE = 1 << 16
};

struct translation {
	struct slice in;
	size_t at;
	char *out;
	size_t size;
	bool in_class;
	unsigned properties; /* of \p and \P so far */
	char before;         /* the sign in front, where it may be counted */
	const char *why;     /* NULL: all is well */
};

static char put_byte(struct translation *work, char byte)
{
	if (work->size + 1 < OUT_SIZE)
		work->out[work->size++] = byte;
	else
		work->why = "the expression is too long once its ranges of "
			    "letters are written out";
	return byte;
}

/* ASCII that folding has made is meant as itself. */
static void put_point(struct translation *work, UChar32 point)
{
	char bytes[4];
	bool letter = (point >= 'a' && point <= 'z') ||
		      (point >= '0' && point <= '9') || point >= 0x80;
	if (!letter)
		put_byte(work, '\\');
	size_t size = point_write(bytes, point);
	for (size_t i = 0; i < size; i++)
		put_byte(work, bytes[i]);
}

static UChar32 peek(const struct translation *work, size_t *at)
{
	const uint8_t *bytes = (const uint8_t *)work->in.at;
	UChar32 point;
	if (*at >= work->in.size)
		return -1;
	U8_NEXT(bytes, *at, work->in.size, point);
	return point < 0 ? 0xFFFD : point;
}

static void fold_outside(struct translation *work, UChar32 point)
{
	UChar32 points[FOLD_MOST];
	size_t count = fold_point(point, points);
	if (count > 1)
		for (const char *open = "(?:"; *open; open++)
			put_byte(work, *open);
	for (size_t i = 0; i < count; i++)
		put_point(work, points[i]);
	if (count > 1)
		put_byte(work, ')');
}

static void fold_inside(struct translation *work, UChar32 point)
{
	UChar32 points[FOLD_MOST];
	size_t count = fold_point(point, points);
	for (size_t i = 0; i < count; i++)
		put_point(work, points[i]);
}

static void copy_range(struct translation *work, UChar32 first, UChar32 last)
{
	put_point(work, first);
	put_byte(work, '-');
	put_point(work, last);
}

static void fold_range(struct translation *work, UChar32 first, UChar32 last)
{
	if (last < first) {
		work->why = "a range of letters runs backwards";
	} else if (last - first >= RANGE_MOST) {
		copy_range(work, first, last);
	} else {
		for (UChar32 point = first; point <= last; point++)
			fold_inside(work, point);
	}
}

static bool has_capitals(UChar32 first, UChar32 last)
{
	return first <= 'Z' && last >= 'A';
}

/* In brackets: a letter, or the range that it begins. */
static void class_item(struct translation *work, UChar32 point)
{
	size_t at = work->at;
	UChar32 last = peek(work, &at) == '-' ? peek(work, &at) : -1;
	if (last < 0 || last == ']' || last == '\\' || last == '[') {
		fold_inside(work, point);
		return;
	}
	work->at = at;
	if (last >= 0x80 || has_capitals(point, last))
		fold_range(work, point, last);
	else
		copy_range(work, point, last);
}

/* "[:alpha:]" and its like are copied, with their closing bracket. */
static bool copy_named_class(struct translation *work)
{
	struct slice rest = slice_from(work->in, work->at);
	if (rest.size == 0 || rest.at[0] != ':')
		return false;
	size_t end = slice_search(rest, SLICE(":]"));
	if (end == SIZE_MAX)
		return false;
	put_byte(work, '[');
	for (size_t i = 0; i < end + 2; i++)
		put_byte(work, rest.at[i]);
	work->at += end + 2;
	return true;
}

/* Copies up to and with the closing sign, if it comes at all. */
static void copy_to(struct translation *work, char closing)
{
	while (work->at < work->in.size) {
		char byte = work->in.at[work->at++];
		put_byte(work, byte);
		if (byte == closing)
			return;
	}
}

/* \p{Greek} and \pL keep their capitals. */
static void property(struct translation *work)
{
	if (work->at < work->in.size &&
		put_byte(work, work->in.at[work->at++]) == '{')
		copy_to(work, '}');
	work->before = 'p';
	if (++work->properties > PROPERTIES_MOST)
		work->why = "more than three \\p in one expression take too "
			    "long to compile; use several expressions";
}

/* A backslash and what it stands before. */
static void escape(struct translation *work)
{
	UChar32 point = peek(work, &work->at);
	if (point < 0) {
		work->why = "the expression ends in a backslash";
	} else if (point == 'Q') {
		work->why = "\\Q is not known: put a backslash before each "
			    "sign, or use a term";
	} else if (point < 0x80) {
		put_byte(work, '\\');
		put_byte(work, (char)point);
		if (point == 'p' || point == 'P')
			property(work);
	} else if (work->in_class) {
		class_item(work, point);
	} else {
		fold_outside(work, point);
	}
}

/* The first of a class may be ^, and then ] without closing it. */
static void class_start(struct translation *work)
{
	work->in_class = true;
	if (work->at < work->in.size && work->in.at[work->at] == '^')
		put_byte(work, work->in.at[work->at++]);
	if (work->at < work->in.size && work->in.at[work->at] == ']')
		put_byte(work, work->in.at[work->at++]);
}

static void inside(struct translation *work, UChar32 point)
{
	if (point == '[' && copy_named_class(work))
		return;
	if (point == ']') {
		work->in_class = false;
		put_byte(work, ']');
	} else {
		class_item(work, point);
	}
}

/* The P of (?P<name>, the flags of (?i) and (*UCP) keep their case. */
static void group_start(struct translation *work)
{
	char sign = work->at < work->in.size ? work->in.at[work->at] : 0;
	if (sign == '*') {
		copy_to(work, ')');
	} else if (sign == '?') {
		put_byte(work, work->in.at[work->at++]);
		if (work->at < work->in.size &&
			(unsigned char)work->in.at[work->at] < 0x80)
			put_byte(work, work->in.at[work->at++]);
	}
}

/* Of a property by itself, or of a group or class that may hold one. */
static void refuse_counted_property(struct translation *work)
{
	if (work->properties && (work->before == 'p' || work->before == ')' ||
					work->before == ']'))
		work->why = "\\p cannot be counted with {}, alone or in a "
			    "group or class: it takes too long to compile; use "
			    "+ or *";
}

static void outside(struct translation *work, UChar32 point)
{
	if (point >= 0x80 || has_capitals(point, point)) {
		fold_outside(work, point);
		return;
	}
	put_byte(work, (char)point);
	if (point == '[')
		class_start(work);
	else if (point == '(')
		group_start(work);
	else if (point == '{')
		refuse_counted_property(work);
}

bool expression_fold(struct slice expression, struct arena *arena,
	struct slice *folded, const char **why)
{
	struct translation work = {.in = expression, .out = malloc(OUT_SIZE)};
	if (!work.out) {
		*why = "memory is short";
		return false;
	}
	while (work.at < work.in.size && !work.why) {
		UChar32 point = peek(&work, &work.at);
		if (point != '{')
			work.before = point < 0x80 ? (char)point : 0;
		if (point == '\\')
			escape(&work);
		else if (work.in_class)
			inside(&work, point);
		else
			outside(&work, point);
	}
	*folded = arena_copy(arena, slice_make(work.out, work.size));
	free(work.out);
	*why = work.why ? work.why : "memory is short";
	return !work.why && folded->at;
}
