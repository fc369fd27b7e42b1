/* own_records.h -- what a worker records of itself, not of a message: its start
 * and stop, what passed unrecorded, and up to when it has said everything.
 */
#ifndef PROXY_ARCHIVING_OWN_RECORDS_H
#define PROXY_ARCHIVING_OWN_RECORDS_H

#include "lib/record/digest.h"
#include "lib/settings.h"

#include <stdbool.h>

/* Where a small record stands while it is submitted. */
struct own_record {
	Sipwarden__Record__Record record;
	Sipwarden__Record__Part part;
	struct record_part_room room;
	unsigned char data[512];
};

/* Each makes all of it but the submission, in `made`. False when there are no
 * random bytes. The node is settings->server.name. */
bool own_record_boot(struct own_record *made, const struct settings *settings,
	const Sipwarden__Record__Boot *boot)
	__attribute__((warn_unused_result));
bool own_record_gap(struct own_record *made, const struct settings *settings,
	const Sipwarden__Record__Gap *gap) __attribute__((warn_unused_result));
bool own_record_checkpoint(struct own_record *made,
	const struct settings *settings,
	const Sipwarden__Record__Checkpoint *checkpoint)
	__attribute__((warn_unused_result));

#endif
