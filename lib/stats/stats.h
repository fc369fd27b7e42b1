/* stats.h -- named counts and levels of one program, for `sipwarden stats`.
 *
 * A table (names.h) gives each its name. Every worker has a shard, which it
 * alone writes; whoever asks adds the shards up. Nobody waits for anybody: a
 * value is read whole, but two values need not be of the same moment.
 */
#ifndef LIB_STATS_STATS_H
#define LIB_STATS_STATS_H

#include "lib/slice.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

enum stats_kind {
	STATS_COUNT,   /* since the start; added up */
	STATS_LEVEL,   /* now; added up */
	STATS_HIGHEST, /* that of the worker where it is highest */
	STATS_LABELLED /* counts by a label each, added up by label */
};

struct stats_name {
	const char *name; /* dotted; ends in its unit */
	enum stats_kind kind;
	const char *text; /* half a sentence */
};

struct stats_table {
	const char *program; /* "proxy" */
	const struct stats_name *names;
	size_t count;
};

enum {
	STATS_LABELS = 256, /* of one name and shard; more count as "other" */
	STATS_LABEL_BYTES = 96 /* longer ones are cut */
};

struct stats;

/* NULL: memory. The table is borrowed. */
struct stats *stats_new(const struct stats_table *table, unsigned shards)
	__attribute__((warn_unused_result));
void stats_release(struct stats **stats);

/* By the shard's owner alone; which is the row in the table. */
void stats_set(
	struct stats *stats, unsigned shard, unsigned which, uint64_t value);
void stats_add(
	struct stats *stats, unsigned shard, unsigned which, uint64_t more);
/* Sets it when it is higher than what is there. */
void stats_raise(
	struct stats *stats, unsigned shard, unsigned which, uint64_t value);
/* The same for STATS_LABELLED. */
void stats_set_label(struct stats *stats, unsigned shard, unsigned which,
	struct slice label, uint64_t value);
void stats_add_label(struct stats *stats, unsigned shard, unsigned which,
	struct slice label, uint64_t more);

/* By anyone. */
uint64_t stats_value(const struct stats *stats, unsigned which);
/* Of a label, 0 when it has not been counted. */
uint64_t stats_label_value(
	const struct stats *stats, unsigned which, struct slice label);
/* {name: value, …}; of STATS_LABELLED {name: {label: value, …}, …}. NULL:
 * memory. */
json_t *stats_json(const struct stats *stats)
	__attribute__((warn_unused_result));

#endif
