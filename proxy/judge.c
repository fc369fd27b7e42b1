/* judge.c -- the list of what is judged of a SIP message.
 *
 * Which headers carry people's text, and which carry addresses, stands in one
 * table; headers that are only for machines are named there, too, so that an
 * unknown one is never passed over.
 */
#include "proxy/judge.h"

enum { DECODED_BYTES = 2 * 1024 * 1024 };

enum header_kind {
	KIND_TEXT, /* HEADER_OTHER and all that may carry words */
	KIND_ADDRESS,
	KIND_MS_TEXT,
	KIND_MACHINE /* fixed forms of the protocol itself */
};

static const enum header_kind header_kinds[HEADER_IDS] = {
	[HEADER_CALL_INFO] = KIND_ADDRESS,
	[HEADER_CONTACT] = KIND_ADDRESS,
	[HEADER_FROM] = KIND_ADDRESS,
	[HEADER_TO] = KIND_ADDRESS,
	[HEADER_REFER_TO] = KIND_ADDRESS,
	[HEADER_MS_TEXT_FORMAT] = KIND_MS_TEXT,
	[HEADER_AUTHENTICATION_INFO] = KIND_MACHINE,
	[HEADER_AUTHORIZATION] = KIND_MACHINE,
	[HEADER_PROXY_AUTHENTICATE] = KIND_MACHINE,
	[HEADER_PROXY_AUTHORIZATION] = KIND_MACHINE,
	[HEADER_WWW_AUTHENTICATE] = KIND_MACHINE,
	[HEADER_CALL_ID] = KIND_MACHINE,
	[HEADER_CONTENT_DISPOSITION] = KIND_MACHINE, /* judged with the body */
	[HEADER_CONTENT_ENCODING] = KIND_MACHINE,
	[HEADER_CONTENT_LENGTH] = KIND_MACHINE,
	[HEADER_CONTENT_TRANSFER_ENCODING] = KIND_MACHINE,
	[HEADER_CONTENT_TYPE] = KIND_MACHINE, /* judged with the body */
	[HEADER_CSEQ] = KIND_MACHINE,
	[HEADER_MAX_FORWARDS] = KIND_MACHINE,
	[HEADER_RACK] = KIND_MACHINE,
	[HEADER_RECORD_ROUTE] = KIND_MACHINE,
	[HEADER_ROUTE] = KIND_MACHINE,
	[HEADER_RSEQ] = KIND_MACHINE,
	[HEADER_TIMESTAMP] = KIND_MACHINE,
	[HEADER_VIA] = KIND_MACHINE,
};

static struct slice place_of(struct arena *arena, const struct header *header)
{
	return arena_format(arena, "header %.*s", SLICE_ARGS(header->name));
}

static bool add_header(struct judged_list *list, const struct message *message,
	const struct header *header, struct judged_fault *fault)
{
	struct slice value = header_unfolded(message, header);
	struct slice place;

	if (header_kinds[header->id] == KIND_MACHINE || value.size == 0)
		return true;
	place = place_of(list->arena, header);
	switch (header_kinds[header->id]) {
	case KIND_ADDRESS:
		return judged_add_address(list, place, value, fault);
	case KIND_MS_TEXT:
		return judged_add_ms_text(list, place, value, fault);
	case KIND_TEXT:
	case KIND_MACHINE:
		break;
	}
	return judged_add_text(list, place, value, fault);
}

static struct slice value_of(const struct message *message, enum header_id id)
{
	const struct header *header = message_header(message, id, NULL);

	return header ? header_unfolded(message, header)
		      : (struct slice){NULL, 0};
}

static bool add_body(struct judged_list *list, const struct message *message,
	struct judged_fault *fault)
{
	struct judged_body body = {.bytes = message->body,
		.content_type = message->content_type,
		.transfer_encoding =
			value_of(message, HEADER_CONTENT_TRANSFER_ENCODING),
		.content_encoding = value_of(message, HEADER_CONTENT_ENCODING),
		.disposition = value_of(message, HEADER_CONTENT_DISPOSITION),
		.place = SLICE("body")};

	return judged_add_body(list, &body, fault);
}

static bool add_start_line(struct judged_list *list,
	const struct message *message, struct judged_fault *fault)
{
	if (message->is_request)
		return judged_add_uri(
			list, SLICE("uri"), message->request_uri, fault);
	return slice_empty(message->reason) ||
	       judged_add_text(list, SLICE("reason"), message->reason, fault);
}

bool judge_list(const struct settings *settings, struct arena *arena,
	const struct message *message, struct judged_list *list,
	struct judged_fault *fault)
{
	struct judged_limits limits = {.depth = settings->limits.mime_depth,
		.parts = settings->limits.mime_parts + settings->limits.headers,
		.decoded_bytes = DECODED_BYTES,
		.text_limit = settings->virus_scan.text_limit};

	judged_start(list, arena, limits);
	if (!add_start_line(list, message, fault))
		return false;
	for (size_t i = 0; i < message->header_count; i++)
		if (!add_header(list, message, &message->headers[i], fault))
			return false;
	return add_body(list, message, fault);
}

struct message_limits message_limits_of(const struct settings *settings)
{
	return (struct message_limits){.bytes = settings->limits.message_bytes,
		.headers = settings->limits.headers,
		.line_bytes = settings->limits.line_bytes,
		.parameters = settings->limits.parameters};
}
