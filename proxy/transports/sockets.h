/* sockets.h -- opens the sockets of listeners and of connections, and says
 * plainly why one cannot be opened. */
#ifndef PROXY_TRANSPORTS_SOCKETS_H
#define PROXY_TRANSPORTS_SOCKETS_H

#include "lib/settings/address.h"

#include <stdbool.h>

enum { SOCKET_REASON_BYTES = 256 };

/* Whether nobody has the listener's address yet: SO_REUSEPORT would let a
 * second program of the same user have it silently. 0, or errno and a
 * sentence. */
int socket_probe(const struct listener_settings *listener,
	char reason[SOCKET_REASON_BYTES]) __attribute__((warn_unused_result));
/* A non-blocking socket bound to the listener's address together with the
 * other workers' (SO_REUSEPORT); TCP: not listening yet. bound: its address
 * and port. 0, or errno and a sentence. */
int socket_bind(const struct listener_settings *listener, int *descriptor,
	union address *bound, char reason[SOCKET_REASON_BYTES])
	__attribute__((warn_unused_result));
/* A non-blocking TCP socket that will connect from the host of `from`, any
 * port. 0 or errno. */
int socket_from(const union address *from, int *descriptor)
	__attribute__((warn_unused_result));
/* Writes the sentence for an address that cannot be listened on. */
void socket_reason(const struct listener_settings *listener, int error,
	char reason[SOCKET_REASON_BYTES]);
/* For bind, sendto and their like. */
socklen_t socket_address_size(const union address *address);

#endif
