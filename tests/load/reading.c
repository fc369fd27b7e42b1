/* reading.c -- what the load generator reads of a SIP message. */
#include "tests/load/reading.h"

bool header_next(struct slice head, size_t *at, struct slice *line,
	struct slice *name, struct slice *value)
{
	const char *start = head.at + *at;
	const char *end, *colon;

	if (*at >= head.size)
		return false;
	end = memchr(start, '\n', head.size - *at);
	*line = slice_make(
		start, end ? (size_t)(end + 1 - start) : head.size - *at);
	*at += line->size;
	colon = memchr(line->at, ':', line->size);
	if (!colon)
		return false;
	*name = slice_make(start, (size_t)(colon - start));
	*value = slice_trim(slice_from(*line, name->size + 1));
	while (name->size && name->at[name->size - 1] == ' ')
		name->size--;
	return true;
}

bool header_is(struct slice name, const char *word, char letter)
{
	if (name.size == 1)
		return letter && (name.at[0] | 32) == letter;
	return slice_equal_nocase(name, slice_of(word));
}

static struct slice branch_of(struct slice via)
{
	size_t at = slice_search_nocase(via, SLICE("branch="));
	size_t size = 0;

	via = slice_from(via, at == SIZE_MAX ? at : at + 7);
	while (size < via.size && !strchr(";, \t", via.at[size]))
		size++;
	return slice_part(via, 0, size);
}

static void read_cseq(struct slice value, struct incoming *incoming)
{
	struct slice digits;
	uint64_t number = 0;

	(void)slice_cut(&value, ' ', &digits);
	if (slice_to_number(digits, UINT32_MAX, &number))
		incoming->cseq = (uint32_t)number;
	if (incoming->status)
		incoming->method = slice_trim(value);
}

static void read_header(
	struct slice name, struct slice value, struct incoming *incoming)
{
	switch (name.at[0] | 32) {
	case 'v':
		if (!incoming->branch.at && header_is(name, "Via", 'v'))
			incoming->branch = branch_of(value);
		break;
	case 'f':
		if (header_is(name, "From", 'f'))
			incoming->from = value;
		break;
	case 't':
		if (header_is(name, "To", 't'))
			incoming->to = value;
		break;
	case 'i':
	case 'c':
		if (header_is(name, "Call-ID", 'i'))
			incoming->call_id = value;
		else if (header_is(name, "CSeq", 0))
			read_cseq(value, incoming);
		break;
	default:
		break;
	}
	if (header_is(name, "Contact", 'm'))
		incoming->contact = value;
}

static bool read_start(struct slice line, struct incoming *incoming)
{
	struct slice first;
	uint64_t status;

	(void)slice_cut(&line, ' ', &first);
	if (!slice_equal(first, SLICE("SIP/2.0"))) {
		incoming->method = first;
		return line.at && line.size > 8;
	}
	if (!slice_to_number(slice_part(line, 0, 3), 699, &status))
		return false;
	incoming->status = (unsigned)status;
	return status >= 100;
}

bool incoming_read(struct slice bytes, struct incoming *incoming)
{
	struct slice line, name, value;
	size_t end = slice_search(bytes, SLICE("\r\n\r\n"));
	size_t start = slice_find(bytes, '\n'), at = 0;

	memset(incoming, 0, sizeof(*incoming));
	if (end == SIZE_MAX || start > end ||
		!read_start(slice_trim(slice_part(bytes, 0, start)), incoming))
		return false;
	incoming->head = slice_part(bytes, start + 1, end + 2 - start - 1);
	incoming->body = slice_from(bytes, end + 4);
	while (header_next(incoming->head, &at, &line, &name, &value))
		if (name.size)
			read_header(name, value, incoming);
	return incoming->call_id.size && incoming->branch.size &&
	       incoming->method.size;
}

size_t incoming_size(struct slice stream)
{
	size_t end = slice_search(stream, SLICE("\r\n\r\n")), at = 0;
	struct slice head, line, name, value;
	uint64_t length = 0;

	if (end == SIZE_MAX)
		return 0;
	at = slice_find(stream, '\n') + 1;
	head = slice_part(stream, 0, end + 2);
	while (header_next(head, &at, &line, &name, &value))
		if (header_is(name, "Content-Length", 'l'))
			(void)slice_to_number(value, 1 << 20, &length);
	return end + 4 + length <= stream.size ? end + 4 + (size_t)length : 0;
}
