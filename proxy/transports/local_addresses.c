/* local_addresses.c -- which addresses this machine has. */
#include "proxy/transports/local_addresses.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <stdlib.h>
#include <string.h>

struct local_addresses {
	size_t count;
	union address list[];
};

static bool is_ip(const struct ifaddrs *interface)
{
	return interface->ifa_addr &&
	       (interface->ifa_addr->sa_family == AF_INET ||
		       interface->ifa_addr->sa_family == AF_INET6);
}

static void add(struct local_addresses *addresses, const struct sockaddr *from)
{
	union address *to = &addresses->list[addresses->count++];

	if (from->sa_family == AF_INET6)
		memcpy(&to->v6, from, sizeof(to->v6));
	else
		memcpy(&to->v4, from, sizeof(to->v4));
}

struct local_addresses *local_addresses_read(void)
{
	struct local_addresses *addresses;
	struct ifaddrs *first, *at;
	size_t count = 0;

	if (getifaddrs(&first) < 0)
		return NULL;
	for (at = first; at; at = at->ifa_next)
		count += is_ip(at);
	addresses = calloc(
		1, sizeof(*addresses) + count * sizeof(addresses->list[0]));
	for (at = first; at && addresses; at = at->ifa_next)
		if (is_ip(at))
			add(addresses, at->ifa_addr);
	freeifaddrs(first);
	return addresses;
}

void local_addresses_release(struct local_addresses **addresses)
{
	free(*addresses);
	*addresses = NULL;
}

bool local_addresses_have(
	const struct local_addresses *addresses, const union address *address)
{
	if (address->any.sa_family == AF_INET &&
		ntohl(address->v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET)
		return true;
	for (size_t i = 0; i < addresses->count; i++)
		if (address_same_host(&addresses->list[i], address))
			return true;
	return false;
}
