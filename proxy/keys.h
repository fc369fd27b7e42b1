/* keys.h -- the keys of a server: of branches, Record-Routes and streams. */
#ifndef PROXY_KEYS_H
#define PROXY_KEYS_H

#include "proxy/worker.h"

#include <stdbool.h>

/* Reads deployment_key (the same on all our servers) or, without one, the key
 * file in the proxy's folder, made on first use with mode 0600; derives the
 * keys of *proxy from it, those of branch and route for this server's name.
 * False: reason says what is wrong and what to do. */
bool keys_derive(struct proxy *proxy, char reason[512])
	__attribute__((warn_unused_result));
/* At the end: nothing of them stays in memory. */
void keys_wipe(struct proxy *proxy);

#endif
