/* content.h -- the content rules: a file of named rules, compiled, judging
 * text.
 *
 * Includes nothing of the proxy: it is given texts and says what its rules
 * want. A rule set is immutable and counted; a scratch belongs to one thread.
 */
#ifndef POLICIES_CONTENT_CONTENT_H
#define POLICIES_CONTENT_CONTENT_H

#include "lib/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum content_direction {
	CONTENT_INTERNAL = 1,
	CONTENT_INBOUND = 2,
	CONTENT_OUTBOUND = 4,
	CONTENT_TRANSIT = 8,
	CONTENT_ANY = 15
};

/* In order of strength: the strongest that any rule wants wins. */
enum content_action {
	CONTENT_PASS,  /* no rule hit */
	CONTENT_ALLOW, /* a rule that says: these words are fine here */
	CONTENT_TAG,
	CONTENT_REPLACE,
	CONTENT_BLOCK
};

struct content_rules;   /* counted */
struct content_scratch; /* one per thread and rule set */

struct content_fault {
	char text[512]; /* "file:line:column: sentence" */
};
enum { CONTENT_FAULTS = 64 };

/* Reads and compiles a rule file. Returns the number of faults (0: *rules is
 * the caller's, one reference; at most CONTENT_FAULTS are told). All faults of
 * the file at once. */
size_t content_rules_read(const char *path, struct content_rules **rules,
	struct content_fault faults[CONTENT_FAULTS])
	__attribute__((warn_unused_result));
/* As content_rules_read, of bytes in memory; path stands in the faults, and
 * its folder is where terms files are looked for. */
size_t content_rules_parse(const char *path, struct slice bytes,
	struct content_rules **rules,
	struct content_fault faults[CONTENT_FAULTS])
	__attribute__((warn_unused_result));
struct content_rules *content_rules_hold(struct content_rules *rules);
void content_rules_release(struct content_rules **rules);
/* First 16 hex digits of the SHA-256 of the file, and of the terms files that
 * it names, in their order: the version in the trail. */
const char *content_rules_version(const struct content_rules *rules);
size_t content_rules_count(const struct content_rules *rules);

struct content_scratch *content_scratch_new(const struct content_rules *rules)
	__attribute__((warn_unused_result));
void content_scratch_release(struct content_scratch **scratch);

/* One text of the message: valid UTF-8. */
struct content_text {
	struct slice text;
	bool editable; /* may a replace rule change it in place? */
};

struct content_hit {
	const char *rule; /* its name; lives as long as the rule set */
	enum content_action action;
	size_t text;     /* index of the text */
	size_t at, size; /* bytes of the text that hit (original, unfolded) */
	struct slice replacement; /* CONTENT_REPLACE; of the rule set */
};

enum { CONTENT_HITS = 64 };

struct content_judgement {
	enum content_action action;
	const char *rule;   /* the rule that decided; NULL: none */
	unsigned status;    /* CONTENT_BLOCK: 403 unless the rule says else */
	const char *reason; /* CONTENT_BLOCK: reason phrase, ASCII, one line */
	struct content_hit hits[CONTENT_HITS]; /* by text, then place */
	size_t hit_count;
	bool more_hits; /* there were more than fit */
};

/* Judges all texts of one message. Of the rules that want the strongest action
 * the first in the file decides. What an allow rule covers in whole is no hit
 * of another rule. A REPLACE that hits a text which is not editable, or of
 * which more hits exist than fit, becomes a BLOCK; its hits keep their action,
 * so replacements are made only where judgement->action is CONTENT_REPLACE.
 * REPLACE hits of a text never overlap. When more hits exist than fit, stronger
 * actions keep their place. 0, or errno when the rules could not be run
 * (nothing was judged). */
int content_judge(const struct content_rules *rules,
	struct content_scratch *scratch, const struct content_text *texts,
	size_t count, enum content_direction direction,
	struct content_judgement *judgement)
	__attribute__((warn_unused_result));

#endif
