/* whole_file.c -- writes a file as a whole, or not at all. */
#include "archiver/publisher/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

static int write_all(int descriptor, struct slice bytes)
{
	while (bytes.size) {
		ssize_t written = write(descriptor, bytes.at, bytes.size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return errno;
		bytes = slice_from(bytes, (size_t)written);
	}
	return fsync(descriptor) ? errno : 0;
}

static int write_new(const char *path, struct slice bytes)
{
	int descriptor =
		open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	int error;

	if (descriptor < 0)
		return errno;
	error = write_all(descriptor, bytes);
	if (close(descriptor) && !error)
		error = errno;
	return error;
}

/* The new name is on disk only when its folder is. */
static int sync_folder(const char *path)
{
	char folder[PATH_MAX];
	char *slash;
	int descriptor, error;

	(void)snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (slash)
		slash[1] = '\0';
	descriptor = open(slash ? folder : ".", O_RDONLY | O_CLOEXEC);
	if (descriptor < 0)
		return errno;
	error = fsync(descriptor) ? errno : 0;
	close(descriptor);
	return error;
}

int whole_file_write(const char *path, struct slice bytes)
{
	char beside[PATH_MAX];
	int error;

	if (snprintf(beside, sizeof(beside), "%s.new", path) >=
		(int)sizeof(beside))
		return ENAMETOOLONG;
	error = write_new(beside, bytes);
	if (!error && rename(beside, path))
		error = errno;
	if (error)
		(void)unlink(beside);
	return error ? error : sync_folder(path);
}
