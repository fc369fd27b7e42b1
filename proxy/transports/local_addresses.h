/* local_addresses.h -- which addresses this machine has. */
#ifndef PROXY_TRANSPORTS_LOCAL_ADDRESSES_H
#define PROXY_TRANSPORTS_LOCAL_ADDRESSES_H

#include "lib/settings.h"

struct local_addresses;

/* As they are now (getifaddrs). NULL with errno set. */
struct local_addresses *local_addresses_read(void)
	__attribute__((warn_unused_result));
void local_addresses_release(struct local_addresses **addresses);
/* Without the port; all of 127.0.0.0/8 counts. */
bool local_addresses_have(
	const struct local_addresses *addresses, const union address *address);

#endif
