/* content_filter.c -- the stage `content-filter`: rules over every text. */
#include "proxy/stages/stage.h"

#include "policies/content/content.h"
#include "proxy/stages/unseen.h"
#include "proxy/worker.h"

#include <stdlib.h>

/* Of one worker. */
struct content_filter {
	struct content_rules *rules;     /* held; NULL: none */
	struct content_scratch *scratch; /* owned; NULL with no rules */
	uint64_t generation;
	struct content_judgement judgement; /* too large for the stack */
};

struct content_filter *content_filter_new(struct content_rules *rules)
{
	struct content_filter *filter = calloc(1, sizeof(*filter));

	if (!filter || !rules)
		return filter;
	filter->rules = content_rules_hold(rules);
	filter->scratch = content_scratch_new(rules);
	filter->generation = strtoull(content_rules_version(rules), NULL, 16);
	if (!filter->scratch)
		content_filter_release(&filter);
	return filter;
}

void content_filter_release(struct content_filter **filter)
{
	if (!*filter)
		return;
	content_scratch_release(&(*filter)->scratch);
	content_rules_release(&(*filter)->rules);
	free(*filter);
	*filter = NULL;
}

static uint64_t generation(const struct worker *worker)
{
	return worker->filter->generation;
}

static enum content_direction direction_word(enum direction direction)
{
	switch (direction) {
	case DIRECTION_INTERNAL:
		return CONTENT_INTERNAL;
	case DIRECTION_INBOUND:
		return CONTENT_INBOUND;
	case DIRECTION_OUTBOUND:
		return CONTENT_OUTBOUND;
	case DIRECTION_TRANSIT:
		return CONTENT_TRANSIT;
	case DIRECTION_UNKNOWN:
		break;
	}
	return CONTENT_ANY; /* every rule applies */
}

static bool within(struct slice outer, struct slice inner)
{
	return inner.at >= outer.at &&
	       inner.at + inner.size <= outer.at + outer.size;
}

/* The texts of the list, and whose entry each is. */
struct texts {
	struct content_text *texts;
	const struct judged **entries;
	size_t count;
};

static bool gather(struct stage_call *call, const struct judged_list *list,
	struct texts *texts)
{
	const struct message *message =
		call->passage->versions[call->version].message;
	struct arena *arena = call->passage->arena;

	texts->count = 0;
	texts->texts =
		arena_take_array(arena, list->count + 1, sizeof(*texts->texts));
	texts->entries = arena_take_array(
		arena, list->count + 1, sizeof(*texts->entries));
	if (!texts->texts || !texts->entries)
		return false;
	for (size_t i = 0; i < list->count; i++) {
		const struct judged *entry = &list->entries[i];

		if (!entry->text.at)
			continue;
		texts->entries[texts->count] = entry;
		texts->texts[texts->count++] = (struct content_text){
			.text = entry->text,
			.editable = entry->editable &&
				    within(message->bytes, entry->text)};
	}
	return true;
}

static void note_hits(struct stage_call *call, const struct texts *texts,
	const struct content_judgement *judgement)
{
	for (size_t i = 0; i < judgement->hit_count; i++) {
		const struct content_hit *hit = &judgement->hits[i];
		struct slice where = arena_format(call->passage->arena,
			"%s at %zu in %.*s", hit->rule, hit->at,
			SLICE_ARGS(texts->entries[hit->text]->place));

		if (where.at)
			(void)trail_note(call->entry, call->passage->arena,
				hit->action == CONTENT_TAG ? SLICE("tag")
							   : SLICE("hit"),
				where);
	}
}

/* Replacements in the body change its length, so the body is made anew; those
 * in headers are splices where they stand. Hits come by text, then place. */
static bool replace(struct stage_call *call, const struct texts *texts,
	const struct content_judgement *judgement)
{
	const struct message *message =
		call->passage->versions[call->version].message;
	struct edits body;
	bool in_body = false;

	edits_start(&body, call->passage->arena);
	for (size_t i = 0; i < judgement->hit_count; i++) {
		const struct content_hit *hit = &judgement->hits[i];
		struct slice text = texts->texts[hit->text].text;
		size_t offset = (size_t)(text.at - message->bytes.at) + hit->at;

		if (hit->action != CONTENT_REPLACE)
			continue;
		if (within(message->body, text))
			in_body = true;
		if (!edits_replace(
			    within(message->body, text) ? &body : call->edits,
			    offset, hit->size, hit->replacement))
			return false;
	}
	return !in_body || edits_set_body(call->edits, message,
				   edits_apply_part(&body, call->passage->arena,
					   message, message->body));
}

static struct verdict settle(struct stage_call *call, const struct texts *texts,
	const struct content_judgement *judgement)
{
	struct verdict verdict = verdict_continue();

	note_hits(call, texts, judgement);
	verdict.rule = slice_of(judgement->rule);
	if (judgement->action == CONTENT_BLOCK)
		return verdict_answer(judgement->status,
			slice_of(judgement->reason), slice_of(judgement->rule));
	if (judgement->action == CONTENT_REPLACE &&
		!replace(call, texts, judgement))
		return verdict_answer(403,
			SLICE("Content cannot be changed as the rules ask"),
			slice_of(judgement->rule));
	return verdict;
}

static struct verdict judge(struct stage_call *call)
{
	struct content_filter *filter = call->worker->filter;
	const struct judged_list *list;
	struct verdict verdict;
	struct texts texts;

	if (filter->rules)
		/* a copy: new rules may come while the message is under way */
		call->entry->judge = arena_copy(call->passage->arena,
			slice_of(content_rules_version(filter->rules)));
	if (!unseen_check(call, &list, &verdict))
		return verdict;
	if (!filter->rules)
		return verdict_continue();
	if (!gather(call, list, &texts))
		return verdict_answer(
			413, SLICE("Too large to be judged"), slice_of(NULL));
	if (content_judge(filter->rules, filter->scratch, texts.texts,
		    texts.count, direction_word(call->direction),
		    &filter->judgement) != 0)
		return verdict_failed(SLICE("the rules could not be run"));
	return settle(call, &texts, &filter->judgement);
}

const struct stage_kind stage_content_filter = {
	.name = STAGE_CONTENT_FILTER, .judge = judge, .generation = generation};
