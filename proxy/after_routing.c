/* after_routing.c -- the ordered stages after routing, for each branch.
 *
 * A branch that is refused does not go out; when none is left the request is
 * answered as the first refusal says.
 */
#include "proxy/lifecycle.h"
#include "proxy/routing/routing.h"
#include "proxy/stages/chain.h"
#include "proxy/worker.h"

static struct branch *next_unjudged(struct passage *passage)
{
	struct branch *branch = passage->branches;

	if (passage->chain.branch)
		return passage->chain.branch;
	while (branch && (branch->judged || branch->state != BRANCH_PLANNED))
		branch = branch->next;
	return branch;
}

static void refuse_branch(
	struct passage *passage, struct branch *branch, struct verdict verdict)
{
	branch->state = BRANCH_REFUSED;
	branch->status = verdict.word == VERDICT_ANSWER ? verdict.status : 0;
	branch->reason = arena_copy(passage->arena, verdict.reason);
	passage->tell_sender |= verdict.tell_sender;
}

static void settle_refused(struct passage *passage)
{
	struct branch *first = passage->branches;

	for (struct branch *branch = first; branch; branch = branch->next)
		if (branch->state != BRANCH_REFUSED)
			return;
	if (!first)
		return;
	if (first->status)
		passage_answer(
			passage, first->status, first->reason, slice_of(NULL));
	else
		passage->disposition = DISPOSITION_DISCARD;
}

static enum progress judge_branches(struct passage *passage)
{
	struct branch *branch;
	struct verdict verdict;

	while ((branch = next_unjudged(passage))) {
		branch->direction =
			direction_of(&passage->source, &branch->target.next);
		switch (chain_run(passage, branch, &verdict)) {
		case CHAIN_WAITS:
			return PROGRESS_WAIT;
		case CHAIN_ENDED:
			refuse_branch(passage, branch, verdict);
			break;
		case CHAIN_PASSED:
			break;
		}
		branch->judged = true;
		passage->chain.branch = NULL;
	}
	settle_refused(passage);
	return PROGRESS_NEXT;
}

static enum progress judge_response(struct passage *passage)
{
	struct verdict verdict;

	switch (chain_run(passage, passage->branch, &verdict)) {
	case CHAIN_WAITS:
		return PROGRESS_WAIT;
	case CHAIN_ENDED:
		chain_refuse(passage, &verdict);
		break;
	case CHAIN_PASSED:
		break;
	}
	passage->chain.branch = NULL;
	return PROGRESS_NEXT;
}

enum progress after_routing_step(struct passage *passage)
{
	return passage->kind == PASSAGE_RESPONSE ? judge_response(passage)
						 : judge_branches(passage);
}
