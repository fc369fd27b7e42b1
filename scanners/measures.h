/* measures.h -- what the scanner tells of itself (lib/stats). */
#ifndef SCANNERS_MEASURES_H
#define SCANNERS_MEASURES_H

#include "lib/settings.h"
#include "lib/stats/stats.h"
#include "scanners/generation.h"
#include "scanners/protocol.h"
#include "scanners/queue.h"

/* A job has come, and `waiting` wait now. */
void measures_taken(struct stats *stats, size_t waiting);
/* A job was turned away since the queue was full. */
void measures_refused(struct stats *stats);
/* Nobody had time for a job until its deadline. */
void measures_expired(struct stats *stats);
void measures_judged(struct stats *stats, const struct verdict *verdict);
/* Signatures have been loaded, or could not be. */
void measures_loaded(struct stats *stats, bool in_use);
/* What is so now. current: NULL, none is loaded; since loaded_ms. */
void measures_now(struct stats *stats, const struct settings *settings,
	const struct queue *queue, const struct generation *current,
	uint64_t loaded_ms);

#endif
