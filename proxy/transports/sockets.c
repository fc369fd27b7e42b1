/* sockets.c -- opens the sockets of listeners and of connections, and says
 * plainly why one cannot be opened. */
#include "proxy/transports/sockets.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	/* Enough for a burst while a worker is at something else; the system
	 * cuts it to net.core.rmem_max. */
	SOCKET_BUFFER_BYTES = 4 * 1024 * 1024
};

socklen_t socket_address_size(const union address *address)
{
	return address->any.sa_family == AF_INET6 ? sizeof(address->v6)
						  : sizeof(address->v4);
}

static const char *advice(int error, bool udp)
{
	switch (error) {
	case EADDRINUSE:
		return udp ? "address already in use; another program has it "
			     "(see: ss -lnup), or choose another port in "
			     "listen:"
			   : "address already in use; another program has it "
			     "(see: ss -lntp), or choose another port in "
			     "listen:";
	case EADDRNOTAVAIL:
		return "this machine does not have that address (see: ip "
		       "address); choose another in listen:";
	case EACCES:
		return "permission denied; a port below 1024 needs "
		       "CAP_NET_BIND_SERVICE, or choose another in listen:";
	case EAFNOSUPPORT:
		return "this machine does not speak that version of IP; "
		       "remove the address from listen:";
	case EPROTONOSUPPORT:
		return "this transport is not supported yet; remove it from "
		       "listen:";
	default:
		return NULL;
	}
}

void socket_reason(const struct listener_settings *listener, int error,
	char reason[SOCKET_REASON_BYTES])
{
	const char *text = advice(error, listener->transport == TRANSPORT_UDP);
	char address[ADDRESS_TEXT_SIZE];

	address_text(&listener->address, address);
	(void)snprintf(reason, SOCKET_REASON_BYTES,
		"cannot listen on %s %s: %s",
		transport_word(listener->transport), address,
		text ? text : strerror(error));
}

static bool set(int descriptor, int level, int option, int value)
{
	return setsockopt(descriptor, level, option, &value, sizeof(value)) ==
	       0;
}

/* Options that must stand before bind. */
static bool prepare(
	int descriptor, const struct listener_settings *listener, bool shared)
{
	bool udp = listener->transport == TRANSPORT_UDP;
	bool v6 = listener->address.any.sa_family == AF_INET6;

	/* TCP: connections of an earlier run may still be in TIME_WAIT. UDP:
	 * it would share the port with anybody. */
	return (udp || set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)) &&
	       (!v6 || set(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, 1)) &&
	       (!shared || set(descriptor, SOL_SOCKET, SO_REUSEPORT, 1));
}

static int open_bound(
	const struct listener_settings *listener, bool shared, int *descriptor)
{
	const union address *address = &listener->address;
	bool udp = listener->transport == TRANSPORT_UDP;
	int error;

	if (!udp && listener->transport != TRANSPORT_TCP)
		return EPROTONOSUPPORT;
	*descriptor = socket(address->any.sa_family,
		(udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC,
		0);
	if (*descriptor < 0)
		return errno;
	if (prepare(*descriptor, listener, shared) &&
		bind(*descriptor, &address->any,
			socket_address_size(address)) == 0)
		return 0;
	error = errno;
	close(*descriptor);
	*descriptor = -1;
	return error;
}

int socket_probe(const struct listener_settings *listener,
	char reason[SOCKET_REASON_BYTES])
{
	int descriptor;
	int error = open_bound(listener, false, &descriptor);

	if (error)
		socket_reason(listener, error, reason);
	else
		close(descriptor);
	return error;
}

/* A wildcard listener must know which address a datagram came to, so that the
 * answer leaves from there. */
static bool tune_datagrams(int descriptor, const union address *address)
{
	bool v6 = address->any.sa_family == AF_INET6;

	/* Beyond net.core.rmem_max only with CAP_NET_ADMIN. */
	if (!set(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, SOCKET_BUFFER_BYTES))
		(void)set(
			descriptor, SOL_SOCKET, SO_RCVBUF, SOCKET_BUFFER_BYTES);
	if (!set(descriptor, SOL_SOCKET, SO_SNDBUFFORCE, SOCKET_BUFFER_BYTES))
		(void)set(
			descriptor, SOL_SOCKET, SO_SNDBUF, SOCKET_BUFFER_BYTES);
	if (!address_is_wildcard(address))
		return true;
	return v6 ? set(descriptor, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
		  : set(descriptor, IPPROTO_IP, IP_PKTINFO, 1);
}

int socket_bind(const struct listener_settings *listener, int *descriptor,
	union address *bound, char reason[SOCKET_REASON_BYTES])
{
	socklen_t size = sizeof(*bound);
	int error = open_bound(listener, true, descriptor);

	memset(bound, 0, sizeof(*bound));
	if (!error && (getsockname(*descriptor, &bound->any, &size) < 0 ||
			      (listener->transport == TRANSPORT_UDP &&
				      !tune_datagrams(*descriptor,
					      &listener->address)))) {
		error = errno;
		close(*descriptor);
		*descriptor = -1;
	}
	if (error)
		socket_reason(listener, error, reason);
	return error;
}

int socket_from(const union address *from, int *descriptor)
{
	union address host = *from;
	int error;

	*descriptor = socket(from->any.sa_family,
		SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (*descriptor < 0)
		return errno;
	if (address_is_wildcard(from))
		return 0;
	if (from->any.sa_family == AF_INET6)
		host.v6.sin6_port = 0;
	else
		host.v4.sin_port = 0;
	/* The port is chosen at connect, when the peer is known: one port then
	 * serves many peers. */
	if (set(*descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1) &&
		bind(*descriptor, &host.any, socket_address_size(&host)) == 0)
		return 0;
	error = errno;
	close(*descriptor);
	*descriptor = -1;
	return error;
}
