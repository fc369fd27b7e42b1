/* message_bench.c -- what reading a message costs, and that the worst input is
 * linear: one line of JSON. */
#include "proxy/answer.h"
#include "proxy/edits.h"
#include "proxy/parse/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 50000, TRIES = 15, SMALL = 8000, LARGE = 64000 };

static const struct message_limits usual = {65536, 256, 8192, 64};
/* Without caps, so that the pass itself is seen. */
static const struct message_limits none = {1 << 17, 1 << 17, 1 << 17, 1 << 17};

#define HEAD                                                                   \
	"MESSAGE sip:bob@example.com SIP/2.0\r\n"                              \
	"Via: SIP/2.0/UDP host.example.com:5070;branch=z9hG4bKabc;rport\r\n"   \
	"From: \"Alice A.\" <sip:alice@example.com>;tag=1\r\n"                 \
	"To: Bob <sip:bob@example.com>\r\nCall-ID: one@example.com\r\n"        \
	"CSeq: 7 MESSAGE\r\nMax-Forwards: 70\r\n"
static const char ordinary[] = HEAD
	"Contact: <sip:alice@host:5070>\r\nUser-Agent: x 1.0\r\n"
	"Content-Type: text/plain;charset=UTF-8\r\nContent-Length: 22\r\n\r\n"
	"Lunch at noon, by any?";

static const struct {
	const char *head, *piece;
} worst[] = {
	{"MESSAGE sip:b@x SIP/2.0\r\nVia: SIP/2.0/UDP h", ";a"},
	{"MESSAGE sip:b@x SIP/2.0\r\nVia: SIP/2.0/UDP h", ",SIP/2.0/UDP h"},
	{HEAD "m: <sip:a@x>", ";a"},
	{HEAD "m: <sip:a@x>", ",<sip:b@y>"},
	{HEAD "m: \"", "\\\""},
	{HEAD "m: ", "<"},
	{HEAD "m: <", "%41"},
	{HEAD "s: ", "\xc3\xa4"},
	{HEAD "Route: ", "\xc3\xa4"},
	{HEAD "c: a/b", ";a"},
	{HEAD "a: b", "\r\na:"},
	{HEAD "a: b", "\r\n b"},
	{HEAD "a: b", "\r\n  \t  \t                    \t           b"},
	{HEAD "k: a", ",a"},
	{HEAD "x", "   "},
	{HEAD, "\n"},
	{HEAD, "\r"},
	{"", ":"},
	{"MESSAGE sip:a@b", ";a"},
};

static double now_us(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static struct message *indexed(
	struct slice bytes, const struct message_limits *limits)
{
	struct message_fault fault;
	struct message *message;

	(void)!message_index(bytes, true, limits, &message, &fault);
	return message;
}

static double ordinary_us(void)
{
	struct slice bytes = slice_make(ordinary, sizeof(ordinary) - 1);
	double start = now_us();

	for (int i = 0; i < ROUNDS; i++) {
		struct message *message = indexed(bytes, &usual);

		message_release(&message);
	}
	return (now_us() - start) / ROUNDS;
}

static double answer_us(const struct message *message)
{
	const struct answer answer = {.status = 200, .to_tag = SLICE("abc")};
	double start = now_us();

	for (int i = 0; i < ROUNDS; i++) {
		struct arena *arena = arena_new(65536);

		(void)!answer_build(arena, message, &answer).at;
		arena_release(&arena);
	}
	return (now_us() - start) / ROUNDS;
}

static double forward_us(const struct message *message)
{
	double start = now_us();

	for (int i = 0; i < ROUNDS; i++) {
		struct arena *arena = arena_new(65536);
		struct edits edits;

		edits_start(&edits, arena);
		(void)!edits_insert_before(&edits, message, HEADER_VIA,
			SLICE("Via: SIP/2.0/UDP us;branch=z9hG4bKx\r\n"));
		(void)!edits_lower_max_forwards(&edits, message);
		(void)!edits_set_request_uri(&edits, message, SLICE("sip:b@c"));
		(void)!edits_mark_received(
			&edits, message, SLICE("192.0.2.1"), 5060);
		(void)!edits_apply(&edits, arena, message).at;
		arena_release(&arena);
	}
	return (now_us() - start) / ROUNDS;
}

static double worst_us(
	size_t number, size_t size, const struct message_limits *limits)
{
	size_t piece = strlen(worst[number].piece);
	size_t at = strlen(worst[number].head);
	char *text = malloc(size + piece + at + 4);
	double best = 1e9;

	if (!text)
		exit(1);
	memcpy(text, worst[number].head, at);
	for (; at < size; at += piece)
		memcpy(text + at, worst[number].piece, piece);
	memcpy(text + at, "\r\n\r\n", 4);
	for (int i = 0; i < TRIES; i++) {
		double start = now_us(), taken;
		struct message *message =
			indexed(slice_make(text, at + 4), limits);

		message_release(&message);
		taken = now_us() - start;
		if (taken < best)
			best = taken;
	}
	free(text);
	return best;
}

int main(void)
{
	struct message *message =
		indexed(slice_make(ordinary, sizeof(ordinary) - 1), &usual);
	double most = 0, ratio = 0;

	for (size_t i = 0; i < sizeof(worst) / sizeof(worst[0]); i++) {
		double small = worst_us(i, SMALL, &none);
		double large = worst_us(i, LARGE, &none);
		double capped = worst_us(i, LARGE, &usual);

		if (capped > most)
			most = capped;
		if (large / small > ratio)
			ratio = large / small;
	}
	printf("{\"bench\":\"message\",\"bytes\":%zu,\"index_us\":%.2f,"
	       "\"answer_us\":%.2f,\"forward_us\":%.2f,"
	       "\"worst_64k_us\":%.0f,\"worst_ratio_64k_to_8k\":%.1f,"
	       "\"linear\":%s}\n",
		sizeof(ordinary) - 1, ordinary_us(), answer_us(message),
		forward_us(message), most, ratio,
		ratio < 16 ? "true" : "false");
	message_release(&message);
	return 0;
}
