/* file.h -- a whole small file in memory. */
#ifndef LIB_SETTINGS_FILE_H
#define LIB_SETTINGS_FILE_H

#include "lib/slice.h"

/* text is the caller's, for file_forget. 0; EFBIG over most_bytes; EISDIR for
 * what is no file; else why it cannot be read. */
int file_read(const char *path, size_t most_bytes, struct slice *text)
	__attribute__((warn_unused_result));
/* Frees it. */
void file_forget(struct slice *text);

#endif
