/* places.c -- who is at an address, which hosts are ours, from where to send.
 */
#include "proxy/parse/values.h"
#include "proxy/routing/routing.h"

#include <arpa/inet.h>

enum { SIP_PORT = 5060 };

static bool is_inside(const struct settings *settings, const union address *a)
{
	for (size_t i = 0; i < settings->server.inside_count; i++)
		if (network_contains(&settings->server.inside[i], a))
			return true;
	return false;
}

struct peer peer_of_address(const struct settings *settings,
	const union address *address, uint16_t listener)
{
	struct peer peer = {
		.class = PEER_CLIENT, .inside = is_inside(settings, address)};

	for (size_t i = 0; i < settings->internal_server_count; i++) {
		const struct internal_server_settings *server =
			&settings->internal_servers[i];

		if (!address_same_host(&server->address, address))
			continue;
		peer.class = PEER_INTERNAL_SERVER;
		/* What a front-end passes on came from outside. */
		peer.inside = server->role == ROLE_HOME;
		peer.server = server;
		return peer;
	}
	if (listener < settings->listener_count &&
		settings->listeners[listener].treat_as_server)
		peer.class = PEER_GATEWAY;
	return peer;
}

const struct internal_server_settings *internal_server_named(
	const struct settings *settings, struct slice name)
{
	for (size_t i = 0; i < settings->internal_server_count; i++)
		if (slice_equal_nocase(
			    name, slice_of(settings->internal_servers[i].name)))
			return &settings->internal_servers[i];
	return NULL;
}

enum direction direction_of(const struct peer *from, const struct peer *to)
{
	if (from->inside)
		return to->inside ? DIRECTION_INTERNAL : DIRECTION_OUTBOUND;
	return to->inside ? DIRECTION_INBOUND : DIRECTION_TRANSIT;
}

bool domain_is_ours(const struct settings *settings, struct slice host)
{
	for (size_t i = 0; i < settings->server.domain_count; i++)
		if (slice_equal_nocase(
			    host, slice_of(settings->server.domains[i])))
			return true;
	return false;
}

static bool is_advertised(
	const struct listener_settings *listener, struct slice host)
{
	struct slice advertised = slice_of(listener->advertise);
	size_t colon = slice_find(advertised, ':');

	if (!advertised.at)
		return false;
	if (colon != SIZE_MAX)
		advertised = slice_part(advertised, 0, colon);
	return slice_equal_nocase(host, advertised);
}

bool host_is_ours(const struct worker *worker, struct slice host, uint16_t port)
{
	const struct settings *settings = worker->proxy->settings;
	union address address;

	if (domain_is_ours(settings, host) ||
		slice_equal_nocase(host, slice_of(settings->server.name)))
		return true;
	for (size_t i = 0; i < settings->listener_count; i++)
		if (is_advertised(&settings->listeners[i], host))
			return true;
	return address_of_host(host, port ? port : SIP_PORT, &address) &&
	       transports_is_ours(worker->transports, &address);
}

bool recipient_is_inside(
	const struct worker *worker, const struct message *request)
{
	struct arena *arena = arena_new(64 * 1024);
	struct uri uri;
	bool inside = true;

	if (arena && uri_read(arena, request->request_uri, &uri)) {
		union address address;

		inside = host_is_ours(worker, uri.host, uri.port) ||
			 (address_of_host(uri.host, SIP_PORT, &address) &&
				 is_inside(worker->proxy->settings, &address));
	}
	arena_release(&arena);
	return inside;
}

static bool is_any(const union address *address)
{
	static const struct in6_addr none = IN6ADDR_ANY_INIT;

	if (address->any.sa_family == AF_INET6)
		return memcmp(&address->v6.sin6_addr, &none, sizeof(none)) == 0;
	return address->v4.sin_addr.s_addr == 0;
}

bool listener_for(const struct worker *worker, enum transport transport,
	const union address *address, uint16_t *listener)
{
	const struct settings *settings = worker->proxy->settings;
	bool found = false;

	for (uint16_t i = 0; i < settings->listener_count; i++) {
		const struct listener_settings *candidate =
			&settings->listeners[i];

		if (candidate->transport != transport ||
			candidate->treat_as_server ||
			candidate->address.any.sa_family !=
				address->any.sa_family)
			continue;
		if (!found || is_any(&settings->listeners[*listener].address))
			*listener = i;
		found = true;
	}
	return found;
}

struct slice listener_sent_by(struct arena *arena, const struct worker *worker,
	uint16_t listener, const union address *local)
{
	const struct listener_settings *settings =
		&worker->proxy->settings->listeners[listener];
	union address address = settings->address;
	char text[ADDRESS_TEXT_SIZE];

	if (settings->advertise)
		return arena_copy(arena, slice_of(settings->advertise));
	/* A listener on every address says the one that was spoken to. */
	if (is_any(&address) && local->any.sa_family == address.any.sa_family) {
		if (address.any.sa_family == AF_INET6)
			address.v6.sin6_addr = local->v6.sin6_addr;
		else
			address.v4.sin_addr = local->v4.sin_addr;
	}
	address_text(&address, text);
	return arena_copy(arena, slice_of(text));
}
