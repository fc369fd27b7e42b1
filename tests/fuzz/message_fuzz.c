/* message_fuzz.c -- any bytes: framed, indexed, edited, answered; what comes
 * out must be readable again. */
#include "lib/log.h"
#include "proxy/answer.h"
#include "proxy/edits.h"
#include "proxy/parse/message.h"
#include "proxy/parse/values.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct message_limits limits = {65536, 64, 4096, 32};

static struct message *indexed(struct slice bytes, bool datagram)
{
	struct message_fault fault;
	struct message *message;
	int error = message_index(bytes, datagram, &limits, &message, &fault);

	must((error == 0) == (fault.reason == NULL));
	must(!error || (message != NULL) == (fault.status != 0));
	must(fault.offset <= bytes.size);
	return message;
}

/* All at once and byte by byte, a stream has the same frames; and what was
 * framed has no length that the index reads in another way. */
static void frame(struct slice stream)
{
	struct message_fault fault = {0}, again = {0};
	size_t scanned = 0, whole = 0, steps = 0, part = 0;
	enum frame_result at_once, result = FRAME_PART;
	struct message *message;

	at_once = message_frame(stream, &limits, &scanned, &whole, &fault);
	if (at_once == FRAME_BLANK)
		return;
	scanned = 0;
	while (result == FRAME_PART && steps < stream.size)
		result = message_frame(slice_part(stream, 0, ++steps), &limits,
			&scanned, &part, &again);
	must(result == at_once || at_once == FRAME_PART ||
		at_once == FRAME_BROKEN);
	must(at_once != FRAME_WHOLE || part == whole);
	if (at_once != FRAME_WHOLE)
		return;
	must(whole <= stream.size);
	if (message_index(slice_part(stream, 0, whole), false, &limits,
		    &message, &fault) == 0)
		must(message->bytes.size == whole);
	else
		must(!slice_starts_nocase(
			slice_of(fault.reason), SLICE("Content-Length")));
	message_release(&message);
}

static void walk(const struct message *message)
{
	struct slice rest, value;
	size_t headers = 0, values;

	for (const struct header *header = message->headers;
		header < message->headers + message->header_count; header++) {
		size_t raw = 0;

		headers += header->line.size;
		must(header->line.at >= message->bytes.at);
		values = 0;
		rest = header_unfolded(message, header);
		while (header_next_value(&rest, &value))
			values++;
		rest = header->value;
		while (header_next_value(&rest, &value))
			raw++;
		must(values == raw);
	}
	must(headers <= message->bytes.size);
}

static void edit(const struct message *message, struct arena *arena)
{
	const struct header *route =
		message_header(message, HEADER_ROUTE, NULL);
	struct slice rest, value, bytes;
	struct edits edits;
	struct message *after;

	edits_start(&edits, arena);
	bytes = edits_apply(&edits, arena, message);
	must(slice_equal(bytes, message->bytes));
	must(edits_insert_before(&edits, message, HEADER_VIA,
		SLICE("Via: SIP/2.0/UDP us;branch=z9hG4bKus\r\n")));
	must(edits_mark_received(&edits, message, SLICE("192.0.2.77"), 4711));
	must(edits_lower_max_forwards(&edits, message) ||
		message->max_forwards == 0);
	must(edits_set_body(&edits, message, SLICE("body")));
	if (route) {
		rest = header_unfolded(message, route);
		must(header_next_value(&rest, &value));
		must(edits_remove_value(&edits, message, value));
		if (header_next_value(&rest, &value))
			must(edits_remove_value(&edits, message, value));
	}
	if (message->is_request)
		must(edits_set_request_uri(
			&edits, message, SLICE("sip:new@host")));
	bytes = edits_apply(&edits, arena, message);
	must(bytes.at);
	after = indexed(bytes, false);
	must(after || message->header_count + 3 > limits.headers);
	if (after && after->via_count == message->via_count + 1) {
		must(slice_equal(after->call_id, message->call_id));
		must(slice_equal(after->body, SLICE("body")));
		must(after->header_count <= message->header_count + 3);
	}
	message_release(&after);
}

static void answer(const struct message *message, struct arena *arena)
{
	const struct answer answer = {.status = 100,
		.to_tag = SLICE("ours"),
		.received = SLICE("192.0.2.77"),
		.received_port = 4711};
	struct slice bytes = answer_build(arena, message, &answer);
	struct message_fault fault;
	struct message *built;

	must(bytes.at);
	must(message_index(bytes, false, &limits, &built, &fault) == 0 ||
		bytes.size > message->bytes.size);
	message_release(&built);
	bytes = answer_build_cancel(arena, message);
	must(bytes.at);
	if (message->method == METHOD_OTHER || message->method == METHOD_ACK)
		return;
	must(message_index(bytes, false, &limits, &built, &fault) == 0);
	must(slice_equal(built->via.branch, message->via.branch));
	must(built->via_count == 1);
	message_release(&built);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = slice_make(data, size);
	struct arena *arena = arena_new(16 << 20);
	struct message_fault fault;
	struct message *message;

	must(arena);
	if (size && size <= 4096)
		frame(bytes);
	if (message_index(bytes, true, &limits, &message, &fault) == 0) {
		walk(message);
		edit(message, arena);
		if (message->is_request)
			answer(message, arena);
	} else if (message) {
		const struct answer refusal = {
			.status = fault.status, .to_tag = SLICE("ours")};

		must(answer_build(arena, message, &refusal).at);
	}
	message_release(&message);
	arena_release(&arena);
	return 0;
}
