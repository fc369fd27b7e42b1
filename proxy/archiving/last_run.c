/* last_run.c -- whether the run before stopped as it should. */
#include "proxy/archiving/last_run.h"

#include "lib/clock.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct written_run {
	char magic[8];
	unsigned char boot[16];
	uint64_t began_us; /* big-endian */
} __attribute__((packed));

static const char magic[8] = {'S', 'I', 'P', 'W', 'R', 'U', 'N', '1'};

static int path_in(const char *folder, const char *name, char path[PATH_MAX])
{
	int size = snprintf(path, PATH_MAX, "%s/%s", folder, name);

	return size < 0 || size >= PATH_MAX ? ENAMETOOLONG : 0;
}

struct last_run last_run_read(const char *folder)
{
	struct last_run before = {.found = false};
	struct written_run run;
	char path[PATH_MAX];
	int file = path_in(folder, "running", path)
			   ? -1
			   : open(path, O_RDONLY | O_CLOEXEC);

	if (file < 0)
		return before;
	if (read(file, &run, sizeof(run)) == (ssize_t)sizeof(run) &&
		memcmp(run.magic, magic, sizeof(magic)) == 0) {
		before.found = true;
		memcpy(before.boot, run.boot, sizeof(run.boot));
		before.began_us = be64toh(run.began_us);
	}
	close(file);
	return before;
}

static int write_run(
	const char *path, const unsigned char boot[16], uint64_t began_us)
{
	struct written_run run = {.began_us = htobe64(began_us)};
	int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	int error = 0;

	if (file < 0)
		return errno;
	memcpy(run.magic, magic, sizeof(magic));
	memcpy(run.boot, boot, sizeof(run.boot));
	errno = EIO;
	if (write(file, &run, sizeof(run)) != (ssize_t)sizeof(run) ||
		fsync(file) < 0)
		error = errno;
	close(file);
	return error;
}

static int sync_folder(const char *folder)
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

int last_run_write(const char *folder, const unsigned char boot[16],
	const struct last_run *before)
{
	char path[PATH_MAX], fresh[PATH_MAX];
	int error = path_in(folder, "running", path);

	if (!error)
		error = path_in(folder, "running.new", fresh);
	if (!error)
		error = write_run(fresh, boot,
			before->found ? before->began_us : clock_wall_us());
	if (!error && rename(fresh, path) < 0)
		error = errno;
	return error ? error : sync_folder(folder);
}

/* When the machine goes before this is on the disk, the archiver knows better:
 * it has the stop's record. */
void last_run_forget(const char *folder)
{
	char path[PATH_MAX];

	if (path_in(folder, "running", path) == 0)
		(void)unlink(path);
}
