/* refusals.h -- what becomes of a response or an ACK that a stage refused. */
#ifndef PROXY_FORWARD_REFUSALS_H
#define PROXY_FORWARD_REFUSALS_H

#include "proxy/passage.h"

/* A response (RESPONSE passage, disposition ANSWER or DISCARD). 1xx: dropped,
 * the session is ended. 2xx of an INVITE: withheld; the callee gets ACK and one
 * BYE, other branches CANCEL, the caller a 403. Any other: the caller gets the
 * stage's answer. */
void refuse_response(struct passage *response);
/* An ACK: the callee gets ours without a body, then BYE both ways. */
void refuse_ack(struct passage *ack);
/* A 2xx of an INVITE whose caller has had another final answer: ACK for each
 * time it comes, and one BYE for each dialog. */
void end_at_callee(struct branch *branch, const struct message *success);

#endif
