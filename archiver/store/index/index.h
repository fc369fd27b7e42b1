/* index.h -- the index over the journal: takes records, keeps the shards.
 *
 * Records are taken in their order and written in batches. A message is made
 * of the records with its id within INDEX_SAME_S seconds of the first; an
 * outcome joins the message whose id it has; a conversation is made of a
 * stream's messages. All of this depends on the records alone, so an index
 * made anew is the same, conversation numbers included.
 *
 * A batch may touch two shards: the month's and, for messages and conversations
 * that began before midnight of the month's first, the one before. That one is
 * committed first, and what is written to it can be written again; the position
 * is with the new one.
 */
#ifndef ARCHIVER_STORE_INDEX_INDEX_H
#define ARCHIVER_STORE_INDEX_INDEX_H

#include "lib/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	INDEX_SAME_S = 64,
	/* How far back the message of an outcome is looked for (an INVITE rings
	 * for 181 s and ends 32 s later), and what same_text_as names (64 s).
	 * It bounds what the indexer remembers of each message. */
	INDEX_LINK_S = 4 * 60,
	INDEX_CUT_S = 24 * 60 * 60
};

struct index;

/* A record as it stands in the journal. */
struct index_entry {
	uint64_t number, segment, offset;
	struct slice payload; /* a packed Record */
};

/* Only one process at a time has an index folder open: EBUSY.
 * boot: the machine's boot id. quiet_s: silence that ends a conversation.
 * Shards that cannot be trusted, and those after them, are removed and logged.
 * 0; errno when the folder cannot be used. */
int index_open(const char *folder, const char *boot, uint32_t quiet_s,
	struct index **index) __attribute__((warn_unused_result));
/* Writes what is pending and closes cleanly. */
void index_close(struct index **index);
/* Takes one record into the batch. 0; ENOMEM; EBADMSG when the record cannot
 * be read or its number does not rise (it is passed over; a record that cannot
 * be read is counted as unknown); EIO, ESTALE: as index_commit. */
int index_take(struct index *index, const struct index_entry *entry)
	__attribute__((warn_unused_result));
/* Writes the batch. 0; EIO when it could not be (the reason is logged), ESTALE
 * when a broken shard was removed: the index then stands at an earlier
 * position, go on reading behind it. */
int index_commit(struct index *index) __attribute__((warn_unused_result));
/* Records taken, not yet committed. Any thread may ask. */
uint64_t index_pending(const struct index *index);
/* The last record committed; 0: none. Any thread may ask. */
uint64_t index_position(const struct index *index);
/* While somebody waits, what was read is committed without delay. Any thread:
 * each call of begin is followed by one of end. */
void index_wait_begin(struct index *index);
void index_wait_end(struct index *index);
bool index_is_waited_for(const struct index *index);
/* A reader, on any thread, found this month's shard broken: the next commit
 * makes it anew. */
void index_report_broken(struct index *index, unsigned month);
const char *index_folder(const struct index *index);

#endif
