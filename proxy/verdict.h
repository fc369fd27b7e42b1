/* verdict.h -- what a stage says of a message: a word, returned by value. */
#ifndef PROXY_VERDICT_H
#define PROXY_VERDICT_H

#include "lib/slice.h"

enum verdict_word {
	VERDICT_CONTINUE,
	VERDICT_ANSWER,  /* refuse with status and reason */
	VERDICT_DISCARD, /* drop in silence */
	VERDICT_WAIT,    /* stage_done will bring the verdict */
	VERDICT_FAILED /* we could not judge: the stage's on_failure decides */
};

struct verdict {
	enum verdict_word word;
	unsigned status;     /* ANSWER */
	struct slice reason; /* ANSWER, FAILED: a phrase; ASCII, one line */
	struct slice rule;   /* the rule or signature that decided; absent */
	/* The content defeated the judge (limits, encryption, a worker that
	 * died): an ANSWER that on_failure never overrides. */
	bool unscannable;
	/* An ANSWER for a file: its sender is told by a MESSAGE. */
	bool tell_sender;
};

static inline struct verdict verdict_continue(void)
{
	return (struct verdict){.word = VERDICT_CONTINUE};
}

static inline struct verdict verdict_answer(
	unsigned status, struct slice reason, struct slice rule)
{
	return (struct verdict){.word = VERDICT_ANSWER,
		.status = status,
		.reason = reason,
		.rule = rule};
}

static inline struct verdict verdict_failed(struct slice reason)
{
	return (struct verdict){.word = VERDICT_FAILED, .reason = reason};
}

#endif
