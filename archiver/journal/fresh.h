/* fresh.h -- makes new segments, and keeps one in reserve.
 *
 * The reserve is a whole, allocated file that waits under another name, so a
 * full disk shows while the segment in use still has room. A file becomes a
 * segment by its name only after its header is on disk.
 */
#ifndef ARCHIVER_JOURNAL_FRESH_H
#define ARCHIVER_JOURNAL_FRESH_H

#include "archiver/journal/disk.h"
#include "archiver/journal/format.h"

#define FRESH_NAME "next.reserved"

/* Makes the reserve when there is none. 0 or errno (ENOSPC). */
int fresh_reserve(const struct journal_disk *disk, const char *folder,
	uint64_t bytes) __attribute__((warn_unused_result));
/* Removes a reserve of an earlier start, which may hold half a header. */
void fresh_forget(const char *folder);
/* Makes the segment header->segment of at least `bytes`, out of the reserve
 * when there is one. Gives its descriptor, its size and the offset behind its
 * header. 0 or errno; nothing is left behind then. */
int fresh_segment(const struct journal_disk *disk, const char *folder,
	uint64_t bytes, const struct format_header *header,
	const struct makers *makers, int *descriptor, uint64_t *end)
	__attribute__((warn_unused_result));

#endif
