/* scanner.c -- the double of the scan link: its verdicts come when and as the
 * scenario says. */
#include "run.h"

#include "lib/clock.h"
#include "lib/log.h"
#include "proxy/stages/scan_link.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

struct job {
	struct job *next;
	uint32_t number;
	scan_done_fn *done;
	void *context;
	uint64_t due_us; /* UINT64_MAX: never */
	struct scan_answer answer;
	char name[128];
};

struct scan_link {
	struct job *jobs;
	uint32_t last;
};

static struct {
	enum scan_outcome outcome;
	char name[128];
	uint64_t delay_us;
	bool away, hangs;
} house;

void scanner_reset(void)
{
	memset(&house, 0, sizeof(house));
	house.outcome = SCAN_CLEAN;
}

struct scan_link *scan_link_new(
	uv_loop_t *loop, struct timers *timers, const struct settings *settings)
{
	(void)loop, (void)timers, (void)settings;
	the_run->scanner = calloc(1, sizeof(struct scan_link));
	return the_run->scanner;
}

void scan_link_close(struct scan_link **link)
{
	struct job *job, *next;

	if (!*link)
		return;
	LL_FOREACH_SAFE ((*link)->jobs, job, next)
		free(job);
	free(*link);
	*link = NULL;
	the_run->scanner = NULL;
}

int scan_submit(struct scan_link *link, struct slice bytes, struct slice name,
	uint32_t deadline_ms, uint32_t sender, scan_done_fn *done,
	void *context, uint32_t *number)
{
	struct job *job;

	(void)name, (void)deadline_ms, (void)sender;
	if (house.away)
		return ENOTCONN;
	job = calloc(1, sizeof(*job));
	if (!job)
		return ENOMEM;
	job->number = *number = ++link->last;
	job->done = done;
	job->context = context;
	job->due_us =
		house.hangs ? UINT64_MAX : clock_steady_us() + house.delay_us;
	job->answer = (struct scan_answer){
		.outcome = house.outcome, .generation = 1, .size = bytes.size};
	(void)snprintf(job->name, sizeof(job->name), "%s", house.name);
	job->answer.name = slice_of(job->name);
	must(EVP_Digest(bytes.at, bytes.size, job->answer.sha256, NULL,
		EVP_sha256(), NULL));
	LL_APPEND(link->jobs, job);
	return 0;
}

void scan_cancel(struct scan_link *link, uint32_t number)
{
	struct job *job, *next;

	LL_FOREACH_SAFE (link->jobs, job, next)
		if (job->number == number) {
			LL_DELETE(link->jobs, job);
			free(job);
		}
}

uint64_t scan_generation(const struct scan_link *link)
{
	(void)link;
	return 1;
}

bool scan_is_up(const struct scan_link *link)
{
	(void)link;
	return !house.away;
}

size_t scan_jobs(const struct scan_link *link)
{
	struct job *job;
	size_t count;

	LL_COUNT(link->jobs, job, count);
	return count;
}

uint64_t scan_refused(const struct scan_link *link)
{
	(void)link;
	return 0;
}

bool scanner_turn(struct run *run)
{
	struct job *job;

	if (!run->started || !run->scanner)
		return false;
	LL_FOREACH (run->scanner->jobs, job)
		if (job->due_us <= clock_steady_us())
			break;
	if (!job)
		return false;
	LL_DELETE(run->scanner->jobs, job);
	job->done(job->context, &job->answer);
	free(job);
	return true;
}

static enum scan_outcome outcome_of(struct run *run, const char *word)
{
	static const char *const words[] = {
		"", "clean", "infected", "unscannable", "fails"};

	for (size_t i = 1; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(word, words[i]))
			return (enum scan_outcome)i;
	run_fail(run, "scanner clean | infected | unscannable | fails "
		      "[NAME] [after TIME], or away | hangs | jobs N");
}

static void check_jobs(struct run *run, const char *wanted)
{
	size_t count = scan_jobs(run->scanner);

	if (count != strtoul(wanted, NULL, 10))
		run_fail(run, "the scanner has %zu jobs", count);
}

/* What it says to jobs that come from now on. */
void scanner_command(struct run *run, char **words)
{
	const char *word = words[1] ? words[1] : "";

	house.name[0] = '\0';
	if (!strcmp(word, "jobs") && words[2] && run->scanner) {
		check_jobs(run, words[2]);
		return;
	}
	house.away = !strcmp(word, "away");
	house.hangs = !strcmp(word, "hangs");
	if (house.away || house.hangs)
		return;
	house.outcome = outcome_of(run, word);
	house.delay_us = 0;
	for (char **next = words + 2; *next; next++)
		if (!strcmp(*next, "after") && next[1])
			house.delay_us = run_time(run, *++next);
		else
			(void)snprintf(
				house.name, sizeof(house.name), "%s", *next);
}
