/* shares.c -- who began how many transactions of late, for when they get
 * scarce.
 *
 * An answered request is kept for 32 s (RFC 3261 timer J), so whoever asks fast
 * enough could fill the table alone, ten outstanding ones at a time. Counted is
 * in a table of fixed size, by a keyed hash of the host: two hosts may share a
 * place, and then a share.
 */
#include "proxy/authorization/shares.h"

#include "lib/siphash.h"

#include <stdlib.h>
#include <sys/random.h>

enum { PLACES = 8192, WINDOW_MS = 16 * 1000 };

struct place {
	uint32_t window; /* its number */
	uint32_t now, before;
};

struct shares {
	uint8_t key[16];
	struct place places[PLACES];
};

struct shares *shares_new(void)
{
	struct shares *shares = calloc(1, sizeof(*shares));

	if (shares && getrandom(shares->key, sizeof(shares->key), 0) !=
			      (ssize_t)sizeof(shares->key)) {
		free(shares);
		return NULL;
	}
	return shares;
}

void shares_release(struct shares **shares)
{
	free(*shares);
	*shares = NULL;
}

static struct place *place_of(struct shares *shares, const union address *host)
{
	struct slice bytes = slice_make(
		(const char *)&host->v4.sin_addr, sizeof(host->v4.sin_addr));

	if (host->any.sa_family == AF_INET6) /* whoever has one has a /64 */
		bytes = slice_make((const char *)&host->v6.sin6_addr, 8);
	return &shares->places[siphash_one(shares->key, bytes) % PLACES];
}

size_t shares_count(
	struct shares *shares, const union address *host, uint64_t now_ms)
{
	struct place *place = place_of(shares, host);
	uint32_t window = (uint32_t)(now_ms / WINDOW_MS);

	if (place->window != window) {
		place->before = place->window + 1 == window ? place->now : 0;
		place->now = 0;
		place->window = window;
	}
	place->now++;
	return (size_t)place->now + place->before;
}

bool shares_grant(size_t begun, struct fill fill, const struct peer *peer)
{
	if (peer->class != PEER_CLIENT ||
		fill.used <= fill.limit - fill.limit / 4)
		return true;
	if (begun > fill.limit / 8)
		return false;
	return fill.used <= fill.limit - fill.limit / 8 || peer->inside;
}
