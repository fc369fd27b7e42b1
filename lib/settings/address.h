/* address.h -- what the settings need of addresses beyond lib/settings.h. */
#ifndef LIB_SETTINGS_ADDRESS_H
#define LIB_SETTINGS_ADDRESS_H

#include "lib/settings.h"
#include "lib/slice.h"

/* An IP address alone, IPv6 without brackets; the port is 0. */
bool host_address_parse(struct slice text, union address *address);
/* Cuts at the last colon; the port is 1..65535. */
bool host_port_split(struct slice text, struct slice *host, uint16_t *port);
/* "10.0.0.0/8", "fd00::/8"; an address alone is a network of itself. */
bool network_parse(const char *text, struct network *network);
/* True for 10.0.0.1/8: most likely a slip. */
bool network_has_host_bits(const struct network *network);
bool address_is_loopback(const union address *address);
/* Loopback, or of RFC 1918, 6598, 3927, 4193: not reached over the Internet. */
bool address_is_private(const union address *address);
/* 0.0.0.0 or [::]. */
bool address_is_wildcard(const union address *address);

#endif
