/* judge.c -- what the rules of a set say of the texts of a message. */
#include "lib/log.h"
#include "policies/content/rules.h"
#include "policies/content/sink.h"

#include <errno.h>
#include <stdlib.h>

struct content_scratch {
	const struct content_rules *rules; /* borrowed */
	hs_scratch_t *vectorscan;
	struct folded folded;
	uint32_t *covered; /* see cover() */
	size_t covered_room;
	struct open_hits open;
	struct sink sink;
};

/* One call of content_judge. */
struct judging {
	const struct content_rules *rules;
	struct content_scratch *scratch;
	enum content_direction direction;
	struct content_judgement *judgement;
	bool allowed; /* an allow rule hit this text */
	bool editable;
	/* The first rule in the file of each action that hit, or RULE_NONE. */
	uint32_t first[CONTENT_BLOCK + 1];
	uint32_t stuck; /* the first whose replacement cannot be made */
};

static bool scratch_fit(
	struct content_scratch *scratch, const struct matcher *matcher)
{
	return (!matcher->literals ||
		       hs_alloc_scratch(matcher->literals,
			       &scratch->vectorscan) == HS_SUCCESS) &&
	       (!matcher->expressions ||
		       hs_alloc_scratch(matcher->expressions,
			       &scratch->vectorscan) == HS_SUCCESS);
}

struct content_scratch *content_scratch_new(const struct content_rules *rules)
{
	struct content_scratch *scratch = calloc(1, sizeof(*scratch));
	if (!scratch)
		return NULL;
	size_t most = rules->hitting.expression_count;
	if (rules->allowing.expression_count > most)
		most = rules->allowing.expression_count;
	scratch->rules = rules;
	scratch->open.hits = calloc(most + 1, sizeof(*scratch->open.hits));
	scratch->open.touched =
		calloc(most + 1, sizeof(*scratch->open.touched));
	if (!scratch->open.hits || !scratch->open.touched ||
		!scratch_fit(scratch, &rules->allowing) ||
		!scratch_fit(scratch, &rules->hitting))
		content_scratch_release(&scratch);
	return scratch;
}

void content_scratch_release(struct content_scratch **scratch)
{
	struct content_scratch *old = *scratch;
	*scratch = NULL;
	if (!old)
		return;
	hs_free_scratch(old->vectorscan);
	folded_clear(&old->folded);
	free(old->covered);
	free(old->open.hits);
	free(old->open.touched);
	free(old);
}

static void note_rule(struct judging *judging, uint32_t rule)
{
	uint32_t *first =
		judging->first + judging->rules->list.rules[rule].action;
	if (rule < *first)
		*first = rule;
}

/* covered[i] is where the longest of the allowed spans that begin at or before
 * i ends; first the ends of those that begin at i itself. */
static void cover(uint32_t rule, size_t from, size_t to, void *argument)
{
	struct judging *judging = argument;
	struct content_scratch *scratch = judging->scratch;
	if (!(judging->rules->list.rules[rule].directions & judging->direction))
		return;
	if (!judging->allowed)
		memset(scratch->covered, 0,
			(scratch->folded.size + 1) * sizeof(*scratch->covered));
	judging->allowed = true;
	if (scratch->covered[from] < to)
		scratch->covered[from] = (uint32_t)to;
	note_rule(judging, rule);
	sink_take(&scratch->sink, judging->rules->list.rules, rule,
		&scratch->folded, from, to);
}

static int find_allowed(struct judging *judging)
{
	struct content_scratch *scratch = judging->scratch;
	const struct matcher *matcher = &judging->rules->allowing;
	judging->allowed = false;
	if (!matcher->literals && !matcher->expressions)
		return 0;
	if (scratch->covered_room <= scratch->folded.size) {
		size_t room = 2 * scratch->folded.size + 256;
		free(scratch->covered);
		scratch->covered = calloc(room, sizeof(*scratch->covered));
		scratch->covered_room = scratch->covered ? room : 0;
		if (!scratch->covered)
			return ENOMEM;
	}
	int error = matcher_scan(matcher,
		slice_make(scratch->folded.bytes, scratch->folded.size),
		scratch->vectorscan, &scratch->open, cover, judging);
	for (size_t i = 1; judging->allowed && i < scratch->folded.size; i++)
		if (scratch->covered[i] < scratch->covered[i - 1])
			scratch->covered[i] = scratch->covered[i - 1];
	return error;
}

static void take(uint32_t index, size_t from, size_t to, void *argument)
{
	struct judging *judging = argument;
	struct content_scratch *scratch = judging->scratch;
	const struct rule *rule = judging->rules->list.rules + index;
	if (!(rule->directions & judging->direction) ||
		(judging->allowed && scratch->covered[from] >= to))
		return;
	note_rule(judging, index);
	if (rule->action == CONTENT_REPLACE && !judging->editable &&
		index < judging->stuck)
		judging->stuck = index;
	sink_take(&scratch->sink, judging->rules->list.rules, index,
		&scratch->folded, from, to);
}

/* The place of the hit that must go when a stronger one comes: the last of the
 * weakest. */
static size_t weakest_hit(const struct content_judgement *judgement)
{
	size_t weakest = 0;
	for (size_t i = 1; i < judgement->hit_count; i++)
		if (judgement->hits[i].action <=
			judgement->hits[weakest].action)
			weakest = i;
	return weakest;
}

static void lose(struct judging *judging, const struct content_hit *hit)
{
	judging->judgement->more_hits = true;
	if (hit->action != CONTENT_REPLACE)
		return;
	const struct rule *rules = judging->rules->list.rules;
	for (uint32_t i = 0; i < judging->stuck; i++)
		if (rules[i].name == hit->rule)
			judging->stuck = i;
}

static void tell(struct judging *judging, const struct content_hit *hit)
{
	struct content_judgement *judgement = judging->judgement;
	if (judgement->hit_count == CONTENT_HITS) {
		size_t weakest = weakest_hit(judgement);
		struct content_hit *out = judgement->hits + weakest;
		if (out->action >= hit->action) {
			lose(judging, hit);
			return;
		}
		lose(judging, out);
		judgement->hit_count--;
		memmove(out, out + 1,
			(judgement->hit_count - weakest) * sizeof(*out));
	}
	judgement->hits[judgement->hit_count++] = *hit;
}

static void tell_all(struct judging *judging, size_t text)
{
	struct sink *sink = &judging->scratch->sink;
	const struct rule *rules = judging->rules->list.rules;
	sink_settle(sink, rules);
	for (size_t i = 0; i < sink->count; i++) {
		const struct rule *rule = rules + sink->hits[i].rule;
		struct content_hit hit = {.rule = rule->name,
			.action = rule->action,
			.text = text,
			.at = sink->hits[i].at,
			.size = sink->hits[i].size};
		if (rule->action == CONTENT_REPLACE)
			hit.replacement = rule->replacement;
		tell(judging, &hit);
	}
	if (sink->overflow)
		judging->judgement->more_hits = true;
	if (sink->replacement_lost &&
		judging->first[CONTENT_REPLACE] < judging->stuck)
		judging->stuck = judging->first[CONTENT_REPLACE];
}

static int judge_text(
	struct judging *judging, const struct content_text *text, size_t index)
{
	struct content_scratch *scratch = judging->scratch;
	if (text->text.size == 0)
		return 0;
	sink_start(&scratch->sink);
	judging->editable = text->editable;
	int error = fold_text(&scratch->folded, text->text);
	if (!error && scratch->folded.size > 0)
		error = find_allowed(judging);
	if (!error && scratch->folded.size > 0)
		error = matcher_scan(&judging->rules->hitting,
			slice_make(scratch->folded.bytes, scratch->folded.size),
			scratch->vectorscan, &scratch->open, take, judging);
	if (!error)
		tell_all(judging, index);
	return error;
}

static void decide_for(
	struct judging *judging, uint32_t index, enum content_action action)
{
	const struct rule *rule = judging->rules->list.rules + index;
	judging->judgement->action = action;
	judging->judgement->rule = rule->name;
	if (action != CONTENT_BLOCK)
		return;
	judging->judgement->status = rule->status;
	judging->judgement->reason = rule->reason;
}

static void decide(struct judging *judging)
{
	const uint32_t *first = judging->first;
	if (first[CONTENT_BLOCK] != RULE_NONE) {
		decide_for(judging, first[CONTENT_BLOCK], CONTENT_BLOCK);
		return;
	}
	if (judging->stuck != RULE_NONE) {
		decide_for(judging, judging->stuck, CONTENT_BLOCK);
		return;
	}
	for (enum content_action action = CONTENT_REPLACE;
		action > CONTENT_PASS; action--) {
		if (first[action] == RULE_NONE)
			continue;
		decide_for(judging, first[action], action);
		return;
	}
}

/* One long text must not keep its memory for ever. */
static void scratch_shrink(struct content_scratch *scratch)
{
	if (scratch->folded.room > FOLD_KEEP)
		folded_clear(&scratch->folded);
	if (scratch->covered_room > FOLD_KEEP) {
		free(scratch->covered);
		scratch->covered = NULL;
		scratch->covered_room = 0;
	}
}

int content_judge(const struct content_rules *rules,
	struct content_scratch *scratch, const struct content_text *texts,
	size_t count, enum content_direction direction,
	struct content_judgement *judgement)
{
	must(scratch->rules == rules);
	struct judging judging = {.rules = rules,
		.scratch = scratch,
		.direction = direction,
		.judgement = judgement,
		.stuck = RULE_NONE};
	for (size_t i = 0; i <= CONTENT_BLOCK; i++)
		judging.first[i] = RULE_NONE;
	judgement->action = CONTENT_PASS;
	judgement->rule = NULL;
	judgement->status = 0;
	judgement->reason = NULL;
	judgement->hit_count = 0;
	judgement->more_hits = false;
	if (rules->list.rule_count == 0)
		return 0;
	int error = 0;
	for (size_t i = 0; i < count && !error; i++)
		error = judge_text(&judging, texts + i, i);
	scratch_shrink(scratch);
	if (!error)
		decide(&judging);
	return error;
}
