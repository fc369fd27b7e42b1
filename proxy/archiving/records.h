/* records.h -- a passage written down as a record. */
#ifndef PROXY_ARCHIVING_RECORDS_H
#define PROXY_ARCHIVING_RECORDS_H

#include "lib/record/record.pb-c.h"
#include "proxy/passage.h"

#include <stdbool.h>

/* Fills in passage->message_id and stream (computed from the message alone, so
 * every node and every restart agrees). */
void record_ids(struct passage *passage);
/* Everything of a message record but submission, on the passage's arena. False
 * when the arena is spent or there are no random bytes. */
bool record_of_message(struct passage *passage,
	Sipwarden__Record__Record *record) __attribute__((warn_unused_result));
/* The outcome of a request's branches. */
bool record_of_outcome(struct passage *passage,
	Sipwarden__Record__Record *record) __attribute__((warn_unused_result));

#endif
