/* sdp.h -- what a session description says to people, and what it opens. */
#ifndef LIB_MIME_SDP_H
#define LIB_MIME_SDP_H

#include "lib/mime/judged.h"

/* Adds the texts of s=, i= and u= lines, the further readings of a= lines
 * (names of files with percent escapes), the texts in the character set that
 * a=charset names, and an unseen entry for each medium that is neither sound
 * nor picture nor carried by SIP itself. bytes borrowed. False on a fault. */
bool sdp_add(struct judged_list *list, struct slice place, struct slice bytes,
	struct judged_fault *fault) __attribute__((warn_unused_result));

#endif
