/* writer.h -- the one who writes the journal: numbers, chains, syncs.
 *
 * Records are taken into a batch in memory and committed together: one write,
 * one sync. A failed sync is never repeated; the batch goes into a new segment
 * instead. Only one writer works on a folder (it holds a lock).
 */
#ifndef ARCHIVER_JOURNAL_WRITER_H
#define ARCHIVER_JOURNAL_WRITER_H

#include "archiver/journal/recovery.h"

struct journal_options {
	const char *folder;     /* made when missing; its parent must exist */
	uint64_t segment_bytes; /* of new segments */
	uint32_t node;
	struct journal_notices notices;  /* what the log should know */
	const struct journal_disk *disk; /* NULL: the system's */
};

struct journal_writer;

/* Recovers what is there and makes a segment ready. 0; EBUSY when another
 * writer holds the folder; else errno. */
int journal_writer_open(const struct journal_options *options,
	struct journal_writer **writer) __attribute__((warn_unused_result));
/* Drops what was not committed. */
void journal_writer_close(struct journal_writer **writer);

/* Numbers and chains a record and puts it into the batch; `packed` is the
 * record as it was packed, without intake. No disk is touched. 0; EINVAL when
 * the record has an intake already; EMSGSIZE; ENOMEM. */
int journal_writer_take(struct journal_writer *writer,
	const Sipwarden__Record__Record *record, struct slice packed,
	uint64_t wall_us, uint64_t *number) __attribute__((warn_unused_result));
/* The same for a record that is not packed yet. */
int journal_writer_take_record(struct journal_writer *writer,
	const Sipwarden__Record__Record *record, uint64_t wall_us,
	uint64_t *number) __attribute__((warn_unused_result));
size_t journal_writer_batch_bytes(const struct journal_writer *writer);

/* Makes the batch durable. 0, or errno: the batch is kept, and a later call
 * tries again (ENOSPC: when there is room again). */
int journal_writer_commit(struct journal_writer *writer)
	__attribute__((warn_unused_result));
/* Makes the reserve segment when it is missing: call it when there is time.
 * 0 or errno (ENOSPC: the disk is full behind the segment in use). */
int journal_writer_reserve(struct journal_writer *writer)
	__attribute__((warn_unused_result));

/* Last sequence of a pair that was taken, and its record number; 0: none. */
void journal_writer_known(const struct journal_writer *writer,
	const uint8_t boot[RECORD_ID_BYTES], uint32_t worker,
	uint64_t *sequence, uint64_t *number);
/* All of them; the intake notes there when it saw each. */
struct makers *journal_writer_makers(struct journal_writer *writer);
/* Number of the last record taken, 0: none. */
uint64_t journal_writer_last(const struct journal_writer *writer);
/* Bytes left in the segment in use. */
uint64_t journal_writer_room(const struct journal_writer *writer);

#endif
