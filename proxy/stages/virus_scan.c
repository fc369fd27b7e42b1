/* virus_scan.c -- the stage `virus-scan`: what is not short plain text goes to
 * the scanner.
 *
 * Each such part goes by itself, decoded by our own walker; a multipart body
 * goes once more as a whole behind a made-up head, since the engine's reading
 * of MIME finds what ours leaves as one piece. Any part that is not clean
 * refuses the message. A scanner that cannot answer is a failure of ours
 * (on_failure); content that defeats it is not.
 */
#include "proxy/stages/stage.h"

#include "lib/sha256.h"
#include "lib/siphash.h"
#include "proxy/stages/scan_link.h"
#include "proxy/stages/unseen.h"
#include "proxy/worker.h"

#include <errno.h>
#include <stdlib.h>

struct scan;

struct scan_part {
	struct scan *scan; /* borrowed */
	uint32_t job;      /* 0: answered */
	struct slice place;
	unsigned char sha256[SHA256_BYTES];
};

/* All parts of one look; freed when the last has answered or it is aborted. */
struct scan {
	struct passage *passage;   /* borrowed */
	struct trail_entry *entry; /* borrowed */
	struct verdict verdict;    /* the worst so far */
	size_t open;               /* parts not answered yet */
	size_t count;
	struct scan_part parts[];
};

static uint64_t generation(const struct worker *worker)
{
	return scan_generation(worker->scanner);
}

static void abort_scan(void *job)
{
	struct scan *scan = job;

	for (size_t i = 0; i < scan->count; i++)
		if (scan->parts[i].job)
			scan_cancel(scan->passage->worker->scanner,
				scan->parts[i].job);
	free(scan);
}

/* Found harmful or unfit is worse than busy, refusing worse than failing,
 * failing worse than clean. */
static int badness(const struct verdict *verdict)
{
	return verdict->word == VERDICT_ANSWER ? verdict->status == 503 ? 2 : 3
	       : verdict->word == VERDICT_FAILED ? 1
						 : 0;
}

/* Whoever sends more than can be judged gets none of it past by that: this is
 * no failure that on_failure could forgive. */
static struct verdict busy(void)
{
	struct verdict verdict = verdict_answer(
		503, SLICE("Too many files to scan"), slice_of(NULL));

	verdict.unscannable = true;
	return verdict;
}

static struct verdict verdict_of(
	const struct scan_part *part, const struct scan_answer *answer)
{
	struct arena *arena = part->scan->passage->arena;
	struct verdict verdict;

	switch (answer->outcome) {
	case SCAN_CLEAN:
		if (memcmp(answer->sha256, part->sha256,
			    sizeof(part->sha256)) == 0)
			return verdict_continue();
		return verdict_failed(SLICE("the scanner judged other bytes"));
	case SCAN_INFECTED:
		verdict = verdict_answer(403, arena_copy(arena, answer->name),
			arena_copy(arena, answer->name));
		verdict.tell_sender = true;
		return verdict;
	case SCAN_UNSCANNABLE:
		verdict = verdict_answer(403,
			arena_format(arena, "Cannot be scanned: %.*s",
				SLICE_ARGS(answer->name)),
			arena_copy(arena, answer->name));
		verdict.unscannable = true;
		verdict.tell_sender = true;
		return verdict;
	case SCAN_BUSY:
		return busy();
	case SCAN_FAILED:
		break;
	}
	return verdict_failed(arena_copy(arena, answer->name));
}

static const char *outcome_word(enum scan_outcome outcome)
{
	static const char *const words[] = {"", "clean", "infected",
		"unscannable", "not-scanned", "not-scanned"};

	return words[outcome];
}

static void note_answer(
	const struct scan_part *part, const struct scan_answer *answer)
{
	struct scan *scan = part->scan;
	struct slice value = arena_format(scan->passage->arena, "%s %.*s",
		outcome_word(answer->outcome), SLICE_ARGS(answer->name));

	if (value.at)
		(void)trail_note(
			scan->entry, scan->passage->arena, part->place, value);
	/* The key was noted when the scanner was asked; new signatures may have
	 * come since. One that nobody has: then it does not stand. */
	if (scan->passage->chain.key.judge != answer->generation)
		scan->passage->chain.key.judge =
			scan->count == 1 ? answer->generation : 0;
	scan->entry->judge = arena_format(scan->passage->arena,
		"clamav %016llx", (unsigned long long)answer->generation);
}

static void part_done(void *context, const struct scan_answer *answer)
{
	struct scan_part *part = context;
	struct scan *scan = part->scan;
	struct verdict verdict = verdict_of(part, answer);
	struct passage *passage = scan->passage;

	part->job = 0;
	note_answer(part, answer);
	if (badness(&verdict) > badness(&scan->verdict))
		scan->verdict = verdict;
	if (--scan->open)
		return;
	verdict = scan->verdict;
	free(scan);
	stage_done(passage, verdict);
}

/* Whose turn it is at the scanner. A client may claim another address of record
 * each time, so it is his host; servers speak for many. */
static uint32_t sender_of(const struct passage *passage)
{
	const uint8_t *key = passage->worker->proxy->branch_key;
	char host[ADDRESS_TEXT_SIZE];

	if (passage->source.class != PEER_CLIENT || passage->made_here)
		return (uint32_t)siphash_one(
			key, passage->identity.address_of_record);
	address_host_text(&passage->arrival.source, host);
	return (uint32_t)siphash_one(key, slice_of(host));
}

static int submit(struct scan *scan, const struct judged *entry)
{
	struct passage *passage = scan->passage;
	struct scan_part *part = &scan->parts[scan->count];
	int error;

	part->scan = scan;
	part->place = entry->place;
	if (!sha256_pieces(&entry->decoded, 1, part->sha256))
		return ENOMEM;
	error = scan_submit(passage->worker->scanner, entry->decoded,
		entry->file_name,
		passage->worker->proxy->settings->stages[STAGE_VIRUS_SCAN]
			.deadline_ms,
		sender_of(passage), part_done, part, &part->job);
	if (error)
		return error;
	scan->count++;
	scan->open++;
	return 0;
}

static size_t parts_to_scan(const struct judged_list *list)
{
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++)
		count += list->entries[i].scan;
	return count;
}

static int submit_all(struct scan *scan, const struct judged_list *list)
{
	int error = 0;

	for (size_t i = 0; !error && i < list->count; i++) {
		const struct judged *entry = &list->entries[i];

		if (entry->scan)
			error = submit(scan, entry);
	}
	return error;
}

static struct verdict judge(struct stage_call *call)
{
	const struct judged_list *list;
	struct verdict verdict;
	struct scan *scan;
	size_t count;
	int error;

	if (!unseen_check(call, &list, &verdict))
		return verdict;
	count = parts_to_scan(list);
	if (count == 0)
		return verdict_continue();
	scan = calloc(1, sizeof(*scan) + count * sizeof(scan->parts[0]));
	if (!scan)
		return verdict_failed(SLICE("memory"));
	scan->passage = call->passage;
	scan->entry = call->entry;
	error = submit_all(scan, list);
	if (error) {
		abort_scan(scan);
		return error == ENOTCONN
			       ? verdict_failed(SLICE("the scanner is away"))
			       : busy();
	}
	call->passage->chain.job = scan;
	call->passage->chain.abort = abort_scan;
	return (struct verdict){.word = VERDICT_WAIT};
}

const struct stage_kind stage_virus_scan = {
	.name = STAGE_VIRUS_SCAN, .judge = judge, .generation = generation};
