/* default_routing.h -- the endpoints of a user, his home server, a route. */
#ifndef PROXY_ROUTING_DEFAULT_ROUTING_DEFAULT_ROUTING_H
#define PROXY_ROUTING_DEFAULT_ROUTING_DEFAULT_ROUTING_H

#include "proxy/parse/values.h"
#include "proxy/routing/routing.h"

enum { DEFAULT_ROUTING_TARGETS = 16 };

/* Where a URI leads. count 0: the request is answered with status and reason.
 */
struct routed {
	struct target targets[DEFAULT_ROUTING_TARGETS];
	size_t count;
	unsigned status;
	const char *reason;
};

/* from: who sends; not everybody may use every static route. */
void default_routing(struct worker *worker, struct arena *arena,
	const struct peer *from, const struct uri *uri, struct routed *routed);

#endif
