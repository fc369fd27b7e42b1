/* token.c -- the key in the Record-Route that we write.
 *
 * Whoever has it may go on with the dialog that it was made for and do nothing
 * else. Two letters say what stands at either end: h a home server of ours, f
 * another server of ours, i inside, o outside. Then comes a hash over them, the
 * Call-ID and the caller's tag, and, where nobody of ours is at either end, one
 * more over the two hosts: else an outsider's own dialog would let him send
 * anywhere.
 */
#include "lib/siphash.h"
#include "proxy/routing/routing.h"

#include <openssl/crypto.h>
#include <stdio.h>

enum { ENDS = 2, HASH_SIZE = 16, TOKEN_ROOM = ENDS + 2 * HASH_SIZE + 1 };

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
	size_t count, char text[HASH_SIZE + 1])
{
	(void)snprintf(text, HASH_SIZE + 1, "%016llx",
		(unsigned long long)siphash(
			worker->proxy->route_key, pieces, count));
}

/* The first part: ends, then the hash of the dialog. */
static void name_dialog(const struct worker *worker, const char ends[ENDS],
	struct slice call_id, struct slice caller_tag, char text[TOKEN_ROOM])
{
	struct slice pieces[] = {slice_make(ends, ENDS), SLICE("\n"), call_id,
		SLICE("\n"), caller_tag};

	memcpy(text, ends, ENDS);
	add_hash(worker, pieces, sizeof(pieces) / sizeof(pieces[0]),
		text + ENDS);
}

/* The second part, behind the first. */
static void name_hosts(const struct worker *worker, const union address *caller,
	const union address *callee, char text[TOKEN_ROOM])
{
	char hosts[2][ADDRESS_TEXT_SIZE];
	struct slice pieces[5];

	address_host_text(caller, hosts[0]);
	address_host_text(callee, hosts[1]);
	pieces[0] = slice_make(text, ENDS + HASH_SIZE);
	pieces[1] = pieces[3] = SLICE("\n");
	pieces[2] = slice_of(hosts[0]);
	pieces[4] = slice_of(hosts[1]);
	add_hash(worker, pieces, 5, text + ENDS + HASH_SIZE);
}

struct slice route_token(struct arena *arena, const struct worker *worker,
	const struct message *request, const struct route_end *caller,
	const struct route_end *callee)
{
	const char ends[ENDS] = {
		letter_of(caller->peer), letter_of(callee->peer)};
	char text[TOKEN_ROOM];

	name_dialog(worker, ends, request->call_id, request->from_tag, text);
	if (!is_ours(ends[0]) && !is_ours(ends[1]))
		name_hosts(worker, caller->address, callee->address, text);
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
	if (token.size < ENDS + HASH_SIZE || !request->to_tag.at)
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

bool route_pass_allows(const struct worker *worker,
	const struct route_pass *pass, const struct route_end *to)
{
	const struct slice token = pass->token;
	char wanted[TOKEN_ROOM];

	if (letter_of(to->peer) != token.at[!pass->by_callee])
		return false;
	if (is_ours(token.at[0]) || is_ours(token.at[1]))
		return token.size == ENDS + HASH_SIZE;
	memcpy(wanted, token.at, ENDS + HASH_SIZE);
	name_hosts(worker, pass->by_callee ? to->address : pass->from.address,
		pass->by_callee ? pass->from.address : to->address, wanted);
	return token.size == TOKEN_ROOM - 1 &&
	       is_same(token, wanted, TOKEN_ROOM - 1);
}
