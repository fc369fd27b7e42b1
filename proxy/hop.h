/* hop.h -- what a branch changes for its hop: Request-URI, Via, Route … */
#ifndef PROXY_HOP_H
#define PROXY_HOP_H

#include "proxy/passage.h"

#include <stdbool.h>

/* Fills branch->via_branch, via and edits (RFC 3261 16.6, 18.2.1; RFC 3581;
 * RFC 5393), against the version that the branch carries. Our branch parameter
 * is a keyed hash of the received one and of the target, so that after a crash
 * a client's retransmission is absorbed by the next hop; a digest for loop
 * detection stands beside it. False when memory is spent. */
bool hop_plan(struct branch *branch) __attribute__((warn_unused_result));
/* The branch's bytes on the passage's arena; absent when spent. */
struct slice hop_bytes(struct branch *branch)
	__attribute__((warn_unused_result));
/* True when this request was here before with the same Request-URI and Routes
 * (RFC 5393 4.2): 482. */
bool hop_is_loop(const struct passage *passage);
/* Where answers to a request go (RFC 3261 18.2.2, RFC 3581 4). */
struct destination reply_destination(
	const struct message *request, const struct arrival *arrival);

#endif
