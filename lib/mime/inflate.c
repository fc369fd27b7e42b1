/* inflate.c -- Content-Encoding: gzip, deflate and lists of them. */
#include "lib/mime/inflate.h"

/* zlib only reads its input. */
#define ZLIB_CONST
#include <limits.h>
#include <zlib.h>

enum { SCRATCH_BYTES = 16384 };

/* What zlib calls the formats (inflateInit2). */
enum { FORMAT_ZLIB = 15, FORMAT_RAW = -15, FORMAT_GZIP = 31 };

enum coding { CODING_IDENTITY, CODING_GZIP, CODING_DEFLATE, CODING_UNKNOWN };

static enum coding coding_of(struct slice name)
{
	if (slice_equal_nocase(name, SLICE("gzip")) ||
		slice_equal_nocase(name, SLICE("x-gzip")))
		return CODING_GZIP;
	if (slice_equal_nocase(name, SLICE("deflate")))
		return CODING_DEFLATE;
	if (slice_equal_nocase(name, SLICE("identity")))
		return CODING_IDENTITY;
	return CODING_UNKNOWN;
}

/* Inflates into scratch and counts, so that the true size is known before
 * memory is taken, and a bomb costs none. */
static enum inflate_outcome measure(
	struct slice coded, int format, size_t limit, size_t *size)
{
	unsigned char scratch[SCRATCH_BYTES];
	z_stream stream = {.next_in = (const unsigned char *)coded.at,
		.avail_in = (uInt)coded.size};
	enum inflate_outcome outcome = INFLATE_DONE;
	int status = Z_OK;

	*size = 0;
	if (coded.size > INT_MAX || inflateInit2(&stream, format) != Z_OK)
		return INFLATE_LARGE;
	while (status == Z_OK && outcome == INFLATE_DONE) {
		stream.next_out = scratch;
		stream.avail_out = sizeof(scratch);
		status = inflate(&stream, Z_NO_FLUSH);
		*size += sizeof(scratch) - stream.avail_out;
		if (*size > limit)
			outcome = INFLATE_LARGE;
	}
	/* Bytes behind the end: a second member, or what only some see. */
	if (outcome == INFLATE_DONE &&
		(status != Z_STREAM_END || stream.avail_in))
		outcome = INFLATE_WRONG;
	(void)inflateEnd(&stream);
	return outcome;
}

static enum inflate_outcome fill(struct arena *arena, struct slice coded,
	int format, size_t size, struct slice *plain)
{
	char *out = arena_take(arena, size + 1);
	z_stream stream = {.next_in = (const unsigned char *)coded.at,
		.avail_in = (uInt)coded.size,
		.next_out = (unsigned char *)out,
		.avail_out = (uInt)size + 1};
	int status;

	if (!out || size >= INT_MAX || inflateInit2(&stream, format) != Z_OK)
		return INFLATE_LARGE;
	status = inflate(&stream, Z_FINISH);
	(void)inflateEnd(&stream);
	*plain = slice_make(out, size);
	return status == Z_STREAM_END ? INFLATE_DONE : INFLATE_WRONG;
}

/* "deflate" is zlib's format (RFC 9110 8.4.1.2), and with some the bare one.
 * What can be read as both is refused. */
static enum inflate_outcome deflate_format(
	struct slice coded, size_t limit, size_t *size, int *format)
{
	size_t bare_size;
	const enum inflate_outcome bare =
		measure(coded, FORMAT_RAW, limit, &bare_size);
	const enum inflate_outcome proper =
		measure(coded, FORMAT_ZLIB, limit, size);

	*format = FORMAT_ZLIB;
	if (proper != INFLATE_WRONG)
		return bare == INFLATE_WRONG ? proper : INFLATE_WRONG;
	*format = FORMAT_RAW;
	*size = bare_size;
	return bare;
}

static enum inflate_outcome layer_undo(struct arena *arena, enum coding coding,
	size_t *limit, struct slice *bytes)
{
	int format = FORMAT_GZIP;
	size_t size;
	const enum inflate_outcome outcome =
		coding == CODING_GZIP
			? measure(*bytes, format, *limit, &size)
			: deflate_format(*bytes, *limit, &size, &format);

	if (outcome != INFLATE_DONE)
		return outcome;
	*limit -= size;
	return fill(arena, *bytes, format, size, bytes);
}

enum inflate_outcome inflate_read(struct arena *arena, struct slice coded,
	struct slice names, size_t *limit_bytes, struct slice *plain)
{
	enum coding layers[INFLATE_LAYERS_MAX];
	size_t count = 0;
	struct slice name;

	*plain = coded;
	while (slice_cut(&names, ',', &name)) {
		const enum coding coding = coding_of(slice_trim(name));

		if (coding == CODING_UNKNOWN)
			return INFLATE_UNKNOWN;
		if (coding == CODING_IDENTITY)
			continue;
		if (count == INFLATE_LAYERS_MAX)
			return INFLATE_LARGE;
		layers[count++] = coding;
	}
	while (count) {
		const enum inflate_outcome outcome =
			layer_undo(arena, layers[--count], limit_bytes, plain);

		if (outcome != INFLATE_DONE)
			return outcome;
	}
	return INFLATE_DONE;
}
