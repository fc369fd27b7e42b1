/* next_hop.h -- a URI as the place to send to. */
#ifndef PROXY_ROUTING_NEXT_HOP_H
#define PROXY_ROUTING_NEXT_HOP_H

#include "proxy/parse/values.h"
#include "proxy/routing/routing.h"

#include <stdbool.h>

/* Fills target->destination and next from maddr or host, port and transport of
 * a URI with an IP address, or with the name of an internal server. False: it
 * cannot be reached from here. */
bool next_hop_of_uri(struct worker *worker, const struct uri *uri,
	struct target *target) __attribute__((warn_unused_result));
/* The same for an internal server. */
bool next_hop_of_server(struct worker *worker,
	const struct internal_server_settings *server, struct target *target)
	__attribute__((warn_unused_result));

/* A contact that was registered from reach, or names it: at its own address
 * where that is the host that registered it (or registrar.third_party), over
 * the connection that registered it while that is there; else where its
 * REGISTER came from. */
void next_hop_of_contact(struct worker *worker, const struct uri *uri,
	const struct destination *reach, struct target *target);

#endif
