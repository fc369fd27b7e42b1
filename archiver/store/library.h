/* library.h -- the index and the journal, opened for one reader's question.
 *
 * Each question has its own: connections and files are not shared between
 * threads, and what it reads is closed with it.
 */
#ifndef ARCHIVER_STORE_LIBRARY_H
#define ARCHIVER_STORE_LIBRARY_H

#include "archiver/store/index/index.h"
#include "lib/record/record.pb-c.h"

#include <jansson.h>
#include <sqlite3.h>
#include <stdatomic.h>

struct library;

/* How rows leave: 0, or an errno that ends the question. row is borrowed. */
struct answer {
	int (*row)(void *context, const json_t *row);
	void *context;
};

enum { LIBRARY_SENTENCE_BYTES = 512 };

/* index and journal are borrowed; *stopping ends long questions. NULL when
 * memory is short. */
struct library *library_open(struct index *index, const char *journal,
	const atomic_bool *stopping) __attribute__((warn_unused_result));
void library_close(struct library **library);
struct index *library_index(const struct library *library);
const char *library_journal(const struct library *library);
/* The last record that was indexed when the library was opened. */
uint64_t library_position(const struct library *library);
bool library_must_stop(const struct library *library);

/* The months that have shards, rising. */
size_t library_months(struct library *library, const unsigned **months);
/* A connection to a month's shard, kept until the library closes. An SQLite
 * result; a broken shard is reported to the indexer. */
int library_shard(struct library *library, unsigned month, sqlite3 **connection)
	__attribute__((warn_unused_result));
/* A statement on it; the caller finalizes it. */
int library_prepare(struct library *library, unsigned month, const char *sql,
	sqlite3_stmt **statement) __attribute__((warn_unused_result));
/* Notes the result of a step that failed, for what is said to the asker. */
void library_failed(struct library *library, unsigned month, int result);

/* Reads a record of the journal by its number, through the place that its
 * shard names. The caller frees it; NULL when it cannot be read. */
Sipwarden__Record__Record *library_record(
	struct library *library, uint64_t number);

/* {"record":NUMBER,"at":TIME,"pending":N} */
json_t *library_watermark(const struct library *library);
/* RFC 3339 text of a time. */
json_t *library_time(uint64_t wall_us);

#endif
