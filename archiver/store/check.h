/* check.h -- is the archive whole? The chain of the journal, and the index
 * against it.
 */
#ifndef ARCHIVER_STORE_CHECK_H
#define ARCHIVER_STORE_CHECK_H

#include "archiver/store/library.h"

/* Sends {"checked":N} now and then, {"fault":SENTENCE} for each fault. *done:
 * {"records", "compared", "faults", "kinds":{…}, "watermark"}; compared are
 * those that the index held when it was asked. 0, or an errno with a sentence.
 */
int check_run(struct library *library, const struct answer *answer,
	json_t **done, char sentence[LIBRARY_SENTENCE_BYTES])
	__attribute__((warn_unused_result));

#endif
