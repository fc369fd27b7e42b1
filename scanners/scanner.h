/* scanner.h -- the parent: takes jobs from askers and has them judged.
 *
 * It never looks at content. Jobs go through the queue to the workers of the
 * current generation of signatures; a new generation takes over when it has
 * loaded, while the old one finishes what it has begun.
 */
#ifndef SCANNERS_SCANNER_H
#define SCANNERS_SCANNER_H

#include "lib/settings.h"
#include "scanners/loop.h"
#include "scanners/queue.h"

/* Runs until SIGTERM or SIGINT; SIGHUP loads the signatures anew. Ends the
 * program with a sentence when it cannot start. */
void scanner_run(const struct settings *settings);

struct scanner;

/* For the askers. The scanner owns the job from here on. */
void scanner_take(struct scanner *scanner, struct job *job);
/* Nobody waits for the job any more. */
void scanner_drop(struct scanner *scanner, struct job *job);
/* The current generation; false when there is none. */
bool scanner_generation(const struct scanner *scanner, uint64_t *generation,
	uint32_t *signatures);

#endif
