/* libosip2_defects_test.c -- what the library does wrong with whole messages
 * does not happen here: one test for each known defect, named for what is true
 * instead. */
#include "proxy/edits.h"
#include "proxy/parse/library.h"
#include "proxy/parse/message.h"
#include "proxy/parse/values.h"

#include <osipparser2/osip_parser.h>

#include <errno.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static const struct message_limits limits = {4000000, 256, 8192, 64};

#define FOUR                                                                   \
	"From: <sip:a@x>;tag=1\r\nTo: <sip:b@x>;tag=2\r\nCall-ID: 1\r\n"       \
	"CSeq: 1 MESSAGE\r\n"
#define TOP "Via: SIP/2.0/UDP h;branch=z9hG4bKa\r\n"
#define REQUEST "MESSAGE sip:b@x SIP/2.0\r\n" TOP
#define RESPONSE "SIP/2.0 200 OK\r\n" TOP

static struct message *taken(struct slice bytes)
{
	struct message_fault fault;
	struct message *message;

	if (message_index(bytes, true, &limits, &message, &fault))
		fail_msg("%s at %zu", fault.reason, fault.offset);
	return message;
}

/* Null where it was taken. */
static const char *reason_against(const char *text)
{
	struct message_fault fault;
	struct message *message;

	(void)!message_index(slice_of(text), true, &limits, &message, &fault);
	message_release(&message);
	return fault.reason;
}

/* A hop's edits; what they do not name must come out to the byte. */
static void assert_forwarded_exactly(const char *start, const char *rest)
{
	struct arena *arena = arena_new(1 << 20);
	char *text = slice_to_string(
		arena_format(arena, "%s" TOP "%s", start, rest));
	char *expected = slice_to_string(arena_format(arena,
		"%sVia: SIP/2.0/UDP us;branch=z9hG4bKus\r\n" TOP "%s", start,
		rest));
	struct message *message = taken(slice_of(text));
	struct edits edits;
	struct slice sent;

	edits_start(&edits, arena);
	assert_true(edits_insert_before(&edits, message, HEADER_VIA,
		SLICE("Via: SIP/2.0/UDP us;branch=z9hG4bKus\r\n")));
	sent = edits_apply(&edits, arena, message);
	assert_int_equal(sent.size, strlen(expected));
	assert_memory_equal(sent.at, expected, sent.size);
	message_release(&message);
	arena_release(&arena);
	free(text);
	free(expected);
}

static void a_body_without_content_type_is_kept_and_sent_on(void **state)
{
	struct message *message =
		taken(SLICE(REQUEST FOUR "Content-Length: 6\r\n\r\nfalcon"));

	(void)state;
	assert_int_equal(message->body.size, 6);
	assert_memory_equal(message->body.at, "falcon", 6);
	message_release(&message);
	assert_forwarded_exactly("MESSAGE sip:b@x SIP/2.0\r\n",
		FOUR "Content-Length: 6\r\n\r\nfalcon");
}

static void a_length_of_seven_digits_is_written_whole(void **state)
{
	enum { BODY = 1234567 };
	static const char head[] = REQUEST FOUR "Content-Length: ";
	struct arena *arena = arena_new(4 * BODY);
	char *body = arena_take(arena, BODY);
	struct message *message =
		taken(SLICE(REQUEST FOUR "Content-Length: 0\r\n\r\n"));
	struct edits edits;
	struct slice sent;

	(void)state;
	memset(body, 'b', BODY);
	edits_start(&edits, arena);
	assert_true(edits_set_body(&edits, message, slice_make(body, BODY)));
	sent = edits_apply(&edits, arena, message);
	assert_memory_equal(sent.at, head, sizeof(head) - 1);
	assert_memory_equal(
		sent.at + sizeof(head) - 1, "1234567\r\n\r\nbbb", 14);
	assert_int_equal(sent.size, sizeof(head) - 1 + 11 + BODY);
	message_release(&message);
	arena_release(&arena);
}

static void an_escaped_nul_makes_nobody_admin(void **state)
{
	struct arena *arena = arena_new(1 << 16);
	struct name_address address;
	struct uri uri;

	(void)state;
	assert_non_null(reason_against(REQUEST
		"f: <sip:admin%00evil@x>;tag=1\r\nt: <sip:b@x>\r\ni: 1\r\n"
		"CSeq: 1 MESSAGE\r\n\r\n"));
	assert_non_null(reason_against(
		"MESSAGE sip:admin%00evil@x SIP/2.0\r\n" TOP FOUR "\r\n"));
	assert_non_null(
		reason_against(REQUEST FOUR "m: <sip:admin%00evil@x>\r\n\r\n"));
	assert_false(uri_read(arena, SLICE("sip:admin%00evil@x"), &uri));
	assert_false(name_address_read(
		arena, SLICE("<sip:admin%00evil@x>"), &address));
	arena_release(&arena);
}

static void authentication_info_passes_exactly(void **state)
{
	(void)state;
	assert_forwarded_exactly("SIP/2.0 200 OK\r\n",
		FOUR "Authentication-Info: NTLM rspauth=\"0100\", "
		     "srand=\"9E\", snum=\"1\", opaque=\"A,B\", "
		     "qop=\"auth\", targetname=\"h\", realm=\"SIP\"\r\n\r\n");
}

static void unknown_credentials_pass_and_broken_routes_are_refused(void **state)
{
	(void)state;
	assert_forwarded_exactly("MESSAGE sip:b@x SIP/2.0\r\n",
		FOUR "Authorization: Digest username=\"a\", userhash=true, "
		     "charset=UTF-8, x=\"y\"\r\n"
		     "Authorization: Bearer mF_9.B5f-4.1JqM\r\n"
		     "WWW-Authenticate: TLS-DSK sts-uri=\"https://s\"\r\n\r\n");
	assert_non_null(
		reason_against(REQUEST FOUR "Route: <sip:p;lr\r\n\r\n"));
	assert_non_null(reason_against(REQUEST FOUR "Route: p\r\n\r\n"));
	assert_non_null(
		reason_against(REQUEST FOUR "Record-Route: <:p>\r\n\r\n"));
}

static void order_case_lists_and_mime_stay_as_they_are(void **state)
{
	(void)state;
	assert_forwarded_exactly("MESSAGE sip:%62@X SIP/2.0\r\n",
		"X-CamelHeader:  Value \r\n"
		"k: a, b\r\n"
		"Allow: INVITE ,ACK\r\n" FOUR
		"c: multipart/signed;boundary=b;protocol=\"x/y\"\r\n"
		"Content-Length:  00097\r\n\r\n"
		"preamble\r\n--b\r\nCONTENT-TYPE:text/plain\r\n\r\none\r\n"
		"--b\r\n\r\nno headers\r\n--b\r\nX : y\r\n\r\n\r\n--b--\r\n"
		"epilogue");
}

static void lengths_versions_and_numbers_are_checked(void **state)
{
	static const char *const texts[] = {
		REQUEST FOUR "Content-Length: -1\r\n\r\n",
		REQUEST FOUR "Content-Length: 5abc\r\n\r\nhello",
		REQUEST FOUR "Content-Length: +5\r\n\r\nhello",
		"SIP/2.0 2000 OK\r\n" TOP FOUR "\r\n",
		"SIP/2.0 -5 OK\r\n" TOP FOUR "\r\n",
		"MESSAGE sip:b@x SIP/7.0\r\n" TOP FOUR "\r\n",
		REQUEST "f: <sip:a@x>\r\nt: <sip:b@x>\r\ni: 1\r\n"
			"CSeq: 2147483648 MESSAGE\r\n\r\n",
		REQUEST "f: <sip:a@x>\r\nt: <sip:b@x>\r\ni: 1\r\n"
			"CSeq: 1 INVITE\r\n\r\n",
		REQUEST "f: <sip:a@x>\r\ni: 1\r\nCSeq: 1 MESSAGE\r\n\r\n",
		REQUEST "t: <sip:a@x>\r\ni: 1\r\nCSeq: 1 MESSAGE\r\n\r\n",
		REQUEST "f: <sip:a@x>\r\nt: <sip:b@x>\r\n"
			"CSeq: 1 MESSAGE\r\n\r\n",
	};
	struct arena *arena = arena_new(1 << 16);
	struct uri uri;
	struct message *message;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!reason_against(texts[i]))
			fail_msg("taken: %s", texts[i]);
	assert_true(uri_read(arena, SLICE("sipfoo:a@x"), &uri));
	assert_false(uri.sip);
	message = taken(
		SLICE(REQUEST FOUR "Content-Length: 0\r\n\r\n" REQUEST FOUR
				   "Content-Length: 0\r\n\r\n"));
	assert_int_equal(message->bytes.size,
		strlen(REQUEST FOUR "Content-Length: 0\r\n\r\n"));
	message_release(&message);
	arena_release(&arena);
}

static void extension_methods_and_any_scheme_are_taken(void **state)
{
	static const char *const uris[] = {
		"soap.beep://192.0.2.103:3002", "im2+x-y.z:a@b", "h323:a@b"};
	struct arena *arena = arena_new(1 << 16);
	struct message *message;
	struct uri uri;
	char *text;

	(void)state;
	for (size_t i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
		text = slice_to_string(arena_format(arena,
			"In.%%`'~ %s SIP/2.0\r\n" TOP
			"f: <sip:a@x>\r\nt: <sip:b@x>\r\ni: 1\r\n"
			"CSeq: 1 In.%%`'~\r\n\r\n",
			uris[i]));
		message = taken(slice_of(text));
		assert_true(
			slice_equal(message->method_name, SLICE("In.%`'~")));
		assert_true(uri_read(arena, message->request_uri, &uri));
		assert_false(uri.sip);
		message_release(&message);
		free(text);
	}
	arena_release(&arena);
}

/* The library forgets a Content-Type that is repeated in a part. */
static void parse_with_library(const char *text)
{
	struct arena *arena = arena_new(1 << 20);
	osip_message_t *message;

	library_enter(arena);
	assert_int_equal(osip_message_init(&message), 0);
	assert_int_equal(osip_message_parse(message, text, strlen(text)), 0);
	osip_message_free(message);
	library_leave();
	assert_true(arena_used(arena) > 0);
	arena_release(&arena);
}

static void what_the_library_forgets_goes_with_the_arena(void **state)
{
	static const char text[] =
		REQUEST FOUR "Content-Type: multipart/mixed;boundary=b\r\n"
			     "Content-Length: 73\r\n\r\n"
			     "--b\r\nContent-Type: text/plain\r\n"
			     "Content-Type: text/plain\r\n\r\na\r\n--b--\r\n";
	size_t before;

	(void)state;
	parse_with_library(text);
	before = mallinfo2().uordblks;
	for (int i = 0; i < 50; i++)
		parse_with_library(text);
	assert_int_equal(mallinfo2().uordblks, before);
}

static char *repeated(const char *head, const char *piece, size_t size)
{
	char *text = malloc(size + strlen(head) + strlen(piece) + 8);
	size_t at = strlen(head);

	assert_non_null(text);
	memcpy(text, head, at);
	for (; at < size; at += strlen(piece))
		memcpy(text + at, piece, strlen(piece));
	memcpy(text + at, "\r\n\r\n", 5);
	return text;
}

/* Caps stand before everything that is not linear. */
static void long_lists_meet_a_cap_or_one_pass(void **state)
{
	static const struct {
		const char *head, *piece;
		size_t size;
		const char *reason;
	} cases[] = {
		{"MESSAGE sip:b@x SIP/2.0\r\nVia: SIP/2.0/UDP h", ";a", 8000,
			"Too many parameters"},
		{REQUEST FOUR "m: <sip:a@x>", ";a", 8000,
			"Too many parameters"},
		{REQUEST FOUR "a: b", "\r\na:", 64000, "Too many headers"},
		{REQUEST FOUR "k: a", ",a", 8000, NULL},
		{REQUEST FOUR "k: a", ",a", 64000, "Header too long"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text =
			repeated(cases[i].head, cases[i].piece, cases[i].size);
		const char *reason = reason_against(text);

		if (cases[i].reason)
			assert_string_equal(reason, cases[i].reason);
		else
			assert_null(reason);
		free(text);
	}
}

static void the_library_says_nothing_to_standard_output(void **state)
{
	FILE *caught = tmpfile();
	int kept = dup(STDOUT_FILENO);
	osip_message_t *message;
	osip_uri_t *uri;
	long size;

	(void)state;
	assert_non_null(caught);
	(void)fflush(stdout);
	assert_true(dup2(fileno(caught), STDOUT_FILENO) >= 0);
	(void)osip_message_init(&message);
	assert_int_not_equal(
		osip_message_parse(message, "rubbish\r\n\r\n", 11), 0);
	osip_message_free(message);
	(void)osip_uri_init(&uri);
	assert_int_not_equal(osip_uri_parse(uri, "rubbish"), 0);
	osip_uri_free(uri);
	(void)fflush(stdout);
	size = lseek(STDOUT_FILENO, 0, SEEK_END);
	assert_true(dup2(kept, STDOUT_FILENO) >= 0);
	(void)close(kept);
	(void)fclose(caught);
	assert_int_equal(size, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_body_without_content_type_is_kept_and_sent_on),
		cmocka_unit_test(a_length_of_seven_digits_is_written_whole),
		cmocka_unit_test(an_escaped_nul_makes_nobody_admin),
		cmocka_unit_test(authentication_info_passes_exactly),
		cmocka_unit_test(
			unknown_credentials_pass_and_broken_routes_are_refused),
		cmocka_unit_test(order_case_lists_and_mime_stay_as_they_are),
		cmocka_unit_test(lengths_versions_and_numbers_are_checked),
		cmocka_unit_test(extension_methods_and_any_scheme_are_taken),
		cmocka_unit_test(what_the_library_forgets_goes_with_the_arena),
		cmocka_unit_test(long_lists_meet_a_cap_or_one_pass),
		cmocka_unit_test(the_library_says_nothing_to_standard_output),
	};

	values_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
