/* multipart.c -- the parts between boundaries (RFC 2046 5.1). */
#include "lib/mime/multipart.h"

/* Where a delimiter line stands. */
struct delimiter {
	size_t start; /* its first hyphen */
	size_t end;   /* behind its line */
	bool closing;
};

static bool boundary_is_proper(struct slice boundary)
{
	static const char others[] = "'()+_,-./:=? ";

	for (size_t i = 0; i < boundary.size; i++) {
		const char c = boundary.at[i];
		const char folded = (char)(c | 0x20);

		if (!(c >= '0' && c <= '9') &&
			!(folded >= 'a' && folded <= 'z') &&
			!(c && strchr(others, c)))
			return false;
	}
	return boundary.size && boundary.size <= MULTIPART_BOUNDARY_MAX &&
	       boundary.at[boundary.size - 1] != ' ';
}

static size_t blanks_skip(struct slice bytes, size_t at)
{
	while (at < bytes.size && (bytes.at[at] == ' ' || bytes.at[at] == '\t'))
		at++;
	return at;
}

/* What follows the boundary decides: RFC 2046 would take any line that begins
 * with it, many readers only the exact one. */
static const char *delimiter_read(
	struct slice bytes, size_t behind, struct delimiter *delimiter)
{
	size_t at = behind;

	delimiter->closing = slice_equal(slice_part(bytes, at, 2), SLICE("--"));
	if (delimiter->closing)
		at += 2;
	at = blanks_skip(bytes, at);
	delimiter->end = at;
	if (at == bytes.size)
		return delimiter->closing ? NULL : "no closing boundary";
	if (!slice_equal(slice_part(bytes, at, 2), SLICE("\r\n")))
		return "line that begins like a boundary";
	delimiter->end = at + 2;
	return NULL;
}

static size_t line_skip(struct slice bytes, size_t at)
{
	while (at < bytes.size && bytes.at[at] != '\n' && bytes.at[at] != '\r')
		at++;
	return at;
}

/* Finds the next one from the offset at. A start of SIZE_MAX: there is none. */
static const char *delimiter_find(const struct multipart *multipart, size_t at,
	struct delimiter *delimiter)
{
	const struct slice bytes = multipart->bytes;
	const struct slice wanted =
		slice_make(multipart->delimiter, multipart->delimiter_size);

	delimiter->start = SIZE_MAX;
	for (;;) {
		const size_t found =
			slice_search(slice_from(bytes, at), wanted);

		if (found == SIZE_MAX)
			return NULL;
		at += found;
		if (at == 0 || (at >= 2 && bytes.at[at - 1] == '\n' &&
				       bytes.at[at - 2] == '\r'))
			break;
		if (bytes.at[at - 1] == '\n' || bytes.at[at - 1] == '\r')
			return "boundary behind a bare CR or LF";
		at = line_skip(bytes, at);
	}
	delimiter->start = at;
	return delimiter_read(bytes, at + wanted.size, delimiter);
}

static bool is_blank(struct slice text)
{
	return slice_empty(slice_trim(text));
}

const char *multipart_start(
	struct multipart *multipart, struct slice bytes, struct slice boundary)
{
	struct delimiter first;
	const char *wrong;

	if (!boundary_is_proper(boundary))
		return "improper boundary";
	*multipart = (struct multipart){
		.bytes = bytes, .delimiter_size = boundary.size + 2};
	memcpy(multipart->delimiter, "--", 2);
	memcpy(multipart->delimiter + 2, boundary.at, boundary.size);
	wrong = delimiter_find(multipart, 0, &first);
	if (wrong)
		return wrong;
	if (first.start == SIZE_MAX || first.closing)
		return "multipart without parts";
	if (!is_blank(slice_part(bytes, 0, first.start)))
		return "text in front of the first part";
	multipart->at = first.end;
	return NULL;
}

enum multipart_step multipart_next(
	struct multipart *multipart, struct slice *part, const char **wrong)
{
	const size_t start = multipart->at;
	struct delimiter next;

	if (multipart->ended) {
		const bool blank =
			is_blank(slice_from(multipart->bytes, start));

		*wrong = blank ? NULL : "text behind the last part";
		return blank ? MULTIPART_END : MULTIPART_WRONG;
	}
	*wrong = delimiter_find(multipart, start, &next);
	if (!*wrong && next.start == SIZE_MAX)
		*wrong = "no closing boundary";
	if (*wrong)
		return MULTIPART_WRONG;
	/* The line end in front belongs to the delimiter; between two with
	 * nothing in between there is only one. */
	*part = slice_part(multipart->bytes, start,
		next.start >= start + 2 ? next.start - 2 - start : 0);
	multipart->at = next.end;
	multipart->ended = next.closing;
	return MULTIPART_PART;
}
