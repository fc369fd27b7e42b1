/* identity.c -- who is it, and how do we know.
 *
 * Authentication is none so far, so whoever sends is who From claims; records
 * say so. Here the direction is guessed, too, until routing knows the next hop.
 */
#include "proxy/parse/values.h"
#include "proxy/routing/routing.h"
#include "proxy/worker.h"

enum progress identity_step(struct passage *passage)
{
	const struct message *message = passage_message(passage);
	struct peer recipient = {.class = PEER_CLIENT,
		.inside = recipient_is_inside(passage->worker, message)};
	struct uri from, to;

	passage->identity.assurance = "none";
	if (uri_read(passage->arena, message->from_uri, &from) && from.sip) {
		passage->identity.assurance = "claimed";
		passage->identity.address_of_record =
			uri_address_of_record(passage->arena, &from);
	}
	if (uri_read(passage->arena, message->to_uri, &to) && to.sip)
		passage->recipient = uri_address_of_record(passage->arena, &to);
	passage->direction = direction_of(&passage->source, &recipient);
	return PROGRESS_NEXT;
}
