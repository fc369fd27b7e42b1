/* message_test.c -- what is found in a message, and what is refused. */
#include "proxy/parse/message.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct message_limits limits = {65536, 256, 8192, 64};

#define START "MESSAGE sip:bob@example.com SIP/2.0\r\n"
#define VIA "Via: SIP/2.0/UDP host.example.com:5070;branch=z9hG4bKabc;rport\r\n"
#define FROM "From: \"Alice A.\" <sip:alice@example.com>;tag=1\r\n"
#define TO "To: Bob <sip:bob@example.com>\r\n"
#define CALL "Call-ID: one@example.com\r\n"
#define CSEQ "CSeq: 7 MESSAGE\r\n"
#define FOUR FROM TO CALL CSEQ
#define ALL VIA FOUR
#define END "Content-Length: 0\r\n\r\n"

static void assert_slice(struct slice slice, const char *text)
{
	char *copy;

	if (!text) {
		assert_null(slice.at);
		return;
	}
	assert_non_null(slice.at);
	copy = slice_to_string(slice);
	assert_string_equal(copy, text);
	assert_int_equal(slice.size, strlen(text));
	free(copy);
}

/* As message_index; bytes end where memory ends, so that overruns are seen. */
static int indexed(struct slice bytes, bool datagram, struct message **message,
	struct message_fault *fault)
{
	char *exact = malloc(bytes.size ? bytes.size : 1);
	int error;

	assert_non_null(exact);
	memcpy(exact, bytes.at, bytes.size);
	error = message_index(slice_make(exact, bytes.size), datagram, &limits,
		message, fault);
	free(exact);
	return error;
}

static struct message *good(const char *text)
{
	struct message_fault fault;
	struct message *message;

	if (indexed(slice_of(text), true, &message, &fault))
		fail_msg("refused: %s at %zu in\n%s", fault.reason,
			fault.offset, text);
	return message;
}

static void finds_all_of_a_request(void **state)
{
	struct message *message = good(
		START ALL "Max-Forwards: 70\r\nContent-Type: text/plain\r\n"
			  "Content-Length: 5\r\n\r\nhello");

	(void)state;
	assert_true(message->is_request);
	assert_int_equal(message->method, METHOD_MESSAGE);
	assert_slice(message->method_name, "MESSAGE");
	assert_slice(message->request_uri, "sip:bob@example.com");
	assert_int_equal(message->header_count, 8);
	assert_slice(message->body, "hello");
	assert_int_equal(message->via_count, 1);
	assert_slice(message->via.transport, "UDP");
	assert_slice(message->via.host, "host.example.com");
	assert_int_equal(message->via.port, 5070);
	assert_slice(message->via.sent_by, "host.example.com:5070");
	assert_slice(message->via.branch, "z9hG4bKabc");
	assert_true(message->via.rport);
	assert_true(message->via.magic);
	assert_slice(message->call_id, "one@example.com");
	assert_slice(
		message->from, "\"Alice A.\" <sip:alice@example.com>;tag=1");
	assert_slice(message->from_uri, "sip:alice@example.com");
	assert_slice(message->from_tag, "1");
	assert_slice(message->from_name, "Alice A.");
	assert_slice(message->to_uri, "sip:bob@example.com");
	assert_slice(message->to_tag, NULL);
	assert_slice(message->to_name, "Bob");
	assert_int_equal(message->cseq, 7);
	assert_slice(message->content_type, "text/plain");
	assert_int_equal(message->max_forwards, 70);
	message_release(&message);
	assert_null(message);
}

static void finds_all_of_a_response(void **state)
{
	struct message *message =
		good("SIP/2.0 200 All is well\r\n" VIA
		     "v: SIP/2.0/TCP [2001:db8::1]:5061;branch=z9hG4bK2,\r\n"
		     " SIP/2.0/UDP third\r\n"
		     "f: sip:alice@example.com;tag=a\r\n"
		     "t: <sip:bob@example.com>;tag=b\r\n"
		     "i: x\r\nCSeq: 2147483647 INVITE\r\n\r\n");

	(void)state;
	assert_false(message->is_request);
	assert_int_equal(message->status, 200);
	assert_slice(message->reason, "All is well");
	assert_int_equal(message->method, METHOD_INVITE);
	assert_int_equal(message->via_count, 3);
	assert_slice(message->from_uri, "sip:alice@example.com");
	assert_slice(message->from_tag, "a");
	assert_slice(message->to_tag, "b");
	assert_int_equal(message->cseq, 2147483647);
	assert_int_equal(message->max_forwards, -1);
	assert_int_equal(message->body.size, 0);
	message_release(&message);
}

static void joins_folds(void **state)
{
	struct message *message =
		good(START VIA "Subject: one \t\r\n \t two\r\n  three\r\n"
			       "X-Plain: a  b\r\n" FOUR END);
	const struct header *header =
		message_header(message, HEADER_SUBJECT, NULL);

	(void)state;
	assert_true(header->folded);
	assert_slice(header_unfolded(message, header), "one two three");
	assert_slice(header->line, "Subject: one \t\r\n \t two\r\n  three\r\n");
	header = message_header_named(message, SLICE("x-plain"), NULL);
	assert_slice(header_unfolded(message, header), "a  b");
	assert_ptr_equal(header_unfolded(message, header).at, header->value.at);
	message_release(&message);
}

static void walks_headers_and_values(void **state)
{
	static const char *const expected[] = {
		"<sip:a@x;p=\"1,2>", "\"q, \\\" <\" <sip:b@x,y>", "", "z"};
	struct message *message = good(START VIA
		"X: <sip:a@x;p=\"1,2>, \"q, \\\" <\" <sip:b@x,y>,, z\r\n"
		"Supported:\r\nk: 100rel,path\r\n" FOUR END);
	const struct header *header =
		message_header_named(message, SLICE("x"), NULL);
	struct slice rest = header_unfolded(message, header), value;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		assert_true(header_next_value(&rest, &value));
		assert_slice(value, expected[i]);
	}
	assert_false(header_next_value(&rest, &value));
	header = message_header(message, HEADER_SUPPORTED, NULL);
	rest = header_unfolded(message, header);
	assert_false(header_next_value(&rest, &value));
	header = message_header_named(message, SLICE("K"), header);
	assert_slice(header->value, "100rel,path");
	assert_null(message_header(message, HEADER_SUPPORTED, header));
	assert_null(message_header(message, HEADER_ROUTE, NULL));
	message_release(&message);
}

static void knows_names_in_any_case_and_compact(void **state)
{
	static const struct {
		const char *name;
		enum header_id id;
	} compact[] = {{"c", HEADER_CONTENT_TYPE},
		{"E", HEADER_CONTENT_ENCODING}, {"f", HEADER_FROM},
		{"i", HEADER_CALL_ID}, {"K", HEADER_SUPPORTED},
		{"l", HEADER_CONTENT_LENGTH}, {"m", HEADER_CONTACT},
		{"o", HEADER_EVENT}, {"r", HEADER_REFER_TO},
		{"S", HEADER_SUBJECT}, {"t", HEADER_TO}, {"v", HEADER_VIA},
		{"z", HEADER_OTHER}, {"Viaa", HEADER_OTHER}, {"", HEADER_OTHER},
		{"Content-Transfer-Encodinx", HEADER_OTHER},
		{"Content-Transfer-Encoding-", HEADER_OTHER}};

	(void)state;
	for (int id = HEADER_OTHER + 1; id < HEADER_IDS; id++) {
		struct slice name = header_name((enum header_id)id);
		char *upper = slice_to_string(name);

		for (char *at = upper; *at; at++)
			*at = (char)(*at >= 'a' && *at <= 'z' ? *at - 32 : *at);
		assert_int_equal(header_id_of(name), id);
		assert_int_equal(header_id_of(slice_of(upper)), id);
		free(upper);
	}
	for (size_t i = 0; i < sizeof(compact) / sizeof(compact[0]); i++)
		assert_int_equal(
			header_id_of(slice_of(compact[i].name)), compact[i].id);
	assert_int_equal(method_of(SLICE("REFER")), METHOD_REFER);
	assert_int_equal(method_of(SLICE("invite")), METHOD_OTHER);
}

static void cuts_a_datagram_at_content_length(void **state)
{
	static const char text[] = START ALL "l: 2\r\n\r\nhiMESSAGE sip:eve";
	struct message_fault fault;
	struct message *message = good(text);

	(void)state;
	assert_slice(message->body, "hi");
	assert_int_equal(message->bytes.size, sizeof(text) - 1 - 15);
	message_release(&message);
	assert_int_equal(
		indexed(slice_of(text), false, &message, &fault), EBADMSG);
	assert_int_equal(fault.status, 400);
	message_release(&message);
}

static void takes_the_rest_of_a_datagram_without_content_length(void **state)
{
	static const char text[] = "\r\n\r\n" START ALL "\r\nthe rest";
	struct message_fault fault;
	struct message *message = good(text);

	(void)state;
	assert_slice(message->body, "the rest");
	assert_int_equal(message->bytes.at[0], 'M');
	message_release(&message);
	assert_int_equal(
		indexed(slice_of(text), false, &message, &fault), EBADMSG);
	assert_string_equal(fault.reason, "Content-Length is missing");
	message_release(&message);
}

static void keeps_a_body_without_content_type(void **state)
{
	static const char text[] = START ALL "l: 6\r\n\r\n\0\r\n\xff!\r";
	struct message_fault fault;
	struct message *message;

	(void)state;
	assert_int_equal(indexed(slice_make(text, sizeof(text) - 1), true,
				 &message, &fault),
		0);
	assert_int_equal(message->body.size, 6);
	assert_memory_equal(message->body.at, "\0\r\n\xff!\r", 6);
	message_release(&message);
}

/* What is refused, and whether it can be answered. size: of the text where it
 * holds a NUL. */
#define SIZED(text) (text), sizeof(text) - 1
static const struct {
	const char *what;
	const char *text;
	size_t size;
	unsigned status; /* 0: nothing may be said */
	const char *reason;
} refused[] = {
	{"bare LF", SIZED(START ALL "X: a\nY: b\r\n" END), 400,
		"LF without CR in the header"},
	{"bare CR", SIZED(START ALL "X: a\rY: b\r\n" END), 400,
		"CR without LF in the header"},
	{"NUL", SIZED(START ALL "X: a\0b\r\n" END), 400, "NUL in the header"},
	{"NUL in a quoted pair", SIZED(START ALL "X: \"\\\0\"\r\n" END), 400,
		"NUL in the header"},
	{"bare LF in what an answer copies",
		SIZED(START "Via: SIP/2.0/UDP h\nX: y\r\n" FOUR END), 0,
		"LF without CR in the header"},
	{"vertical tab", SIZED(START ALL "X: a\vb\r\n" END), 400,
		"Control character in the header"},
	{"line of white space", SIZED(START ALL "X: a\r\n \t\r\nY: b\r\n" END),
		400, "Line of white space alone"},
	{"fold of nothing", SIZED(START " X: a\r\n" ALL END), 400,
		"Fold without a header"},
	{"no blank line", SIZED(START ALL), 400, "Header without an end"},
	{"cut off in a line", SIZED(START ALL "Subj"), 400,
		"Header without an end"},
	{"no name", SIZED(START ALL ": a\r\n" END), 400,
		"Header without a name"},
	{"no colon", SIZED(START ALL "Subject\r\n" END), 400,
		"Unreadable header name"},
	{"rubbish before the colon", SIZED(START ALL "Subject\x0b: a\r\n" END),
		400, "Control character in the header"},
	{"quote before the colon", SIZED(START ALL "Subject\": a\r\n" END), 400,
		"Unreadable header name"},
	{"two Content-Length", SIZED(START ALL "l: 0\r\n" END), 400,
		"Repeated Content-Length"},
	{"two Call-ID", SIZED(START ALL "i: 0\r\n" END), 400,
		"Repeated Call-ID"},
	{"two CSeq", SIZED(START ALL CSEQ END), 400, "Repeated CSeq"},
	{"two From", SIZED(START ALL FROM END), 400, "Repeated From"},
	{"two To", SIZED(START ALL TO END), 400, "Repeated To"},
	{"two Max-Forwards",
		SIZED(START ALL "Max-Forwards: 7\r\nMax-Forwards: 7\r\n" END),
		400, "Repeated Max-Forwards"},
	{"two Content-Type",
		SIZED(START ALL "c: text/plain\r\nContent-Type: a/b\r\n" END),
		400, "Repeated Content-Type"},
	{"two Subject", SIZED(START ALL "s: a\r\nSubject: b\r\n" END), 400,
		"Repeated header that may stand once"},
	{"negative length", SIZED(START ALL "l: -1\r\n\r\n"), 400,
		"Unreadable Content-Length"},
	{"signed length", SIZED(START ALL "l: +5\r\n\r\nhello"), 400,
		"Unreadable Content-Length"},
	{"length with rubbish", SIZED(START ALL "l: 5abc\r\n\r\nhello"), 400,
		"Unreadable Content-Length"},
	{"two lengths in one", SIZED(START ALL "l: 5, 5\r\n\r\nhello"), 400,
		"Unreadable Content-Length"},
	{"empty length", SIZED(START ALL "l:\r\n\r\nhello"), 400,
		"Unreadable Content-Length"},
	{"folded length", SIZED(START ALL "l: 1\r\n 0\r\n\r\nhello"), 400,
		"Unreadable Content-Length"},
	{"short datagram", SIZED(START ALL "l: 6\r\n\r\nhello"), 400,
		"Content-Length is not the length of the body"},
	{"length past all counting",
		SIZED(START ALL "l: 18446744073709551621\r\n\r\nhello"), 400,
		"Unreadable Content-Length"},
	{"another version", SIZED("MESSAGE sip:bob@x SIP/7.0\r\n" ALL END), 505,
		"Version Not Supported"},
	{"no version", SIZED("MESSAGE sip:bob@x\r\n" ALL END), 400,
		"Unreadable start line"},
	{"another protocol", SIZED("GET / HTTP/1.1\r\n" ALL END), 400,
		"Unreadable start line"},
	{"two spaces", SIZED("MESSAGE  sip:bob@x SIP/2.0\r\n" ALL END), 400,
		"Unreadable start line"},
	{"space at the end", SIZED("MESSAGE sip:bob@x SIP/2.0 \r\n" ALL END),
		400, "Unreadable start line"},
	{"tab for space", SIZED("MESSAGE\tsip:bob@x SIP/2.0\r\n" ALL END), 400,
		"Unreadable method"},
	{"URI in < >", SIZED("MESSAGE <sip:bob@x> SIP/2.0\r\n" ALL END), 400,
		"URI without a scheme"},
	{"%00 in the URI", SIZED("MESSAGE sip:b%00b@x SIP/2.0\r\n" ALL END),
		400, "Escape in a URI that may not stand there"},
	{"%00 in From",
		SIZED(START VIA
			"f: <sip:admin%00evil@x>;tag=1\r\n" TO CALL CSEQ END),
		400, "Escape in a URI that may not stand there"},
	{"half an escape", SIZED("MESSAGE sip:b%4@x SIP/2.0\r\n" ALL END), 400,
		"Escape in a URI that may not stand there"},
	{"two @", SIZED("MESSAGE sip:bob@x@y SIP/2.0\r\n" ALL END), 400,
		"More than one @ in a URI"},
	{"headers in the URI",
		SIZED("MESSAGE sip:bob@x?Route=%3Csip:y%3E SIP/2.0\r\n" ALL
				END),
		400, "Headers in the Request-URI"},
	{"UTF-8 in the URI",
		SIZED("MESSAGE sip:b\xc3\xb6@x SIP/2.0\r\n" ALL END), 400,
		"Byte in a URI that may not stand there"},
	{"CSeq too high",
		SIZED(START VIA FROM TO CALL
			"CSeq: 2147483648 MESSAGE\r\n" END),
		400, "Unreadable CSeq"},
	{"CSeq of another method",
		SIZED(START VIA FROM TO CALL "CSeq: 7 INVITE\r\n" END), 400,
		"CSeq names another method"},
	{"CSeq without number",
		SIZED(START VIA FROM TO CALL "CSeq: MESSAGE\r\n" END), 400,
		"Unreadable CSeq"},
	{"CSeq without space",
		SIZED(START VIA FROM TO CALL "CSeq: 7MESSAGE\r\n" END), 400,
		"Unreadable CSeq"},
	{"Max-Forwards too high", SIZED(START ALL "Max-Forwards: 256\r\n" END),
		400, "Unreadable Max-Forwards"},
	{"Call-ID in two words", SIZED(START VIA FROM TO "i: a b\r\n" CSEQ END),
		400, "Unreadable Call-ID"},
	{"open quote in From",
		SIZED(START VIA "f: \"A <sip:a@x>;tag=1\r\n" TO CALL CSEQ END),
		400, "Unclosed quote in an address"},
	{"open quote in To",
		SIZED(START VIA FROM "t: \"Mr. <sip:a@x>\r\n" CALL CSEQ END),
		400, "Unclosed quote in an address"},
	{"open < in To", SIZED(START VIA FROM "t: <sip:a@x\r\n" CALL CSEQ END),
		400, "Unclosed < in an address"},
	{"two values in From",
		SIZED(START VIA
			"f: <sip:a@x>;tag=1, <sip:b@x>\r\n" TO CALL CSEQ END),
		400, "Unreadable parameter"},
	{"comma in a display name",
		SIZED(START VIA
			"f: Bell, A <sip:a@x>;tag=1\r\n" TO CALL CSEQ END),
		400, "URI with , or ? but without < >"},
	{"rubbish behind >",
		SIZED(START VIA "f: <sip:a@x>b;tag=1\r\n" TO CALL CSEQ END),
		400, "More than one value, or rubbish, behind an address"},
	{"space in < >",
		SIZED(START VIA FROM "t: < sip:a@x>\r\n" CALL CSEQ END), 400,
		"URI without a scheme"},
	{"two tags",
		SIZED(START VIA
			"f: <sip:a@x>;tag=1;tag=2\r\n" TO CALL CSEQ END),
		400, "Repeated or empty tag"},
	{"empty tag", SIZED(START VIA "f: <sip:a@x>;tag\r\n" TO CALL CSEQ END),
		400, "Repeated or empty tag"},
	{"no UTF-8 in a name",
		SIZED(START VIA
			"f: \"\xc3\x28\" <sip:a@x>;tag=1\r\n" TO CALL CSEQ END),
		400, "Bytes that are no UTF-8"},
	{"empty Via value",
		SIZED(START "Via: SIP/2.0/UDP h;branch=z9hG4bK1,\r\n" FOUR END),
		400, "Empty Via"},
	{"< that would hide a Via behind it",
		SIZED(START
			"Via: SIP/2.0/UDP h;branch=z9hG4bK1, SIP/2.0/UDP <, "
			"SIP/2.0/UDP >\r\n" FOUR END),
		400, "Angle bracket in Via"},
	{"empty Via parameter",
		SIZED(START "Via: SIP/2.0/UDP h;;branch=z9hG4bK1\r\n" FOUR END),
		400, "Unreadable parameter in Via"},
	{"two branches",
		SIZED(START
			"Via: SIP/2.0/UDP h;branch=a;branch=b\r\n" FOUR END),
		400, "Unreadable branch in Via"},
	{"Via of another version",
		SIZED(START "Via: SIP/3.0/UDP h;branch=z9hG4bKb\r\n" FOUR END),
		400, "Unknown version in Via"},
	{"Via without a host",
		SIZED(START "Via: SIP/2.0/UDP ;branch=a\r\n" FOUR END), 0,
		"Unreadable host in Via"},
	{"Via of another protocol",
		SIZED(START "Via: HTTP/2.0/UDP h;branch=a\r\n" FOUR END), 0,
		"Unknown protocol in Via"},
	{"Via port 0",
		SIZED(START "Via: SIP/2.0/UDP h:0;branch=a\r\n" FOUR END), 0,
		"Unreadable host in Via"},
	{"no Via", SIZED(START FOUR END), 0, "Via is missing"},
	{"no From", SIZED(START VIA TO CALL CSEQ END), 0, "From is missing"},
	{"no To", SIZED(START VIA FROM CALL CSEQ END), 0, "To is missing"},
	{"no Call-ID", SIZED(START VIA FROM TO CSEQ END), 0,
		"Call-ID is missing"},
	{"empty Call-ID", SIZED(START VIA FROM TO "i:\r\n" CSEQ END), 0,
		"Unreadable Call-ID"},
	{"no CSeq", SIZED(START VIA FROM TO CALL END), 0, "CSeq is missing"},
	{"bad ACK",
		SIZED("ACK sip:bob@x SIP/2.0\r\n" VIA FROM TO CALL
		      "CSeq: 7 ACK\r\nl: 9\r\n\r\n"),
		0, "Content-Length is not the length of the body"},
	{"bad response",
		SIZED("SIP/2.0 200 OK\r\n" VIA FROM TO CALL
		      "CSeq: 7 ACK\r\nl: 9\r\n\r\n"),
		0, "Content-Length is not the length of the body"},
	{"status 700", SIZED("SIP/2.0 700 OK\r\n" ALL END), 0,
		"Unreadable status"},
	{"status 2000", SIZED("SIP/2.0 2000 OK\r\n" ALL END), 0,
		"Unreadable status"},
	{"status 99", SIZED("SIP/2.0 099 OK\r\n" ALL END), 0,
		"Unreadable status"},
	{"status -5", SIZED("SIP/2.0 -5 OK\r\n" ALL END), 0,
		"Unreadable status"},
	{"response of another version", SIZED("SIP/7.0 200 OK\r\n" ALL END), 0,
		"Version Not Supported"},
	{"Content-Type twice in one",
		SIZED(START ALL "c: text/plain, text/html\r\n" END), 400,
		"Unreadable Content-Type"},
	{"Content-Type without /", SIZED(START ALL "c: text\r\n" END), 400,
		"Unreadable Content-Type"},
	{"open quote in Content-Type",
		SIZED(START ALL "c: multipart/mixed;boundary=\"a\r\n" END), 400,
		"Unreadable Content-Type"},
	{"Route without < >", SIZED(START ALL "Route: sip:a@x;lr\r\n" END), 400,
		"Route without < >"},
	{"Route with a comma too many",
		SIZED(START ALL "Route: <sip:a@x;lr>,\r\n" END), 400,
		"Empty address"},
	{"Contact with headers but no < >",
		SIZED(START ALL "m: sip:a@x?Route=%3Csip:y%3E\r\n" END), 400,
		"URI with , or ? but without < >"},
	{"control among plain bytes",
		SIZED(START ALL "X: 123456789012\x1f"
				"123456789012345678901234\r\n" END),
		400, "Control character in the header"},
	{"DEL among plain bytes",
		SIZED(START ALL "X: 123456789012\x7f"
				"123456789012345678901234\r\n" END),
		400, "Control character in the header"},
	{"nothing", SIZED(""), 0, "Header without an end"},
	{"keep-alive", SIZED("\r\n\r\n"), 0, "Header without an end"},
};

static void refuses_what_can_be_read_in_two_ways(void **state)
{
	struct message_fault fault;
	struct message *message;

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		int error =
			indexed(slice_make(refused[i].text, refused[i].size),
				true, &message, &fault);

		if (error != EBADMSG || fault.status != refused[i].status ||
			strcmp(fault.reason, refused[i].reason) != 0)
			fail_msg("%s: error %d, status %u, %s at %zu",
				refused[i].what, error, fault.status,
				fault.reason ? fault.reason : "", fault.offset);
		assert_int_equal(message != NULL, refused[i].status != 0);
		assert_true(fault.offset <= refused[i].size);
		message_release(&message);
	}
}

static void names_the_place_of_a_fault(void **state)
{
	static const char text[] = "\r\n" START ALL "X: a\nY: b\r\n" END;
	struct message_fault fault;
	struct message *message;

	(void)state;
	assert_int_equal(
		indexed(slice_of(text), true, &message, &fault), EBADMSG);
	assert_int_equal(text[fault.offset], '\n');
	assert_int_equal(text[fault.offset - 1], 'a');
	message_release(&message);
}

/* start, then count times a piece, then the rest of a message. */
static struct slice grown(const char *piece, size_t count, char **bytes)
{
	static const char head[] = START ALL, tail[] = END;
	size_t size = strlen(piece), at = sizeof(head) - 1;

	*bytes = malloc(sizeof(head) + sizeof(tail) + count * size);
	assert_non_null(*bytes);
	memcpy(*bytes, head, at);
	for (size_t i = 0; i < count; i++, at += size)
		memcpy(*bytes + at, piece, size);
	memcpy(*bytes + at, tail, sizeof(tail) - 1);
	return slice_make(*bytes, at + sizeof(tail) - 1);
}

static void keeps_to_its_limits(void **state)
{
	static const struct {
		const char *piece;
		size_t count;
		unsigned status;
	} cases[] = {
		{"a:\r\n", 250, 0},
		{"a:\r\n", 251, 400},
		{"a: 1234\r\n", 7000, 400},
		{"m: <sip:a@b>,<sip:c@d>\r\n", 127, 0},
		{"m: <sip:a@b>,<sip:c@d>\r\n", 128, 400},
		{"a: 1234567890123456789012345678901234567890\r\n", 1500, 513},
		{"X: ", 1, 0},
	};
	struct message_fault fault;
	struct message *message;
	char *bytes;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct slice text =
			grown(cases[i].piece, cases[i].count, &bytes);
		int error = indexed(text, true, &message, &fault);

		assert_int_equal(error, cases[i].status ? EBADMSG : 0);
		assert_int_equal(fault.status, cases[i].status);
		assert_non_null(message);
		message_release(&message);
		free(bytes);
	}
}

static struct message_fault fault_of_long(
	const char *before, char fill, size_t size, const char *behind)
{
	char *text = calloc(1, strlen(before) + size + strlen(behind) + 1);
	struct message_fault fault;
	struct message *message;

	assert_non_null(text);
	memcpy(text, before, strlen(before));
	memset(text + strlen(before), fill, size);
	memcpy(text + strlen(before) + size, behind, strlen(behind));
	(void)!indexed(slice_of(text), true, &message, &fault);
	message_release(&message);
	free(text);
	return fault;
}

static void refuses_long_lines_and_uris(void **state)
{
	(void)state;
	assert_int_equal(
		fault_of_long(START ALL "X: ", 'a', 8189, "\r\n" END).status,
		0);
	assert_string_equal(
		fault_of_long(START ALL "X: ", 'a', 8190, "\r\n" END).reason,
		"Header too long");
	assert_int_equal(
		fault_of_long("MESSAGE sip:", 'a', 9000, " SIP/2.0\r\n" ALL END)
			.status,
		414);
}

static void counts_references(void **state)
{
	struct message *message = good(START ALL END);
	struct message *held = message_hold(message);

	(void)state;
	message_release(&message);
	assert_null(message);
	assert_slice(held->call_id, "one@example.com");
	message_release(&held);
	message_release(&held);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_all_of_a_request),
		cmocka_unit_test(finds_all_of_a_response),
		cmocka_unit_test(joins_folds),
		cmocka_unit_test(walks_headers_and_values),
		cmocka_unit_test(knows_names_in_any_case_and_compact),
		cmocka_unit_test(cuts_a_datagram_at_content_length),
		cmocka_unit_test(
			takes_the_rest_of_a_datagram_without_content_length),
		cmocka_unit_test(keeps_a_body_without_content_type),
		cmocka_unit_test(refuses_what_can_be_read_in_two_ways),
		cmocka_unit_test(names_the_place_of_a_fault),
		cmocka_unit_test(keeps_to_its_limits),
		cmocka_unit_test(refuses_long_lines_and_uris),
		cmocka_unit_test(counts_references),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
