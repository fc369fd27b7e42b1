/* address.c -- IP addresses with ports, and networks. */
#include "lib/settings/address.h"

#include "lib/slice.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* Longest text of an address without port, its NUL included. */
enum { HOST_TEXT_SIZE = INET6_ADDRSTRLEN };

void address_text(const union address *address, char text[ADDRESS_TEXT_SIZE])
{
	char host[HOST_TEXT_SIZE] = "";

	if (address->any.sa_family == AF_INET) {
		(void)inet_ntop(
			AF_INET, &address->v4.sin_addr, host, sizeof(host));
		(void)snprintf(text, ADDRESS_TEXT_SIZE, "%s:%u", host,
			ntohs(address->v4.sin_port));
	} else if (address->any.sa_family == AF_INET6) {
		(void)inet_ntop(
			AF_INET6, &address->v6.sin6_addr, host, sizeof(host));
		(void)snprintf(text, ADDRESS_TEXT_SIZE, "[%s]:%u", host,
			ntohs(address->v6.sin6_port));
	} else {
		(void)snprintf(text, ADDRESS_TEXT_SIZE, "no address");
	}
}

void address_host_text(
	const union address *address, char text[ADDRESS_TEXT_SIZE])
{
	bool v6 = address->any.sa_family == AF_INET6;
	const void *bytes = v6 ? (const void *)&address->v6.sin6_addr
			       : (const void *)&address->v4.sin_addr;

	text[0] = '\0';
	(void)inet_ntop(
		v6 ? AF_INET6 : AF_INET, bytes, text, ADDRESS_TEXT_SIZE);
}

uint16_t address_port(const union address *address)
{
	return ntohs(address->any.sa_family == AF_INET6 ? address->v6.sin6_port
							: address->v4.sin_port);
}

void address_set_port(union address *address, uint16_t port)
{
	if (address->any.sa_family == AF_INET6)
		address->v6.sin6_port = htons(port);
	else
		address->v4.sin_port = htons(port);
}

bool host_address_parse(struct slice text, union address *address)
{
	char host[HOST_TEXT_SIZE];

	memset(address, 0, sizeof(*address));
	if (text.size == 0 || text.size >= sizeof(host))
		return false;
	memcpy(host, text.at, text.size);
	host[text.size] = '\0';
	if (inet_pton(AF_INET, host, &address->v4.sin_addr) == 1) {
		address->v4.sin_family = AF_INET;
		return true;
	}
	if (inet_pton(AF_INET6, host, &address->v6.sin6_addr) == 1) {
		address->v6.sin6_family = AF_INET6;
		return true;
	}
	return false;
}

bool host_port_split(struct slice text, struct slice *host, uint16_t *port)
{
	size_t colon = text.size;
	uint64_t number;

	while (colon && text.at[colon - 1] != ':')
		colon--;
	if (colon == 0 ||
		!slice_to_number(slice_from(text, colon), 65535, &number) ||
		number == 0)
		return false;
	*host = slice_part(text, 0, colon - 1);
	*port = (uint16_t)number;
	return true;
}

bool address_parse(const char *text, union address *address)
{
	struct slice host;
	uint16_t port;
	bool brackets;

	memset(address, 0, sizeof(*address));
	if (!host_port_split(slice_of(text), &host, &port))
		return false;
	brackets = host.size > 2 && host.at[0] == '[' &&
		   host.at[host.size - 1] == ']';
	if (brackets)
		host = slice_part(host, 1, host.size - 2);
	if (!host_address_parse(host, address))
		return false;
	if (brackets != (address->any.sa_family == AF_INET6)) {
		memset(address, 0, sizeof(*address));
		return false;
	}
	if (brackets)
		address->v6.sin6_port = htons(port);
	else
		address->v4.sin_port = htons(port);
	return true;
}

/* Its bytes, an IPv4-mapped IPv6 address in its IPv4 form; 4, 16 or 0. */
static size_t address_bytes(
	const union address *address, const unsigned char **bytes)
{
	if (address->any.sa_family == AF_INET) {
		*bytes = (const unsigned char *)&address->v4.sin_addr;
		return 4;
	}
	if (address->any.sa_family != AF_INET6)
		return 0;
	*bytes = address->v6.sin6_addr.s6_addr;
	if (!IN6_IS_ADDR_V4MAPPED(&address->v6.sin6_addr))
		return 16;
	*bytes += 12;
	return 4;
}

bool address_same_host(const union address *a, const union address *b)
{
	const unsigned char *a_bytes, *b_bytes;
	size_t size = address_bytes(a, &a_bytes);

	return size && size == address_bytes(b, &b_bytes) &&
	       memcmp(a_bytes, b_bytes, size) == 0;
}

bool address_equal(const union address *a, const union address *b)
{
	return address_same_host(a, b) && address_port(a) == address_port(b);
}

/* True when the first bits of both are the same. */
static bool bits_equal(
	const unsigned char *a, const unsigned char *b, unsigned bits)
{
	unsigned char mask = (unsigned char)(0xff00u >> (bits % 8));

	return memcmp(a, b, bits / 8) == 0 &&
	       (bits % 8 == 0 || ((a[bits / 8] ^ b[bits / 8]) & mask) == 0);
}

bool network_contains(const struct network *network, const union address *a)
{
	const unsigned char *ours, *theirs;
	size_t size = address_bytes(&network->address, &ours);
	unsigned bits = network->prefix_bits;

	if (!size || size != address_bytes(a, &theirs))
		return false;
	/* A network of mapped addresses counts its bits from the IPv6 start. */
	if (size == 4 && network->address.any.sa_family == AF_INET6)
		bits = bits > 96 ? bits - 96 : 0;
	return bits_equal(ours, theirs, bits);
}

bool network_parse(const char *text, struct network *network)
{
	struct slice rest = slice_of(text), host, bits;
	uint64_t most, number;

	memset(network, 0, sizeof(*network));
	if (!slice_cut(&rest, '/', &host) ||
		!host_address_parse(host, &network->address))
		return false;
	most = network->address.any.sa_family == AF_INET ? 32 : 128;
	bits = rest;
	if (!bits.at)
		number = most;
	else if (!slice_to_number(bits, most, &number))
		return false;
	network->prefix_bits = (unsigned)number;
	return true;
}

bool network_has_host_bits(const struct network *network)
{
	static const unsigned char zeros[16];
	unsigned char bytes[16] = {0};
	bool is_v4 = network->address.any.sa_family == AF_INET;
	size_t size = is_v4 ? 4 : 16;
	unsigned bits = network->prefix_bits;

	memcpy(bytes,
		is_v4 ? (const void *)&network->address.v4.sin_addr
		      : (const void *)&network->address.v6.sin6_addr,
		size);
	if (bits >= size * 8)
		return false;
	bytes[bits / 8] &= (unsigned char)(0xff >> (bits % 8));
	return memcmp(bytes + bits / 8, zeros, size - bits / 8) != 0;
}

bool address_is_loopback(const union address *address)
{
	const unsigned char *bytes;
	size_t size = address_bytes(address, &bytes);

	if (size == 4)
		return bytes[0] == 127;
	return size == 16 && IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr);
}

bool address_is_private(const union address *address)
{
	static const char *const networks[] = {"10.0.0.0/8", "172.16.0.0/12",
		"192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "fc00::/7",
		"fe80::/10"};

	for (size_t i = 0; i < sizeof(networks) / sizeof(networks[0]); i++) {
		struct network network;

		if (network_parse(networks[i], &network) &&
			network_contains(&network, address))
			return true;
	}
	return address_is_loopback(address);
}

bool address_is_wildcard(const union address *address)
{
	if (address->any.sa_family == AF_INET)
		return address->v4.sin_addr.s_addr == htonl(INADDR_ANY);
	return address->any.sa_family == AF_INET6 &&
	       IN6_IS_ADDR_UNSPECIFIED(&address->v6.sin6_addr);
}
