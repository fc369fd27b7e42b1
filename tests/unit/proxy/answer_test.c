/* answer_test.c -- answers, ACK and CANCEL, byte for byte. */
#include "proxy/answer.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct message_limits limits = {65536, 256, 8192, 64};

#define START "INVITE sip:bob@x;transport=tcp SIP/2.0\r\n"
#define VIA1 "v:SIP/2.0/UDP a.example.com;branch=z9hG4bKa;rport\r\n"
#define VIA2                                                                   \
	"Via: SIP/2.0/TCP b ;branch=z9hG4bKb,\r\n"                             \
	"\tSIP/2.0/UDP c\r\n"
#define FROM "FROM : \"A\" <sip:a@x>;tag=1\r\n"
#define TO "t: \"B\"\r\n <sip:b@x> \r\n"
#define CALL "i: 1@a\r\n"
#define CSEQ "CSeq:  4  INVITE\r\n"
#define TIME "Timestamp: 54.1\r\n"
#define ROUTES                                                                 \
	"Route: <sip:p1;lr>,<sip:p2;lr>\r\nX: y\r\nroute: <sip:p3;lr>\r\n"
#define REQUEST                                                                \
	START VIA1 ROUTES FROM VIA2 TO CALL CSEQ TIME                          \
		"Content-Length: 2\r\n\r\nhi"

static struct message *indexed(const char *text, int expected)
{
	struct message_fault fault;
	struct message *message;
	int error =
		message_index(slice_of(text), true, &limits, &message, &fault);

	if (error != expected || !message)
		fail_msg("%s at %zu in %s", fault.reason ? fault.reason : "",
			fault.offset, text);
	return message;
}

static void assert_answer(
	const char *request, const struct answer *answer, const char *expected)
{
	struct arena *arena = arena_new(1 << 20);
	struct message *message = indexed(request, 0);
	struct slice built = answer_build(arena, message, answer);
	char *text = slice_to_string(built);

	assert_string_equal(text, expected);
	assert_int_equal(built.size, strlen(expected));
	free(text);
	message_release(&message);
	arena_release(&arena);
}

static void copies_what_names_the_transaction(void **state)
{
	const struct answer answer = {.status = 404, .to_tag = SLICE("our")};

	(void)state;
	assert_answer(REQUEST, &answer,
		"SIP/2.0 404 Not Found\r\n" VIA1 VIA2 FROM
		"t: \"B\"\r\n <sip:b@x>;tag=our\r\n" CALL CSEQ
		"Content-Length: 0\r\n\r\n");
}

static void keeps_a_tag_that_is_there(void **state)
{
	const struct answer answer = {.status = 481, .to_tag = SLICE("our")};

	(void)state;
	assert_answer(START VIA1 FROM "To: <sip:b@x>;TAG=theirs\r\n" CALL CSEQ
				      "\r\n",
		&answer,
		"SIP/2.0 481 Call/Transaction Does Not Exist\r\n" VIA1 FROM
		"To: <sip:b@x>;TAG=theirs\r\n" CALL CSEQ
		"Content-Length: 0\r\n\r\n");
}

static void copies_timestamp_into_100_alone(void **state)
{
	const struct answer answer = {.status = 100};

	(void)state;
	assert_answer(REQUEST, &answer,
		"SIP/2.0 100 Trying\r\n" VIA1 VIA2 FROM TO CALL CSEQ TIME
		"Content-Length: 0\r\n\r\n");
}

static void marks_the_top_via(void **state)
{
	const struct answer answer = {.status = 200,
		.received = SLICE("192.0.2.9"),
		.received_port = 4711};

	(void)state;
	assert_answer(REQUEST, &answer,
		"SIP/2.0 200 OK\r\n"
		"v:SIP/2.0/UDP a.example.com;branch=z9hG4bKa;rport=4711"
		";received=192.0.2.9\r\n" VIA2 FROM TO CALL CSEQ
		"Content-Length: 0\r\n\r\n");
}

static void carries_headers_body_and_a_harmless_phrase(void **state)
{
	const struct answer answer = {.status = 403,
		.reason = SLICE("No\r\nX: y"),
		.headers = SLICE("Content-Type: text/plain\r\nA: b\r\n"),
		.body = SLICE("refused")};

	(void)state;
	assert_answer(REQUEST, &answer,
		"SIP/2.0 403 No  X: y\r\n" VIA1 VIA2 FROM TO CALL CSEQ
		"Content-Type: text/plain\r\nA: b\r\nContent-Length: 7\r\n\r\n"
		"refused");
}

/* RFC 4475 3.1.2.6: what libosip2 cannot answer. */
static void answers_an_open_quote_and_a_cut_off_request(void **state)
{
	const struct answer answer = {.status = 400, .to_tag = SLICE("our")};
	static const struct {
		const char *request, *answer;
	} cases[] = {
		{START VIA1 "f: \"A <sip:a@x>;tag=1\r\n"
			    "t: \"B <sip:b@x>\r\n" CALL CSEQ "\r\n",
			"SIP/2.0 400 Bad Request\r\n" VIA1
			"f: \"A <sip:a@x>;tag=1\r\n"
			"t: \"B <sip:b@x>;tag=our\r\n" CALL CSEQ
			"Content-Length: 0\r\n\r\n"},
		{START VIA1 FROM TO CALL "CSeq: 4 INVITE",
			"SIP/2.0 400 Bad Request\r\n" VIA1 FROM
			"t: \"B\"\r\n <sip:b@x>;tag=our\r\n" CALL
			"CSeq: 4 INVITE\r\nContent-Length: 0\r\n\r\n"},
	};
	struct arena *arena = arena_new(1 << 20);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct message *message = indexed(cases[i].request, EBADMSG);
		char *text =
			slice_to_string(answer_build(arena, message, &answer));

		assert_string_equal(text, cases[i].answer);
		free(text);
		message_release(&message);
	}
	arena_release(&arena);
}

/* RFC 3261 17.1.1.3. */
static void builds_an_ack_for_a_refusal(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	struct message *sent = indexed(REQUEST, 0);
	struct message *response =
		indexed("SIP/2.0 486 Busy\r\n" VIA1 VIA2 FROM
			"To: <sip:b@x>;tag=theirs\r\n" CALL CSEQ "\r\n",
			0);
	char *text = slice_to_string(answer_build_ack(arena, sent, response));

	(void)state;
	assert_string_equal(text,
		"ACK sip:bob@x;transport=tcp SIP/2.0\r\n"
		"Via: SIP/2.0/UDP a.example.com;branch=z9hG4bKa;rport\r\n"
		"Route: <sip:p1;lr>,<sip:p2;lr>\r\nroute: <sip:p3;lr>\r\n"
		"Max-Forwards: 70\r\n" FROM "To: <sip:b@x>;tag=theirs\r\n" CALL
		"CSeq: 4 ACK\r\nContent-Length: 0\r\n\r\n");
	free(text);
	message_release(&sent);
	message_release(&response);
	arena_release(&arena);
}

/* RFC 3261 9.1. */
static void builds_a_cancel(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	struct message *sent = indexed(REQUEST, 0), *again;
	struct slice built = answer_build_cancel(arena, sent);
	char *text = slice_to_string(built);

	(void)state;
	assert_string_equal(text,
		"CANCEL sip:bob@x;transport=tcp SIP/2.0\r\n"
		"Via: SIP/2.0/UDP a.example.com;branch=z9hG4bKa;rport\r\n"
		"Route: <sip:p1;lr>,<sip:p2;lr>\r\nroute: <sip:p3;lr>\r\n"
		"Max-Forwards: 70\r\n" FROM TO CALL
		"CSeq: 4 CANCEL\r\nContent-Length: 0\r\n\r\n");
	again = indexed(text, 0);
	assert_int_equal(again->method, METHOD_CANCEL);
	message_release(&again);
	free(text);
	message_release(&sent);
	arena_release(&arena);
}

static void says_when_memory_is_spent(void **state)
{
	const struct answer answer = {.status = 200,
		.reason = SLICE("fine"),
		.received = SLICE("192.0.2.9")};
	struct message *message = indexed(REQUEST, 0);

	(void)state;
	for (size_t limit = 0; limit < 1500; limit += 16) {
		struct arena *arena = arena_new(limit);
		struct slice built = answer_build(arena, message, &answer);

		assert_int_equal(built.at == NULL, arena_spent(arena));
		arena_release(&arena);
	}
	message_release(&message);
}

static void has_a_phrase_for_each_status(void **state)
{
	(void)state;
	for (unsigned status = 100; status < 700; status++)
		assert_true(strlen(reason_phrase(status)) > 0);
	assert_string_equal(reason_phrase(487), "Request Terminated");
	assert_string_equal(reason_phrase(299), "OK");
	assert_string_equal(reason_phrase(699), "Busy Everywhere");
	assert_string_equal(reason_phrase(700), "Unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_what_names_the_transaction),
		cmocka_unit_test(keeps_a_tag_that_is_there),
		cmocka_unit_test(copies_timestamp_into_100_alone),
		cmocka_unit_test(marks_the_top_via),
		cmocka_unit_test(carries_headers_body_and_a_harmless_phrase),
		cmocka_unit_test(answers_an_open_quote_and_a_cut_off_request),
		cmocka_unit_test(builds_an_ack_for_a_refusal),
		cmocka_unit_test(builds_a_cancel),
		cmocka_unit_test(says_when_memory_is_spent),
		cmocka_unit_test(has_a_phrase_for_each_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
