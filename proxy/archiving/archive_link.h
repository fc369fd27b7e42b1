/* archive_link.h -- one worker's connection to the archiver.
 *
 * Records leave in the order in which they were submitted, numbered from 1.
 * What is not yet acknowledged is kept and sent again after a reconnect (the
 * archiver says up to where it has them). While the archiver is away records
 * queue up to a limit; a waiter is told ETIMEDOUT after archive.hold. What does
 * not fit any more and does not wait is counted, and told in a gap record when
 * the archiver is back.
 */
#ifndef PROXY_ARCHIVING_ARCHIVE_LINK_H
#define PROXY_ARCHIVING_ARCHIVE_LINK_H

#include "lib/record/record.pb-c.h"
#include "lib/settings.h"
#include "proxy/archiving/last_run.h"
#include "proxy/timers.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct archive_link;

enum { ARCHIVE_QUEUE_RECORDS = 65536 };

/* Somebody waits for a record; lives inside its owner. */
struct archive_wait {
	struct archive_link *link;          /* private; NULL: not waiting */
	struct archive_wait *next, *before; /* private */
	uint64_t sequence;                  /* private */
	struct timer deadline;              /* private */
	/* 0: durable. ETIMEDOUT: the archiver is away. EBADMSG: refused. From
	 * the loop, never from inside archive_submit. */
	void (*done)(struct archive_wait *wait, int result);
};

struct archive_counts {
	uint64_t submitted, durable, refused, gaps, lost_in_gaps;
	uint64_t queued, queued_bytes;
	uint64_t turned_away; /* had to wait, and the queue was full */
	bool connected;
};

struct archive_link *archive_link_new(uv_loop_t *loop, struct timers *timers,
	const struct settings *settings, const unsigned char boot[16],
	unsigned worker) __attribute__((warn_unused_result));
void archive_link_close(struct archive_link **link);
/* Takes the record (submission is filled in, bytes are copied). *sequence gets
 * its number. wait may be NULL. 0; ENOBUFS when the queue is full: with a wait
 * nothing was taken, without one it is counted for the gap record and 0 is
 * returned with *sequence = 0. */
int archive_submit(struct archive_link *link, Sipwarden__Record__Record *record,
	uint64_t *sequence, struct archive_wait *wait)
	__attribute__((warn_unused_result));
/* The first record: that this worker begins; `before` (or NULL) is a run that
 * ended without a word. */
void archive_started(struct archive_link *link, const struct last_run *before);
/* Records that everything observed before until_us is recorded in front of it,
 * when there is anything new since the last. */
void archive_checkpoint(struct archive_link *link, uint64_t until_us);
/* Records, once nothing else is to come, that this worker has stopped. True
 * when that is durable, and all before it. */
bool archive_say_stopped(struct archive_link *link);
void archive_wait_cancel(struct archive_wait *wait);
const struct archive_counts *archive_counts(const struct archive_link *link);
/* True when everything submitted is durable (for a clean stop). */
bool archive_idle(const struct archive_link *link);

#endif
