/* indexer.c -- keeps the index up with the journal.
 *
 * What is read is committed when nothing more comes or COMMIT_MS have passed;
 * a burst is one batch, for large batches cost least a record; who asks makes
 * it commit at once. Damage in the journal is told once and passed over; an
 * index that cannot be written (disk full) is tried again, while the journal
 * waits: it is the spool.
 */
#include "archiver/store/indexer.h"

#include "archiver/journal/journal.h"
#include "lib/clock.h"
#include "lib/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A stream of records is looked at every PACE_MS, not at each sync of it. */
enum { STEP_RECORDS = 500, COMMIT_MS = 500, PACE_MS = 20, RETRY_MS = 1000 };

struct indexer {
	struct index *index; /* borrowed */
	const char *journal; /* borrowed */
	struct journal_reader *reader;
	uint64_t pending_since_ms;
	bool stuck; /* said that it cannot write */
};

static int open_reader(struct indexer *indexer)
{
	journal_reader_close(&indexer->reader);
	return journal_reader_open(indexer->journal,
		index_position(indexer->index), &indexer->reader);
}

int indexer_open(
	struct index *index, const char *journal, struct indexer **indexer)
{
	struct indexer *made = calloc(1, sizeof(*made));
	int error = ENOMEM;

	*indexer = made;
	if (!made)
		return error;
	made->index = index;
	made->journal = journal;
	error = open_reader(made);
	if (error)
		indexer_close(indexer);
	return error;
}

void indexer_close(struct indexer **indexer)
{
	if (!*indexer)
		return;
	journal_reader_close(&(*indexer)->reader);
	free(*indexer);
	*indexer = NULL;
}

int indexer_descriptor(const struct indexer *indexer)
{
	return index_pending(indexer->index) == 0
		       ? journal_reader_descriptor(indexer->reader)
		       : -1;
}

/* The index went back to an earlier position: read again from there. */
static int try_again(struct indexer *indexer, int error)
{
	bool stale;

	if (error == ENOMEM)
		log_fatal("Out of memory while indexing");
	if (error != ESTALE && !indexer->stuck)
		log_error("Indexing stopped; it goes on when the index can be "
			  "written again: see that there is room on its disk "
			  "event=index-stopped");
	indexer->stuck |= error != ESTALE;
	stale = error == ESTALE;
	error = open_reader(indexer);
	if (error)
		log_fatal(
			"The journal cannot be opened folder=%s reason=\"%s\"",
			indexer->journal, strerror(error));
	return stale ? 0 : RETRY_MS;
}

static int commit(struct indexer *indexer)
{
	int error = index_commit(indexer->index);

	if (error)
		return try_again(indexer, error);
	if (indexer->stuck)
		log_info("Indexing goes on event=index-goes-on");
	indexer->stuck = false;
	return -1;
}

/* 0, EAGAIN when there is nothing more, or what index_take says. */
static int take_next(struct indexer *indexer)
{
	struct journal_entry entry;
	struct journal_fault fault = {.text = ""};
	struct index_entry taken;
	int error = journal_reader_next(indexer->reader, &entry, &fault);

	if (error == EBADMSG) {
		log_error("The journal is damaged, indexing goes on behind it "
			  "event=journal-damaged place=\"%s\"",
			fault.text);
		return 0;
	}
	if (error && error != EAGAIN)
		log_fatal("The journal cannot be read folder=%s reason=\"%s\"",
			indexer->journal, strerror(error));
	if (error)
		return error;
	taken = (struct index_entry){.number = entry.number,
		.segment = entry.segment,
		.offset = entry.offset,
		.payload = entry.payload};
	error = index_take(indexer->index, &taken);
	if (error != EBADMSG)
		return error;
	log_error("A record cannot be read and is not searchable record=%llu",
		(unsigned long long)entry.number);
	return 0;
}

static void read_away_events(const struct indexer *indexer)
{
	char events[4096];

	while (read(journal_reader_descriptor(indexer->reader), events,
		       sizeof(events)) > 0)
		;
}

/* Milliseconds until the batch must be committed. */
static int time_left(struct indexer *indexer)
{
	uint64_t passed = clock_steady_ms() - indexer->pending_since_ms;

	if (index_is_waited_for(indexer->index))
		return 0;
	return passed >= COMMIT_MS ? 0 : (int)(COMMIT_MS - passed);
}

int indexer_step(struct indexer *indexer)
{
	int error = 0;

	if (index_pending(indexer->index) == 0)
		indexer->pending_since_ms = clock_steady_ms();
	read_away_events(indexer);
	for (int i = 0; i < STEP_RECORDS && !error; i++)
		error = take_next(indexer);
	if (error && error != EAGAIN)
		return try_again(indexer, error);
	/* With nothing pending the commit sees to a shard reported broken. */
	if (index_pending(indexer->index) == 0 || time_left(indexer) == 0) {
		int wait = commit(indexer);

		return wait < 0 && !error ? 0 : wait;
	}
	if (error != EAGAIN)
		return 0;
	return time_left(indexer) < PACE_MS ? time_left(indexer) : PACE_MS;
}

bool indexer_catch_up(struct indexer *indexer)
{
	int wait;

	do {
		wait = indexer_step(indexer);
		if (wait > 0 && wait != RETRY_MS)
			wait = commit(indexer);
	} while (wait >= 0 && wait != RETRY_MS);
	return wait < 0;
}

uint64_t indexer_behind(
	const struct index *index, const char *journal, uint64_t limit)
{
	struct journal_reader *reader;
	struct journal_entry entry;
	struct journal_fault fault;
	uint64_t count = 0;
	int error =
		journal_reader_open(journal, index_position(index), &reader);

	while (!error && count < limit) {
		error = journal_reader_next(reader, &entry, &fault);
		if (error == EBADMSG)
			error = 0;
		else if (!error)
			count++;
	}
	journal_reader_close(&reader);
	return count;
}
