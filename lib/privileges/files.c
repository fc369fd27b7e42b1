/* files.c -- what a program may open, kept by the kernel (Landlock). */
#include "lib/privileges/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Newer than the header of Debian 12; the version says what the kernel has. */
#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif
#define NET_ALL (1ULL << 0 | 1ULL << 1)   /* bind and connect of TCP */
#define SCOPE_ALL (1ULL << 0 | 1ULL << 1) /* abstract sockets, signals */

enum {
	VERSION_REFER = 2,
	VERSION_TRUNCATE = 3,
	VERSION_NET = 4,
	VERSION_IOCTL = 5,
	VERSION_SCOPE = 6
};

struct ruleset {
	uint64_t files, network, scope;
};

static const uint64_t reading =
	LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
static const uint64_t writing =
	LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
	LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |
	LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
	LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_REFER |
	LANDLOCK_ACCESS_FS_TRUNCATE;
static const uint64_t sockets =
	LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_MAKE_SOCK |
	LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE;
/* What a rule on something that is no folder may say. */
static const uint64_t of_files = LANDLOCK_ACCESS_FS_READ_FILE |
				 LANDLOCK_ACCESS_FS_WRITE_FILE |
				 LANDLOCK_ACCESS_FS_TRUNCATE;

int files_version(void)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
		LANDLOCK_CREATE_RULESET_VERSION);

	return version > 0 ? (int)version : FILES_NOT_THERE;
}

static uint64_t handled_files(int version)
{
	uint64_t handled = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;

	if (version >= VERSION_REFER)
		handled |= LANDLOCK_ACCESS_FS_REFER;
	if (version >= VERSION_TRUNCATE)
		handled |= LANDLOCK_ACCESS_FS_TRUNCATE;
	if (version >= VERSION_IOCTL)
		handled |= LANDLOCK_ACCESS_FS_IOCTL_DEV;
	return handled;
}

/* Older kernels refuse what is longer than they know, unless it is zero. */
static int make_ruleset(int version, bool network)
{
	const struct ruleset ruleset = {.files = handled_files(version),
		.network = version >= VERSION_NET && !network ? NET_ALL : 0,
		.scope = version >= VERSION_SCOPE ? SCOPE_ALL : 0};

	return (int)syscall(
		SYS_landlock_create_ruleset, &ruleset, sizeof(ruleset), 0);
}

/* The place, or for one to read what is above it and there. */
static int open_place(const struct files_place *place)
{
	char path[PATH_MAX];
	int opened = -1;
	char *slash;

	if (place->access == FILES_WRITE && mkdir(place->path, 0750) < 0 &&
		errno != EEXIST)
		return -1;
	if (snprintf(path, sizeof(path), "%s", place->path) >=
		(int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	while ((opened = open(path, O_PATH | O_CLOEXEC)) < 0 &&
		errno == ENOENT && place->access == FILES_READ &&
		(slash = strrchr(path, '/')) && slash != path)
		*slash = '\0';
	return opened;
}

static int allow(int ruleset, uint64_t handled, const struct files_place *place)
{
	static const uint64_t rights[] = {[FILES_READ] = reading,
		[FILES_WRITE] = writing,
		[FILES_SOCKET] = sockets};
	struct landlock_path_beneath_attr rule = {
		.allowed_access = rights[place->access] & handled};
	struct stat status;
	int error = 0;

	rule.parent_fd = open_place(place);
	if (rule.parent_fd < 0) /* who needs the socket says so */
		return place->access == FILES_SOCKET ? 0 : errno;
	if (fstat(rule.parent_fd, &status) == 0 && !S_ISDIR(status.st_mode))
		rule.allowed_access &= of_files;
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
		    &rule, 0) < 0)
		error = errno;
	close(rule.parent_fd);
	return error;
}

int files_confine(const struct files_place *places, size_t count, bool network,
	const char **place)
{
	const int version = files_version();
	const int ruleset = make_ruleset(version, network);
	int error = ruleset < 0 ? errno : 0;

	*place = "-";
	for (size_t i = 0; i < count && !error; i++) {
		*place = places[i].path;
		error = allow(ruleset, handled_files(version), &places[i]);
	}
	if (!error && syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		error = errno;
	if (ruleset >= 0)
		close(ruleset);
	return error;
}
