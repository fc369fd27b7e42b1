/* check.h -- whether a record may be taken: its own word against its bytes.
 *
 * The two parts are digested, never unpacked: what is in them is the business
 * of those who read the archive.
 */
#ifndef ARCHIVER_INTAKE_CHECK_H
#define ARCHIVER_INTAKE_CHECK_H

#include "lib/record/digest.h"

enum { CHECK_NODE_BYTES = 255 };

/* NULL when it may be taken, else a reason for the maker. Who made it and in
 * which order are not looked at. */
const char *check_record(const Sipwarden__Record__Record *record);
/* True when the record names this boot and worker. */
bool check_submission(const Sipwarden__Record__Record *record,
	const uint8_t boot[RECORD_ID_BYTES], uint32_t worker);

#endif
