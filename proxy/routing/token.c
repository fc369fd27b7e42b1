/* token.c -- the key in the Record-Route that we write.
 *
 * Whoever has it may go on with the dialog that it was made for and do nothing
 * else. Two letters say what stands at either end: h a home server of ours, f
 * another server of ours, i inside, o outside. Then comes a hash over them, the
 * Call-ID and the caller's tag, and one over each end's host: else an
 * outsider's own dialog would let him send anywhere inside, or, where nobody of
 * ours is at either end, anywhere at all.
 */
#include "lib/siphash.h"
#include "proxy/routing/routing.h"

#include <openssl/crypto.h>
#include <stdio.h>

/* ends, hash of the dialog, hash of each end's host */
enum {
	ENDS = 2,
	HASH_SIZE = 16,
	HOST_SIZE = 8,
	TOKEN_SIZE = ENDS + HASH_SIZE + ENDS * HOST_SIZE,
	TOKEN_ROOM = TOKEN_SIZE + 1
};

static char letter_of(const struct peer *peer)
{
	if (peer->class == PEER_INTERNAL_SERVER)
		return peer->inside ? 'h' : 'f';
	return peer->inside ? 'i' : 'o';
}

static bool is_ours(char letter)
{
	return letter == 'h' || letter == 'i';
}

static void add_hash(const struct worker *worker, const struct slice *pieces,
	size_t count, size_t size, char *text)
{
	char whole[HASH_SIZE + 1];

	(void)snprintf(whole, sizeof(whole), "%016llx",
		(unsigned long long)siphash(
			worker->proxy->route_key, pieces, count));
	memcpy(text, whole, size);
	text[size] = '\0';
}

/* The first part: ends, then the hash of the dialog. */
static void name_dialog(const struct worker *worker, const char ends[ENDS],
	struct slice call_id, struct slice caller_tag, char text[TOKEN_ROOM])
{
	struct slice pieces[] = {slice_make(ends, ENDS), SLICE("\n"), call_id,
		SLICE("\n"), caller_tag};

	memcpy(text, ends, ENDS);
	add_hash(worker, pieces, sizeof(pieces) / sizeof(pieces[0]), HASH_SIZE,
		text + ENDS);
}

/* The part of one end: 0 the caller, 1 the callee. */
static void name_host(const struct worker *worker, size_t end,
	const union address *address, char text[TOKEN_ROOM])
{
	char host[ADDRESS_TEXT_SIZE];
	struct slice pieces[] = {slice_make(text, ENDS + HASH_SIZE),
		end ? SLICE("\ncallee\n") : SLICE("\ncaller\n"), {NULL, 0}};

	address_host_text(address, host);
	pieces[2] = slice_of(host);
	add_hash(worker, pieces, sizeof(pieces) / sizeof(pieces[0]), HOST_SIZE,
		text + ENDS + HASH_SIZE + end * HOST_SIZE);
}

struct slice route_token(struct arena *arena, const struct worker *worker,
	const struct message *request, const struct route_end *caller,
	const struct route_end *callee)
{
	const char ends[ENDS] = {
		letter_of(caller->peer), letter_of(callee->peer)};
	char text[TOKEN_ROOM];

	name_dialog(worker, ends, request->call_id, request->from_tag, text);
	name_host(worker, 0, caller->address, text);
	name_host(worker, 1, callee->address, text);
	return arena_copy(arena, slice_of(text));
}

static bool is_same(struct slice token, const char *wanted, size_t size)
{
	return token.size >= size && CRYPTO_memcmp(token.at, wanted, size) == 0;
}

bool route_token_valid(const struct worker *worker,
	const struct message *request, const struct route_end *from,
	struct slice token, struct route_pass *pass)
{
	const struct slice tags[ENDS] = {request->from_tag, request->to_tag};
	char wanted[TOKEN_ROOM];

	/* Without a tag of the other side it is in no dialog. */
	if (token.size != TOKEN_SIZE || !request->to_tag.at)
		return false;
	for (size_t sender = 0; sender < ENDS; sender++) {
		name_dialog(worker, token.at, request->call_id, tags[sender],
			wanted);
		if (!is_same(token, wanted, ENDS + HASH_SIZE) ||
			token.at[sender] != letter_of(from->peer))
			continue;
		*pass = (struct route_pass){
			.token = token, .from = *from, .by_callee = sender};
		return true;
	}
	return false;
}

static bool is_host_of(const struct worker *worker,
	const struct route_pass *pass, size_t end, const union address *address)
{
	const size_t at = ENDS + HASH_SIZE + end * HOST_SIZE;
	char wanted[TOKEN_ROOM];

	memcpy(wanted, pass->token.at, ENDS + HASH_SIZE);
	name_host(worker, end, address, wanted);
	return CRYPTO_memcmp(pass->token.at + at, wanted + at, HOST_SIZE) == 0;
}

bool route_pass_names(const struct worker *worker,
	const struct route_pass *pass, const struct route_end *to)
{
	return is_host_of(worker, pass, !pass->by_callee, to->address);
}

bool route_pass_allows(const struct worker *worker,
	const struct route_pass *pass, const struct route_end *to)
{
	const char from = pass->token.at[pass->by_callee],
		   other = pass->token.at[!pass->by_callee];

	if (letter_of(to->peer) != other)
		return false;
	if (is_ours(from))
		return true;
	return route_pass_names(worker, pass, to) &&
	       (is_ours(other) || is_host_of(worker, pass, pass->by_callee,
					  pass->from.address));
}
