/* responses.h -- answers of the branches: RFC 3261 16.7. */
#ifndef PROXY_FORWARD_RESPONSES_H
#define PROXY_FORWARD_RESPONSES_H

#include "proxy/passage.h"

/* What the client transactions of branches call. */
extern const struct client_events branch_events;

/* Sends a CANCEL on every branch that has no final answer, or notes that one
 * must follow (RFC 3261 16.7.10). */
void branches_cancel(struct passage *request);
/* Gives an answer of our own to a request whose branches are all over or given
 * up: 408, 487, 504, 403 … Nothing when a final answer has gone. */
void request_answer(
	struct passage *request, unsigned status, struct slice reason);
/* Chooses when every branch has its final answer. */
/* The branch ends without an answer from there: as if `status` had come. */
void branch_give_up(struct branch *branch, unsigned status, const char *event);
void responses_choose(struct passage *request);
/* Sends bytes upstream and notes a final status. */
void respond_upstream(
	struct passage *request, unsigned status, struct slice bytes);

#endif
