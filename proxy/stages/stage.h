/* stage.h -- what a stage is: it judges, it never sends, blocks or frees.
 *
 * A chain (chain.c) calls its stages in the order of the configuration. A
 * stage returns a verdict; with VERDICT_WAIT it has set passage->chain.job and
 * .abort and calls stage_done later, from the loop. Edits that it wants it
 * collects in the call; the chain makes a new version of them when the verdict
 * is CONTINUE, all or none, and drops them otherwise.
 */
#ifndef PROXY_STAGES_STAGE_H
#define PROXY_STAGES_STAGE_H

#include "lib/settings.h"
#include "proxy/edits.h"
#include "proxy/passage.h"
#include "proxy/verdict.h"

struct worker;

/* One look of one stage at one message. */
struct stage_call {
	struct worker *worker;
	struct passage *passage;
	struct branch *branch; /* NULL before routing */
	unsigned version;      /* index of the content to judge */
	enum direction direction;
	struct edits *edits;       /* against that version; empty at first */
	struct trail_entry *entry; /* fill in rule, judge, notes */
};

struct stage_kind {
	enum stage_name name;
	/* Judge now. */
	struct verdict (*judge)(struct stage_call *call);
	/* What a verdict is bound to besides content, direction and people:
	 * rule set version, signature generation. A verdict made under another
	 * number is stale. NULL: verdicts never stand (log). */
	uint64_t (*generation)(const struct worker *worker);
};

extern const struct stage_kind stage_log, stage_content_filter,
	stage_virus_scan;

/* The verdict of a stage that said WAIT. Resumes the passage. */
void stage_done(struct passage *passage, struct verdict verdict);

/* --- what stages keep for a worker and for the whole program ------------- */

struct content_filter; /* stages/content_filter.c: rules, scratch */
struct scan_link;      /* stages/scan_link.c: the connection to the scanner */

/* Reads the rules once for the program; NULL and faults logged when they are
 * wrong (the program does not start then). */
struct content_rules;
struct content_filter *content_filter_new(struct content_rules *rules);
void content_filter_release(struct content_filter **filter);

/* A connection to the scanner, kept up (reconnects by itself, one log line for
 * each change of state). Jobs fail while it is away. */
struct scan_link *scan_link_new(uv_loop_t *loop, struct timers *timers,
	const struct settings *settings) __attribute__((warn_unused_result));
void scan_link_close(struct scan_link **link);

#endif
