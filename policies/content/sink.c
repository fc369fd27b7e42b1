/* sink.c -- takes the hits in one text, settles which stand. */
#include "policies/content/sink.h"

#include <stdlib.h>

void sink_start(struct sink *sink)
{
	sink->count = 0;
	sink->overflow = false;
	sink->replacement_lost = false;
}

void sink_take(struct sink *sink, const struct rule *rules, uint32_t rule,
	const struct folded *folded, size_t from, size_t to)
{
	if (sink->count == SINK_ROOM) {
		sink->overflow = true;
		if (rules[rule].action == CONTENT_REPLACE)
			sink->replacement_lost = true;
		return;
	}
	size_t at = folded->at[from];
	sink->hits[sink->count++] = (struct sink_hit){
		.at = at, .size = fold_end(folded, to) - at, .rule = rule};
}

static int hit_order(const void *a, const void *b)
{
	const struct sink_hit *left = a, *right = b;
	if (left->at != right->at)
		return left->at < right->at ? -1 : 1;
	if (left->size != right->size)
		return left->size > right->size ? -1 : 1;
	return (left->rule > right->rule) - (left->rule < right->rule);
}

void sink_settle(struct sink *sink, const struct rule *rules)
{
	size_t kept = 0, replaced = 0;
	qsort(sink->hits, sink->count, sizeof(*sink->hits), hit_order);
	for (size_t i = 0; i < sink->count; i++) {
		struct sink_hit hit = sink->hits[i];
		const struct sink_hit *last = sink->hits + kept - 1;
		if (kept > 0 && hit_order(last, &hit) == 0)
			continue;
		if (rules[hit.rule].action == CONTENT_REPLACE) {
			if (hit.at < replaced)
				continue;
			replaced = hit.at + hit.size;
		}
		sink->hits[kept++] = hit;
	}
	sink->count = kept;
}
