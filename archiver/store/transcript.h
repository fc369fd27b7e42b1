/* transcript.h -- the records of one message, told as one row. */
#ifndef ARCHIVER_STORE_TRANSCRIPT_H
#define ARCHIVER_STORE_TRANSCRIPT_H

#include "lib/record/record.pb-c.h"

#include <jansson.h>
#include <stdint.h>

struct transcript;

struct transcript *transcript_new(uint64_t conversation, uint64_t message)
	__attribute__((warn_unused_result));
/* An observation or an outcome; NULL: the record cannot be read, which the
 * row says. The record is borrowed for the call. */
void transcript_add(struct transcript *transcript, uint64_t number,
	const Sipwarden__Record__Record *record);
/* The row; the transcript is gone then. Texts are cut so that it fits into a
 * frame, and "cut" says so. */
json_t *transcript_finish(struct transcript **transcript);

#endif
