/* next_hop.c -- a URI as the place to send to. */
#include "proxy/routing/next_hop.h"

enum { SIP_PORT = 5060 };

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
	target->next = peer_of_address(settings, &to->address, to->listener);
	return true;
}
