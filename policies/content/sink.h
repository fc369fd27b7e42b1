/* sink.h -- takes the hits in one text, settles which stand. */
#ifndef POLICIES_CONTENT_SINK_H
#define POLICIES_CONTENT_SINK_H

#include "policies/content/fold.h"
#include "policies/content/rule.h"

/* Hits kept of one text until they are sorted. Of overlapping replacements the
 * first and longest stands, so more must be kept than are told. */
enum { SINK_ROOM = 1024 };
#define RULE_NONE UINT32_MAX

struct sink_hit {
	size_t at, size; /* in the original */
	uint32_t rule;
};

struct sink {
	struct sink_hit hits[SINK_ROOM];
	size_t count;
	bool overflow;
	bool replacement_lost; /* one found no room */
};

void sink_start(struct sink *sink);
/* A hit of the folded bytes [from, to). */
void sink_take(struct sink *sink, const struct rule *rules, uint32_t rule,
	const struct folded *folded, size_t from, size_t to);
/* Sorts by place (longest first, then the rules' order), drops repeats and
 * replacements that overlap one before them. */
void sink_settle(struct sink *sink, const struct rule *rules);

#endif
