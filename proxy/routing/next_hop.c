/* next_hop.c -- a URI as the place to send to. */
#include "proxy/routing/next_hop.h"

#include <arpa/inet.h>

enum { SIP_PORT = 5060 };

/* RFC 6890: "this network", multicast and all above, broadcast included. */
static bool is_nowhere_v4(const struct in_addr *address)
{
	uint32_t bits = ntohl(address->s_addr);

	return bits >> 24 == 0 || bits >= 0xe0000000u;
}

/* Where nobody is, or many are, or a second name for an IPv4 address. */
static bool is_nowhere(const union address *address)
{
	const struct in6_addr *v6 = &address->v6.sin6_addr;

	if (address_port(address) == 0)
		return true;
	if (address->any.sa_family == AF_INET)
		return is_nowhere_v4(&address->v4.sin_addr);
	return IN6_IS_ADDR_UNSPECIFIED(v6) || IN6_IS_ADDR_MULTICAST(v6) ||
	       IN6_IS_ADDR_V4MAPPED(v6) || IN6_IS_ADDR_V4COMPAT(v6);
}

bool next_hop_of_server(struct worker *worker,
	const struct internal_server_settings *server, struct target *target)
{
	target->destination.transport = server->transport;
	target->destination.address = server->address;
	target->next = (struct peer){.class = PEER_INTERNAL_SERVER,
		.inside = server->role == ROLE_HOME,
		.server = server};
	return listener_for(worker, server->transport, &server->address,
		&target->destination.listener);
}

bool next_hop_of_uri(
	struct worker *worker, const struct uri *uri, struct target *target)
{
	const struct settings *settings = worker->proxy->settings;
	struct slice host = uri->maddr.at ? uri->maddr : uri->host;
	const struct internal_server_settings *server =
		internal_server_named(settings, host);
	struct destination *to = &target->destination;

	if (server)
		return next_hop_of_server(worker, server, target);
	to->transport = slice_equal_nocase(uri->transport, SLICE("tcp"))
				? TRANSPORT_TCP
				: TRANSPORT_UDP;
	if (uri->transport.at && to->transport == TRANSPORT_UDP &&
		!slice_equal_nocase(uri->transport, SLICE("udp")))
		return false;
	if (!address_of_host(
		    host, uri->port ? uri->port : SIP_PORT, &to->address) ||
		!listener_for(
			worker, to->transport, &to->address, &to->listener))
		return false;
	/* To ourselves: we would take it for one of our own people's. */
	if (is_nowhere(&to->address) ||
		transports_is_ours(worker->transports, &to->address))
		return false;
	target->next = peer_of_address(settings, &to->address, to->listener);
	return true;
}

void next_hop_of_contact(struct worker *worker, const struct uri *uri,
	const struct destination *reach, struct target *target)
{
	const struct settings *settings = worker->proxy->settings;

	if (!next_hop_of_uri(worker, uri, target) ||
		(!settings->registrar.third_party &&
			!address_same_host(&target->destination.address,
				&reach->address))) {
		target->destination = *reach;
		target->next = peer_of_address(
			settings, &reach->address, reach->listener);
	} else if (target->destination.transport == TRANSPORT_TCP) {
		target->destination.connection = reach->connection;
	}
}
