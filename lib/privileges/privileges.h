/* privileges.h -- what each program may do, and that it may do nothing else.
 *
 * One table (privileges.c) names for each program the folders it reads and
 * writes and what it may ask of the kernel. A program gives up the rest in one
 * call, before its first thread begins: capabilities, the way to new ones,
 * core dumps, all other files (Landlock), all other system calls (seccomp).
 * What this kernel lacks is said once and does not keep it from starting:
 * users, folders' modes and peers.h hold without it.
 */
#ifndef LIB_PRIVILEGES_H
#define LIB_PRIVILEGES_H

#include "lib/settings.h"

#include <stddef.h>

enum program {
	PROGRAM_PROXY,
	PROGRAM_SCANNER, /* the parent and what loads signatures */
	PROGRAM_SCANNER_WORKER,
	PROGRAM_ARCHIVER,
	PROGRAM_PUBLISHER,
	PROGRAM_STORE
};
enum { PROGRAMS = PROGRAM_STORE + 1 };

/* Gives up all that the program does not need, says so in one line, or ends
 * the program with a sentence. Call it while there is one thread. */
void privileges_drop(enum program program, const struct settings *settings);
/* The same for a child that reads hostile bytes: it may write into scratch
 * alone and has no socket but those that are open. Says nothing; false when
 * something that this kernel has could not be had. */
bool privileges_drop_worker(const struct settings *settings,
	const char *scratch) __attribute__((warn_unused_result));

/* A program's folder of its own below server.data, made (0700) when missing:
 * "proxy". False: reason says what to do. */
bool privileges_own_folder(const struct settings *settings, const char *name,
	char *path, size_t size, char reason[512])
	__attribute__((warn_unused_result));

/* Keeps the pages around a secret out of swap (where the limit on locked
 * memory allows) and out of dumps. */
void privileges_guard_secret(void *secret, size_t size);

#endif
