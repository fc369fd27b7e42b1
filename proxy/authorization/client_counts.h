/* client_counts.h -- how many requests of each client are outstanding. */
#ifndef PROXY_AUTHORIZATION_CLIENT_COUNTS_H
#define PROXY_AUTHORIZATION_CLIENT_COUNTS_H

#include "proxy/passage.h"

#include <stdbool.h>

struct client_counts; /* one for all workers; locked by itself */

struct client_counts *client_counts_new(void)
	__attribute__((warn_unused_result));
void client_counts_release(struct client_counts **counts);
/* One more of the client behind this arrival (a connection; on UDP address and
 * port). False when it has limit outstanding already, or its host a hundred
 * times as many, or memory is short. */
bool client_counts_take(struct client_counts *counts,
	const struct arrival *arrival, unsigned limit)
	__attribute__((warn_unused_result));
void client_counts_give_back(
	struct client_counts *counts, const struct arrival *arrival);

/* The passage's request is answered: gives back what authorization took. */
void authorization_settled(struct passage *passage);

#endif
