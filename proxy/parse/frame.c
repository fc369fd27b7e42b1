/* frame.c -- where the first message in a stream ends (RFC 3261 18.3).
 *
 * Whoever frames a stream in another way than the next reader lets a body pass
 * for a message. So whatever could be read in two ways is broken here, before
 * message.c sees it, and the connection is closed.
 */
#include "proxy/parse/message.h"

#include "proxy/parse/scan.h"

/* While the header is looked for, *scanned is how far; once it was found, this
 * bit and the size of the whole message. */
#define FRAME_SIZE_KNOWN (SIZE_MAX - SIZE_MAX / 2)

static enum frame_result broken(struct message_fault *fault, unsigned status,
	const char *reason, size_t offset)
{
	*fault = (struct message_fault){status, reason, offset};
	return FRAME_BROKEN;
}

static enum frame_result skip_blank(
	struct slice stream, size_t *size, struct message_fault *fault)
{
	size_t at = 0;

	while (at + 1 < stream.size && stream.at[at] == '\r' &&
		stream.at[at + 1] == '\n')
		at += 2;
	if (at) {
		*size = at;
		return FRAME_BLANK;
	}
	if (stream.size >= 2 || (stream.size && stream.at[0] == '\n'))
		return broken(fault, 400, "Stray CR or LF", 0);
	return FRAME_PART;
}

/* Looks for CRLFCRLF from *scanned on; *header is the offset behind it. */
static enum frame_result find_header_end(struct slice stream, size_t *scanned,
	size_t *header, struct message_fault *fault)
{
	size_t at = *scanned;

	for (; at < stream.size; at++) {
		char byte = stream.at[at];

		if (!scan_is(byte, SCAN_CONTROL) ||
			(byte != '\r' && byte != '\n' && byte != '\0'))
			continue;
		if (byte != '\r')
			return broken(fault, 400, "Stray LF or NUL", at);
		if (at + 1 == stream.size)
			break;
		if (stream.at[at + 1] != '\n')
			return broken(fault, 400, "CR without LF", at);
		if (at >= 2 && stream.at[at - 1] == '\n') {
			*header = at + 2;
			return FRAME_WHOLE;
		}
		at++;
	}
	*scanned = at;
	return FRAME_PART;
}

/* The line from at on, folds included, without its last CRLF. Lines end in
 * CRLF here, and the header does too. */
static struct slice next_line(struct slice header, size_t at)
{
	size_t end = at;

	do {
		end += slice_find(slice_from(header, end), '\n') + 1;
	} while (end < header.size &&
		 (header.at[end] == ' ' || header.at[end] == '\t'));
	return slice_part(header, at, end - at - 2);
}

/* A last line of white space alone ends the header for some readers. */
static bool has_blank_fold(struct slice line)
{
	size_t at = 0;

	while ((at = slice_find(line, '\n')) != SIZE_MAX) {
		line = slice_from(line, at + 1);
		at = scan_span(line, SCAN_SPACE);
		if (at == line.size ||
			slice_find(slice_part(line, 0, at), '\n') != SIZE_MAX)
			return true;
	}
	return false;
}

static bool split_line(
	struct slice line, struct slice *name, struct slice *value)
{
	size_t size = scan_span(line, SCAN_TOKEN), at = size;

	while (at < line.size && (line.at[at] == ' ' || line.at[at] == '\t'))
		at++;
	if (size == 0 || at == line.size || line.at[at] != ':')
		return false;
	*name = slice_part(line, 0, size);
	*value = slice_trim(slice_from(line, at + 1));
	return !has_blank_fold(line);
}

/* Reads what says how long the body is. */
static enum frame_result body_size(
	struct slice header, uint64_t *size, struct message_fault *fault)
{
	size_t at = next_line(header, 0).size + 2;
	bool found = false, typed = false;
	struct slice line, name, value;

	*size = 0;
	if (slice_find(slice_part(header, 0, at - 2), '\n') != SIZE_MAX)
		return broken(fault, 400, "Fold without a header", 0);
	for (; at < header.size; at += line.size + 2) {
		line = next_line(header, at);
		if (!split_line(line, &name, &value))
			return broken(fault, 400, "Unreadable header", at);
		typed |= header_id_of(name) == HEADER_CONTENT_TYPE;
		if (header_id_of(name) != HEADER_CONTENT_LENGTH)
			continue;
		if (found)
			return broken(
				fault, 400, "Repeated Content-Length", at);
		found = true;
		if (!slice_to_number(value, UINT32_MAX, size))
			return broken(
				fault, 400, "Unreadable Content-Length", at);
	}
	if (typed && !found)
		return broken(fault, 400, "Content-Length is missing", 0);
	return FRAME_WHOLE;
}

static enum frame_result whole_or_part(
	struct slice stream, size_t total, size_t *scanned, size_t *size)
{
	if (stream.size < total) {
		*scanned = total | FRAME_SIZE_KNOWN;
		return FRAME_PART;
	}
	*size = total;
	return FRAME_WHOLE;
}

enum frame_result message_frame(struct slice stream,
	const struct message_limits *limits, size_t *scanned, size_t *size,
	struct message_fault *fault)
{
	enum frame_result result;
	uint64_t body;
	size_t header;

	if (*scanned & FRAME_SIZE_KNOWN)
		return whole_or_part(
			stream, *scanned & ~FRAME_SIZE_KNOWN, scanned, size);
	if (stream.size == 0)
		return FRAME_PART;
	if (stream.at[0] == '\r' || stream.at[0] == '\n')
		return skip_blank(stream, size, fault);
	result = find_header_end(stream, scanned, &header, fault);
	if (result == FRAME_PART && *scanned > limits->bytes)
		return broken(fault, 513, "Message Too Large", limits->bytes);
	if (result != FRAME_WHOLE)
		return result;
	result = body_size(slice_part(stream, 0, header - 2), &body, fault);
	if (result != FRAME_WHOLE)
		return result;
	if (header > limits->bytes || body > limits->bytes - header)
		return broken(fault, 513, "Message Too Large", limits->bytes);
	return whole_or_part(stream, header + (size_t)body, scanned, size);
}
