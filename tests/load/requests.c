/* requests.c -- the bytes of each request: seed and number decide them all. */
#include "tests/load/requests.h"

#include "tests/load/files.h"
#include "tests/load/random.h"

#include <stdlib.h>

#define BOUNDARY "part-of-one"

static const char sdp[] = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\n"
			  "c=IN IP4 127.0.0.1\r\nt=0 0\r\n"
			  "m=audio 40000 RTP/AVP 0\r\n";
static const char *const syllables[] = {"ba", "ce", "di", "fo", "gu", "ha",
	"je", "ki", "lo", "mu", "na", "pe", "ri", "so", "tu", "va"};

struct plan plan_of(const struct options *options, uint64_t number)
{
	uint64_t state = options->seed << 32 ^ number;
	uint32_t left;
	struct plan plan = {KIND_MESSAGE, 0, 0, 0};

	left = random_below(&state, options->mix_sum);
	while (left >= options->mix[plan.kind])
		left -= options->mix[plan.kind++];
	plan.sender = random_below(&state, options->sender_count);
	plan.receiver = random_below(&state, options->receiver_count);
	plan.random = random_next(&state);
	return plan;
}

const char *leg_method(enum kind kind, enum leg leg)
{
	static const char *const first[KINDS] = {
		[KIND_DIALOG] = "INVITE",
		[KIND_PRESENCE] = "NOTIFY",
		[KIND_OPTIONS] = "OPTIONS",
	};

	switch (leg) {
	case LEG_BYE:
		return "BYE";
	case LEG_ACK:
		return "ACK";
	default:
		return leg == LEG_FIRST && first[kind] ? first[kind]
						       : "MESSAGE";
	}
}

uint32_t leg_cseq(enum leg leg)
{
	return leg == LEG_MESSAGE ? 2 : leg == LEG_BYE ? 3 : 1;
}

/* "load-SEED-NUMBER", at the start of each Call-ID and branch. */
static void number_put(
	struct text *text, const struct options *options, uint64_t number)
{
	text_word(text, "load-");
	text_hex(text, options->seed);
	text_word(text, "-");
	text_hex(text, number);
}

void call_id_put(
	struct text *text, const struct options *options, uint64_t number)
{
	number_put(text, options, number);
	text_word(text, "@load");
}

static bool hex_read(struct slice *rest, uint64_t *number)
{
	size_t size = 0;

	*number = 0;
	for (; size < rest->size && size < 16; size++) {
		const char *digits = "0123456789abcdef";
		const char *found = strchr(digits, rest->at[size]);

		if (!found || !*found)
			break;
		*number = *number << 4 | (uint64_t)(found - digits);
	}
	*rest = slice_from(*rest, size);
	return size > 0;
}

static bool word_read(struct slice *rest, struct slice word)
{
	if (!slice_equal(slice_part(*rest, 0, word.size), word))
		return false;
	*rest = slice_from(*rest, word.size);
	return true;
}

bool number_of(
	const struct options *options, struct slice text, uint64_t *number)
{
	uint64_t seed;

	(void)word_read(&text, SLICE("z9hG4bK"));
	return word_read(&text, SLICE("load-")) && hex_read(&text, &seed) &&
	       seed == options->seed && word_read(&text, SLICE("-")) &&
	       hex_read(&text, number);
}

/* --- content -------------------------------------------------------------- */

static void word_put(
	struct text *text, const struct options *options, uint64_t *random)
{
	const struct words *words = &options->words;
	uint64_t bits = random_next(random);

	if (words->count) {
		text_word(text, words->list[bits % words->count]);
		return;
	}
	for (size_t left = 1 + (bits >> 60) % 4; left > 0; left--, bits >>= 4)
		text_word(text, syllables[bits & 15]);
}

static void sentence_put(
	struct text *text, const struct options *options, uint64_t random)
{
	size_t end = text->size + options->text_bytes;

	word_put(text, options, &random);
	while (text->size < end) {
		text_word(text, " ");
		word_put(text, options, &random);
	}
}

static void parts_put(struct text *text, const struct options *options,
	const struct plan *plan)
{
	char content[FILE_MOST];
	struct text file = {content, 0, sizeof(content)};

	if (plan->kind == KIND_INFECTED)
		file_put_infected(&file, plan->random);
	else
		file_put(&file, plan->random);
	text_word(text, "--" BOUNDARY "\r\nContent-Type: text/plain\r\n\r\n");
	sentence_put(text, options, plan->random);
	text_word(text, "\r\n--" BOUNDARY "\r\n"
			"Content-Type: application/octet-stream\r\n"
			"Content-Transfer-Encoding: base64\r\n"
			"Content-Disposition: attachment; filename=");
	text_word(text, plan->kind == KIND_INFECTED ? "report.zip"
						    : file_name(plan->random));
	text_word(text, "\r\n\r\n");
	text_base64(text, slice_make(content, file.size));
	text_word(text, "--" BOUNDARY "--\r\n");
}

static void presence_put(struct text *text, const struct options *options,
	const struct plan *plan)
{
	text_word(text, "<?xml version=\"1.0\"?>\r\n"
			"<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" "
			"entity=\"pres:s");
	text_number(text, plan->sender);
	text_word(text, "@");
	text_word(text, options->sender_domain);
	text_word(text, "\"><tuple id=\"a\"><status><basic>");
	text_word(text, plan->random & 1 ? "open" : "closed");
	text_word(text, "</basic></status></tuple></presence>\r\n");
}

/* Gives back the Content-Type, or NULL without content. */
static const char *content_put(struct text *text, const struct options *options,
	const struct plan *plan, enum leg leg)
{
	if (leg == LEG_ACK || leg == LEG_BYE || plan->kind == KIND_OPTIONS)
		return NULL;
	if (leg == LEG_MESSAGE || plan->kind == KIND_MESSAGE) {
		sentence_put(text, options, plan->random);
		return "text/plain;charset=UTF-8";
	}
	if (plan->kind == KIND_DIALOG) {
		text_word(text, sdp);
		return "application/sdp";
	}
	if (plan->kind == KIND_PRESENCE) {
		presence_put(text, options, plan);
		return "application/pidf+xml";
	}
	if (plan->kind == KIND_FORBIDDEN) {
		sentence_put(text, options, plan->random);
		text_word(text, " ");
		text_word(text, options->forbidden_word);
		text_word(text, " price list");
		return "text/plain;charset=UTF-8";
	}
	parts_put(text, options, plan);
	return "multipart/mixed;boundary=" BOUNDARY;
}

/* --- headers -------------------------------------------------------------- */

static void user_put(struct text *text, const char *prefix, uint32_t user,
	const char *domain)
{
	text_word(text, prefix);
	text_number(text, user);
	text_word(text, "@");
	text_word(text, domain);
}

static void via_put(struct text *text, const struct options *options,
	uint64_t number, const char *leg, const char *own)
{
	text_word(text, "Via: SIP/2.0/");
	text_word(text, options->tcp ? "TCP " : "UDP ");
	text_word(text, own);
	text_word(text, ";rport;branch=z9hG4bK");
	number_put(text, options, number);
	text_word(text, leg);
	text_word(text, "\r\n");
}

static void from_put(struct text *text, const struct options *options,
	uint64_t number, const struct plan *plan)
{
	text_word(text, "From: <sip:");
	user_put(text, "s", plan->sender, options->sender_domain);
	text_word(text, ">;tag=");
	number_put(text, options, number);
	text_word(text, "\r\n");
}

static void call_id_line_put(struct text *text, const struct options *options,
	uint64_t number, uint32_t cseq, const char *method)
{
	text_word(text, "Call-ID: ");
	call_id_put(text, options, number);
	text_word(text, "\r\nCSeq: ");
	text_number(text, cseq);
	text_word(text, " ");
	text_word(text, method);
	text_word(text, "\r\n");
}

static void receiver_put(struct text *text, const struct options *options,
	const struct plan *plan)
{
	text_word(text, "sip:");
	user_put(text, "r", plan->receiver, options->domain);
}

static void end_put(struct text *text, const char *type, struct slice content)
{
	if (type) {
		text_word(text, "Content-Type: ");
		text_word(text, type);
		text_word(text, "\r\n");
	}
	text_word(text, "Content-Length: ");
	text_number(text, content.size);
	text_word(text, "\r\n\r\n");
	text_put(text, content);
}

static void contact_put(struct text *text, const struct options *options,
	const char *prefix, uint32_t user, const char *own)
{
	text_word(text, "Contact: <sip:");
	user_put(text, prefix, user, own);
	text_word(text, options->tcp ? ";transport=tcp>\r\n" : ">\r\n");
}

static void event_put(struct text *text, const struct plan *plan, enum leg leg)
{
	if (plan->kind == KIND_PRESENCE && leg == LEG_FIRST)
		text_word(text, "Event: presence\r\n"
				"Subscription-State: active\r\n");
}

void request_put(struct text *text, const struct options *options,
	uint64_t number, enum leg leg, const char *own, const struct call *call)
{
	static const char *const branches[LEGS] = {"-1", "-2", "-3", "-a"};
	const struct plan plan = plan_of(options, number);
	const char *method = leg_method(plan.kind, leg), *type;
	char bytes[REQUEST_MOST];
	struct text content = {bytes, 0, sizeof(bytes)};

	type = content_put(&content, options, &plan, leg);
	text_word(text, method);
	text_word(text, " ");
	if (call)
		text_put(text, call->target);
	else
		receiver_put(text, options, &plan);
	text_word(text, " SIP/2.0\r\n");
	via_put(text, options, number, branches[leg], own);
	text_word(text, "Max-Forwards: 70\r\n");
	if (call)
		text_put(text, call->routes);
	from_put(text, options, number, &plan);
	text_word(text, "To: ");
	if (call) {
		text_put(text, call->to);
	} else {
		text_word(text, "<");
		receiver_put(text, options, &plan);
		text_word(text, ">");
	}
	text_word(text, "\r\n");
	call_id_line_put(text, options, number, leg_cseq(leg), method);
	if (plan.kind == KIND_DIALOG || plan.kind == KIND_PRESENCE)
		contact_put(text, options, "s", plan.sender, own);
	event_put(text, &plan, leg);
	end_put(text, type, slice_make(bytes, content.size));
}

void refusal_ack_put(struct text *text, const struct options *options,
	uint64_t number, const char *own, struct slice to)
{
	const struct plan plan = plan_of(options, number);

	text_word(text, "ACK ");
	receiver_put(text, options, &plan);
	text_word(text, " SIP/2.0\r\n");
	via_put(text, options, number, "-1", own);
	text_word(text, "Max-Forwards: 70\r\n");
	from_put(text, options, number, &plan);
	text_word(text, "To: ");
	text_put(text, to);
	text_word(text, "\r\n");
	call_id_line_put(text, options, number, 1, "ACK");
	end_put(text, NULL, slice_make("", 0));
}

void register_put(struct text *text, const struct options *options,
	unsigned receiver, const char *own, uint32_t cseq)
{
	text_word(text, "REGISTER sip:");
	text_word(text, options->domain);
	text_word(text, " SIP/2.0\r\nVia: SIP/2.0/");
	text_word(text, options->tcp ? "TCP " : "UDP ");
	text_word(text, own);
	text_word(text, ";rport;branch=z9hG4bKregister-");
	text_hex(text, options->seed);
	text_word(text, "-");
	text_number(text, receiver);
	text_word(text, "-");
	text_number(text, cseq);
	text_word(text, "\r\nMax-Forwards: 70\r\nFrom: <sip:");
	user_put(text, "r", receiver, options->domain);
	text_word(text, ">;tag=register\r\nTo: <sip:");
	user_put(text, "r", receiver, options->domain);
	text_word(text, ">\r\nCall-ID: register-");
	text_hex(text, options->seed);
	text_word(text, "-");
	text_number(text, receiver);
	text_word(text, "@load\r\nCSeq: ");
	text_number(text, cseq);
	text_word(text, " REGISTER\r\n");
	contact_put(text, options, "r", receiver, own);
	text_word(text, "Expires: 3600\r\n");
	end_put(text, NULL, slice_make("", 0));
}
