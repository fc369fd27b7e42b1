/* rules.h -- a rule set: what is inside struct content_rules. */
#ifndef POLICIES_CONTENT_RULES_H
#define POLICIES_CONTENT_RULES_H

#include "policies/content/matcher.h"
#include "policies/content/rule.h"

#include <stdatomic.h>

struct content_rules {
	atomic_size_t holders;
	char version[17];
	struct rule_list list;
	struct matcher allowing; /* the allow rules */
	struct matcher hitting;  /* all other rules */
};

#endif
