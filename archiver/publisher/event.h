/* event.h -- a record as a CloudEvent: the headers and key it goes out with.
 *
 * CloudEvents 1.0, Kafka protocol binding, binary content mode: the value is
 * the packed Record as it stands in the journal, all else are headers.
 */
#ifndef ARCHIVER_PUBLISHER_EVENT_H
#define ARCHIVER_PUBLISHER_EVENT_H

#include "lib/arena.h"
#include "lib/clock.h"
#include "lib/record/record.pb-c.h"
#include "lib/slice.h"

#include <stdbool.h>

enum { EVENT_ID_SIZE = 21, EVENT_SUBJECT_SIZE = 33 };

struct event {
	Sipwarden__Record__Record *record; /* in the arena */
	const char *type;                  /* ce_type, a constant */
	struct slice source;               /* borrowed from record */
	struct slice key;                  /* stream, or else the node's name */
	char id[EVENT_ID_SIZE];            /* record number, decimal */
	char time[CLOCK_TEXT_SIZE];        /* when it was taken */
	char subject[EVENT_SUBJECT_SIZE];  /* message id in hex, or "" */
};

/* False when the bytes are no record that an archiver has taken. What it points
 * to stands in the arena, which is reset first. */
bool event_read(struct slice payload, struct arena *arena, struct event *event);

#endif
