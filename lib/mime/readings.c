/* readings.c -- every text that readers may see in the same bytes.
 *
 * Readers disagree most about character sets: some believe the declaration,
 * some the bytes, many read everything as UTF-8; some show what is invalid as
 * a replacement, some leave it out. Whatever one of them may show is judged.
 */
#include "lib/mime/readings.h"

#include "lib/charset.h"
#include "lib/mime/markup.h"
#include "lib/mime/sight.h"

enum { UTF16_NUL_SHARE = 8, DECLARED_WITHIN = 1024 };

static void reading_add(struct readings *readings, struct slice text)
{
	if (slice_empty(text) || readings->count == READINGS_MAX)
		return;
	for (size_t i = 0; i < readings->count; i++)
		if (slice_equal(readings->texts[i], text))
			return;
	readings->texts[readings->count++] = text;
}

static bool has_nul(struct slice bytes)
{
	return slice_find(bytes, '\0') != SIZE_MAX;
}

static void read_named(struct readings *readings, struct arena *arena,
	struct slice bytes, struct slice charset, bool textual)
{
	struct slice text = {NULL, 0};
	enum charset_outcome outcome = charset_decode(arena, bytes, charset,
		textual ? CHARSET_REPLACE : CHARSET_REFUSE, &text);

	if (outcome == CHARSET_UNKNOWN)
		readings->unseen = "in an unknown character set";
	readings->spent = readings->spent || outcome == CHARSET_SPENT;
	reading_add(readings, text);
	if (outcome != CHARSET_BROKEN || !textual)
		return;
	outcome = charset_decode(arena, bytes, charset, CHARSET_DROP, &text);
	readings->spent = readings->spent || outcome == CHARSET_SPENT;
	reading_add(readings, text);
}

/* Without a mark, UTF-16 by that name may be either way round. */
static void read_other_order(struct readings *readings, struct arena *arena,
	struct slice bytes, struct slice charset, bool textual)
{
	const bool wide = slice_find(charset, '3') != SIZE_MAX ||
			  slice_find(charset, '4') != SIZE_MAX;

	if (!charset_leaves_order_open(charset) ||
		charset_mark_of(bytes) != CHARSET_MARK_NONE)
		return;
	read_named(readings, arena, bytes,
		wide ? SLICE("UTF-32LE") : SLICE("UTF-16LE"), textual);
	read_named(readings, arena, bytes,
		wide ? SLICE("UTF-32BE") : SLICE("UTF-16BE"), textual);
}

/* NULs all on one side of their units, and enough of them. */
static bool looks_utf16(struct slice bytes, bool textual)
{
	size_t count[2] = {0, 0};

	if (bytes.size % 2)
		return false;
	for (size_t i = 0; i < bytes.size; i++)
		count[i % 2] += bytes.at[i] == '\0';
	if (textual)
		return count[0] || count[1];
	return !count[0] != !count[1] &&
	       count[0] + count[1] >= bytes.size / UTF16_NUL_SHARE;
}

/* UTF-16 whose makers did not say so, perhaps. */
static void read_utf16_looks(struct readings *readings, struct arena *arena,
	struct slice bytes, bool textual)
{
	if (!looks_utf16(bytes, textual))
		return;
	read_named(readings, arena, bytes, SLICE("UTF-16LE"), false);
	read_named(readings, arena, bytes, SLICE("UTF-16BE"), false);
}

static void read_bytes(struct readings *readings, struct arena *arena,
	struct slice bytes, bool textual)
{
	const bool sound = charset_is_utf8(bytes);
	struct slice text;

	if (sound && !has_nul(bytes)) {
		reading_add(readings, bytes);
		return;
	}
	if (textual || sound || sight_may_be_text(bytes)) {
		if (charset_mend(arena, bytes, &text))
			reading_add(readings, text);
		else
			readings->spent = true;
	}
	if (textual) {
		if (charset_mend_carelessly(arena, bytes, &text))
			reading_add(readings, text);
		else
			readings->spent = true;
	}
	read_utf16_looks(readings, arena, bytes, textual);
}

static struct slice charset_of_mark(struct slice bytes)
{
	switch (charset_mark_of(bytes)) {
	case CHARSET_MARK_UTF16LE:
	case CHARSET_MARK_UTF16BE:
		return SLICE("UTF-16");
	case CHARSET_MARK_UTF32LE:
	case CHARSET_MARK_UTF32BE:
		return SLICE("UTF-32");
	default:
		return (struct slice){NULL, 0};
	}
}

/* What the text says of itself, when it is something else. */
static void read_self_declared(struct readings *readings, struct arena *arena,
	struct slice bytes, struct slice charset, bool textual)
{
	struct slice own;

	if (slice_find(slice_part(bytes, 0, DECLARED_WITHIN), '<') == SIZE_MAX)
		return;
	own = markup_charset(bytes);
	if (own.at && !charset_names_utf8(own) &&
		!slice_equal_nocase(own, charset))
		read_named(readings, arena, bytes, own, textual);
}

static void read_declared(struct readings *readings, struct arena *arena,
	struct slice bytes, struct slice charset, bool textual)
{
	read_named(readings, arena, bytes, charset, textual);
	read_other_order(readings, arena, bytes, charset, textual);
	/* Many look no further than the bytes. */
	if (readings->unseen || charset_is_utf8(bytes))
		read_bytes(readings, arena, bytes, textual);
}

const char *readings_make(struct readings *readings, struct arena *arena,
	struct slice bytes, struct slice charset, bool textual)
{
	const struct slice marked = charset_of_mark(bytes);

	readings->count = 0;
	readings->unseen = NULL;
	readings->spent = false;
	if (charset.at && textual &&
		!charset_allows_mark(charset, charset_mark_of(bytes)))
		return "byte order mark that contradicts the character set";
	if (charset.at && !charset_names_utf8(charset))
		read_declared(readings, arena, bytes, charset, textual);
	else if (marked.at)
		read_named(readings, arena, bytes, marked, textual);
	else
		read_bytes(readings, arena, bytes, textual);
	read_self_declared(readings, arena, bytes, charset, textual);
	return NULL;
}
