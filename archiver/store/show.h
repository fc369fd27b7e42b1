/* show.h -- a conversation as it is recorded: rows for a transcript. */
#ifndef ARCHIVER_STORE_SHOW_H
#define ARCHIVER_STORE_SHOW_H

#include "archiver/store/library.h"

/* conversation is its number, or the record number of any of its messages.
 * Sends one row for each message, oldest first: who, when, what, and under
 * "observations" what each server saw and did. 0 and *done; ENOENT, EIO or
 * ENOMEM with a sentence; or what answer->row returned. */
int show_run(struct library *library, uint64_t conversation,
	const struct answer *answer, json_t **done,
	char sentence[LIBRARY_SENTENCE_BYTES])
	__attribute__((warn_unused_result));

#endif
