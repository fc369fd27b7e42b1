/* question.h -- one question of lib/query_protocol.h, read and answered. */
#ifndef ARCHIVER_STORE_QUESTION_H
#define ARCHIVER_STORE_QUESTION_H

#include "archiver/store/audit.h"
#include "archiver/store/index/index.h"
#include "lib/frame.h"

#include <stdatomic.h>

struct question_context {
	struct index *index; /* borrowed, as all here */
	const char *journal;
	struct audit *audit;
	const atomic_bool *stopping;
	struct frame_link *link;
	uid_t uid;
};

/* Sends rows and then QUERY_DONE, or QUERY_ERROR. 0; an errno when the link is
 * broken. */
int question_answer(const struct question_context *context,
	struct slice request) __attribute__((warn_unused_result));
/* Sends QUERY_ERROR with a sentence. */
int question_refuse(struct frame_link *link, const char *sentence)
	__attribute__((warn_unused_result));

#endif
