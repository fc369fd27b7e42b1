/* whole_file.h -- writes a file as a whole, or not at all. */
#ifndef ARCHIVER_PUBLISHER_WHOLE_FILE_H
#define ARCHIVER_PUBLISHER_WHOLE_FILE_H

#include "lib/slice.h"

/* Writes beside it, syncs, renames, syncs the folder: a reader sees the old
 * file or the new one, also after a crash. 0 or errno. */
int whole_file_write(const char *path, struct slice bytes)
	__attribute__((warn_unused_result));

#endif
