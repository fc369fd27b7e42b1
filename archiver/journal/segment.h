/* segment.h -- reading one segment file, whatever state it is in.
 *
 * Plain reads into a window, no mapping: a file that was cut is then a
 * sentence and not a signal. Nothing at or behind the caller's limit is looked
 * at, because the archiver may be writing there.
 */
#ifndef ARCHIVER_JOURNAL_SEGMENT_H
#define ARCHIVER_JOURNAL_SEGMENT_H

#include "archiver/journal/format.h"

enum { SEGMENT_PATH_BYTES = 4096 };

struct segment {
	int descriptor; /* -1: not open */
	uint64_t number;
	uint64_t size; /* of the file, when it was opened */
	char *window;  /* owned */
	uint64_t at;   /* file offset of its first byte */
	size_t filled, room;
};

struct segment_entry {
	uint32_t type;
	struct slice payload; /* borrowed until the next call */
	uint64_t offset, next;
	bool padding_is_zero;
};

/* The segments of a folder, rising. */
struct segment_list {
	uint64_t *numbers; /* owned */
	size_t count;
};

/* A missing folder has no segments. 0 or errno. */
int segment_list(const char *folder, struct segment_list *list)
	__attribute__((warn_unused_result));
void segment_list_release(struct segment_list *list);
/* "folder/000000000001.journal"; ENAMETOOLONG. */
int segment_path(const char *folder, uint64_t number,
	char path[SEGMENT_PATH_BYTES]) __attribute__((warn_unused_result));

/* Opens (for reading) into *segment, closing what was open. 0 or errno. */
int segment_open(struct segment *segment, const char *folder, uint64_t number)
	__attribute__((warn_unused_result));
void segment_close(struct segment *segment);

/* The entry at offset. 0; ENODATA where nothing has been written (a head of
 * zeros); EBADMSG when what stands there is no whole entry, *wrong is a
 * sentence then; else errno. */
int segment_read(struct segment *segment, uint64_t offset, uint64_t limit,
	struct segment_entry *entry, const char **wrong)
	__attribute__((warn_unused_result));
/* For naming damage: the entry at offset when its length is read with these
 * bits changed; 0 only when its CRC agrees then. */
int segment_read_length(struct segment *segment, uint64_t offset,
	uint64_t limit, uint32_t change, struct segment_entry *entry)
	__attribute__((warn_unused_result));
/* Head and payload of a bad entry, as its length says. */
int segment_bytes(struct segment *segment, uint64_t offset, uint64_t limit,
	struct slice *bytes) __attribute__((warn_unused_result));
/* Where to go on behind a bad entry: behind its length, when an entry stands
 * there, else at the next mark, else at limit. Linear in bytes. */
int segment_resume(struct segment *segment, uint64_t offset, uint64_t limit,
	uint64_t *next) __attribute__((warn_unused_result));
/* The next mark of this segment at or behind offset; ENOENT: none. */
int segment_find_mark(struct segment *segment, uint64_t offset, uint64_t limit,
	struct format_mark *mark) __attribute__((warn_unused_result));
/* The first byte from offset on that is not zero; limit when there is none. */
int segment_find_data(struct segment *segment, uint64_t offset, uint64_t limit,
	uint64_t *found) __attribute__((warn_unused_result));
/* Reads the header, with the makers when asked; *end is the offset behind it.
 * EBADMSG when it is not whole or names another segment. */
int segment_header(struct segment *segment, struct format_header *header,
	struct makers *makers, uint64_t *end, const char **wrong)
	__attribute__((warn_unused_result));

#endif
