/* stats.c -- named counts and levels of one program, for `sipwarden stats`. */
#include "lib/stats/stats.h"

#include "lib/log.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static const char other[] = "other";

/* size is written last, and once: whoever sees it sees the bytes too. */
struct label {
	atomic_size_t size; /* 0: free */
	atomic_uint_fast64_t value;
	char bytes[STATS_LABEL_BYTES];
};

/* The last one is for all that found no place. */
struct labels {
	struct label all[STATS_LABELS + 1];
};

/* One writer: shards share no line of the cache. */
struct shard {
	_Alignas(64) atomic_uint_fast64_t *values; /* owned, by row */
	struct labels **labels; /* owned, by row; NULL: not labelled */
};

struct stats {
	const struct stats_table *table; /* borrowed */
	unsigned shard_count;
	struct shard *shards; /* owned */
};

static struct labels *labels_new(void)
{
	struct labels *labels = calloc(1, sizeof(*labels));
	struct label *last;

	if (!labels)
		return NULL;
	last = &labels->all[STATS_LABELS];
	memcpy(last->bytes, other, sizeof(other) - 1);
	atomic_init(&last->size, sizeof(other) - 1);
	return labels;
}

static size_t whole_lines(size_t bytes)
{
	return (bytes + 63) / 64 * 64;
}

static bool shard_start(struct shard *shard, const struct stats_table *table)
{
	size_t size = whole_lines(table->count * sizeof(*shard->values));

	shard->values = aligned_alloc(64, size);
	shard->labels = calloc(table->count, sizeof(struct labels *));
	if (!shard->values || !shard->labels)
		return false;
	for (size_t i = 0; i < table->count; i++) {
		atomic_init(&shard->values[i], 0);
		if (table->names[i].kind != STATS_LABELLED)
			continue;
		shard->labels[i] = labels_new();
		if (!shard->labels[i])
			return false;
	}
	return true;
}

static void shard_end(struct shard *shard, const struct stats_table *table)
{
	for (size_t i = 0; shard->labels && i < table->count; i++)
		free(shard->labels[i]);
	free(shard->labels);
	free(shard->values);
}

struct stats *stats_new(const struct stats_table *table, unsigned shards)
{
	struct stats *stats = calloc(1, sizeof(*stats));

	if (!stats)
		return NULL;
	stats->table = table;
	stats->shard_count = shards;
	stats->shards = aligned_alloc(64, shards * sizeof(struct shard));
	if (!stats->shards) {
		free(stats);
		return NULL;
	}
	memset(stats->shards, 0, shards * sizeof(struct shard));
	for (unsigned i = 0; i < shards; i++)
		if (!shard_start(&stats->shards[i], table)) {
			stats_release(&stats);
			return NULL;
		}
	return stats;
}

void stats_release(struct stats **stats)
{
	struct stats *old = *stats;

	if (!old)
		return;
	for (unsigned i = 0; i < old->shard_count; i++)
		shard_end(&old->shards[i], old->table);
	free(old->shards);
	free(old);
	*stats = NULL;
}

static atomic_uint_fast64_t *place_of(
	const struct stats *stats, unsigned shard, unsigned which)
{
	must(shard < stats->shard_count && which < stats->table->count);
	return &stats->shards[shard].values[which];
}

static void put(atomic_uint_fast64_t *place, uint64_t value)
{
	atomic_store_explicit(place, value, memory_order_relaxed);
}

static uint64_t look(const atomic_uint_fast64_t *place)
{
	return atomic_load_explicit(place, memory_order_relaxed);
}

void stats_set(
	struct stats *stats, unsigned shard, unsigned which, uint64_t value)
{
	put(place_of(stats, shard, which), value);
}

/* No locked instruction: nobody else writes here. */
void stats_add(
	struct stats *stats, unsigned shard, unsigned which, uint64_t more)
{
	atomic_uint_fast64_t *place = place_of(stats, shard, which);

	put(place, look(place) + more);
}

void stats_raise(
	struct stats *stats, unsigned shard, unsigned which, uint64_t value)
{
	atomic_uint_fast64_t *place = place_of(stats, shard, which);

	if (value > look(place))
		put(place, value);
}

static bool is_label(const struct label *label, struct slice wanted)
{
	size_t size = atomic_load_explicit(&label->size, memory_order_acquire);

	return size == wanted.size &&
	       memcmp(label->bytes, wanted.at, size) == 0;
}

/* Bernstein's: strangers choose few labels, and their number is bounded. */
static size_t first_place(struct slice label)
{
	size_t sum = 5381;

	for (size_t i = 0; i < label.size; i++)
		sum = sum * 33 + (unsigned char)label.at[i];
	return sum % STATS_LABELS;
}

/* NULL: it is not there, and there is no place for it. *at: where it would go;
 * STATS_LABELS: nowhere. */
static struct label *label_find(
	struct labels *labels, struct slice label, size_t *at)
{
	size_t first = first_place(label);

	for (size_t i = 0; i < STATS_LABELS; i++) {
		*at = (first + i) % STATS_LABELS;
		if (is_label(&labels->all[*at], label))
			return &labels->all[*at];
		if (atomic_load_explicit(
			    &labels->all[*at].size, memory_order_relaxed) == 0)
			return NULL;
	}
	*at = STATS_LABELS;
	return NULL;
}

static struct slice cut(struct slice label)
{
	return label.size ? slice_part(label, 0, STATS_LABEL_BYTES)
			  : slice_of(other);
}

static struct label *label_make(
	struct stats *stats, unsigned shard, unsigned which, struct slice text)
{
	struct labels *labels = stats->shards[shard].labels[which];
	struct label *label;
	size_t at;

	must(shard < stats->shard_count && labels);
	text = cut(text);
	label = label_find(labels, text, &at);
	if (label)
		return label;
	label = &labels->all[at];
	if (at == STATS_LABELS)
		return label;
	memcpy(label->bytes, text.at, text.size);
	atomic_store_explicit(&label->size, text.size, memory_order_release);
	return label;
}

void stats_set_label(struct stats *stats, unsigned shard, unsigned which,
	struct slice label, uint64_t value)
{
	put(&label_make(stats, shard, which, label)->value, value);
}

void stats_add_label(struct stats *stats, unsigned shard, unsigned which,
	struct slice label, uint64_t more)
{
	struct label *place = label_make(stats, shard, which, label);

	put(&place->value, look(&place->value) + more);
}

uint64_t stats_value(const struct stats *stats, unsigned which)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < stats->shard_count; i++) {
		uint64_t value = look(place_of(stats, i, which));

		if (stats->table->names[which].kind != STATS_HIGHEST)
			sum += value;
		else if (value > sum)
			sum = value;
	}
	return sum;
}

uint64_t stats_label_value(
	const struct stats *stats, unsigned which, struct slice label)
{
	uint64_t sum = 0;
	size_t at;

	for (unsigned i = 0; i < stats->shard_count; i++) {
		struct label *found = label_find(
			stats->shards[i].labels[which], cut(label), &at);

		if (found)
			sum += look(&found->value);
	}
	return sum;
}

/* False: memory. A label may hold any bytes; those that are no UTF-8 are left
 * out by jansson, so they are shown as "?". */
static bool add_label(json_t *labels, const struct label *label)
{
	size_t size = atomic_load_explicit(&label->size, memory_order_acquire);
	json_int_t value = (json_int_t)look(&label->value);
	char name[STATS_LABEL_BYTES + 1] = "";

	if (!size || !value)
		return true;
	for (size_t i = 0; i < size; i++)
		name[i] = label->bytes[i] >= ' ' && label->bytes[i] < 0x7f
				  ? label->bytes[i]
				  : '?';
	value += json_integer_value(json_object_get(labels, name));
	return json_object_set_new(labels, name, json_integer(value)) == 0;
}

static json_t *labels_json(const struct stats *stats, unsigned which)
{
	json_t *labels = json_object();
	bool whole = labels != NULL;

	for (unsigned i = 0; whole && i < stats->shard_count; i++)
		for (size_t j = 0; whole && j <= STATS_LABELS; j++)
			whole = add_label(labels,
				&stats->shards[i].labels[which]->all[j]);
	if (whole)
		return labels;
	json_decref(labels);
	return NULL;
}

json_t *stats_json(const struct stats *stats)
{
	json_t *all = json_object();

	for (unsigned i = 0; all && i < stats->table->count; i++) {
		const struct stats_name *name = &stats->table->names[i];
		json_t *value = name->kind == STATS_LABELLED
					? labels_json(stats, i)
					: json_integer((json_int_t)stats_value(
						  stats, i));

		if (json_object_set_new(all, name->name, value) != 0) {
			json_decref(all);
			all = NULL;
		}
	}
	return all;
}
