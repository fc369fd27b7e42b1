/* rows.h -- what a batch of records changes in the index, before it is written.
 */
#ifndef ARCHIVER_STORE_INDEX_ROWS_H
#define ARCHIVER_STORE_INDEX_ROWS_H

#include "archiver/store/index/document.h"
#include "archiver/store/index/recent.h"
#include "archiver/store/index/shard.h"

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* One message with all its observations so far. */
struct message_row {
	uint64_t number; /* of its first record */
	unsigned char message_id[RECENT_KEY_BYTES];
	uint64_t conversation; /* 0: none */
	uint64_t same_as;      /* message whose text it repeats; 0: none */
	uint64_t observed_us;
	unsigned observations;
	unsigned status;
	enum outcome_word verdict;
	bool shown;
	bool stored;        /* it is in the shard; old is what stands there */
	bool words_changed; /* columns differ from old */
	bool seen_again;    /* by more than its first record */
	char *direction, *kind, *method, *disposition, *from, *to; /* owned */
	struct buffer columns[COLUMNS], old[COLUMNS];
	UT_hash_handle hh;
};

struct conversation_row {
	uint64_t ordinal;
	uint64_t first, last; /* record numbers */
	unsigned char stream[RECENT_KEY_BYTES];
	UT_hash_handle hh;
};

struct record_row {
	uint64_t number, message, segment, offset;
	int kind;
	int verdict; /* enum outcome_word, for the tally */
};

struct part_row {
	uint64_t conversation, message;
};

/* A new row of this first observation; NULL when memory is short. Takes the
 * document's columns. */
struct message_row *message_row_new(uint64_t number,
	const Sipwarden__Record__Record *record,
	const Sipwarden__Record__Metadata *metadata,
	const Sipwarden__Record__Content *content, struct document *document)
	__attribute__((warn_unused_result));
/* One more observation; the heavier verdict is told. False: no memory. */
bool message_row_merge(struct message_row *row,
	const Sipwarden__Record__Metadata *metadata,
	const struct document *document) __attribute__((warn_unused_result));
/* Reads it from its shard. SQLITE_DONE when it is not there. */
int message_row_read(struct shard *shard, uint64_t number,
	struct message_row **row) __attribute__((warn_unused_result));
/* Writes row and words; the observations are counted from `attached`. */
int message_row_write(struct shard *shard, struct message_row *row)
	__attribute__((warn_unused_result));
void message_row_release(struct message_row **row);

/* (boot, worker) as one number. boot is 16 random bytes. */
uint64_t submission_maker(const Sipwarden__Record__Submission *submission);

#endif
