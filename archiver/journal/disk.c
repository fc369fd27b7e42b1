/* disk.c -- what the journal asks of the disk, so that tests can break it. */
#include "archiver/journal/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

const struct journal_disk disk_system = {
	.write = pwrite, .sync = fdatasync, .allocate = posix_fallocate};

int disk_write(const struct journal_disk *disk, int descriptor,
	struct slice bytes, uint64_t offset)
{
	while (bytes.size) {
		ssize_t put = disk->write(
			descriptor, bytes.at, bytes.size, (off_t)offset);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return put < 0 ? errno : EIO;
		bytes = slice_from(bytes, (size_t)put);
		offset += (uint64_t)put;
	}
	return 0;
}

int disk_sync(const struct journal_disk *disk, int descriptor)
{
	return disk->sync(descriptor) < 0 ? errno : 0;
}

int disk_sync_folder(const char *folder)
{
	int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int error = 0;

	if (descriptor < 0)
		return errno;
	if (fsync(descriptor) < 0)
		error = errno;
	close(descriptor);
	return error;
}
