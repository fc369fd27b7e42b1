/* archive.c -- the double of the archive link: it keeps what is recorded and
 * acknowledges at once, later or never. */
#include "run.h"

#include "lib/clock.h"
#include "lib/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum { AWAY = -1, FULL = -2, REFUSES = -3 };

struct archive_link {
	struct timers *timers;
	const struct settings *settings;
	struct archive_wait *waits;
	struct archive_counts counts;
};

/* Outlives the proxy: what is recorded stays. */
static struct {
	int64_t delay_us; /* or AWAY … */
	uint64_t last;
	uint64_t due_us[4096]; /* by sequence */
	struct written *written;
	bool read[4096];
} house;

void archive_reset(void)
{
	struct written *written;

	while ((written = house.written)) {
		house.written = written->next;
		free(written);
	}
	memset(&house, 0, sizeof(house));
}

/* A proxy that records nothing makes no link. */
struct archive_link *archive_link_new(uv_loop_t *loop, struct timers *timers,
	const struct settings *settings, const unsigned char boot[16],
	unsigned worker)
{
	struct archive_link *link = calloc(1, sizeof(*link));

	(void)loop, (void)boot, (void)worker;
	if (!link)
		return NULL;
	link->timers = timers;
	link->settings = settings;
	the_run->archive = link;
	return link;
}

static void wait_unlink(struct archive_wait *wait)
{
	struct archive_link *link = wait->link;

	timer_cancel(link->timers, &wait->deadline);
	DL_DELETE2(link->waits, wait, before, next);
	wait->link = NULL;
}

void archive_wait_cancel(struct archive_wait *wait)
{
	if (wait->link)
		wait_unlink(wait);
}

void archive_link_close(struct archive_link **link)
{
	while (*link && (*link)->waits)
		wait_unlink((*link)->waits);
	free(*link);
	*link = NULL;
	the_run->archive = NULL;
}

static void expired(struct timer *timer)
{
	struct archive_wait *wait =
		(struct archive_wait *)((char *)timer -
					offsetof(
						struct archive_wait, deadline));

	wait_unlink(wait);
	wait->done(wait, ETIMEDOUT);
}

static void describe_message(
	struct written *written, const Sipwarden__Record__Metadata *metadata)
{
	if (metadata->is_request)
		(void)snprintf(written->name, sizeof(written->name), "%s",
			metadata->method);
	else
		(void)snprintf(written->name, sizeof(written->name), "%u",
			metadata->status);
	if (!strcmp(metadata->disposition, "answer"))
		(void)snprintf(written->text, sizeof(written->text),
			"%s answer %u", written->name, metadata->answer_status);
	else
		(void)snprintf(written->text, sizeof(written->text), "%s %s%s",
			written->name, metadata->disposition,
			metadata->made_here ? " made-here" : "");
}

static const char *name_of(uint64_t sequence)
{
	for (struct written *written = house.written; written;
		written = written->next)
		if (written->sequence == sequence)
			return written->name;
	return "nothing";
}

/* "outcome INVITE 1:sent 1:final=200 answered=200" */
static void describe_outcome(struct written *written, uint64_t about,
	const Sipwarden__Record__Outcome *outcome)
{
	size_t used = (size_t)snprintf(written->text, sizeof(written->text),
		"outcome %s", name_of(about));

	for (size_t i = 0; i < outcome->n_branches; i++) {
		const Sipwarden__Record__BranchOutcome *event =
			outcome->branches[i];
		char branch[16] = "", status[16] = "";

		if (event->branch)
			(void)snprintf(
				branch, sizeof(branch), "%u:", event->branch);
		if (event->status)
			(void)snprintf(
				status, sizeof(status), "=%u", event->status);
		used += (size_t)snprintf(written->text + used,
			sizeof(written->text) - used, " %s%s%s", branch,
			event->event, status);
		if (used >= sizeof(written->text))
			break;
	}
}

static void describe(
	struct written *written, const Sipwarden__Record__Record *record)
{
	const ProtobufCBinaryData *data = &record->metadata->data;

	if (record->kind == SIPWARDEN__RECORD__KIND__KIND_OUTCOME) {
		Sipwarden__Record__Outcome *outcome =
			sipwarden__record__outcome__unpack(
				NULL, data->len, data->data);

		describe_outcome(written, record->about, outcome);
		sipwarden__record__outcome__free_unpacked(outcome, NULL);
		return;
	}
	Sipwarden__Record__Metadata *metadata =
		sipwarden__record__metadata__unpack(
			NULL, data->len, data->data);

	describe_message(written, metadata);
	sipwarden__record__metadata__free_unpacked(metadata, NULL);
}

static void keep(const Sipwarden__Record__Record *record, uint64_t sequence)
{
	struct written *written = calloc(1, sizeof(*written)), **end;

	if (!written)
		abort();
	written->sequence = sequence;
	describe(written, record);
	for (end = &house.written; *end; end = &(*end)->next)
		continue;
	*end = written;
}

int archive_submit(struct archive_link *link, Sipwarden__Record__Record *record,
	uint64_t *sequence, struct archive_wait *wait)
{
	*sequence = 0;
	if (!the_run->started)
		return 0;
	if (house.delay_us == FULL) {
		link->counts.lost_in_gaps += wait == NULL;
		return wait ? ENOBUFS : 0;
	}
	must(house.last + 1 < sizeof(house.due_us) / sizeof(house.due_us[0]));
	*sequence = ++house.last;
	keep(record, *sequence);
	link->counts.submitted++;
	house.due_us[*sequence] =
		clock_steady_us() +
		(house.delay_us > 0 ? (uint64_t)house.delay_us : 0);
	if (!wait)
		return 0;
	wait->link = link;
	wait->sequence = *sequence;
	DL_APPEND2(link->waits, wait, before, next);
	timer_set(link->timers, &wait->deadline,
		link->settings->archive.hold_ms, expired);
	return 0;
}

const struct archive_counts *archive_counts(const struct archive_link *link)
{
	return &link->counts;
}

bool archive_idle(const struct archive_link *link)
{
	return link->waits == NULL;
}

/* Of a run as a whole: no scenario looks at that. */
void archive_started(struct archive_link *link, const struct last_run *before)
{
	(void)link, (void)before;
}

void archive_checkpoint(struct archive_link *link, uint64_t until_us)
{
	(void)link, (void)until_us;
}

bool archive_say_stopped(struct archive_link *link)
{
	return archive_idle(link);
}

bool archive_turn(struct run *run)
{
	struct archive_link *link = run->archive;
	bool busy = false;

	while (run->started && link && link->waits && house.delay_us != AWAY &&
		house.due_us[link->waits->sequence] <= clock_steady_us()) {
		struct archive_wait *wait = link->waits;

		wait_unlink(wait);
		wait->done(wait, house.delay_us == REFUSES ? EBADMSG : 0);
		busy = true;
	}
	return busy;
}

/* archive at once | after TIME | away | full | refuses */
void archive_command(struct run *run, char **words)
{
	const char *word = words[1] ? words[1] : "";

	if (!strcmp(word, "at") || !strcmp(word, "back"))
		house.delay_us = 0;
	else if (!strcmp(word, "after") && words[2])
		house.delay_us = (int64_t)run_time(run, words[2]);
	else if (!strcmp(word, "away"))
		house.delay_us = AWAY;
	else if (!strcmp(word, "full"))
		house.delay_us = FULL;
	else if (!strcmp(word, "refuses"))
		house.delay_us = REFUSES;
	else
		run_fail(run, "archive at once | after TIME | away | full | "
			      "refuses | back");
	if (run->started)
		settle(run);
}

static void list_unread(char *out, size_t room)
{
	size_t used = 0;

	out[0] = '\0';
	for (struct written *written = house.written; written;
		written = written->next) {
		if (house.read[written->sequence] || used >= room)
			continue;
		house.read[written->sequence] = true;
		used += (size_t)snprintf(out + used, room - used, "%s%s",
			used ? "; " : "", written->text);
	}
}

/* All that was recorded since it was last asked; NULL: not asked. */
void archive_check(struct run *run, const char *wanted)
{
	char got[4096];

	list_unread(got, sizeof(got));
	if (!wanted)
		return;
	if (!strcmp(wanted, "nothing"))
		wanted = "";
	if (strcmp(got, wanted) != 0)
		run_fail(run, "recorded was\n    %s\n  and not\n    %s",
			got[0] ? got : "nothing", wanted);
}
