/* chain.h -- the stages of one place, in order, over one message. */
#ifndef PROXY_STAGES_CHAIN_H
#define PROXY_STAGES_CHAIN_H

#include "proxy/passage.h"

#include <signal.h>

/* What the chain made of the message (or of one branch of it). */
enum chain_result {
	CHAIN_PASSED, /* every stage said continue */
	CHAIN_WAITS,  /* passage_resume comes */
	CHAIN_ENDED   /* refused or dropped: *verdict says how */
};

/* Runs on from passage->chain.position. branch is NULL before routing. Edits
 * become versions of the branch or of the passage. */
enum chain_result chain_run(struct passage *passage, struct branch *branch,
	struct verdict *verdict);
/* Settles the whole passage as a chain's last verdict says. */
void chain_refuse(struct passage *passage, const struct verdict *verdict);
/* How the server is asked to stop then, and how it ends (EX_UNAVAILABLE), so
 * that whoever started it sees a failure. */
enum { CHAIN_GONE_SIGNAL = SIGALRM, CHAIN_GONE_STATUS = 69 };
/* Whom a stage depends on has gone: when the stage is critical, the server
 * stops. From any thread. */
void chain_stage_gone(const struct settings *settings, enum stage_name stage);

#endif
