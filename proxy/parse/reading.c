/* reading.c -- what the start line and the headers say that decide a message's
 * fate, read while it is indexed. */
#include "proxy/parse/reading.h"

#include "proxy/parse/scan.h"

enum {
	MAX_FORWARDS_MOST = 255,
	CSEQ_MOST = 2147483647 /* RFC 3261 8.1.1.5 */
};

static void refuse(struct reading *reading, const char *reason, const char *at)
{
	reading_fault(reading, 400, reason,
		(size_t)(at - reading->message->bytes.at));
}

/* --- start line -------------------------------------------------------- */

static bool is_version(struct slice text)
{
	return slice_starts_nocase(text, SLICE("SIP/"));
}

static void check_version(struct reading *reading, struct slice version)
{
	if (slice_equal_nocase(version, SLICE("SIP/2.0")))
		return;
	if (is_version(version) && version.size > 4 &&
		scan_is(version.at[4], SCAN_TOKEN) &&
		slice_find(version, ' ') == SIZE_MAX)
		reading_fault(reading, 505, "Version Not Supported",
			(size_t)(version.at - reading->message->bytes.at));
	else
		refuse(reading, "Unreadable start line", version.at);
}

/* SIP-Version SP 3DIGIT SP Reason-Phrase. The last SP is often forgotten where
 * there is no phrase, and nobody reads that in two ways. */
static void read_status_line(struct reading *reading, struct slice line)
{
	struct message *message = reading->message;
	size_t space = slice_find(line, ' ');
	struct slice rest;
	uint64_t status;

	message->is_request = false;
	if (space == SIZE_MAX) {
		refuse(reading, "Unreadable start line", line.at);
		return;
	}
	check_version(reading, slice_part(line, 0, space));
	rest = slice_from(line, space + 1);
	if (!slice_to_number(slice_part(rest, 0, 3), 699, &status) ||
		rest.size < 3 || status < 100 ||
		(rest.size > 3 && rest.at[3] != ' ')) {
		refuse(reading, "Unreadable status", rest.at);
		return;
	}
	message->status = (unsigned)status;
	message->reason = slice_from(rest, rest.size > 3 ? 4 : 3);
}

static void check_request_uri(struct reading *reading, struct slice uri)
{
	const char *wrong = scan_uri(uri);
	size_t at;

	if (wrong) {
		refuse(reading, wrong, uri.at);
		return;
	}
	if (!slice_starts_nocase(uri, SLICE("sip:")) &&
		!slice_starts_nocase(uri, SLICE("sips:")))
		return;
	/* RFC 3261 19.1.1: no headers in a Request-URI. */
	at = slice_find(uri, '@');
	if (slice_find(slice_from(uri, at == SIZE_MAX ? 0 : at), '?') !=
		SIZE_MAX)
		refuse(reading, "Headers in the Request-URI", uri.at);
}

/* Method SP Request-URI SP SIP-Version, nothing more (RFC 3261 7.1). */
static void read_request_line(struct reading *reading, struct slice line)
{
	struct message *message = reading->message;
	struct slice rest = line;
	size_t space;

	if (line.size > reading->limits->line_bytes)
		reading_fault(reading, 414, "Request-URI Too Long", 0);
	message->is_request = true;
	message->method_name = slice_part(rest, 0, scan_span(rest, SCAN_TOKEN));
	message->method = method_of(message->method_name);
	rest = slice_from(rest, message->method_name.size);
	if (message->method_name.size == 0 || rest.size == 0 ||
		rest.at[0] != ' ') {
		refuse(reading, "Unreadable method", line.at);
		return;
	}
	rest = slice_from(rest, 1);
	space = slice_find(rest, ' ');
	if (space == SIZE_MAX) {
		refuse(reading, "Unreadable start line", rest.at);
		return;
	}
	message->request_uri = slice_part(rest, 0, space);
	check_version(reading, slice_from(rest, space + 1));
	check_request_uri(reading, message->request_uri);
}

void reading_start_line(struct reading *reading, struct slice line)
{
	if (is_version(line))
		read_status_line(reading, line);
	else
		read_request_line(reading, line);
}

/* --- headers ----------------------------------------------------------- */

/* Two of these have two meanings: each reader takes another. */
static bool is_single(enum header_id id)
{
	switch (id) {
	case HEADER_CALL_ID:
	case HEADER_CONTENT_DISPOSITION:
	case HEADER_CONTENT_LENGTH:
	case HEADER_CONTENT_TRANSFER_ENCODING:
	case HEADER_CONTENT_TYPE:
	case HEADER_CSEQ:
	case HEADER_DATE:
	case HEADER_EVENT:
	case HEADER_EXPIRES:
	case HEADER_FROM:
	case HEADER_MAX_FORWARDS:
	case HEADER_MIME_VERSION:
	case HEADER_MS_TEXT_FORMAT:
	case HEADER_RACK:
	case HEADER_REFER_TO:
	case HEADER_RETRY_AFTER:
	case HEADER_RSEQ:
	case HEADER_SUBJECT:
	case HEADER_TIMESTAMP:
	case HEADER_TO:
	case HEADER_USER_AGENT:
		return true;
	default:
		return false;
	}
}

/* Copied into each answer. */
static bool is_for_answer(enum header_id id)
{
	return id == HEADER_VIA || id == HEADER_FROM || id == HEADER_TO ||
	       id == HEADER_CALL_ID || id == HEADER_CSEQ ||
	       id == HEADER_TIMESTAMP;
}

/* Where bytes that are no UTF-8 could be read in two ways. */
static bool is_structured(enum header_id id)
{
	return is_for_answer(id) || id == HEADER_CONTACT ||
	       id == HEADER_ROUTE || id == HEADER_RECORD_ROUTE ||
	       id == HEADER_PATH || id == HEADER_REFER_TO ||
	       id == HEADER_CONTENT_TYPE || id == HEADER_CONTENT_DISPOSITION;
}

/* As many values as headers: what walks them for each of them stays quick. */
static bool count_value(struct reading *reading, const struct header *header)
{
	if (++reading->values <= reading->limits->headers)
		return true;
	refuse(reading, "Too many values", header->line.at);
	return false;
}

/* Where values are cut apart at commas, < > holds one together; Via knows no
 * < >, so another reader would find one value more (RFC 3261 25.1). */
static bool holds_bracket(struct slice rest)
{
	size_t at = 0;

	if (slice_find(rest, '<') == SIZE_MAX)
		return false;
	while (at < rest.size && rest.at[at] != '<') {
		size_t quoted = rest.at[at] == '"'
					? scan_quoted(slice_from(rest, at))
					: 1;

		if (quoted == SIZE_MAX)
			return true;
		at += quoted;
	}
	return at < rest.size;
}

static void read_via(struct reading *reading, const struct header *header)
{
	struct message *message = reading->message;
	struct slice rest = header->value, value;
	bool first = message->via_count == 0;
	struct via_parts parts;
	const char *wrong;

	if (rest.size == 0 || rest.at[rest.size - 1] == ',')
		refuse(reading, "Empty Via", header->line.at);
	if (holds_bracket(rest))
		refuse(reading, "Angle bracket in Via", header->line.at);
	while (header_next_value(&rest, &value)) {
		if (!count_value(reading, header))
			return;
		message->via_count++;
		if (value.size == 0)
			refuse(reading, "Empty Via", header->line.at);
		if (!first)
			continue;
		first = false;
		wrong = scan_via(value, reading->limits->parameters, &parts);
		if (wrong)
			refuse(reading, wrong, header->line.at);
		message->via = (struct top_via){.value = value,
			.transport = parts.transport,
			.host = parts.host,
			.port = parts.port,
			.sent_by = parts.sent_by,
			.branch = parts.branch,
			.rport = parts.has_rport,
			.magic = parts.branch.size > 7 &&
				 slice_starts_nocase(
					 parts.branch, SLICE("z9hG4bK"))};
	}
}

static void read_from_or_to(struct reading *reading, struct slice text,
	const char *at, struct slice *uri, struct slice *tag,
	struct slice *name)
{
	struct address_parts parts;
	const char *wrong =
		scan_address(text, reading->limits->parameters, &parts);

	if (wrong) {
		refuse(reading, wrong, at);
		return;
	}
	*uri = parts.uri;
	*tag = parts.tag;
	*name = parts.name;
}

static void read_call_id(struct reading *reading, struct slice value)
{
	bool good = value.size > 0;

	for (size_t i = 0; i < value.size; i++)
		good = good && value.at[i] > ' ' && value.at[i] < 0x7f;
	if (!good) {
		refuse(reading, "Unreadable Call-ID", value.at);
		reading->unanswerable |= value.size == 0;
		return;
	}
	reading->message->call_id = value;
}

/* 1*DIGIT LWS Method. */
static void read_cseq(struct reading *reading, const struct header *header)
{
	struct slice value = header->unfolded, method;
	size_t digits = 0;
	uint64_t number;

	while (digits < value.size && value.at[digits] >= '0' &&
		value.at[digits] <= '9')
		digits++;
	method = slice_from(value, digits);
	if (!slice_to_number(
		    slice_part(value, 0, digits), CSEQ_MOST, &number) ||
		method.size == 0 || !scan_is(method.at[0], SCAN_SPACE) ||
		!scan_all(slice_trim(method), SCAN_TOKEN)) {
		refuse(reading, "Unreadable CSeq", header->line.at);
		return;
	}
	reading->message->cseq = (uint32_t)number;
	reading->cseq_method = slice_trim(method);
}

static void read_max_forwards(
	struct reading *reading, const struct header *header)
{
	uint64_t number;

	if (slice_to_number(header->unfolded, MAX_FORWARDS_MOST, &number))
		reading->message->max_forwards = (int)number;
	else
		refuse(reading, "Unreadable Max-Forwards", header->line.at);
}

static void read_content_length(
	struct reading *reading, const struct header *header)
{
	reading->has_content_length = slice_to_number(
		header->unfolded, UINT32_MAX, &reading->content_length);
	if (!reading->has_content_length)
		refuse(reading, "Unreadable Content-Length", header->line.at);
}

/* m-type SLASH m-subtype *(SEMI m-parameter); one value (RFC 3261 20.15). */
static void read_content_type(
	struct reading *reading, const struct header *header)
{
	struct slice rest = header->unfolded;
	struct parameter parameter;
	enum scan_step step;
	size_t count = 0;

	reading->message->content_type = rest;
	if (!scan_media_type(&rest)) {
		refuse(reading, "Unreadable Content-Type", header->line.at);
		return;
	}
	do
		step = scan_parameter(&rest, &parameter);
	while (step == SCAN_ITEM && ++count <= reading->limits->parameters);
	if (step != SCAN_END)
		refuse(reading, "Unreadable Content-Type", header->line.at);
}

/* Contact, Route, Record-Route, Path, Refer-To: where a message goes next. */
static void check_addresses(
	struct reading *reading, const struct header *header)
{
	struct slice rest = header->unfolded, value;
	struct address_parts parts;
	const char *wrong = NULL;

	if (header->id == HEADER_CONTACT && slice_equal(rest, SLICE("*")))
		return;
	if (rest.size == 0 || rest.at[rest.size - 1] == ',')
		wrong = "Empty address";
	while (!wrong && header_next_value(&rest, &value)) {
		if (!count_value(reading, header))
			return;
		wrong = scan_address(
			value, reading->limits->parameters, &parts);
		if (!wrong && header->id != HEADER_CONTACT &&
			header->id != HEADER_REFER_TO &&
			slice_find(value, '<') == SIZE_MAX)
			wrong = "Route without < >";
	}
	if (wrong)
		refuse(reading, wrong, header->line.at);
}

static void read_value(struct reading *reading, const struct header *header)
{
	struct message *message = reading->message;

	switch (header->id) {
	case HEADER_VIA:
		read_via(reading, header);
		break;
	case HEADER_FROM:
		message->from = header->unfolded;
		read_from_or_to(reading, header->unfolded, header->line.at,
			&message->from_uri, &message->from_tag,
			&message->from_name);
		break;
	case HEADER_TO:
		message->to = header->unfolded;
		read_from_or_to(reading, header->unfolded, header->line.at,
			&message->to_uri, &message->to_tag, &message->to_name);
		break;
	case HEADER_CALL_ID:
		read_call_id(reading, header->value);
		break;
	case HEADER_CSEQ:
		read_cseq(reading, header);
		break;
	case HEADER_MAX_FORWARDS:
		read_max_forwards(reading, header);
		break;
	case HEADER_CONTENT_LENGTH:
		read_content_length(reading, header);
		break;
	case HEADER_CONTENT_TYPE:
		read_content_type(reading, header);
		break;
	case HEADER_CONTACT:
	case HEADER_ROUTE:
	case HEADER_RECORD_ROUTE:
	case HEADER_PATH:
	case HEADER_REFER_TO:
		check_addresses(reading, header);
		break;
	default:
		break;
	}
}

static const char *repeated(enum header_id id)
{
	switch (id) {
	case HEADER_CALL_ID:
		return "Repeated Call-ID";
	case HEADER_CONTENT_LENGTH:
		return "Repeated Content-Length";
	case HEADER_CONTENT_TYPE:
		return "Repeated Content-Type";
	case HEADER_CSEQ:
		return "Repeated CSeq";
	case HEADER_FROM:
		return "Repeated From";
	case HEADER_MAX_FORWARDS:
		return "Repeated Max-Forwards";
	case HEADER_TO:
		return "Repeated To";
	default:
		return "Repeated header that may stand once";
	}
}

void reading_header(
	struct reading *reading, const struct header *header, bool dirty)
{
	if (dirty && is_for_answer(header->id))
		reading->unanswerable = true;
	if (reading->seen[header->id] && is_single(header->id)) {
		refuse(reading, repeated(header->id), header->line.at);
		return;
	}
	reading->seen[header->id] = true;
	if (is_structured(header->id) && !scan_is_utf8(header->value))
		refuse(reading, "Bytes that are no UTF-8", header->line.at);
	read_value(reading, header);
}

/* --- the whole --------------------------------------------------------- */

static void check_cseq_method(struct reading *reading)
{
	struct message *message = reading->message;

	if (!message->is_request) {
		message->method_name = reading->cseq_method;
		message->method = method_of(message->method_name);
	} else if (!slice_equal(message->method_name, reading->cseq_method)) {
		refuse(reading, "CSeq names another method", message->bytes.at);
	}
}

void reading_finish(struct reading *reading)
{
	static const struct {
		enum header_id id;
		const char *reason;
	} needed[] = {
		{HEADER_VIA, "Via is missing"},
		{HEADER_FROM, "From is missing"},
		{HEADER_TO, "To is missing"},
		{HEADER_CALL_ID, "Call-ID is missing"},
		{HEADER_CSEQ, "CSeq is missing"},
	};
	struct message *message = reading->message;

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (!reading->seen[needed[i].id])
			refuse(reading, needed[i].reason, message->bytes.at);
	check_cseq_method(reading);
}

bool reading_can_be_answered(const struct reading *reading)
{
	const struct message *message = reading->message;
	const bool *seen = reading->seen;

	return !reading->unanswerable && message->is_request &&
	       message->method != METHOD_ACK && message->via.sent_by.at &&
	       seen[HEADER_FROM] && seen[HEADER_TO] && seen[HEADER_CALL_ID] &&
	       seen[HEADER_CSEQ];
}
