/* chain.c -- the stages of one place, in order, over one message.
 *
 * A verdict is bound to the version that was judged, the direction and the rule
 * set or signature generation; sender and recipients are the passage's own.
 * Where all these are as they were, the stage is not asked again: the trail
 * says `unchanged`.
 */
#include "proxy/stages/chain.h"

#include "lib/clock.h"
#include "lib/log.h"
#include "proxy/measures.h"
#include "proxy/stages/stage.h"
#include "proxy/worker.h"

#include <signal.h>
#include <unistd.h>

static const struct stage_kind *const kinds[STAGE_NAMES] = {
	[STAGE_LOG] = &stage_log,
	[STAGE_CONTENT_FILTER] = &stage_content_filter,
	[STAGE_VIRUS_SCAN] = &stage_virus_scan,
};

struct place {
	const enum stage_name *stages;
	size_t count;
	const char *word;
};

static struct place place_of(const struct passage *passage)
{
	const struct settings *settings = passage->worker->proxy->settings;

	if (passage->step == LIFECYCLE_BEFORE_ROUTING)
		return (struct place){settings->before_routing,
			settings->before_routing_count, "before-routing"};
	return (struct place){settings->after_routing,
		settings->after_routing_count, "after-routing"};
}

/* Responses meet the stages from the last to the first. */
static enum stage_name stage_at(
	const struct passage *passage, const struct place *place)
{
	size_t position = passage->chain.position;

	if (passage->kind == PASSAGE_RESPONSE)
		position = place->count - 1 - position;
	return place->stages[position];
}

static bool has_version_of_its_own(
	const struct passage *passage, const struct branch *branch)
{
	return branch && passage->kind != PASSAGE_RESPONSE;
}

static unsigned version_of(
	const struct passage *passage, const struct branch *branch)
{
	return has_version_of_its_own(passage, branch) ? branch->version
						       : passage->version;
}

static enum direction direction_at(
	const struct passage *passage, const struct branch *branch)
{
	return has_version_of_its_own(passage, branch) ? branch->direction
						       : passage->direction;
}

static bool stands(const struct passage *passage, enum stage_name stage,
	const struct standing_verdict *wanted)
{
	for (unsigned i = 0; i < STANDING_VERDICTS; i++) {
		const struct standing_verdict *standing =
			&passage->standing[stage][i];

		if (standing->valid && standing->version == wanted->version &&
			standing->direction == wanted->direction &&
			standing->judge == wanted->judge)
			return true;
	}
	return false;
}

static void remember(struct passage *passage, enum stage_name stage,
	struct standing_verdict standing)
{
	struct standing_verdict *all = passage->standing[stage];

	for (unsigned i = STANDING_VERDICTS - 1; i > 0; i--)
		all[i] = all[i - 1];
	standing.valid = true;
	all[0] = standing;
}

static struct standing_verdict key_of(const struct passage *passage,
	const struct branch *branch, const struct stage_kind *kind)
{
	return (struct standing_verdict){.version = version_of(passage, branch),
		.direction = direction_at(passage, branch),
		.judge = kind->generation ? kind->generation(passage->worker)
					  : 0};
}

static enum verdict_count count_of(const struct verdict *verdict)
{
	if (verdict->unscannable)
		return VERDICT_COUNT_UNSCANNABLE;
	switch (verdict->word) {
	case VERDICT_ANSWER:
		return VERDICT_COUNT_ANSWER;
	case VERDICT_DISCARD:
		return VERDICT_COUNT_DISCARD;
	case VERDICT_FAILED:
		return VERDICT_COUNT_FAILED;
	case VERDICT_CONTINUE:
	case VERDICT_WAIT:
		break;
	}
	return VERDICT_COUNT_CONTINUE;
}

/* Notes the stage's word in the trail and in the statistics. */
static void note_word(
	struct passage *passage, enum stage_name stage, enum verdict_count word)
{
	static const char *const words[] = {VERDICT_COUNT_LABELS};

	passage->chain.entry->verdict = words[word];
	passage->worker->counts.verdicts[stage][word]++;
}

/* The edits of a stage that let the message pass become a new version, all or
 * none; what cannot be made of them refuses the message. Nobody has judged that
 * version, not even the stage that made it (what it took out may have stood
 * between two halves), so the chain begins again; edits without an end run out
 * of versions. */
static bool take_edits(struct passage *passage, struct branch *branch,
	struct edits *edits, struct verdict *verdict)
{
	unsigned version = version_of(passage, branch), made;
	struct slice bytes;

	if (verdict->word != VERDICT_CONTINUE || edits->count == 0)
		return true;
	bytes = edits_apply(
		edits, passage->arena, passage->versions[version].message);
	made = bytes.at ? passage_add_version(passage, bytes) : 0;
	if (!made) {
		*verdict = verdict_answer(403,
			SLICE("Content cannot be changed as the rules ask"),
			verdict->rule);
		return false;
	}
	if (has_version_of_its_own(passage, branch))
		branch->version = made;
	else
		passage->version = made;
	passage->chain.again_to = passage->chain.position;
	return true;
}

void chain_stage_gone(const struct settings *settings, enum stage_name stage)
{
	if (!settings->stages[stage].critical)
		return;
	log_error("The critical stage %s is gone: stopping "
		  "event=critical-stage-gone",
		stage_word(stage));
	(void)kill(getpid(), CHAIN_GONE_SIGNAL);
}

/* FAILED is settled by the stage's on_failure; nothing else is. */
static void settle_failure(const struct passage *passage, enum stage_name stage,
	struct verdict *verdict)
{
	const struct settings *settings = passage->worker->proxy->settings;

	if (verdict->word != VERDICT_FAILED)
		return;
	chain_stage_gone(settings, stage);
	if (settings->stages[stage].on_failure == ON_FAILURE_CONTINUE) {
		*verdict = verdict_continue();
		return;
	}
	*verdict = verdict_answer(
		503, SLICE("Content cannot be judged now"), verdict->rule);
}

/* Writes the stage's word into the trail and goes on or ends. */
static enum chain_result conclude(struct passage *passage,
	struct branch *branch, enum stage_name stage,
	const struct standing_verdict *key, struct edits *edits,
	struct verdict *verdict)
{
	struct trail_entry *entry = passage->chain.entry;

	note_word(passage, stage, count_of(verdict));
	entry->took_us = clock_steady_us() - passage->chain.began_us;
	entry->reason = arena_copy(passage->arena, verdict->reason);
	if (verdict->rule.at)
		entry->rule = arena_copy(passage->arena, verdict->rule);
	settle_failure(passage, stage, verdict);
	if (edits && !take_edits(passage, branch, edits, verdict))
		entry->verdict = "answer";
	entry->status = verdict->word == VERDICT_ANSWER ? verdict->status : 0;
	if (!entry->has_snapshot && kinds[stage]->generation &&
		verdict->word == VERDICT_CONTINUE &&
		slice_equal(slice_of(entry->verdict), SLICE("continue")) &&
		version_of(passage, branch) == key->version)
		remember(passage, stage, *key);
	if (verdict->word == VERDICT_CONTINUE &&
		version_of(passage, branch) != key->version)
		passage->chain.position = 0;
	else
		passage->chain.position++;
	if (verdict->word == VERDICT_CONTINUE)
		return CHAIN_PASSED;
	measures_refused(passage->worker, stage_word(stage), verdict);
	return CHAIN_ENDED;
}

static bool begin_entry(struct passage *passage, struct branch *branch,
	enum stage_name stage, const char *place)
{
	struct trail_entry *entry = trail_add(&passage->trail, passage->arena);

	if (!entry)
		return false;
	entry->stage = stage_word(stage);
	entry->place = place;
	entry->version = version_of(passage, branch);
	entry->branch = branch ? branch->number : 0;
	passage->chain.entry = entry;
	passage->chain.branch = branch;
	passage->chain.began_us = clock_steady_us();
	return true;
}

static void deadline_ran(struct timer *timer)
{
	struct passage *passage =
		(struct passage *)((char *)timer -
				   offsetof(struct passage, chain.deadline));

	passage_abort_stages(passage);
	stage_done(passage, verdict_failed(SLICE("deadline")));
}

static void wait_for_stage(struct passage *passage, enum stage_name stage)
{
	uint32_t deadline =
		passage->worker->proxy->settings->stages[stage].deadline_ms;

	if (deadline)
		timer_set(passage->worker->timers, &passage->chain.deadline,
			deadline, deadline_ran);
}

void stage_done(struct passage *passage, struct verdict verdict)
{
	passage->chain.job = NULL;
	timer_cancel(passage->worker->timers, &passage->chain.deadline);
	passage->chain.verdict = verdict;
	passage->chain.verdict.reason =
		arena_copy(passage->arena, verdict.reason);
	if (verdict.rule.at)
		passage->chain.verdict.rule =
			arena_copy(passage->arena, verdict.rule);
	passage->chain.has_verdict = true;
	passage_resume(passage);
}

/* A stage whose verdict has come after a WAIT. It judged under the generation
 * of then; only verdicts given at once are kept as standing, but for the
 * scanner's, which puts the generation of its answer into the key. */
static enum chain_result take_up(
	struct passage *passage, struct branch *branch, struct verdict *verdict)
{
	struct place place = place_of(passage);
	enum stage_name stage = stage_at(passage, &place);

	passage->chain.has_verdict = false;
	*verdict = passage->chain.verdict;
	return conclude(
		passage, branch, stage, &passage->chain.key, NULL, verdict);
}

static enum chain_result ask(
	struct passage *passage, struct branch *branch, struct verdict *verdict)
{
	struct place place = place_of(passage);
	enum stage_name stage = stage_at(passage, &place);
	const struct stage_kind *kind = kinds[stage];
	struct standing_verdict key = key_of(passage, branch, kind);
	struct edits edits;
	struct stage_call call = {.worker = passage->worker,
		.passage = passage,
		.branch = branch,
		.version = key.version,
		.direction = key.direction,
		.edits = &edits};

	/* Its snapshot of this point has been taken. */
	if (!kind->generation &&
		passage->chain.position < passage->chain.again_to) {
		passage->chain.position++;
		return CHAIN_PASSED;
	}
	if (!begin_entry(passage, branch, stage, place.word)) {
		*verdict = verdict_answer(
			513, SLICE("Message Too Large"), slice_of(NULL));
		return CHAIN_ENDED;
	}
	call.entry = passage->chain.entry;
	if (kind->generation && stands(passage, stage, &key)) {
		note_word(passage, stage, VERDICT_COUNT_UNCHANGED);
		passage->chain.position++;
		return CHAIN_PASSED;
	}
	edits_start(&edits, passage->arena);
	passage->chain.key = key;
	*verdict = kind->judge(&call);
	if (verdict->word == VERDICT_WAIT) {
		wait_for_stage(passage, stage);
		return CHAIN_WAITS;
	}
	return conclude(passage, branch, stage, &key, &edits, verdict);
}

enum chain_result chain_run(
	struct passage *passage, struct branch *branch, struct verdict *verdict)
{
	size_t count = place_of(passage).count;
	enum chain_result result = CHAIN_PASSED;

	while (result == CHAIN_PASSED &&
		(passage->chain.has_verdict || passage->chain.position < count))
		result = passage->chain.has_verdict
				 ? take_up(passage, branch, verdict)
				 : ask(passage, branch, verdict);
	if (result != CHAIN_WAITS)
		passage->chain.position = passage->chain.again_to = 0;
	return result;
}

void chain_refuse(struct passage *passage, const struct verdict *verdict)
{
	if (verdict->word == VERDICT_DISCARD) {
		passage->disposition = DISPOSITION_DISCARD;
		return;
	}
	passage->tell_sender |= verdict->tell_sender;
	passage_answer(passage, verdict->status, verdict->reason,
		verdict->status == 503 ? SLICE("Retry-After: 5\r\n")
				       : slice_of(NULL));
}
