/* matcher.h -- many terms and expressions, looked for at once. */
#ifndef POLICIES_CONTENT_MATCHER_H
#define POLICIES_CONTENT_MATCHER_H

#include "policies/content/rule.h"

#include <hs/hs.h>

/* Immutable once compiled. */
struct matcher {
	hs_database_t *literals;    /* NULL: no terms */
	hs_database_t *expressions; /* NULL: none */
	struct literal {
		uint32_t rule;
		uint32_t size; /* bytes, folded */
		bool prefix;
	} * literal_table;
	size_t literal_count;
	uint32_t *expression_rules; /* by expression: the rule's index */
	size_t expression_count;
};

/* Compiles those terms and expressions whose rule is an allow rule (or those
 * whose rule is none). 0; EINVAL with faults added; or errno. */
int matcher_compile(struct matcher *matcher, const struct rule_list *list,
	bool allow_rules, struct faults *faults)
	__attribute__((warn_unused_result));
void matcher_clear(struct matcher *matcher);

/* A hit: bytes [from, to) of the folded text. */
typedef void hit_handler(uint32_t rule, size_t from, size_t to, void *argument);

/* The hit of each expression that may still grow, and those that have one. */
struct open_hits {
	struct open_hit {
		size_t from, to; /* to == 0: none */
	} * hits;
	uint32_t *touched;
	size_t touched_count;
};

/* Hands over each hit of the text, in no given order; of the hits of one
 * expression that begin at one place the longest. 0, ENOMEM, EIO. */
int matcher_scan(const struct matcher *matcher, struct slice folded,
	hs_scratch_t *scratch, struct open_hits *open, hit_handler *handler,
	void *argument) __attribute__((warn_unused_result));

#endif
