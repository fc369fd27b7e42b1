/* sparse.h -- where in a segment some of the record numbers stand.
 *
 * Remembered while walking, so that the next record of the same stretch is
 * found without walking again: one place for every SPARSE_STEP bytes.
 */
#ifndef ARCHIVER_JOURNAL_SPARSE_H
#define ARCHIVER_JOURNAL_SPARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SPARSE_STEP = 64 * 1024, SPARSE_SEGMENTS = 16 };

struct sparse_place {
	uint64_t number;
	uint64_t offset;
};

struct sparse {
	uint64_t segment; /* 0: the place is free */
	uint64_t before;  /* last number before this segment */
	uint64_t upto;    /* last number in it; 0: it is still written */
	struct sparse_place *places; /* owned */
	size_t count, room;
	uint64_t used; /* rises with each use */
};

/* What a reader remembers of the segments it fetched from lately. */
struct sparse_list {
	struct sparse all[SPARSE_SEGMENTS];
	uint64_t uses;
};

/* The segment that holds this number, if it is remembered; open_segment is the
 * one that is still written. NULL: not known. */
struct sparse *sparse_find(
	struct sparse_list *list, uint64_t number, uint64_t open_segment);
/* Forgets the one not used longest, if it must. */
struct sparse *sparse_begin(struct sparse_list *list, uint64_t segment,
	uint64_t before, uint64_t upto);
void sparse_release(struct sparse_list *list);
/* The last known offset at which a record with this number or a lower one
 * stands; 0 when there is none. */
uint64_t sparse_offset(const struct sparse *sparse, uint64_t number);
/* Notes a record that was met while walking upwards. Short of memory it is
 * not noted. */
void sparse_note(struct sparse *sparse, uint64_t number, uint64_t offset);

#endif
