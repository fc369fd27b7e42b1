/* last_run.h -- whether the run before stopped as it should.
 *
 * The file `running` in server.data stands from before the first message until
 * everything has been handed to the archiver. One that is found at a start
 * names a run that may have taken records along that nobody has seen.
 */
#ifndef PROXY_ARCHIVING_LAST_RUN_H
#define PROXY_ARCHIVING_LAST_RUN_H

#include <stdbool.h>
#include <stdint.h>

struct last_run {
	bool found;
	unsigned char boot[16];
	uint64_t began_us; /* wall clock */
};

/* What the run before left. */
struct last_run last_run_read(const char *folder);
/* Puts this run in its place, on the disk when it returns. Should nobody hear
 * of this one either, the next start tells since when `before` ran. 0 or errno
 * (the old file may stand then). */
int last_run_write(const char *folder, const unsigned char boot[16],
	const struct last_run *before) __attribute__((warn_unused_result));
/* This run ends as it should. */
void last_run_forget(const char *folder);

#endif
