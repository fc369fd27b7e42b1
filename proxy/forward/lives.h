/* lives.h -- how long a request may take here, and how it ends before it left.
 */
#ifndef PROXY_FORWARD_LIVES_H
#define PROXY_FORWARD_LIVES_H

#include "proxy/passage.h"

/* From the arrival of a request other than INVITE: 100 when Timer E is at T2
 * (RFC 4320 4.1), 504 when limits.non_invite is over. */
void life_begin(struct passage *request);
/* A request that has not left does not leave any more: what it waits for is
 * taken back, it is answered with this status. May free it. */
void request_withdraw(
	struct passage *request, unsigned status, struct slice reason);

#endif
