/* own_requests.h -- requests that the server itself makes: BYE, notices. */
#ifndef PROXY_FORWARD_OWN_REQUESTS_H
#define PROXY_FORWARD_OWN_REQUESTS_H

#include "lib/slice.h"
#include "proxy/passage.h"
#include "proxy/worker.h"

/* Bytes of a whole request but for its Via line, which is put in behind the
 * start line; goes through the stages after routing, the archive and a client
 * transaction (an ACK: none). False: memory, or no way to send from. */
bool own_request_send(struct worker *worker, enum method method,
	const struct target *target, struct slice start_line,
	struct slice headers_and_body);
/* A text/plain MESSAGE from sip:sipwarden@<server.name> to an address of
 * record; to where that person is reached from `from` (routing_targets), else
 * to fallback (NULL: nowhere). */
bool own_notice_send(struct worker *worker, const struct peer *from,
	struct slice address_of_record, struct slice text,
	const struct destination *fallback);
/* Tells the sender of a refused file why it did not go through. */
void tell_sender(struct passage *request);

#endif
