/* rule.h -- the rules of a file, read but not yet compiled. */
#ifndef POLICIES_CONTENT_RULE_H
#define POLICIES_CONTENT_RULE_H

#include "lib/arena.h"
#include "lib/settings/faults.h"
#include "lib/slice.h"
#include "policies/content/content.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RULE_MOST = 10000,       /* rules of a file */
	RULE_TERMS = 200000,     /* terms of all rules */
	RULE_EXPRESSIONS = 5000, /* of all rules */
	RULE_NAME_SIZE = 64,     /* bytes, as the following */
	RULE_REASON_SIZE = 128,
	RULE_REPLACEMENT_SIZE = 1024,
	RULE_TERM_SIZE = 1024,
	RULE_EXPRESSION_SIZE = 4096,
	RULE_FILE_SIZE = 32 << 20,
	RULE_ARENA_SIZE = 256 << 20 /* all strings of a rule set */
};

struct rule {
	const char *name;
	unsigned directions; /* enum content_direction, or-ed */
	enum content_action action;
	unsigned status;
	const char *reason;
	struct slice replacement;
	struct place replacement_place;
};

/* A word or phrase, folded. */
struct term {
	uint32_t rule; /* index */
	bool prefix;   /* the word may go on */
	struct slice folded;
};

struct expression {
	uint32_t rule;
	struct slice folded; /* with a NUL behind it */
	struct place place;
};

/* All strings live in the arena. */
struct rule_list {
	struct arena *arena; /* owned */
	struct rule *rules;
	size_t rule_count, rule_room;
	struct term *terms;
	size_t term_count, term_room;
	struct expression *expressions;
	size_t expression_count, expression_room;
};

/* Makes room for one more item; false when memory is short. */
bool list_grow(void **items, size_t count, size_t *room, size_t item_size)
	__attribute__((warn_unused_result));

void rule_list_clear(struct rule_list *list);

#endif
