/* routing.h -- which Request-URI and next hop, or which answer of ours.
 *
 * Route and maddr are settled first (RFC 3261 16.4, 16.5); then what is for the
 * server itself goes to User Services; all else to default routing: the user's
 * endpoints, his home server, or a static route.
 */
#ifndef PROXY_ROUTING_ROUTING_H
#define PROXY_ROUTING_ROUTING_H

#include "proxy/passage.h"
#include "proxy/worker.h"

#include <stdbool.h>

/* Class, inside and name of whoever is at this address. listener tells the
 * door (treat_as_server). */
struct peer peer_of_address(const struct settings *settings,
	const union address *address, uint16_t listener);
/* NULL: there is none of this name (any case). */
const struct internal_server_settings *internal_server_named(
	const struct settings *settings, struct slice name);
/* Internal, inbound, outbound or transit, from the two ends' classes. */
enum direction direction_of(const struct peer *from, const struct peer *to);
/* True when host (an own domain, server.name, an advertised name) or host and
 * port (an address that we listen on) means this server. */
bool host_is_ours(
	const struct worker *worker, struct slice host, uint16_t port);
bool domain_is_ours(const struct settings *settings, struct slice host);
/* Best guess before routing: is the recipient one of our own people? */
bool recipient_is_inside(
	const struct worker *worker, const struct message *request);
/* The listener to send from towards an address: same transport and family, the
 * most specific address. False: we have none. */
bool listener_for(const struct worker *worker, enum transport transport,
	const union address *address, uint16_t *listener);
/* host[:port] as the world knows a listener: advertise, else its address. */
struct slice listener_sent_by(struct arena *arena, const struct worker *worker,
	uint16_t listener, const union address *local);

/* Targets of an address of record or another URI, as a request made here on
 * behalf of from needs them: fills targets, returns how many. */
size_t routing_targets(struct worker *worker, struct arena *arena,
	const struct peer *from, struct slice uri, struct target *targets,
	size_t room);

/* One end of a dialog as we meet it: who, and where. Borrowed. */
struct route_end {
	const struct peer *peer;
	const union address *address;
};
/* What a token that came back allows. Borrows the token and the end. */
struct route_pass {
	struct slice token; /* absent: nothing */
	struct route_end from;
	bool by_callee; /* sent by whom the first request went to */
};
/* The key in the Record-Route that we write: proves, when it comes back as a
 * Route, that this dialog was set up through us, between such ends. */
struct slice route_token(struct arena *arena, const struct worker *worker,
	const struct message *request, const struct route_end *caller,
	const struct route_end *callee);
/* True for a request within the dialog that the token was made for, from an end
 * like the one that it names. */
bool route_token_valid(const struct worker *worker,
	const struct message *request, const struct route_end *from,
	struct slice token, struct route_pass *pass);
/* True when this next hop is like the other end: of the same class, and of the
 * same host when somebody from outside sends to us, or both ends are foreign.
 */
bool route_pass_allows(const struct worker *worker,
	const struct route_pass *pass, const struct route_end *to);
/* True when it is the very host of the other end. */
bool route_pass_names(const struct worker *worker,
	const struct route_pass *pass, const struct route_end *to);

#endif
