/* dead_letters.h -- records that Kafka refuses for good, a file each.
 *
 * NUMBER.record holds the packed Record as it stands in the journal, which
 * keeps it too. Nothing is ever left out of the topic without one.
 */
#ifndef ARCHIVER_PUBLISHER_DEAD_LETTERS_H
#define ARCHIVER_PUBLISHER_DEAD_LETTERS_H

#include "lib/slice.h"

#include <stdint.h>

/* Makes the folder when it is missing; on disk when it returns. Again with the
 * same number: the same file. 0 or errno. */
int dead_letters_keep(const char *folder, uint64_t number, struct slice record)
	__attribute__((warn_unused_result));

#endif
