/* part.h -- a leaf of a body: its readings, its entry in the list. */
#ifndef LIB_MIME_PART_H
#define LIB_MIME_PART_H

#include "lib/mime/judged.h"

struct part {
	struct slice place;
	struct slice raw;        /* what stands in the message for it */
	struct slice bytes;      /* decoded */
	struct slice media_type; /* lower case; absent: not declared */
	struct slice charset;    /* absent: not declared */
	struct slice file_name;
	const char *unseen; /* why it cannot be looked into, or NULL */
};

/* Adds the entry of the part, and one for each further reading. False on a
 * fault. */
bool part_add(struct judged_list *list, const struct part *part,
	struct judged_fault *fault) __attribute__((warn_unused_result));

#endif
