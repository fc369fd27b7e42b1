/* frame_test.c -- where a message ends in a stream. */
#include "proxy/parse/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct message_limits limits = {1024, 64, 512, 16};

#define SIZED(text)                                                            \
	{                                                                      \
		(text), sizeof(text) - 1                                       \
	}
#define HEAD "MESSAGE sip:bob@x SIP/2.0\r\nX: y\r\n"

static const struct {
	const char *what;
	struct slice stream;
	enum frame_result result;
	size_t size;
	unsigned status;
	const char *reason;
} cases[] = {
	{"nothing", SIZED(""), FRAME_PART, 0, 0, NULL},
	{"half a CRLF", SIZED("\r"), FRAME_PART, 0, 0, NULL},
	{"keep-alive", SIZED("\r\n\r\n"), FRAME_BLANK, 4, 0, NULL},
	{"CRLF and a half", SIZED("\r\n\r"), FRAME_BLANK, 2, 0, NULL},
	{"CRLF before a message", SIZED("\r\nMESS"), FRAME_BLANK, 2, 0, NULL},
	{"CR alone", SIZED("\rM"), FRAME_BROKEN, 0, 400, "Stray CR or LF"},
	{"LF alone", SIZED("\n"), FRAME_BROKEN, 0, 400, "Stray CR or LF"},
	{"half a header", SIZED(HEAD), FRAME_PART, 0, 0, NULL},
	{"header up to the last LF", SIZED(HEAD "\r"), FRAME_PART, 0, 0, NULL},
	{"no body", SIZED(HEAD "\r\n"), FRAME_WHOLE, sizeof(HEAD) + 1, 0, NULL},
	{"body and a bit of the next",
		SIZED(HEAD "Content-Length: 5\r\n\r\nhelloMESS"), FRAME_WHOLE,
		sizeof(HEAD) - 1 + 26, 0, NULL},
	{"compact and folded", SIZED(HEAD "L \t:\r\n 5\r\n\r\nhello"),
		FRAME_WHOLE, sizeof(HEAD) - 1 + 17, 0, NULL},
	{"half a body", SIZED(HEAD "l: 5\r\n\r\nhell"), FRAME_PART, 0, 0, NULL},
	{"length twice", SIZED(HEAD "l: 5\r\nContent-Length: 5\r\n\r\nhello"),
		FRAME_BROKEN, 0, 400, "Repeated Content-Length"},
	{"signed length", SIZED(HEAD "l: +5\r\n\r\nhello"), FRAME_BROKEN, 0,
		400, "Unreadable Content-Length"},
	{"two lengths in one", SIZED(HEAD "l: 5,5\r\n\r\nhello"), FRAME_BROKEN,
		0, 400, "Unreadable Content-Length"},
	{"typed but without length", SIZED(HEAD "c: text/plain\r\n\r\nhello"),
		FRAME_BROKEN, 0, 400, "Content-Length is missing"},
	{"length in another's fold",
		SIZED(HEAD "Y: a\r\n Content-Length: 5\r\nl: 1\r\n\r\nhello"),
		FRAME_WHOLE, sizeof(HEAD) - 1 + 35, 0, NULL},
	{"length behind a bare LF", SIZED(HEAD "Y: a\nl: 5\r\n\r\nhello"),
		FRAME_BROKEN, 0, 400, "Stray LF or NUL"},
	{"length behind a bare CR", SIZED(HEAD "Y: a\rl: 5\r\n\r\nhello"),
		FRAME_BROKEN, 0, 400, "CR without LF"},
	{"NUL", SIZED(HEAD "Y: a\0l: 5\r\n\r\nhello"), FRAME_BROKEN, 0, 400,
		"Stray LF or NUL"},
	{"name that is no token",
		SIZED(HEAD "Content-Length\v: 5\r\n\r\nhello"), FRAME_BROKEN, 0,
		400, "Unreadable header"},
	{"line of white space", SIZED(HEAD " \r\nl: 5\r\n\r\nhello"),
		FRAME_BROKEN, 0, 400, "Unreadable header"},
	{"fold of nothing", SIZED("A b c\r\n l: 5\r\n\r\nhello"), FRAME_BROKEN,
		0, 400, "Fold without a header"},
	{"body over the limit", SIZED(HEAD "l: 2000\r\n\r\n"), FRAME_BROKEN, 0,
		513, "Message Too Large"},
	{"length past all counting",
		SIZED(HEAD "l: 18446744073709551615\r\n\r\n"), FRAME_BROKEN, 0,
		400, "Unreadable Content-Length"},
};

/* The stream ends where memory ends, so that overruns are seen. */
static enum frame_result framed(struct slice stream, size_t *scanned,
	size_t *size, struct message_fault *fault)
{
	char *exact = malloc(stream.size ? stream.size : 1);
	enum frame_result result;

	assert_non_null(exact);
	if (stream.size)
		memcpy(exact, stream.at, stream.size);
	result = message_frame(
		slice_make(exact, stream.size), &limits, scanned, size, fault);
	free(exact);
	return result;
}

static void finds_the_end_of_a_message(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct message_fault fault = {0};
		size_t scanned = 0, size = 0;
		enum frame_result result =
			framed(cases[i].stream, &scanned, &size, &fault);

		if (result != cases[i].result || size != cases[i].size ||
			fault.status != cases[i].status)
			fail_msg("%s: result %d, size %zu, %u %s",
				cases[i].what, (int)result, size, fault.status,
				fault.reason ? fault.reason : "");
		if (cases[i].reason)
			assert_string_equal(fault.reason, cases[i].reason);
	}
}

/* Whether bytes come at once or one by one, the result is the same. */
static void finds_the_same_byte_by_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum frame_result result = FRAME_PART;
		size_t scanned = 0, size = 0, seen = 0;
		struct message_fault fault = {0};

		if (cases[i].result == FRAME_BLANK)
			continue;
		while (result == FRAME_PART && seen < cases[i].stream.size)
			result = framed(slice_part(cases[i].stream, 0, ++seen),
				&scanned, &size, &fault);
		if (result != cases[i].result || size != cases[i].size ||
			fault.status != cases[i].status)
			fail_msg("%s: result %d, size %zu, %u after %zu bytes",
				cases[i].what, (int)result, size, fault.status,
				seen);
	}
}

/* Once the length is known the header is not read again for each piece. */
static void reads_a_header_once(void **state)
{
	char text[] = HEAD "l: 5\r\n\r\nhello";
	struct message_fault fault = {0};
	size_t scanned = 0, size = 0;

	(void)state;
	assert_int_equal(framed(slice_make(text, sizeof(text) - 3), &scanned,
				 &size, &fault),
		FRAME_PART);
	memset(text, '\n', sizeof(HEAD));
	assert_int_equal(framed(slice_make(text, sizeof(text) - 1), &scanned,
				 &size, &fault),
		FRAME_WHOLE);
	assert_int_equal(size, sizeof(text) - 1);
}

static void gives_up_a_header_over_the_limit(void **state)
{
	struct message_fault fault = {0};
	size_t scanned = 0, size = 0;
	char text[1100];

	(void)state;
	memset(text, 'a', sizeof(text));
	assert_int_equal(
		framed(slice_make(text, 1024), &scanned, &size, &fault),
		FRAME_PART);
	assert_int_equal(
		framed(slice_make(text, 1025), &scanned, &size, &fault),
		FRAME_BROKEN);
	assert_int_equal(fault.status, 513);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_end_of_a_message),
		cmocka_unit_test(finds_the_same_byte_by_byte),
		cmocka_unit_test(reads_a_header_once),
		cmocka_unit_test(gives_up_a_header_over_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
