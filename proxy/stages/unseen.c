/* unseen.c -- what no stage can look into, under the setting `unseen`. */
#include "proxy/stages/unseen.h"

#include "proxy/worker.h"

static bool refuse_fault(struct stage_call *call, struct verdict *verdict)
{
	const struct judged_fault *fault =
		&call->passage->versions[call->version].fault;
	struct slice reason = arena_format(call->passage->arena, "%s in %.*s",
		fault->text ? fault->text : "Too large to be judged",
		SLICE_ARGS(fault->place));

	*verdict = verdict_answer(fault->status ? fault->status : 413,
		reason.at ? reason : SLICE("Message cannot be judged"),
		SLICE("ambiguous"));
	verdict->unscannable = true;
	return false;
}

bool unseen_check(struct stage_call *call, const struct judged_list **list,
	struct verdict *verdict)
{
	enum unseen unseen = call->worker->proxy->settings->unseen;

	*list = passage_judged(call->passage, call->version);
	if (!*list)
		return refuse_fault(call, verdict);
	for (size_t i = 0; i < (*list)->count; i++) {
		const struct judged *entry = &(*list)->entries[i];

		if (entry->kind != JUDGED_UNSEEN)
			continue;
		(void)trail_note(call->entry, call->passage->arena,
			SLICE("unseen"), slice_of(entry->unseen));
		if (unseen == UNSEEN_FLAG)
			continue;
		*verdict = verdict_answer(
			403, SLICE("Content cannot be seen"), SLICE("unseen"));
		verdict->unscannable = true;
		return false;
	}
	return true;
}
