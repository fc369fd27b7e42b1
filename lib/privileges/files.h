/* files.h -- what a program may open, kept by the kernel (Landlock). */
#ifndef LIB_PRIVILEGES_FILES_H
#define LIB_PRIVILEGES_FILES_H

#include <stdbool.h>
#include <stddef.h>

enum files_access {
	FILES_READ,  /* files and folders below it */
	FILES_WRITE, /* the same; made, changed and removed too */
	FILES_SOCKET /* sockets in it, made and removed */
};

struct files_place {
	const char *path;
	enum files_access access;
};

enum { FILES_NOT_THERE = -1 };

/* The version of Landlock that this kernel has, or FILES_NOT_THERE. */
int files_version(void);

/* Allows this thread, and all it begins, what the places say and nothing else
 * in the file system; without network, no TCP either. A place to write that is
 * missing is made (0750); for one to read, what is above it is taken; sockets
 * have none. It does not come off again. 0 or errno, with the path in question
 * in *place. */
int files_confine(const struct files_place *places, size_t count, bool network,
	const char **place) __attribute__((warn_unused_result));

#endif
