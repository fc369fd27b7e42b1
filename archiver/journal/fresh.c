/* fresh.c -- makes new segments, and keeps one in reserve. */
#include "archiver/journal/fresh.h"

#include "archiver/journal/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int reserve_path(const char *folder, char path[SEGMENT_PATH_BYTES])
{
	int size = snprintf(path, SEGMENT_PATH_BYTES, "%s/" FRESH_NAME, folder);

	return size < 0 || size >= SEGMENT_PATH_BYTES ? ENAMETOOLONG : 0;
}

/* Makes the file, or opens the one that waits, and allocates its bytes. */
static int open_reserve(const struct journal_disk *disk, const char *path,
	uint64_t bytes, int *descriptor)
{
	int made = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	int error;

	if (made < 0)
		return errno;
	error = disk->allocate(made, 0, (off_t)bytes);
	if (error) {
		close(made);
		(void)unlink(path);
		return error;
	}
	*descriptor = made;
	return 0;
}

int fresh_reserve(
	const struct journal_disk *disk, const char *folder, uint64_t bytes)
{
	char path[SEGMENT_PATH_BYTES];
	int descriptor = -1, error = reserve_path(folder, path);

	if (error)
		return error;
	if (access(path, F_OK) == 0)
		return 0;
	error = open_reserve(disk, path, bytes, &descriptor);
	if (!error)
		close(descriptor);
	return error;
}

void fresh_forget(const char *folder)
{
	char path[SEGMENT_PATH_BYTES];

	if (reserve_path(folder, path) == 0)
		(void)unlink(path);
}

static int write_header(const struct journal_disk *disk, int descriptor,
	const struct format_header *header, const struct makers *makers,
	uint64_t *end)
{
	char *bytes = malloc((size_t)format_entry_bytes(FORMAT_HEADER_BYTES));
	int error;

	if (!bytes)
		return ENOMEM;
	*end = format_header_write(header, makers, bytes);
	error = disk_write(
		disk, descriptor, slice_make(bytes, (size_t)*end), 0);
	free(bytes);
	return error ? error : disk_sync(disk, descriptor);
}

int fresh_segment(const struct journal_disk *disk, const char *folder,
	uint64_t bytes, const struct format_header *header,
	const struct makers *makers, int *descriptor, uint64_t *end)
{
	char waiting[SEGMENT_PATH_BYTES], path[SEGMENT_PATH_BYTES];
	int made = -1, error = reserve_path(folder, waiting);

	if (!error)
		error = segment_path(folder, header->segment, path);
	if (!error && access(path, F_OK) == 0)
		error = EEXIST; /* never write over what was kept */
	if (!error)
		error = open_reserve(disk, waiting, bytes, &made);
	if (error)
		return error;
	error = write_header(disk, made, header, makers, end);
	if (!error && rename(waiting, path) < 0)
		error = errno;
	if (!error) {
		error = disk_sync_folder(folder);
		if (error)
			(void)unlink(path);
	}
	if (error) {
		/* What a failed sync left in it is anybody's guess. */
		(void)unlink(waiting);
		close(made);
		return error;
	}
	*descriptor = made;
	return 0;
}
