/* standing.h -- where to go on: what Kafka says, and what the local copy says.
 */
#ifndef ARCHIVER_PUBLISHER_STANDING_H
#define ARCHIVER_PUBLISHER_STANDING_H

#include "archiver/publisher/position.h"

#include <limits.h>
#include <stdbool.h>

struct standing {
	struct position_name name;
	char file[PATH_MAX];
	uint64_t copied; /* in the file, as far as this start wrote it */
	uint64_t copied_ms;
	bool copy_failed, unreadable; /* and said so */
};

/* Borrows the topic's name. 0 or ENAMETOOLONG. */
int standing_open(struct standing *standing, const char *folder,
	const struct position_name *name) __attribute__((warn_unused_result));
/* *number is Kafka's position, 0 when it has none, and becomes the one to go on
 * from; known is the last that this start has seen committed, or 0. False when
 * nobody can tell. Says what is odd. */
bool standing_settle(
	struct standing *standing, uint64_t known, uint64_t *number);
/* Renews the copy when it has become old. */
void standing_renew(struct standing *standing, uint64_t committed);
/* Renews it now. */
void standing_copy(struct standing *standing, uint64_t committed);

#endif
