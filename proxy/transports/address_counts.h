/* address_counts.h -- how many of something each address has. */
#ifndef PROXY_TRANSPORTS_ADDRESS_COUNTS_H
#define PROXY_TRANSPORTS_ADDRESS_COUNTS_H

#include "lib/settings.h"

#include <stdbool.h>

struct address_counts;

struct address_counts *address_counts_new(void)
	__attribute__((warn_unused_result));
void address_counts_release(struct address_counts **counts);
/* One more of this host (the port does not matter). False: it has limit of
 * them already, or memory is short. */
bool address_counts_take(struct address_counts *counts,
	const union address *host, unsigned limit)
	__attribute__((warn_unused_result));
unsigned address_counts_of(
	const struct address_counts *counts, const union address *host);
void address_counts_give_back(
	struct address_counts *counts, const union address *host);

#endif
