/* outage.h -- whether Kafka is away, and what has been said about it.
 *
 * librdkafka complains at each attempt to connect. Here each kind of complaint
 * (its "facility") is one line until Kafka's state changes.
 */
#ifndef ARCHIVER_PUBLISHER_OUTAGE_H
#define ARCHIVER_PUBLISHER_OUTAGE_H

#include <stdbool.h>

enum { OUTAGE_KINDS = 32, OUTAGE_KIND_SIZE = 16 };

/* All zero: Kafka is not known to be away. */
struct outage {
	bool away;
	int kinds; /* that have been said */
	char said[OUTAGE_KINDS][OUTAGE_KIND_SIZE];
};

/* Kafka is away: one line, when it was not already. */
void outage_begin(struct outage *outage, const char *reason);
/* Kafka does what it should: true when it had been away. */
bool outage_end(struct outage *outage);
/* A line of the client's own log; level as in syslog, below LOG_NOTICE said
 * once per kind and state, the rest never. */
void outage_hear(
	struct outage *outage, int level, const char *kind, const char *text);

#endif
