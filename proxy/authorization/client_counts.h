/* client_counts.h -- how many requests of each client are outstanding. */
#ifndef PROXY_AUTHORIZATION_CLIENT_COUNTS_H
#define PROXY_AUTHORIZATION_CLIENT_COUNTS_H

#include "proxy/passage.h"

#include <stdbool.h>
#include <stddef.h>

struct client_counts;

struct client_counts *client_counts_new(void)
	__attribute__((warn_unused_result));
void client_counts_release(struct client_counts **counts);
/* One more of the client behind this arrival (a connection; on UDP address and
 * port). False when it has limit outstanding already, or memory is short. */
bool client_counts_take(struct client_counts *counts,
	const struct arrival *arrival, unsigned limit)
	__attribute__((warn_unused_result));
void client_counts_give_back(
	struct client_counts *counts, const struct arrival *arrival);
size_t client_counts_clients(const struct client_counts *counts);

/* The passage's request is answered: gives back what authorization took. */
void authorization_settled(struct passage *passage);

#endif
