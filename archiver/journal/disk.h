/* disk.h -- what the journal asks of the disk, so that tests can break it. */
#ifndef ARCHIVER_JOURNAL_DISK_H
#define ARCHIVER_JOURNAL_DISK_H

#include "lib/slice.h"

#include <stdint.h>
#include <sys/types.h>

/* As pwrite, fdatasync and posix_fallocate, which they are by default. */
struct journal_disk {
	ssize_t (*write)(
		int descriptor, const void *bytes, size_t size, off_t offset);
	int (*sync)(int descriptor);
	int (*allocate)(int descriptor, off_t offset, off_t size);
};

extern const struct journal_disk disk_system;

/* Writes all of it. 0 or errno. */
int disk_write(const struct journal_disk *disk, int descriptor,
	struct slice bytes, uint64_t offset)
	__attribute__((warn_unused_result));
/* 0 or errno; after an error nobody knows what reached the disk. */
int disk_sync(const struct journal_disk *disk, int descriptor)
	__attribute__((warn_unused_result));
int disk_sync_folder(const char *folder) __attribute__((warn_unused_result));

#endif
