/* answer.h -- answers that we make, from the slices of the received request. */
#ifndef PROXY_ANSWER_H
#define PROXY_ANSWER_H

#include "lib/arena.h"
#include "lib/slice.h"
#include "proxy/parse/message.h"

#include <stdint.h>

struct answer {
	unsigned status;
	struct slice reason;    /* absent: the usual phrase */
	struct slice to_tag;    /* put in when To has none; absent: none */
	struct slice headers;   /* whole lines, each ending in CRLF; absent */
	struct slice body;      /* absent: none; headers has its Content-Type */
	struct slice received;  /* absent, or the source for the top Via */
	uint16_t received_port; /* RFC 3581, 0: not asked for */
};

/* RFC 3261 8.2.6: Via, From, To, Call-ID, CSeq (and Timestamp for 100) copied
 * byte for byte. The answer's bytes on the arena; absent when spent. */
struct slice answer_build(struct arena *arena, const struct message *request,
	const struct answer *answer) __attribute__((warn_unused_result));
/* ACK to a refused final answer, CANCEL of a request we sent: built from the
 * bytes of the request as sent (RFC 3261 17.1.1.3, 9.1). */
struct slice answer_build_ack(struct arena *arena, const struct message *sent,
	const struct message *response) __attribute__((warn_unused_result));
struct slice answer_build_cancel(struct arena *arena,
	const struct message *sent) __attribute__((warn_unused_result));
/* The usual phrase of a status (RFC 3261 21). */
const char *reason_phrase(unsigned status);

#endif
