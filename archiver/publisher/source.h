/* source.h -- the journal as the publisher reads it: never past damage.
 *
 * Where the journal is damaged, reading stops, and it is said once, since a
 * topic with a hole in it that nobody chose looks whole. A person who has seen
 * the damage names its place, and reading goes on behind it.
 */
#ifndef ARCHIVER_PUBLISHER_SOURCE_H
#define ARCHIVER_PUBLISHER_SOURCE_H

#include "archiver/journal/journal.h"

struct source_place {
	uint64_t segment, offset;
};

struct source;

/* pass: damage there is passed over (segment 0: none). 0 or errno. */
int source_open(const char *folder, struct source_place pass,
	struct source **source) __attribute__((warn_unused_result));
void source_close(struct source **source);
/* Reads on behind this record. 0 or errno. */
int source_rewind(struct source *source, uint64_t after)
	__attribute__((warn_unused_result));
/* 0; EAGAIN: none yet; EBADMSG: damaged here (said once), rewind and try again
 * later; else errno. Call source_rewind first. */
int source_next(struct source *source, struct journal_entry *entry)
	__attribute__((warn_unused_result));
/* Readable when the journal has grown; source_quiet reads it away. -1 before
 * the first rewind. */
int source_descriptor(const struct source *source);
void source_quiet(struct source *source);

#endif
