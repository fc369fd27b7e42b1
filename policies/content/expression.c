/* expression.c -- folds the letters of a regular expression, not its signs. */
#include "policies/content/expression.h"

#include "policies/content/fold.h"

#include <stdlib.h>
#include <unicode/utf8.h>

enum {
	/* Longer ranges are of scripts that folding leaves alone. */
	RANGE_MOST = 2048,
	OUT_SIZE = 1 << 16
};

struct translation {
	struct slice in;
	size_t at;
	char *out;
	size_t size;
	bool in_class;
	const char *why; /* NULL: all is well */
};

static void put_byte(struct translation *work, char byte)
{
	if (work->size + 1 < OUT_SIZE)
		work->out[work->size++] = byte;
	else
		work->why = "the expression is too long once its ranges of "
			    "letters are written out";
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

/* In brackets: a letter or a range of which one end is beyond ASCII. */
static void class_item(struct translation *work, UChar32 point)
{
	size_t at = work->at;
	if (peek(work, &at) == '-') {
		UChar32 last = peek(work, &at);
		if (last >= 0 && last != ']' && last != '\\' && last != '[') {
			work->at = at;
			fold_range(work, point, last);
			return;
		}
	}
	fold_inside(work, point);
}

static bool range_reaches_out(const struct translation *work)
{
	size_t at = work->at;
	return peek(work, &at) == '-' && peek(work, &at) >= 0x80;
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
	for (size_t i = 0; i < end + 2; i++)
		put_byte(work, rest.at[i]);
	work->at += end + 2;
	return true;
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
	if (point >= 0x80 || range_reaches_out(work)) {
		class_item(work, point);
		return;
	}
	put_byte(work, (char)point);
	if (point == '[')
		(void)copy_named_class(work);
	else if (point == ']')
		work->in_class = false;
}

static void outside(struct translation *work, UChar32 point)
{
	if (point >= 0x80) {
		fold_outside(work, point);
		return;
	}
	put_byte(work, (char)point);
	if (point == '[')
		class_start(work);
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
