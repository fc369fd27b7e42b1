/* default_routing.c -- the endpoints of a user, his home server, a route. */
#include "proxy/routing/default_routing/default_routing.h"

#include "proxy/routing/next_hop.h"
#include "proxy/routing/user_services/bindings.h"

static void answer(struct routed *routed, unsigned status, const char *reason)
{
	routed->count = 0;
	routed->status = status;
	routed->reason = reason;
}

static bool contact_target(struct worker *worker, struct arena *arena,
	const struct binding *binding, struct target *target)
{
	struct uri uri;

	*target = (struct target){.uri = binding->contact,
		.q_thousandths = binding->q_thousandths};
	if (!uri_read(arena, binding->contact, &uri) || !uri.sip)
		return false;
	next_hop_of_contact(worker, &uri, &binding->reach, target);
	return true;
}

static void to_endpoints(struct worker *worker, struct arena *arena,
	struct slice address_of_record, struct routed *routed)
{
	struct binding found[DEFAULT_ROUTING_TARGETS];
	size_t count = bindings_find(worker->proxy->bindings, arena,
		address_of_record, found, DEFAULT_ROUTING_TARGETS);

	for (size_t i = 0; i < count; i++)
		routed->count += contact_target(worker, arena, &found[i],
			&routed->targets[routed->count]);
	if (!routed->count)
		answer(routed, 480, "Temporarily Unavailable");
}

static void to_user(struct worker *worker, struct arena *arena,
	const struct uri *uri, struct routed *routed)
{
	const struct settings *settings = worker->proxy->settings;
	struct slice address = uri_address_of_record(arena, uri);
	const struct user *user = NULL;
	const struct internal_server_settings *home;
	bool here;

	if (worker->users) {
		user = users_find(worker->users, address);
		if (!user) {
			answer(routed, 404, "Not Found");
			return;
		}
	}
	here = !user || slice_equal_nocase(slice_of(user->home),
				slice_of(settings->server.name));
	if (here && settings->server.role == ROLE_HOME) {
		to_endpoints(worker, arena, address, routed);
		return;
	}
	home = user ? internal_server_named(settings, slice_of(user->home))
		    : NULL;
	if (!home || !next_hop_of_server(worker, home, &routed->targets[0])) {
		answer(routed, 404, "No home server for this user");
		return;
	}
	routed->targets[0].uri = uri->whole;
	routed->count = 1;
}

/* user@host, either of which may be *. */
static bool pattern_matches(const char *pattern, const struct uri *uri)
{
	struct slice host = slice_of(pattern), user;

	if (!slice_cut(&host, '@', &user) || !host.at) {
		host = slice_of(pattern);
		user = SLICE("*");
	}
	return (slice_equal(user, SLICE("*")) ||
		       slice_equal(user, uri->user)) &&
	       (slice_equal(host, SLICE("*")) ||
		       slice_equal_nocase(host, uri->host));
}

/* What a front-end passes on came from outside, too. */
static bool may_use(const struct peer *from, const struct route_settings *route)
{
	return route->from_outside || from->inside ||
	       from->class == PEER_GATEWAY;
}

static void to_route(struct worker *worker, struct arena *arena,
	const struct peer *from, const struct uri *uri, struct routed *routed)
{
	const struct settings *settings = worker->proxy->settings;

	for (size_t i = 0; i < settings->route_count; i++) {
		const struct route_settings *route = &settings->routes[i];
		struct target *target = &routed->targets[0];
		struct uri next;

		if (!pattern_matches(route->to, uri))
			continue;
		if (!may_use(from, route)) {
			answer(routed, 403, "This route is not for outsiders");
			return;
		}
		if (!uri_read(arena, slice_of(route->next_hop), &next) ||
			!next_hop_of_uri(worker, &next, target)) {
			answer(routed, 500, "The route has no usable next hop");
			return;
		}
		target->uri = uri->whole;
		if (route->treat_as_server)
			target->next.class = PEER_GATEWAY;
		routed->count = 1;
		return;
	}
	answer(routed, 404, "No route to this domain");
}

void default_routing(struct worker *worker, struct arena *arena,
	const struct peer *from, const struct uri *uri, struct routed *routed)
{
	memset(routed, 0, sizeof(*routed));
	if (!uri->sip)
		answer(routed, 416, "Unsupported URI Scheme");
	else if (domain_is_ours(worker->proxy->settings, uri->host))
		to_user(worker, arena, uri, routed);
	else
		to_route(worker, arena, from, uri, routed);
}

size_t routing_targets(struct worker *worker, struct arena *arena,
	const struct peer *from, struct slice text, struct target *targets,
	size_t room)
{
	struct routed *routed = arena_take(arena, sizeof(*routed));
	struct uri uri;

	if (!routed || !uri_read(arena, text, &uri))
		return 0;
	default_routing(worker, arena, from, &uri, routed);
	for (size_t i = 0; i < routed->count && i < room; i++)
		targets[i] = routed->targets[i];
	return routed->count < room ? routed->count : room;
}
