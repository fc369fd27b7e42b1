/* inside.h -- what the files of the index share: the batch and its owner.
 *
 * index.c opens and commits, take.c fills the batch, write.c writes it. Rows of
 * a batch point to each other until they are written.
 */
#ifndef ARCHIVER_STORE_INDEX_INSIDE_H
#define ARCHIVER_STORE_INDEX_INSIDE_H

#include "archiver/store/index/index.h"
#include "archiver/store/index/rows.h"
#include "lib/arena.h"
#include "lib/record/number.h"

#include <stdatomic.h>

enum { BATCH_RECORDS = 8192, BATCH_BYTES = 64 * 1024 * 1024 };

struct batch {
	struct record_row records[BATCH_RECORDS];
	struct part_row parts[BATCH_RECORDS];
	size_t count, part_count, bytes;
	struct message_row *messages;
	struct conversation_row *conversations;
};

struct index {
	char *folder; /* owned */
	char *boot;   /* owned */
	int lock;     /* a file that one process at a time has locked */
	uint64_t quiet_us;
	struct shard *now, *before; /* owned; NULL: none */
	struct recent *ids, *streams;
	bool closed;         /* its shards could not be opened again */
	struct arena *arena; /* of the record that is being taken */
	uint64_t taken;      /* last record in the batch */
	uint64_t next_conversation;
	_Atomic uint64_t position, pending;
	_Atomic unsigned waiting; /* askers that wait for a commit */
	_Atomic unsigned broken; /* month that a reader found broken; 0: none */
	struct batch batch;
};

/* The open shard that a number falls into; NULL: none is open. */
struct shard *index_shard(const struct index *index, uint64_t number);
/* The smallest number that lies span_us before this one. */
uint64_t index_number_before(uint64_t number, uint64_t span_us);
/* Removes the shards from this month on, open ones too. */
void index_remove_from(struct index *index, unsigned month);
/* When the shards are closed: opens them. 0: they are open; ESTALE: they are
 * open again, at an earlier position; EIO: they cannot be opened yet. */
int index_reopen(struct index *index) __attribute__((warn_unused_result));
/* Logs what SQLite says; the errno for it. */
int index_say(const char *what, int result);
/* Writes the batch into its shards, the older one first. An SQLite result;
 * *month is where it failed. */
int batch_write(struct index *index, unsigned *month)
	__attribute__((warn_unused_result));
void batch_clear(struct batch *batch);

#endif
