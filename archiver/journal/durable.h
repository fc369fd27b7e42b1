/* durable.h -- the file `durable`: how far the journal is on disk.
 *
 * Sixteen bytes, mapped: segment, offset. The archiver moves it after each
 * sync; readers of other processes look at it without asking. Each move is
 * also written once more with pwrite, for inotify to see.
 */
#ifndef ARCHIVER_JOURNAL_DURABLE_H
#define ARCHIVER_JOURNAL_DURABLE_H

#include <stdbool.h>
#include <stdint.h>

#define DURABLE_NAME "durable"
enum { DURABLE_BYTES = 16 };

struct durable {
	int descriptor; /* -1: not open */
	uint64_t *map;
};

struct durable_place {
	uint64_t segment; /* 0: nothing is durable */
	uint64_t offset;
};

/* For the archiver: made when missing, its content kept. 0 or errno. */
int durable_make(const char *folder, struct durable *durable)
	__attribute__((warn_unused_result));
/* For readers. ENOENT when there is none yet; EBADMSG when it is short. */
int durable_open(const char *folder, struct durable *durable)
	__attribute__((warn_unused_result));
void durable_close(struct durable *durable);
void durable_move(struct durable *durable, struct durable_place place);
struct durable_place durable_place(const struct durable *durable);

#endif
