/* recovery.h -- what a start finds in a journal, and what it mends.
 *
 * Only the last segment is read (those before it only when its header is
 * damaged). What follows the last whole entry and was never known to be on
 * disk is a torn tail: it is cut. A bad entry in front of that is corruption:
 * the file stays as it is, and the archiver goes on in a new segment.
 */
#ifndef ARCHIVER_JOURNAL_RECOVERY_H
#define ARCHIVER_JOURNAL_RECOVERY_H

#include "archiver/journal/disk.h"
#include "archiver/journal/durable.h"
#include "archiver/journal/format.h"

enum journal_weight { JOURNAL_INFO, JOURNAL_WARN, JOURNAL_ALARM };
/* Takes a sentence for the log. */
typedef void journal_notice_fn(
	void *user, enum journal_weight weight, const char *sentence);

struct journal_notices {
	journal_notice_fn *say; /* NULL: nobody listens */
	void *user;
};
void journal_say(const struct journal_notices *notices,
	enum journal_weight weight, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

struct journal_state {
	uint64_t segment;    /* the last one, 0: there is none */
	uint64_t header_end; /* offset */
	uint64_t offset;     /* what is valid ends here */
	uint64_t first;      /* record numbers in it */
	uint64_t count;
	struct format_point point;
	bool closed;  /* it has a footer */
	bool corrupt; /* it must not be written any more */
};

/* `known` is what the file `durable` said. Returns 0 or errno; everything in
 * the state is on disk then. */
int journal_recover(const struct journal_disk *disk, const char *folder,
	struct durable_place known, const struct journal_notices *notices,
	struct journal_state *state, struct makers *makers)
	__attribute__((warn_unused_result));

#endif
