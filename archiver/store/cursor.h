/* cursor.h -- walks over all records of the index, shard after shard. */
#ifndef ARCHIVER_STORE_CURSOR_H
#define ARCHIVER_STORE_CURSOR_H

#include "archiver/store/library.h"

struct cursor {
	struct library *library; /* borrowed */
	sqlite3_stmt *statement;
	size_t shard;    /* the next to open */
	unsigned month;  /* of the one that is open */
	uint64_t number; /* where it stands; 0: at the end */
	int kind;
};

/* Stands on the first record then. 0 or EIO. */
int cursor_open(struct cursor *cursor, struct library *library)
	__attribute__((warn_unused_result));
int cursor_next(struct cursor *cursor) __attribute__((warn_unused_result));
void cursor_close(struct cursor *cursor);

#endif
