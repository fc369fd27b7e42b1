/* invite.h -- text/x-msmsgsinvite: offers of files in the RTC dialect. */
#ifndef LIB_MIME_INVITE_H
#define LIB_MIME_INVITE_H

#include "lib/slice.h"

/* Returns NULL, or the phrase of what is wrong: repeated names, folded lines,
 * lines without colon, text behind a line so short that some stop reading
 * there. file_name is what Application-File says; left alone without it. */
const char *invite_read(struct slice bytes, struct slice *file_name)
	__attribute__((warn_unused_result));

#endif
