/* message.c -- one SIP message: the bytes as received and an index of them.
 *
 * One pass: start line, then header after header, then the body. The first
 * fault is kept and the pass goes on, since an answer needs Via, From, To,
 * Call-ID and CSeq also of a request that is refused. Values that stand for
 * the whole message (structured.c) are read once their header is found.
 */
#include "proxy/parse/message.h"

#include "proxy/parse/reading.h"
#include "proxy/parse/scan.h"

#include <errno.h>

enum { HEADERS_AT_FIRST = 20, ARENA_SPARE_BYTES = 256 * 1024 };

void reading_fault(struct reading *reading, unsigned status, const char *reason,
	size_t offset)
{
	if (reading->faulty)
		return;
	reading->faulty = true;
	reading->fault = (struct message_fault){status, reason, offset};
}

/* One line, folds and all. */
struct line {
	size_t start;
	size_t end;  /* of its text */
	size_t next; /* where the next one starts */
	bool folded;
	bool dirty; /* holds a stray CR, LF or NUL */
};

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

/* A control byte at `at` that is not CRLF. */
static void stray(struct reading *reading, struct line *line, size_t at)
{
	struct slice bytes = reading->message->bytes;
	char byte = bytes.at[at];

	if (byte == '\0' || byte == '\r' || byte == '\n')
		line->dirty = true;
	else if (at > line->start && bytes.at[at - 1] == '\\')
		return; /* quoted-pair, RFC 3261 25.1 */
	reading_fault(reading, 400,
		byte == '\0'   ? "NUL in the header"
		: byte == '\r' ? "CR without LF in the header"
		: byte == '\n' ? "LF without CR in the header"
			       : "Control character in the header",
		at);
}

/* A fold of white space alone ends the header for some readers. */
static void check_fold(struct reading *reading, size_t at)
{
	struct slice bytes = reading->message->bytes;
	size_t start = at;

	while (at < bytes.size && is_blank(bytes.at[at]))
		at++;
	if (at == bytes.size || bytes.at[at] == '\r' || bytes.at[at] == '\n')
		reading_fault(reading, 400, "Line of white space alone", start);
}

static void read_line(
	struct reading *reading, size_t at, bool may_fold, struct line *line)
{
	struct slice bytes = reading->message->bytes;

	*line = (struct line){.start = at};
	for (; at < bytes.size; at++) {
		if (!scan_is(bytes.at[at], SCAN_CONTROL)) {
			at += scan_plain(slice_from(bytes, at + 1));
			continue;
		}
		if (bytes.at[at] != '\r' || at + 1 == bytes.size ||
			bytes.at[at + 1] != '\n') {
			stray(reading, line, at);
			continue;
		}
		if (may_fold && at > line->start && at + 2 < bytes.size &&
			is_blank(bytes.at[at + 2])) {
			check_fold(reading, at + 2);
			line->folded = true;
			at++;
			continue;
		}
		line->end = at;
		line->next = at + 2;
		return;
	}
	line->end = line->next = bytes.size;
	reading_fault(reading, 400, "Header without an end", bytes.size);
}

/* [*WSP CRLF] 1*WSP becomes one SP (RFC 3261 7.3.1). */
static struct slice unfold(struct arena *arena, struct slice value)
{
	char *copy = arena_take(arena, value.size + 1);
	size_t size = 0;

	if (!copy)
		return (struct slice){NULL, 0};
	for (size_t i = 0; i < value.size; i++) {
		if (value.at[i] != '\r' || i + 1 == value.size ||
			value.at[i + 1] != '\n') {
			copy[size++] = value.at[i];
			continue;
		}
		while (size && is_blank(copy[size - 1]))
			size--;
		copy[size++] = ' ';
		i++;
		while (i + 1 < value.size && is_blank(value.at[i + 1]))
			i++;
	}
	return slice_make(copy, size);
}

static struct header *header_add(struct reading *reading)
{
	struct message *message = reading->message;
	struct header *more;

	if (message->header_count == reading->room) {
		size_t room =
			reading->room ? reading->room * 4 : HEADERS_AT_FIRST;

		more = arena_take_array(message->arena, room, sizeof(*more));
		if (!more)
			return NULL;
		if (message->header_count)
			memcpy(more, message->headers,
				message->header_count * sizeof(*more));
		message->headers = more;
		reading->room = room;
	}
	return &message->headers[message->header_count++];
}

/* Name, white space, colon (RFC 3261 25.1 HCOLON). *colon is its offset. */
static bool read_name(struct reading *reading, const struct line *line,
	struct slice *name, size_t *colon)
{
	struct slice text = slice_part(
		reading->message->bytes, line->start, line->end - line->start);
	size_t size = scan_span(text, SCAN_TOKEN), at = size;

	while (at < text.size && is_blank(text.at[at]))
		at++;
	if (size == 0)
		reading_fault(reading, 400,
			is_blank(text.at[0]) ? "Fold without a header"
					     : "Header without a name",
			line->start);
	else if (at == text.size || text.at[at] != ':')
		reading_fault(reading, 400, "Unreadable header name",
			line->start + at);
	else {
		*name = slice_part(text, 0, size);
		*colon = line->start + at;
		return true;
	}
	return false;
}

static int read_header(struct reading *reading, const struct line *line)
{
	struct message *message = reading->message;
	struct header *header;
	struct slice name;
	size_t colon;

	if (line->end - line->start > reading->limits->line_bytes)
		reading_fault(reading, 400, "Header too long", line->start);
	if (!read_name(reading, line, &name, &colon))
		return 0;
	if (message->header_count == reading->limits->headers) {
		reading_fault(reading, 400, "Too many headers", line->start);
		return 0;
	}
	header = header_add(reading);
	if (!header)
		return ENOMEM;
	header->id = header_id_of(name);
	header->name = name;
	header->line = slice_part(
		message->bytes, line->start, line->next - line->start);
	header->folded = line->folded;
	header->value = slice_trim(
		slice_part(message->bytes, colon + 1, line->end - colon - 1));
	header->unfolded = header->folded
				   ? unfold(message->arena, header->value)
				   : header->value;
	if (!header->unfolded.at)
		return ENOMEM;
	reading_header(reading, header, line->dirty);
	return 0;
}

/* Headers up to the blank line; *body is the offset behind it. */
static int read_headers(struct reading *reading, size_t at, size_t *body)
{
	struct line line;
	int error;

	for (;;) {
		read_line(reading, at, true, &line);
		*body = line.next;
		if (line.end == line.start)
			return 0;
		error = read_header(reading, &line);
		if (error)
			return error;
		at = line.next;
	}
}

static void read_body(struct reading *reading, size_t at, bool datagram)
{
	struct message *message = reading->message;
	size_t rest = message->bytes.size - at;

	if (reading->has_content_length) {
		if (reading->content_length > rest ||
			(!datagram && reading->content_length < rest)) {
			reading_fault(reading, 400,
				"Content-Length is not the length of the body",
				at);
		} else {
			rest = (size_t)reading->content_length;
			message->bytes.size = at + rest;
		}
	} else if (!datagram && rest) {
		reading_fault(reading, 400, "Content-Length is missing", at);
	}
	message->body = slice_part(message->bytes, at, rest);
}

static int read_all(struct reading *reading, bool datagram)
{
	struct line line;
	size_t body;
	int error;

	read_line(reading, 0, false, &line);
	reading_start_line(
		reading, slice_part(reading->message->bytes, 0, line.end));
	error = read_headers(reading, line.next, &body);
	if (error)
		return error;
	read_body(reading, body, datagram);
	reading_finish(reading);
	return 0;
}

/* RFC 3261 7.5: CRLFs before the start line are not part of the message. */
static struct slice skip_crlf(struct slice bytes)
{
	while (bytes.size >= 2 && bytes.at[0] == '\r' && bytes.at[1] == '\n')
		bytes = slice_from(bytes, 2);
	return bytes;
}

static struct message *message_new(
	struct slice bytes, const struct message_limits *limits)
{
	struct arena *arena;
	struct message *message = NULL;

	arena = arena_new(ARENA_SPARE_BYTES + bytes.size * 4 +
			  limits->headers * 4 * sizeof(struct header));
	if (!arena)
		return NULL;
	message = arena_take(arena, sizeof(*message));
	if (message) {
		message->arena = arena;
		message->references = 1;
		message->max_forwards = -1;
		message->bytes = arena_copy(arena, bytes);
		if (message->bytes.at)
			return message;
	}
	arena_release(&arena);
	return NULL;
}

int message_index(struct slice bytes, bool datagram,
	const struct message_limits *limits, struct message **message,
	struct message_fault *fault)
{
	struct slice start = skip_crlf(bytes);
	size_t skipped = bytes.size - start.size;
	struct reading reading = {.limits = limits};
	int error;

	*message = NULL;
	*fault = (struct message_fault){0};
	if (start.size > limits->bytes)
		reading_fault(
			&reading, 513, "Message Too Large", limits->bytes);
	reading.message =
		message_new(slice_part(start, 0, limits->bytes), limits);
	if (!reading.message)
		return ENOMEM;
	error = read_all(&reading, datagram);
	if (!error && reading.faulty)
		error = EBADMSG;
	*fault = reading.fault;
	fault->offset += skipped;
	if (error == ENOMEM || (error && !reading_can_be_answered(&reading))) {
		fault->status = 0;
		message_release(&reading.message);
	}
	*message = reading.message;
	return error;
}

struct message *message_hold(struct message *message)
{
	__atomic_add_fetch(&message->references, 1, __ATOMIC_RELAXED);
	return message;
}

void message_release(struct message **message)
{
	struct arena *arena;

	if (!*message)
		return;
	if (__atomic_sub_fetch(&(*message)->references, 1, __ATOMIC_ACQ_REL) ==
		0) {
		arena = (*message)->arena;
		arena_release(&arena);
	}
	*message = NULL;
}

const struct header *message_header(const struct message *message,
	enum header_id id, const struct header *after)
{
	const struct header *end = message->headers + message->header_count;

	for (const struct header *at = after ? after + 1 : message->headers;
		at < end; at++)
		if (at->id == id)
			return at;
	return NULL;
}

const struct header *message_header_named(const struct message *message,
	struct slice name, const struct header *after)
{
	const struct header *end = message->headers + message->header_count;
	enum header_id id = header_id_of(name);

	if (id != HEADER_OTHER)
		return message_header(message, id, after);
	for (const struct header *at = after ? after + 1 : message->headers;
		at < end; at++)
		if (at->id == id && slice_equal_nocase(at->name, name))
			return at;
	return NULL;
}

struct slice header_unfolded(
	const struct message *message, const struct header *header)
{
	(void)message;
	return header->unfolded;
}

bool header_next_value(struct slice *rest, struct slice *value)
{
	bool quoted = false, bracketed = false;
	size_t i;

	if (rest->size == 0)
		return false;
	for (i = 0; i < rest->size; i++) {
		char byte = rest->at[i];

		if (quoted) {
			if (byte == '\\')
				i++;
			else if (byte == '"')
				quoted = false;
		} else if (bracketed) {
			bracketed = byte != '>';
		} else if (byte == ',') {
			break;
		} else {
			quoted = byte == '"';
			bracketed = byte == '<';
		}
	}
	*value = slice_trim(slice_part(*rest, 0, i));
	*rest = slice_from(*rest, i + 1);
	return true;
}
