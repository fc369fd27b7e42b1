/* draft.h -- a message that somebody is about to send: start line, headers that
 * the scenario may replace, body. */
#ifndef TESTS_SCENARIOS_DRAFT_H
#define TESTS_SCENARIOS_DRAFT_H

#include "lib/arena.h"
#include "run.h"

enum { DRAFT_HEADERS = 64 };

struct draft {
	struct arena *arena; /* owned */
	struct slice start;
	struct {
		struct slice name, value;
	} headers[DRAFT_HEADERS];
	size_t count;
	struct slice body;
};

void draft_open(struct draft *draft);
void draft_close(struct draft *draft);
/* Fails where the value is absent: there was nothing to take it from. */
void draft_add(struct run *run, struct draft *draft, const char *name,
	struct slice value);
/* All headers of this kind, as they stand. */
void draft_copy(struct run *run, struct draft *draft,
	const struct message *from, enum header_id id);
/* Takes in the step's indented lines and text=, then sends. */
void draft_send(struct run *run, struct person *person, struct draft *draft,
	char **words);

#endif
