/* intake_client.h -- records, one at a time, each waited for.
 *
 * For programs that make few records and need each on disk before they go on
 * (the store's audit). Connects when needed and again after a loss; a record
 * is sent again under its sequence, so it is never kept twice.
 */
#ifndef LIB_INTAKE_CLIENT_H
#define LIB_INTAKE_CLIENT_H

#include "lib/record/digest.h"

struct intake_client;

/* Nothing is connected yet. program names us in the archiver's log; the boot
 * is random, the worker 0. NULL when memory or randomness is short. */
struct intake_client *intake_client_new(const char *socket, const char *program)
	__attribute__((warn_unused_result));
void intake_client_close(struct intake_client **client);

/* Sends a record and waits until it is on disk, at most timeout_ms. format and
 * submission are set here for the time of the call; all else is the caller's.
 * *number is its record number, or 0 when the archiver did not say. 0;
 * ETIMEDOUT (it may still be kept: the next call settles that first); EBADMSG
 * when it was refused; EMSGSIZE; ENOMEM. */
int intake_client_submit(struct intake_client *client,
	Sipwarden__Record__Record *record, int timeout_ms, uint64_t *number)
	__attribute__((warn_unused_result));
/* Why the last record was refused, or "". */
const char *intake_client_refusal(const struct intake_client *client);

#endif
