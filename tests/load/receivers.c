/* receivers.c -- what arrives at a user: counted once, answered each time. */
#include "lib/clock.h"
#include "tests/load/load.h"

#include <err.h>
#include <openssl/sha.h>
#include <stdlib.h>

enum { ANSWER_MOST = 32 * 1024 };

static const char sdp[] = "v=0\r\no=- 2 1 IN IP4 127.0.0.1\r\ns=-\r\n"
			  "c=IN IP4 127.0.0.1\r\nt=0 0\r\n"
			  "m=audio 40002 RTP/AVP 0\r\n";

static void copy_header(struct text *text, const struct incoming *request,
	struct slice line, struct slice name)
{
	bool has_tag =
		slice_search_nocase(request->to, SLICE(";tag=")) != SIZE_MAX;

	if (header_is(name, "Via", 'v') || header_is(name, "From", 'f') ||
		header_is(name, "Call-ID", 'i') || header_is(name, "CSeq", 0) ||
		header_is(name, "Record-Route", 0)) {
		text_put(text, line);
	} else if (header_is(name, "To", 't')) {
		text_word(text, "To: ");
		text_put(text, request->to);
		/* The same tag whenever it comes: we keep no transactions. */
		text_word(text, has_tag ? "\r\n" : ";tag=received\r\n");
	}
}

static void answer_put(struct text *text, const struct user *user,
	const struct incoming *request, bool tcp)
{
	bool invite = slice_equal(request->method, SLICE("INVITE"));
	struct slice line, name, value;
	size_t at = 0;

	text_word(text, "SIP/2.0 200 OK\r\n");
	while (header_next(request->head, &at, &line, &name, &value))
		copy_header(text, request, line, name);
	if (invite || slice_equal(request->method, SLICE("SUBSCRIBE"))) {
		text_word(text, "Contact: <sip:");
		text_word(text, user->receives ? "r" : "s");
		text_number(text, user->number);
		text_word(text, "@");
		text_word(text, channel_name(user->channel));
		text_word(text, tcp ? ";transport=tcp>\r\n" : ">\r\n");
	}
	if (invite)
		text_word(text, "Content-Type: application/sdp\r\n");
	text_word(text, "Content-Length: ");
	text_number(text, invite ? sizeof(sdp) - 1 : 0);
	text_word(text, "\r\n\r\n");
	if (invite)
		text_word(text, sdp);
}

static uint32_t hash_of(struct slice slice)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < slice.size; i++)
		hash = (hash ^ (unsigned char)slice.at[i]) * 16777619u;
	return hash | 1;
}

static void hex_of(struct slice body, char hex[2 * SHA256_DIGEST_LENGTH + 1])
{
	unsigned char digest[SHA256_DIGEST_LENGTH];

	hex[0] = '-';
	hex[1] = 0;
	if (!body.size)
		return;
	SHA256((const unsigned char *)body.at, body.size, digest);
	for (size_t i = 0; i < sizeof(digest); i++) {
		hex[2 * i] = "0123456789abcdef"[digest[i] >> 4];
		hex[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
	}
	hex[2 * sizeof(digest)] = 0;
}

static void say(struct load *load, const char *what, const struct user *user,
	const struct incoming *request)
{
	char hex[2 * SHA256_DIGEST_LENGTH + 1];

	if (!events_wanted(load->events))
		return;
	hex_of(request->body, hex);
	events_say(load->events, "%s %.*s %u %.*s %s%u %s %08x", what,
		SLICE_ARGS(request->call_id), request->cseq,
		SLICE_ARGS(request->method), user->receives ? "r" : "s",
		user->number, hex, hash_of(request->branch));
}

static enum leg leg_of(
	const struct exchange *exchange, const struct incoming *request)
{
	if (slice_equal(request->method, SLICE("ACK")))
		return LEG_ACK;
	if (slice_equal(request->method, SLICE("BYE")))
		return LEG_BYE;
	return exchange->kind == KIND_DIALOG &&
			       slice_equal(request->method, SLICE("MESSAGE"))
		       ? LEG_MESSAGE
		       : LEG_FIRST;
}

static void count(struct load *load, struct exchange *exchange,
	const struct user *user, const struct incoming *request)
{
	enum leg leg = leg_of(exchange, request);
	uint32_t hash = hash_of(request->branch);

	if (exchange->received[leg] == hash) {
		load->counts.received_again++;
		say(load, "again", user, request);
		return;
	}
	say(load, "received", user, request);
	if (leg == LEG_ACK) {
		exchange->received[leg] = hash;
	} else if (exchange->received[leg]) {
		load->counts.received_twice++;
	} else {
		exchange->received[leg] = hash;
		load->counts.received++;
		load->counts.received_by_kind[exchange->kind]++;
		histogram_add(&load->receive_us[exchange->kind],
			clock_steady_us() - exchange->legs[leg].sent_us);
	}
}

/* The 2xx to an INVITE goes again until its ACK comes (RFC 3261 13.3.1.4). */
static void keep_answer(struct load *load, struct exchange *exchange,
	const struct path *path, struct slice bytes)
{
	struct answer *answer;

	if (exchange->answer || !load->options.retransmit || load->options.tcp)
		return;
	answer = malloc(sizeof(*answer) + bytes.size);
	if (!answer)
		err(1, "memory");
	answer->path = *path;
	answer->size = bytes.size;
	memcpy(answer->bytes, bytes.at, bytes.size);
	exchange->answer = answer;
	waiting_put(&load->waiting, 0, clock_steady_us(), exchange->number,
		LEG_ACK);
}

void receiver_tick(struct load *load, struct exchange *exchange)
{
	if (exchange->acknowledged || !exchange->answer ||
		exchange->answer_ticks >= 10)
		return;
	exchange->answer_ticks++;
	(void)path_answer(&exchange->answer->path,
		slice_make(exchange->answer->bytes, exchange->answer->size));
	waiting_put(&load->waiting, exchange->answer_ticks, clock_steady_us(),
		exchange->number, LEG_ACK);
}

void receiver_take(struct load *load, struct user *user,
	const struct path *path, const struct incoming *request)
{
	char bytes[ANSWER_MOST];
	struct text text = {bytes, 0, sizeof(bytes)};
	struct exchange *exchange = NULL;
	uint64_t number;

	if (number_of(&load->options, request->call_id, &number))
		exchange = load_exchange(load, number);
	if (!user->receives) {
		load->counts.to_senders++;
		say(load, "received", user, request);
	} else if (exchange) {
		count(load, exchange, user, request);
	} else {
		load->counts.strangers++;
		say(load, "received", user, request);
	}
	if (slice_equal(request->method, SLICE("ACK"))) {
		if (exchange)
			exchange->acknowledged = true;
		return;
	}
	if (request->head.size > sizeof(bytes) / 2)
		return;
	answer_put(&text, user, request, load->options.tcp);
	(void)path_answer(path, slice_make(bytes, text.size));
	if (exchange && slice_equal(request->method, SLICE("INVITE")))
		keep_answer(load, exchange, path, slice_make(bytes, text.size));
}
