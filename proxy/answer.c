/* answer.c -- answers that we make, from the slices of the received request. */
#include "proxy/answer.h"

#include "proxy/edits.h"
#include "proxy/parse/scan.h"

/* Pieces of a text, joined in one go. */
struct pieces {
	struct arena *arena; /* borrowed */
	struct slice *items;
	size_t count;
	size_t room;
	bool failed;
};

static void put(struct pieces *pieces, struct slice text)
{
	struct slice *more;

	if (pieces->failed || text.size == 0)
		return;
	if (pieces->count == pieces->room) {
		size_t room = pieces->room ? pieces->room * 2 : 32;

		more = arena_take_array(pieces->arena, room, sizeof(*more));
		if (!more) {
			pieces->failed = true;
			return;
		}
		if (pieces->count)
			memcpy(more, pieces->items,
				pieces->count * sizeof(*more));
		pieces->items = more;
		pieces->room = room;
	}
	pieces->items[pieces->count++] = text;
}

static struct slice join(struct pieces *pieces)
{
	size_t size = 0, at = 0;
	char *text;

	for (size_t i = 0; i < pieces->count; i++)
		size += pieces->items[i].size;
	text = pieces->failed ? NULL : arena_take(pieces->arena, size + 1);
	if (!text)
		return (struct slice){NULL, 0};
	for (size_t i = 0; i < pieces->count; i++) {
		memcpy(text + at, pieces->items[i].at, pieces->items[i].size);
		at += pieces->items[i].size;
	}
	return slice_make(text, size);
}

static void put_number(struct pieces *pieces, size_t number)
{
	struct slice text = arena_format(pieces->arena, "%zu", number);

	pieces->failed |= !text.at;
	put(pieces, text);
}

/* A header of a request that was cut off may lack its CRLF. */
static void put_line(struct pieces *pieces, struct slice line)
{
	bool whole = slice_ends_nocase(line, SLICE("\r\n"));

	put(pieces, line);
	put(pieces, whole ? SLICE("") : SLICE("\r\n"));
}

static void put_first(
	struct pieces *pieces, const struct message *message, enum header_id id)
{
	const struct header *header = message_header(message, id, NULL);

	if (header)
		put_line(pieces, header->line);
}

static void put_all(
	struct pieces *pieces, const struct message *message, enum header_id id)
{
	const struct header *header = NULL;

	while ((header = message_header(message, id, header)))
		put_line(pieces, header->line);
}

static void put_vias(struct pieces *pieces, const struct message *request,
	const struct answer *answer)
{
	const struct header *top = message_header(request, HEADER_VIA, NULL);
	const struct header *header = NULL;
	struct edits edits;
	struct slice line;

	while ((header = message_header(request, HEADER_VIA, header))) {
		line = header->line;
		if (header == top && answer->received.at) {
			edits_start(&edits, pieces->arena);
			if (!edits_mark_received(&edits, request,
				    answer->received, answer->received_port)) {
				pieces->failed = true;
				return;
			}
			line = edits_apply_part(
				&edits, pieces->arena, request, line);
			pieces->failed |= !line.at;
		}
		put_line(pieces, line);
	}
}

static void put_to(
	struct pieces *pieces, const struct message *request, struct slice tag)
{
	const struct header *header = message_header(request, HEADER_TO, NULL);
	struct slice line;

	if (!header)
		return;
	line = header->line;
	if (!tag.at || request->to_tag.at) {
		put_line(pieces, line);
		return;
	}
	put(pieces, slice_part(line, 0,
			    (size_t)(header->value.at - line.at) +
				    header->value.size));
	put(pieces, SLICE(";tag="));
	put(pieces, tag);
	put(pieces, SLICE("\r\n"));
}

/* Nobody's phrase may end the line. */
static struct slice harmless(struct arena *arena, struct slice phrase)
{
	char *copy = arena_take(arena, phrase.size + 1);

	if (!copy)
		return (struct slice){NULL, 0};
	for (size_t i = 0; i < phrase.size; i++)
		copy[i] = scan_is(phrase.at[i], SCAN_CONTROL) ? ' '
							      : phrase.at[i];
	return slice_make(copy, phrase.size);
}

static void put_status_line(struct pieces *pieces, const struct answer *answer)
{
	struct slice phrase = answer->reason;

	put(pieces, SLICE("SIP/2.0 "));
	put_number(pieces, answer->status);
	put(pieces, SLICE(" "));
	if (phrase.at) {
		phrase = harmless(pieces->arena, phrase);
		pieces->failed |= !phrase.at;
	} else {
		phrase = slice_of(reason_phrase(answer->status));
	}
	put(pieces, phrase);
	put(pieces, SLICE("\r\n"));
}

struct slice answer_build(struct arena *arena, const struct message *request,
	const struct answer *answer)
{
	struct pieces pieces = {.arena = arena};

	put_status_line(&pieces, answer);
	put_vias(&pieces, request, answer);
	put_first(&pieces, request, HEADER_FROM);
	put_to(&pieces, request, answer->to_tag);
	put_first(&pieces, request, HEADER_CALL_ID);
	put_first(&pieces, request, HEADER_CSEQ);
	if (answer->status == 100)
		put_first(&pieces, request, HEADER_TIMESTAMP);
	put(&pieces, answer->headers);
	put(&pieces, SLICE("Content-Length: "));
	put_number(&pieces, answer->body.size);
	put(&pieces, SLICE("\r\n\r\n"));
	put(&pieces, answer->body);
	return join(&pieces);
}

/* What ACK and CANCEL share: one Via, the Routes and the CSeq number. */
static struct slice build_of_request(struct arena *arena,
	const struct message *sent, const struct message *to_of,
	struct slice method)
{
	struct pieces pieces = {.arena = arena};

	put(&pieces, method);
	put(&pieces, SLICE(" "));
	put(&pieces, sent->request_uri);
	put(&pieces, SLICE(" SIP/2.0\r\nVia: "));
	put(&pieces, sent->via.value);
	put(&pieces, SLICE("\r\n"));
	put_all(&pieces, sent, HEADER_ROUTE);
	put(&pieces, SLICE("Max-Forwards: 70\r\n"));
	put_first(&pieces, sent, HEADER_FROM);
	put_first(&pieces, to_of, HEADER_TO);
	put_first(&pieces, sent, HEADER_CALL_ID);
	put(&pieces, SLICE("CSeq: "));
	put_number(&pieces, sent->cseq);
	put(&pieces, SLICE(" "));
	put(&pieces, method);
	put(&pieces, SLICE("\r\nContent-Length: 0\r\n\r\n"));
	return join(&pieces);
}

struct slice answer_build_ack(struct arena *arena, const struct message *sent,
	const struct message *response)
{
	return build_of_request(arena, sent, response, SLICE("ACK"));
}

struct slice answer_build_cancel(
	struct arena *arena, const struct message *sent)
{
	return build_of_request(arena, sent, sent, SLICE("CANCEL"));
}

static const struct {
	unsigned status;
	const char *phrase;
} phrases[] = {
	{100, "Trying"},
	{180, "Ringing"},
	{181, "Call Is Being Forwarded"},
	{182, "Queued"},
	{183, "Session Progress"},
	{199, "Early Dialog Terminated"},
	{200, "OK"},
	{202, "Accepted"},
	{204, "No Notification"},
	{300, "Multiple Choices"},
	{301, "Moved Permanently"},
	{302, "Moved Temporarily"},
	{305, "Use Proxy"},
	{380, "Alternative Service"},
	{400, "Bad Request"},
	{401, "Unauthorized"},
	{402, "Payment Required"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{406, "Not Acceptable"},
	{407, "Proxy Authentication Required"},
	{408, "Request Timeout"},
	{410, "Gone"},
	{412, "Conditional Request Failed"},
	{413, "Request Entity Too Large"},
	{414, "Request-URI Too Long"},
	{415, "Unsupported Media Type"},
	{416, "Unsupported URI Scheme"},
	{420, "Bad Extension"},
	{421, "Extension Required"},
	{422, "Session Interval Too Small"},
	{423, "Interval Too Brief"},
	{430, "Flow Failed"},
	{440, "Max-Breadth Exceeded"},
	{469, "Bad Info Package"},
	{480, "Temporarily Unavailable"},
	{481, "Call/Transaction Does Not Exist"},
	{482, "Loop Detected"},
	{483, "Too Many Hops"},
	{484, "Address Incomplete"},
	{485, "Ambiguous"},
	{486, "Busy Here"},
	{487, "Request Terminated"},
	{488, "Not Acceptable Here"},
	{489, "Bad Event"},
	{491, "Request Pending"},
	{493, "Undecipherable"},
	{500, "Server Internal Error"},
	{501, "Not Implemented"},
	{502, "Bad Gateway"},
	{503, "Service Unavailable"},
	{504, "Server Time-out"},
	{505, "Version Not Supported"},
	{513, "Message Too Large"},
	{580, "Precondition Failure"},
	{600, "Busy Everywhere"},
	{603, "Decline"},
	{604, "Does Not Exist Anywhere"},
	{606, "Not Acceptable"},
};

const char *reason_phrase(unsigned status)
{
	static const char *const of_class[] = {"Trying", "OK",
		"Multiple Choices", "Bad Request", "Server Internal Error",
		"Busy Everywhere"};

	for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
		if (phrases[i].status == status)
			return phrases[i].phrase;
	if (status >= 100 && status < 700)
		return of_class[status / 100 - 1];
	return "Unknown";
}
