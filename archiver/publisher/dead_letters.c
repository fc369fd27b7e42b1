/* dead_letters.c -- records that Kafka refuses for good, a file each. */
#include "archiver/publisher/dead_letters.h"

#include "archiver/publisher/whole_file.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

int dead_letters_keep(const char *folder, uint64_t number, struct slice record)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%" PRIu64 ".record", folder,
		    number) >= (int)sizeof(path))
		return ENAMETOOLONG;
	if (mkdir(folder, 0750) && errno != EEXIST)
		return errno;
	return whole_file_write(path, record);
}
