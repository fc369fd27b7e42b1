/* edits.c -- what is to change in a message before it leaves: splices. */
#include "proxy/edits.h"

#include "proxy/parse/scan.h"
#include "proxy/parse/values.h"

enum { SPLICES_AT_FIRST = 8, MAX_FORWARDS_USUAL = 70 };

void edits_start(struct edits *edits, struct arena *arena)
{
	*edits = (struct edits){.arena = arena};
}

static bool make_room(struct edits *edits)
{
	size_t room = edits->room ? edits->room * 2 : SPLICES_AT_FIRST;
	struct splice *more;

	if (edits->count < edits->room)
		return true;
	more = arena_take_array(edits->arena, room, sizeof(*more));
	if (!more)
		return false;
	if (edits->count)
		memcpy(more, edits->splices, edits->count * sizeof(*more));
	edits->splices = more;
	edits->room = room;
	return true;
}

/* Whether a splice goes before another that was wanted earlier. */
static bool goes_before(
	const struct splice *later, const struct splice *earlier)
{
	if (later->offset != earlier->offset)
		return later->offset < earlier->offset;
	return later->removed == 0 && earlier->removed > 0;
}

bool edits_replace(struct edits *edits, size_t offset, size_t removed,
	struct slice inserted)
{
	struct splice splice = {offset, removed, inserted};
	size_t at;

	if (removed > SIZE_MAX - offset || !make_room(edits))
		return false;
	at = edits->count;
	while (at > 0 && goes_before(&splice, &edits->splices[at - 1]))
		at--;
	if (removed && at > 0 && edits->splices[at - 1].offset == offset &&
		edits->splices[at - 1].removed == removed) {
		edits->splices[at - 1] = splice;
		return true;
	}
	memmove(edits->splices + at + 1, edits->splices + at,
		(edits->count - at) * sizeof(splice));
	edits->splices[at] = splice;
	edits->count++;
	return true;
}

/* Forgets splices that lie within a run of bytes; inserts at its ends stay. */
static void forget(
	struct edits *edits, size_t start, size_t end, bool removals_alone)
{
	size_t kept = 0;

	for (size_t i = 0; i < edits->count; i++) {
		const struct splice *splice = &edits->splices[i];
		bool within = splice->offset >= start &&
			      splice->offset + splice->removed <= end;
		bool at_end =
			splice->removed == 0 &&
			(splice->offset == start || splice->offset == end);
		bool spared = removals_alone && splice->inserted.size > 0;

		if (!within || at_end || spared)
			edits->splices[kept++] = *splice;
	}
	edits->count = kept;
}

static size_t offset_in(const struct message *message, const char *at)
{
	return (size_t)(at - message->bytes.at);
}

static bool replace_slice(struct edits *edits, const struct message *message,
	struct slice old, struct slice with)
{
	return edits_replace(edits, offset_in(message, old.at), old.size, with);
}

static bool is_inside(struct slice inner, struct slice outer)
{
	return inner.at && outer.at && inner.at >= outer.at &&
	       inner.size <= outer.size &&
	       (size_t)(inner.at - outer.at) <= outer.size - inner.size;
}

/* Where the first header stands, or would. */
static size_t headers_start(const struct message *message)
{
	return slice_find(message->bytes, '\n') + 1;
}

static size_t line_end(
	const struct message *message, const struct header *header)
{
	return offset_in(message, header->line.at) + header->line.size;
}

bool edits_insert_before(struct edits *edits, const struct message *message,
	enum header_id id, struct slice line)
{
	const struct header *header = message_header(message, id, NULL);
	size_t at = headers_start(message);

	if (header) {
		at = offset_in(message, header->line.at);
	} else {
		while ((header = message_header(message, HEADER_VIA, header)))
			at = line_end(message, header);
	}
	return edits_replace(edits, at, 0, line);
}

static size_t headers_end(const struct message *message)
{
	if (message->header_count == 0)
		return headers_start(message);
	return line_end(message, &message->headers[message->header_count - 1]);
}

bool edits_append_header(
	struct edits *edits, const struct message *message, struct slice line)
{
	return edits_replace(edits, headers_end(message), 0, line);
}

bool edits_remove_header(struct edits *edits, const struct message *message,
	const struct header *header)
{
	size_t start = offset_in(message, header->line.at);

	forget(edits, start, start + header->line.size, false);
	return edits_replace(edits, start, header->line.size, SLICE(""));
}

/* The header that a value is of, and the value as it stands in the bytes: it
 * may have come from the unfolded copy. NULL: it is of none. */
static const struct header *header_of_value(
	const struct message *message, struct slice value, struct slice *found)
{
	struct slice raw, copy, raw_value, copy_value;

	for (size_t i = 0; i < message->header_count; i++) {
		const struct header *header = &message->headers[i];

		if (!is_inside(value, header->value) &&
			!is_inside(value, header->unfolded))
			continue;
		raw = header->value;
		copy = header->unfolded;
		while (header_next_value(&raw, &raw_value) &&
			header_next_value(&copy, &copy_value)) {
			if (value.at != raw_value.at &&
				value.at != copy_value.at)
				continue;
			*found = raw_value;
			return header;
		}
	}
	return NULL;
}

bool edits_replace_value(struct edits *edits, const struct message *message,
	struct slice value, struct slice with)
{
	struct slice found;

	return header_of_value(message, value, &found) &&
	       replace_slice(edits, message, found, with);
}

/* Whether an earlier removal covers it. */
static bool is_removed(const struct edits *edits, const struct message *message,
	struct slice value)
{
	size_t start = offset_in(message, value.at);

	for (size_t i = 0; i < edits->count; i++) {
		const struct splice *splice = &edits->splices[i];

		if (splice->inserted.size == 0 && splice->offset <= start &&
			splice->offset + splice->removed >= start + value.size)
			return true;
	}
	return false;
}

/* One value of a list while runs of removed ones are cut out: with the comma
 * behind the run, or, at the end of the list, with the one before it. */
struct cutting {
	bool any_left;
	bool open;        /* in a run */
	size_t start;     /* of the run */
	size_t last_kept; /* end of the last value that stays */
};

static bool cut_runs(struct edits *edits, const struct message *message,
	struct slice list, const bool *gone)
{
	struct cutting cutting = {0};
	struct slice value;
	size_t start;

	for (size_t i = 0; header_next_value(&list, &value); i++) {
		start = offset_in(message, value.at);
		if (gone[i] && !cutting.open) {
			cutting.open = true;
			cutting.start = start;
		}
		if (gone[i])
			continue;
		if (cutting.open && !edits_replace(edits, cutting.start,
					    start - cutting.start, SLICE("")))
			return false;
		cutting.open = false;
		cutting.any_left = true;
		cutting.last_kept = start + value.size;
	}
	return !cutting.open ||
	       edits_replace(edits, cutting.last_kept,
		       offset_in(message, list.at) - cutting.last_kept,
		       SLICE(""));
}

bool edits_remove_value(
	struct edits *edits, const struct message *message, struct slice value)
{
	const struct header *header = header_of_value(message, value, &value);
	size_t count = 0, left = 0;
	struct slice list, each;
	size_t start;
	bool *gone;

	if (!header)
		return false;
	list = header->value;
	while (header_next_value(&list, &each))
		count++;
	gone = arena_take_array(edits->arena, count, sizeof(*gone));
	if (!gone)
		return false;
	list = header->value;
	for (size_t i = 0; header_next_value(&list, &each); i++) {
		gone[i] =
			each.at == value.at || is_removed(edits, message, each);
		left += !gone[i];
	}
	if (left == 0)
		return edits_remove_header(edits, message, header);
	start = offset_in(message, header->value.at);
	forget(edits, start, start + header->value.size, true);
	return cut_runs(edits, message, header->value, gone);
}

bool edits_set_request_uri(
	struct edits *edits, const struct message *message, struct slice uri)
{
	return replace_slice(edits, message, message->request_uri, uri);
}

bool edits_lower_max_forwards(
	struct edits *edits, const struct message *message)
{
	const struct header *header =
		message_header(message, HEADER_MAX_FORWARDS, NULL);
	struct slice text;

	if (!header) {
		text = arena_format(edits->arena, "Max-Forwards: %d\r\n",
			MAX_FORWARDS_USUAL);
		return text.at && edits_insert_before(edits, message,
					  HEADER_MAX_FORWARDS, text);
	}
	if (message->max_forwards <= 0)
		return false;
	text = arena_format(edits->arena, "%d", message->max_forwards - 1);
	return text.at && replace_slice(edits, message, header->value, text);
}

/* --- the top Via ------------------------------------------------------- */

static bool is_same_host(const struct via_parts *via, struct slice address)
{
	union address a, b;

	if (slice_equal_nocase(via->host, address))
		return true;
	return address_of_host(via->host, 1, &a) &&
	       address_of_host(address, 1, &b) && address_same_host(&a, &b);
}

/* Replaces the parameter where it stands, or puts it behind the value. */
static bool set_via_parameter(struct edits *edits,
	const struct message *message, struct slice parameters,
	struct slice name, struct slice text)
{
	struct slice value = message->via.value;
	struct parameter parameter;

	while (scan_parameter(&parameters, &parameter) == SCAN_ITEM)
		if (slice_equal_nocase(parameter.name, name))
			return replace_slice(
				edits, message, parameter.whole, text);
	return edits_replace(
		edits, offset_in(message, value.at) + value.size, 0, text);
}

bool edits_mark_received(struct edits *edits, const struct message *message,
	struct slice address, uint16_t port)
{
	struct via_parts via;
	struct slice text;

	if (!message->via.value.at)
		return false;
	/* Also of a Via that is refused for its parameters. */
	(void)scan_via(message->via.value, SIZE_MAX, &via);
	if (via.has_rport || via.received.at || !is_same_host(&via, address)) {
		text = arena_format(
			edits->arena, ";received=%.*s", SLICE_ARGS(address));
		if (!text.at ||
			!set_via_parameter(edits, message, via.parameters,
				SLICE("received"), text))
			return false;
	}
	if (!via.has_rport || port == 0)
		return true;
	text = arena_format(edits->arena, ";rport=%u", (unsigned)port);
	return text.at && set_via_parameter(edits, message, via.parameters,
				  SLICE("rport"), text);
}

/* --- body and bytes ---------------------------------------------------- */

/* Takes out what an earlier edits_set_body wanted at an empty place. */
static void forget_inserts(struct edits *edits, size_t at, struct slice prefix)
{
	size_t kept = 0;

	for (size_t i = 0; i < edits->count; i++) {
		const struct splice *splice = &edits->splices[i];

		if (splice->offset != at || splice->removed ||
			!slice_starts_nocase(splice->inserted, prefix))
			edits->splices[kept++] = *splice;
	}
	edits->count = kept;
}

static bool set_content_length(
	struct edits *edits, const struct message *message, size_t size)
{
	const struct header *header =
		message_header(message, HEADER_CONTENT_LENGTH, NULL);
	struct slice text = arena_format(
		edits->arena, header ? "%zu" : "Content-Length: %zu\r\n", size);

	if (!text.at)
		return false;
	if (header)
		return replace_slice(edits, message, header->value, text);
	forget_inserts(edits, headers_end(message), SLICE("Content-Length:"));
	return edits_append_header(edits, message, text);
}

bool edits_set_body(
	struct edits *edits, const struct message *message, struct slice body)
{
	size_t start = offset_in(message, message->body.at);

	if (!set_content_length(edits, message, body.size))
		return false;
	forget(edits, start, start + message->body.size, false);
	forget_inserts(edits, start, SLICE(""));
	return edits_replace(edits, start, message->body.size, body);
}

/* The splices that touch a run of bytes are sound and within it. */
static bool are_sound(const struct edits *edits, size_t start, size_t end,
	size_t *first, size_t *count, size_t *size)
{
	size_t at = start;

	*count = 0;
	*size = end - start;
	for (size_t i = 0; i < edits->count; i++) {
		const struct splice *splice = &edits->splices[i];
		size_t behind = splice->offset + splice->removed;

		if (behind < start || splice->offset > end ||
			(splice->removed && behind == start) ||
			(splice->removed && splice->offset == end))
			continue;
		if (splice->offset < at || behind > end)
			return false;
		if ((*count)++ == 0)
			*first = i;
		at = behind;
		*size = *size - splice->removed + splice->inserted.size;
	}
	return true;
}

struct slice edits_apply_part(const struct edits *edits, struct arena *arena,
	const struct message *message, struct slice part)
{
	size_t at = offset_in(message, part.at), end = at + part.size;
	size_t first = 0, count, size, written = 0, gap;
	char *bytes;

	if (!are_sound(edits, at, end, &first, &count, &size))
		return (struct slice){NULL, 0};
	bytes = arena_take(arena, size + 1);
	if (!bytes)
		return (struct slice){NULL, 0};
	for (size_t i = first; i < first + count; i++) {
		const struct splice *splice = &edits->splices[i];

		gap = splice->offset - at;
		memcpy(bytes + written, message->bytes.at + at, gap);
		written += gap;
		if (splice->inserted.size)
			memcpy(bytes + written, splice->inserted.at,
				splice->inserted.size);
		written += splice->inserted.size;
		at = splice->offset + splice->removed;
	}
	memcpy(bytes + written, message->bytes.at + at, end - at);
	return slice_make(bytes, size);
}

struct slice edits_apply(const struct edits *edits, struct arena *arena,
	const struct message *message)
{
	const struct splice *last;

	if (edits->count) {
		last = &edits->splices[edits->count - 1];
		if (last->offset + last->removed > message->bytes.size)
			return (struct slice){NULL, 0};
	}
	return edits_apply_part(edits, arena, message, message->bytes);
}
