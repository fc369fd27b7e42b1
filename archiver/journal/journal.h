/* journal.h -- the append-only file of records: its format, its reader.
 *
 * A folder of segments, each preallocated (archive.segment_bytes, 64 MB) and
 * named by its place in the order: 000000000001.journal, 000000000002.journal …
 * An entry is: length u32, CRC32C u32 (over type and payload), type u32,
 * payload, padded with zeros to 8 bytes; numbers little-endian. A full segment
 * ends in a footer entry (range of record numbers, chain head). A mark entry,
 * written at the start of each batch, says up to where the segment was synced
 * when the batch was begun: a bad CRC before it is corruption, after it a torn
 * tail. The file `durable` beside the segments (mapped, 16 bytes: segment,
 * offset) tells readers in other processes how far they may read; after a crash
 * the archiver makes it anew.
 *
 * Each segment begins with a header entry, which names the segment before and
 * the offset at which what is valid there ends. Readers never write here, and
 * see only what is durable. docs/archive-format.md gives every byte.
 */
#ifndef ARCHIVER_JOURNAL_JOURNAL_H
#define ARCHIVER_JOURNAL_JOURNAL_H

#include "lib/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum journal_entry_type {
	JOURNAL_RECORD = 1, /* payload: a packed Record with its intake */
	JOURNAL_MARK = 2,
	JOURNAL_FOOTER = 3,
	JOURNAL_HEADER = 4
};

struct journal_entry {
	uint64_t number;      /* record number */
	struct slice payload; /* borrowed until the next call on the reader */
	uint64_t segment;     /* where it stands, for messages */
	uint64_t offset;
};

struct journal_fault {
	uint64_t segment;
	uint64_t offset;
	char text[200]; /* one sentence */
};

struct journal_reader;

/* Reads on behind the record `after` (0: from the beginning). An empty or
 * missing folder is not an error: records may come. 0 or errno. */
int journal_reader_open(const char *folder, uint64_t after,
	struct journal_reader **reader) __attribute__((warn_unused_result));
void journal_reader_close(struct journal_reader **reader);
/* The next durable record. 0; EAGAIN when there is none yet; EBADMSG when the
 * journal is corrupt there (fault says where; the next call goes on behind the
 * damage); else errno. */
int journal_reader_next(struct journal_reader *reader,
	struct journal_entry *entry, struct journal_fault *fault)
	__attribute__((warn_unused_result));
/* Becomes readable when the journal has grown (inotify); read away what it
 * holds, then call journal_reader_next until EAGAIN. */
int journal_reader_descriptor(const struct journal_reader *reader);
/* Reads the record with this number again; 0, ENOENT, EBADMSG or errno. */
int journal_reader_fetch(struct journal_reader *reader, uint64_t number,
	struct journal_entry *entry, struct journal_fault *fault)
	__attribute__((warn_unused_result));

#endif
