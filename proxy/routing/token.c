/* token.c -- the key in the Record-Route that we write. */
#include "lib/siphash.h"
#include "proxy/routing/routing.h"

#include <openssl/crypto.h>
#include <stdio.h>

enum { TOKEN_SIZE = 16 };

struct slice route_token(
	struct arena *arena, const struct worker *worker, struct slice call_id)
{
	return arena_format(arena, "%016llx",
		(unsigned long long)siphash_one(
			worker->proxy->route_key, call_id));
}

bool route_token_valid(
	const struct worker *worker, struct slice call_id, struct slice token)
{
	char wanted[TOKEN_SIZE + 1];

	(void)snprintf(wanted, sizeof(wanted), "%016llx",
		(unsigned long long)siphash_one(
			worker->proxy->route_key, call_id));
	return token.size == TOKEN_SIZE &&
	       CRYPTO_memcmp(token.at, wanted, TOKEN_SIZE) == 0;
}
