/* authorization.c -- server, gateway or client; what it may bring.
 *
 * Only clients are throttled: so many outstanding requests each, then 503; an
 * ACK counts while it is on its way, then it is dropped. The
 * class comes from the address (treat_as_server doors, internal_servers), never
 * from what the message says of itself.
 */
#include "proxy/authorization/client_counts.h"
#include "proxy/hop.h"
#include "proxy/routing/routing.h"
#include "proxy/worker.h"

static bool may_have_one_more(struct passage *passage)
{
	const struct settings *settings = passage->worker->proxy->settings;

	if (passage->source.class != PEER_CLIENT)
		return true;
	passage->counted = client_counts_take(passage->worker->proxy->clients,
		&passage->arrival, settings->limits.client_requests);
	return passage->counted;
}

enum progress authorization_step(struct passage *passage)
{
	const struct settings *settings = passage->worker->proxy->settings;
	const struct message *message = passage_message(passage);

	passage->source = peer_of_address(
		settings, &passage->arrival.source, passage->arrival.listener);
	if (!may_have_one_more(passage)) {
		passage->worker->counts.overload++;
		drops_note(&passage->worker->drops, &passage->arrival.source,
			"too many requests");
		passage_answer(passage, 503, slice_of("Too many requests"),
			slice_of("Retry-After: 2\r\n"));
		passage->unrecorded = true;
	} else if (message->max_forwards == 0) {
		passage_answer(passage, 483, slice_of("Too Many Hops"),
			slice_of(NULL));
		passage->unrecorded = true;
	} else if (hop_is_loop(passage)) {
		passage_answer(passage, 482, slice_of("Loop Detected"),
			slice_of(NULL));
		passage->unrecorded = true;
	}
	return PROGRESS_NEXT;
}
