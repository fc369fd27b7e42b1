/* routing.c -- which Request-URI and next hop, or which answer of ours.
 *
 * RFC 3261 16.4: our own Route goes, and what a strict router put into the
 * Request-URI comes back. A Route that is left decides, and so does the
 * Request-URI of a request within a dialog that was set up through us: our
 * Record-Route's token proves that, and what the other end is like. What a
 * client brings besides is not believed, also when another server of ours
 * passes it on: its Routes go and the Request-URI alone decides.
 */
#include "proxy/routing/routing.h"

#include "lib/settings/address.h"
#include "proxy/routing/default_routing/default_routing.h"
#include "proxy/routing/next_hop.h"
#include "proxy/routing/user_services/bindings.h"
#include "proxy/routing/user_services/user_services.h"

struct routes {
	struct name_address values[3];
	struct slice texts[3];
	size_t count;
	size_t ours;            /* how many from the top are ours */
	struct route_pass pass; /* of our token for this dialog */
	bool broken;
};

static struct route_end sender_of(const struct passage *passage)
{
	return (struct route_end){&passage->source, &passage->arrival.source};
}

static bool is_ours(
	struct passage *passage, const struct uri *uri, struct route_pass *pass)
{
	const struct route_end from = sender_of(passage);
	struct slice token;

	if (!host_is_ours(passage->worker, uri->host, uri->port))
		return false;
	if (!pass->token.at && uri_parameter(uri, SLICE("swt"), &token))
		(void)route_token_valid(passage->worker,
			passage_message(passage), &from, token, pass);
	return true;
}

static void read_routes(struct passage *passage, struct routes *routes)
{
	const struct message *message = passage_message(passage);
	const struct header *header = NULL;

	memset(routes, 0, sizeof(*routes));
	while ((header = message_header(message, HEADER_ROUTE, header))) {
		struct slice rest = header_unfolded(message, header), value;

		while (routes->count < 3 && header_next_value(&rest, &value)) {
			struct name_address *route =
				&routes->values[routes->count];

			if (!name_address_read(passage->arena, value, route)) {
				routes->broken = true;
				return;
			}
			routes->texts[routes->count++] = value;
		}
	}
	while (routes->ours < routes->count && routes->ours < 2 &&
		is_ours(passage, &routes->values[routes->ours].uri,
			&routes->pass))
		routes->ours++;
}

static void refuse(struct passage *passage, unsigned status, const char *reason)
{
	passage_answer(passage, status, slice_of(reason), slice_of(NULL));
}

/* A gateway is believed; other servers of ours pass on what others wrote. */
static bool may_route_directly(
	const struct passage *passage, const struct routes *routes)
{
	return routes->pass.token.at || passage->source.class == PEER_GATEWAY;
}

static void add_target(
	struct passage *passage, struct target *target, const struct routes *r)
{
	target->remove_route[0] = r->ours > 0;
	target->remove_route[1] = r->ours > 1;
	target->remove_all_routes =
		r->count > r->ours && !may_route_directly(passage, r);
	if (!passage_add_branch(passage, target))
		refuse(passage, 500, "Too many branches");
}

/* What came from elsewhere may not be for this machine alone, unless the
 * dialog's other end is there (a gateway beside us). */
static bool is_too_near(
	const struct passage *passage, const union address *address)
{
	return address_is_loopback(address) &&
	       !address_is_loopback(&passage->arrival.source);
}

static bool may_go_to(const struct passage *passage,
	const struct routes *routes, const struct target *target)
{
	const struct route_end to = {
		&target->next, &target->destination.address};

	return !routes->pass.token.at ||
	       (route_pass_allows(passage->worker, &routes->pass, &to) &&
		       (!is_too_near(passage, to.address) ||
			       route_pass_names(
				       passage->worker, &routes->pass, &to)));
}

/* To the next Route, or within a dialog to the peer's own address. The peer may
 * be one that registered: he is reached as for a first request. */
static void route_directly(struct passage *passage, const struct uri *uri,
	const struct routes *routes)
{
	struct target target = {.uri = uri->whole};
	const struct uri *next = uri;
	struct destination reach;

	if (routes->count > routes->ours)
		next = &routes->values[routes->ours].uri;
	if (next == uri && bindings_reach(passage->worker->proxy->bindings,
				   uri->whole, &reach)) {
		next_hop_of_contact(passage->worker, uri, &reach, &target);
	} else if (!next_hop_of_uri(passage->worker, next, &target)) {
		refuse(passage, 404, "The next hop cannot be reached");
		return;
	} else if (!may_go_to(passage, routes, &target)) {
		refuse(passage, 403, "The next hop is not of this dialog");
		return;
	}
	add_target(passage, &target, routes);
}

static void route_by_default(struct passage *passage, const struct uri *uri,
	const struct routes *routes)
{
	struct routed *routed = arena_take(passage->arena, sizeof(*routed));

	if (!routed) {
		refuse(passage, 513, "Message Too Large");
		return;
	}
	default_routing(
		passage->worker, passage->arena, &passage->source, uri, routed);
	if (!routed->count)
		refuse(passage, routed->status, routed->reason);
	for (size_t i = 0; i < routed->count; i++)
		add_target(passage, &routed->targets[i], routes);
}

/* RFC 3261 16.4: a strict router before us has put our own Route URI into the
 * Request-URI and the real one at the end of the Routes. We never make such
 * URIs without lr, so only the token tells. */
static bool came_from_strict_router(
	struct passage *passage, const struct uri *uri)
{
	struct route_pass pass = {.by_callee = false};

	return uri->lr && is_ours(passage, uri, &pass) && pass.token.at;
}

static void route_request(struct passage *passage, const struct uri *uri)
{
	struct routes routes;

	read_routes(passage, &routes);
	if (routes.broken) {
		refuse(passage, 400, "Bad Route");
		return;
	}
	if (came_from_strict_router(passage, uri)) {
		refuse(passage, 400, "Strict routing is not supported");
		return;
	}
	if (may_route_directly(passage, &routes) &&
		(routes.count > routes.ours ||
			(routes.ours > 0 && !host_is_ours(passage->worker,
						    uri->host, uri->port))))
		route_directly(passage, uri, &routes);
	else
		route_by_default(passage, uri, &routes);
}

static bool unsupported_extension(struct passage *passage)
{
	const struct message *message = passage_message(passage);
	const struct header *header =
		message_header(message, HEADER_PROXY_REQUIRE, NULL);
	struct slice line;

	if (!header || slice_empty(header->value))
		return false;
	line = arena_format(passage->arena, "Unsupported: %.*s\r\n",
		SLICE_ARGS(header_unfolded(message, header)));
	passage_answer(passage, 420, slice_of("Bad Extension"), line);
	return true;
}

enum progress routing_step(struct passage *passage)
{
	const struct message *message = passage_message(passage);
	struct uri uri;

	if (!uri_read(passage->arena, message->request_uri, &uri)) {
		refuse(passage, 400, "Bad Request-URI");
		return PROGRESS_NEXT;
	}
	if (!uri.sip && !message_header(message, HEADER_ROUTE, NULL)) {
		refuse(passage, 416, "Unsupported URI Scheme");
		return PROGRESS_NEXT;
	}
	if (message->method != METHOD_ACK && unsupported_extension(passage))
		return PROGRESS_NEXT;
	if (passage->kind == PASSAGE_REQUEST &&
		user_services_take(passage, &uri))
		return user_services_step(passage);
	route_request(passage, &uri);
	return PROGRESS_NEXT;
}
