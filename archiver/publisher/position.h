/* position.h -- a local copy of how far Kafka has got.
 *
 * The position that counts is in Kafka, committed with the records themselves.
 * This copy exists to notice when that one is missing (it expires there, a
 * topic can be deleted) and may lag behind it; it is never ahead.
 */
#ifndef ARCHIVER_PUBLISHER_POSITION_H
#define ARCHIVER_PUBLISHER_POSITION_H

#include <stdint.h>

/* Whose position it is: another topic or node has none here. */
struct position_name {
	const char *topic;
	uint32_t node;
};

/* 0; ENOENT when there is none of this name; EBADMSG when the file is not one
 * of ours; else errno. */
int position_read(const char *file, const struct position_name *name,
	uint64_t *number) __attribute__((warn_unused_result));
/* Replaces the file as a whole, on disk when it returns. 0 or errno. */
int position_write(const char *file, const struct position_name *name,
	uint64_t number) __attribute__((warn_unused_result));

#endif
