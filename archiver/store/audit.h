/* audit.h -- who asked what, on record before the answer.
 *
 * A question that cannot be recorded is not answered.
 */
#ifndef ARCHIVER_STORE_AUDIT_H
#define ARCHIVER_STORE_AUDIT_H

#include "lib/slice.h"

#include <stdint.h>
#include <sys/types.h>

enum { AUDIT_ACTOR_BYTES = 256, AUDIT_SENTENCE_BYTES = 512 };

struct audit;

/* socket: of the archiver. node: name of the server. NULL when memory is
 * short. Any thread may use it. */
struct audit *audit_new(const char *socket, const char *node)
	__attribute__((warn_unused_result));
void audit_release(struct audit **audit);

struct audit_event {
	const char *actor, *action;
	uid_t uid;
	struct slice detail;
};

/* Waits until the event is on disk; *number is its record number, or 0 when
 * the archiver did not say. 0, or an errno with a sentence for the one who
 * asked. */
int audit_write(struct audit *audit, const struct audit_event *event,
	uint64_t *number, char sentence[AUDIT_SENTENCE_BYTES])
	__attribute__((warn_unused_result));

/* The user name of a number; "uid 1234" when it has none. */
void audit_actor(uid_t uid, char name[AUDIT_ACTOR_BYTES]);

#endif
