/* publisher.h -- carries the journal to Kafka, each record once.
 *
 * Records and the position behind them are committed in one transaction, so a
 * reader of committed records sees each once, whatever is killed and whenever.
 * The journal is the spool: it is read only as fast as transactions go, and
 * Kafka away means nothing but waiting.
 */
#ifndef ARCHIVER_PUBLISHER_PUBLISHER_H
#define ARCHIVER_PUBLISHER_PUBLISHER_H

#include "archiver/publisher/source.h"
#include "lib/stats/stats.h"

#include <stdbool.h>
#include <stdint.h>

struct publisher_options {
	const char *brokers, *topic;
	uint32_t node, partitions, replication, commit_ms;
	const char *journal; /* folder */
	const char *folder;  /* for position and dead letters; is there */
	struct stats *stats; /* borrowed; NULL: nobody asks */
	struct source_place pass;
};

enum { PUBLISHER_WHY_BYTES = 320 };

struct publisher;

/* Borrows what the options point to. 0, or errno with a sentence in why. */
int publisher_open(const struct publisher_options *options,
	struct publisher **publisher, char why[PUBLISHER_WHY_BYTES])
	__attribute__((warn_unused_result));
/* Drops what is not committed. */
void publisher_close(struct publisher **publisher);
/* Does what there is to do; blocks while Kafka is slow, up to a minute while it
 * is away. Returns the milliseconds after which it wants to be called again. */
int publisher_step(struct publisher *publisher);
/* Commits what is open, if Kafka lets it. */
void publisher_finish(struct publisher *publisher);
/* Readable: call publisher_step. -1: nothing to wait for. */
int publisher_descriptor(const struct publisher *publisher);
/* The last record that Kafka has for sure. */
uint64_t publisher_position(const struct publisher *publisher);

#endif
