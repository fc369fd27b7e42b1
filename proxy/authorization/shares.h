/* shares.h -- who began how many transactions of late, for when they get
 * scarce.
 */
#ifndef PROXY_AUTHORIZATION_SHARES_H
#define PROXY_AUTHORIZATION_SHARES_H

#include "proxy/passage.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct shares; /* of one worker */

struct shares *shares_new(void) __attribute__((warn_unused_result));
void shares_release(struct shares **shares);
/* Counts a new request of this host: how many it began of late, this one
 * included. */
size_t shares_count(
	struct shares *shares, const union address *host, uint64_t now_ms);

/* used: transactions that there are, of limit. */
struct fill {
	size_t used, limit;
};
/* False: transactions are scarce, and this client is not to have another. Past
 * three quarters that is whoever began more than an eighth of all of late, past
 * seven eighths whoever is not inside. */
bool shares_grant(size_t begun, struct fill fill, const struct peer *peer);

#endif
