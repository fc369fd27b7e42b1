/* file.c -- a whole small file in memory. */
#include "lib/settings/file.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int file_read(const char *path, size_t most_bytes, struct slice *text)
{
	FILE *file = fopen(path, "re");
	int error = file ? 0 : errno;
	char *bytes = NULL;
	size_t size = 0;

	*text = (struct slice){NULL, 0};
	if (error)
		return error;
	bytes = malloc(most_bytes + 1);
	if (!bytes) {
		(void)fclose(file);
		return ENOMEM;
	}
	errno = 0;
	size = fread(bytes, 1, most_bytes + 1, file);
	if (ferror(file))
		error = errno ? errno : EIO;
	else if (size > most_bytes)
		error = EFBIG;
	(void)fclose(file);
	if (error)
		free(bytes);
	else
		*text = slice_make(bytes, size);
	return error;
}

void file_forget(struct slice *text)
{
	free((void *)(uintptr_t)text->at);
	*text = (struct slice){NULL, 0};
}
