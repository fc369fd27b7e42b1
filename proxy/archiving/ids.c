/* ids.c -- message id and stream: computed from the message alone. */
#include "proxy/archiving/records.h"

#include "lib/sha256.h"
#include "proxy/parse/values.h"
#include "proxy/worker.h"

#include <stdio.h>

enum { ID_PIECES = 16 };

/* Pieces are joined with their lengths, so that no two messages can share one
 * text. */
struct join {
	struct slice pieces[ID_PIECES];
	size_t count;
};

static void add(struct join *join, struct slice piece)
{
	if (join->count < ID_PIECES)
		join->pieces[join->count++] = piece;
}

enum { LENGTH_TEXT_BYTES = 24 };

/* Each piece as "length:bytes". */
static struct slice joined(struct arena *arena, const struct join *join)
{
	size_t room = 0, size = 0;
	char *text;

	for (size_t i = 0; i < join->count; i++)
		room += join->pieces[i].size + LENGTH_TEXT_BYTES;
	text = arena_take(arena, room);
	if (!text)
		return SLICE("");
	for (size_t i = 0; i < join->count; i++) {
		const struct slice *piece = &join->pieces[i];

		size += (size_t)snprintf(
			text + size, room - size, "%zu:", piece->size);
		if (piece->size)
			memcpy(text + size, piece->at, piece->size);
		size += piece->size;
	}
	return slice_make(text, size);
}

static void keyed(
	const struct worker *worker, struct slice text, unsigned char id[16])
{
	const struct proxy *proxy = worker->proxy;
	uint8_t full[SHA256_BYTES];

	if (sha256_keyed(
		    slice_make(proxy->stream_key, sizeof(proxy->stream_key)),
		    text, full))
		memcpy(id, full, 16);
}

/* The same message on every server of ours: what no proxy changes. */
static void message_id(struct passage *passage)
{
	const struct message *message = passage->versions[0].message;
	const struct header *rseq = message_header(message, HEADER_RSEQ, NULL);
	uint8_t full[SHA256_BYTES];
	char cseq[16], status[16];
	struct join join = {.count = 0};
	struct slice text;

	(void)snprintf(cseq, sizeof(cseq), "%u", message->cseq);
	(void)snprintf(status, sizeof(status), "%u", message->status);
	add(&join, message->is_request ? SLICE("request") : SLICE("response"));
	add(&join, message->method_name);
	add(&join, message->call_id);
	add(&join, slice_of(cseq));
	add(&join, message->from_tag);
	if (!message->is_request) {
		add(&join, slice_of(status));
		add(&join, message->to_tag);
		add(&join, rseq ? rseq->value : SLICE(""));
	}
	text = joined(passage->arena, &join);
	if (sha256_pieces(&text, 1, full))
		memcpy(passage->message_id, full, 16);
}

static struct slice address_in(struct arena *arena, struct slice text)
{
	struct uri uri;

	if (!uri_read(arena, text, &uri) || !uri.sip)
		return text;
	return uri_address_of_record(arena, &uri);
}

/* In a session the Call-ID and both people; a MESSAGE outside of any, the two
 * people alone. A stranger who reuses a Call-ID gets another stream. */
static void stream(struct passage *passage)
{
	const struct message *message = passage->versions[0].message;
	struct slice one = address_in(passage->arena, message->from_uri);
	struct slice other = address_in(passage->arena, message->to_uri);
	struct join join = {.count = 0};
	bool alone = message->method == METHOD_MESSAGE &&
		     (!message->to_tag.at || passage->kind == PASSAGE_RESPONSE);

	if (slice_compare(one, other) > 0) {
		struct slice swapped = one;

		one = other;
		other = swapped;
	}
	/* An answer to a MESSAGE has a To tag of its own: what counts is
	 * whether the request was within a dialog. */
	if (alone && passage->kind == PASSAGE_RESPONSE)
		alone = !passage->request->versions[0].message->to_tag.at;
	add(&join, alone ? SLICE("people") : SLICE("session"));
	if (!alone)
		add(&join, message->call_id);
	add(&join, one);
	add(&join, other);
	keyed(passage->worker, joined(passage->arena, &join), passage->stream);
}

void record_ids(struct passage *passage)
{
	message_id(passage);
	stream(passage);
}
