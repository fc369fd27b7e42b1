/* answers.h -- answers of our own to a request that has a passage. */
#ifndef PROXY_FORWARD_ANSWERS_H
#define PROXY_FORWARD_ANSWERS_H

#include "lib/slice.h"
#include "proxy/passage.h"

/* The tag that our answers to this request put into To. */
struct slice request_tag(struct passage *request);
/* On the passage's arena; absent when spent. headers: whole lines or absent. */
struct slice answer_bytes(struct passage *request, unsigned status,
	struct slice reason, struct slice headers);
/* 100, at most once, while there is no final answer. */
void answer_trying(struct passage *request);
/* An answer without a transaction: to a message that cannot be taken, or when
 * there is no room for one. */
void answer_stateless(struct worker *worker, const struct message *request,
	const struct arrival *arrival, unsigned status, const char *reason,
	const char *headers);

#endif
