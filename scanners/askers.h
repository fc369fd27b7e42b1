/* askers.h -- connections of those who send files to be judged. */
#ifndef SCANNERS_ASKERS_H
#define SCANNERS_ASKERS_H

#include "scanners/loop.h"
#include "scanners/protocol.h"
#include "scanners/queue.h"

struct scanner;
struct askers;

/* Listens at path. 0 or errno as frame_listen. */
int askers_new(struct loop *loop, struct scanner *scanner, const char *path,
	struct askers **askers) __attribute__((warn_unused_result));
/* Closes all connections (their jobs go on unheard) and removes the socket
 * file. */
void askers_free(struct askers **askers);

/* Tells the job's asker, if there is one still, and frees the job. */
void askers_tell(struct job *job, const struct verdict *verdict);
/* SCAN_HELLO to all. */
void askers_hello(struct askers *askers);
/* Reads on where a busy asker was left. True when there is more to read. */
bool askers_read_on(struct askers *askers);

#endif
