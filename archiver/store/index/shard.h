/* shard.h -- the index of one month: a SQLite file, made from the journal.
 *
 * Rows: `record` one for each record; `message` one for each message, which
 * may have several observations; `attached` the records of a message but the
 * first, whose number it has; `conversation` and `part` (its messages); `tally`
 * counts; `words` is the FTS5 index over `message`. Keys
 * rise with time, so inserts go to the end of each tree. The position (last
 * record taken) is in the same transaction as the rows.
 *
 * synchronous is OFF: a crash of a program loses nothing, since the kernel has
 * the pages; a crash of the machine may, so a shard notes under which boot of
 * the machine it was open, and is made anew when it was not closed in that
 * boot.
 */
#ifndef ARCHIVER_STORE_INDEX_SHARD_H
#define ARCHIVER_STORE_INDEX_SHARD_H

#include "lib/slice.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	SHARD_FORMAT = 2,
	SHARD_PATH_BYTES = 4096,
	SHARD_BOOT_BYTES = 64,
	SHARDS = 1200 /* a hundred years */
};

/* Statements that the indexer uses; prepared once. */
enum shard_statement {
	SHARD_ADD_RECORD,
	SHARD_ADD_MESSAGE,
	SHARD_FIND_MESSAGE,
	SHARD_ADD_WORDS,
	SHARD_DELETE_WORDS,
	SHARD_ATTACH,
	SHARD_COUNT_OBSERVATIONS,
	SHARD_ADD_CONVERSATION,
	SHARD_ADD_PART,
	SHARD_ADD_TALLY,
	SHARD_SET_META,
	SHARD_STATEMENTS
};

struct shard {
	unsigned month; /* year * 12 + month, from 0 */
	sqlite3 *connection;
	sqlite3_stmt *statements[SHARD_STATEMENTS];
};

/* The month of a record number. */
unsigned shard_month(uint64_t number);
/* The first record number of a month. */
uint64_t shard_first_number(unsigned month);
/* folder/2026-11.sqlite */
void shard_path(
	const char *folder, unsigned month, char path[SHARD_PATH_BYTES]);
/* Months for which files stand in the folder, in order. Returns their count;
 * 0 with *error set when the folder cannot be read. */
size_t shard_list(const char *folder, unsigned months[SHARDS], int *error);

/* Opens for writing, makes it when it is not there. SQLITE_CORRUPT when it
 * cannot be trusted (other format, unclean boot, not a database): remove it
 * and index again. Other SQLite results as they are. */
int shard_open(const char *folder, unsigned month, const char *boot,
	struct shard **shard) __attribute__((warn_unused_result));
/* Writes everything to the disk first, and notes that it did. */
void shard_close(struct shard **shard);
/* Closes without that (a corrupt one), and removes the files. */
void shard_remove(const char *folder, unsigned month, struct shard **shard);
/* Another connection for reading; the caller closes it with sqlite3_close. */
int shard_open_to_read(const char *folder, unsigned month, sqlite3 **connection)
	__attribute__((warn_unused_result));

int shard_begin(struct shard *shard) __attribute__((warn_unused_result));
/* Ends the transaction, setting the position when it is not 0. */
int shard_commit(struct shard *shard, uint64_t position)
	__attribute__((warn_unused_result));
void shard_roll_back(struct shard *shard);
/* Number of the last record taken; 0: none. */
uint64_t shard_position(sqlite3 *connection);

/* Resets a statement and binds integers to ?1, ?2 …; count of them. */
sqlite3_stmt *shard_bind(struct shard *shard, enum shard_statement which,
	const int64_t *values, int count);
/* Steps a statement that gives no rows; SQLITE_OK when it is done. */
int shard_run(sqlite3_stmt *statement) __attribute__((warn_unused_result));
void shard_bind_text(sqlite3_stmt *statement, int place, struct slice text);
/* True for results after which the file is not worth keeping. */
bool shard_is_broken(int result);

#endif
