/* snippet.c -- the part of a text that a hit shows, and what to highlight. */
#include "archiver/store/snippet.h"

#include "lib/query/words.h"

static bool begins_character(char byte)
{
	return ((unsigned char)byte & 0xc0) != 0x80;
}

static size_t characters(struct slice text)
{
	size_t count = 0;

	for (size_t i = 0; i < text.size; i++)
		count += begins_character(text.at[i]);
	return count;
}

/* Offset of the character that stands count characters behind start. */
static size_t forward(struct slice text, size_t start, size_t count)
{
	size_t at = start;

	while (at < text.size && count > 0) {
		at++;
		while (at < text.size && !begins_character(text.at[at]))
			at++;
		count--;
	}
	return at;
}

static size_t backward(struct slice text, size_t start, size_t count)
{
	size_t at = start;

	while (at > 0 && count > 0) {
		at--;
		while (at > 0 && !begins_character(text.at[at]))
			at--;
		count--;
	}
	return at;
}

/* The piece of the column in which the first mark stands, or the first. */
static struct slice piece_with(struct slice text, size_t at, size_t *offset)
{
	size_t start = at > text.size ? 0 : at;

	while (start > 0 && text.at[start - 1] != QUERY_BREAK)
		start--;
	*offset = start;
	return slice_part(
		text, start, slice_find(slice_from(text, start), QUERY_BREAK));
}

static json_t *marks_within(struct slice shown, size_t offset,
	const struct query_mark *marks, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++) {
		size_t start = marks[i].start - offset;
		json_t *pair;

		if (marks[i].start < offset ||
			start + marks[i].size > shown.size)
			continue;
		pair = json_pack("[I,I]",
			(json_int_t)characters(slice_part(shown, 0, start)),
			(json_int_t)characters(
				slice_part(shown, start, marks[i].size)));
		json_array_append_new(array, pair);
	}
	return array;
}

void snippet_add(json_t *row, const struct query *query, struct slice text)
{
	struct query_mark marks[QUERY_MARKS];
	size_t count = query_marks(query, text, marks);
	size_t first = count ? marks[0].start : 0;
	size_t offset, start, end;
	struct slice piece = piece_with(text, first, &offset), shown;

	start = backward(piece, first - offset, SNIPPET_BEFORE);
	end = forward(piece, start, SNIPPET_CHARACTERS);
	start = backward(piece, end, SNIPPET_CHARACTERS);
	shown = slice_part(piece, start, end - start);
	json_object_set_new(row, "text", json_stringn(shown.at, shown.size));
	json_object_set_new(row, "marks",
		marks_within(shown, offset + start, marks, count));
	json_object_set_new(
		row, "cut", json_boolean(start > 0 || end < piece.size));
}

json_t *snippet_pieces(struct slice column)
{
	json_t *array = json_array();
	struct slice piece;

	while (slice_cut(&column, QUERY_BREAK, &piece))
		if (piece.size)
			json_array_append_new(
				array, json_stringn(piece.at, piece.size));
	return array;
}
