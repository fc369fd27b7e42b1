/* query.h -- the language of searches: KQL as reviewers know it.
 *
 * docs/query-language.md describes it. A query is read into steps in postfix
 * order (no recursion anywhere), which are compiled into a plan for the index,
 * and which say what to highlight in a text that was found.
 */
#ifndef LIB_QUERY_QUERY_H
#define LIB_QUERY_QUERY_H

#include "lib/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	QUERY_TERMS = 400, /* words, phrases and fields of one query */
	QUERY_DEPTH = 12,  /* parentheses within parentheses */
	QUERY_NEAR_DEFAULT = 8
};

enum query_field {
	QUERY_ANY, /* the text itself and names of files */
	QUERY_FROM,
	QUERY_TO,
	QUERY_PARTICIPANTS,
	QUERY_FILENAME,
	QUERY_KIND,
	QUERY_DIRECTION,
	QUERY_VERDICT,
	QUERY_RULE,
	QUERY_METHOD,
	QUERY_NODE,
	QUERY_HAS,
	QUERY_SENT
};

enum query_step_kind {
	QUERY_WORDS, /* one word or phrase, perhaps of a field */
	QUERY_NEAR,  /* text and other at most distance words apart */
	QUERY_RANGE, /* record numbers low..high */
	QUERY_NOT,   /* of the step before */
	QUERY_AND,   /* of the two before */
	QUERY_OR
};

struct query_step {
	enum query_step_kind kind;
	enum query_field field;
	struct slice text, other; /* borrowed from the query */
	bool prefix, other_prefix;
	bool negated; /* under an odd number of NOT: not highlighted */
	unsigned distance;
	uint64_t low, high;
};

struct query;

struct query_fault {
	size_t column; /* from 1, in characters */
	char text[240];
};

/* 0; EINVAL with the fault set; ENOMEM. text is copied. */
int query_parse(struct slice text, struct query **query,
	struct query_fault *fault) __attribute__((warn_unused_result));
void query_release(struct query **query);
const struct query_step *query_steps(const struct query *query, size_t *count);
/* True when it asks for kinds, methods or servers: then signalling without
 * text is looked at too. */
bool query_wants_signalling(const struct query *query);

/* Reads a year, month, day, or date and time with a zone (UTC without one):
 * the microseconds it covers, from first to last. False: not one. */
bool query_read_time(struct slice text, uint64_t *first_us, uint64_t *last_us);

/* How a fact ("direction", "inbound") stands in the index as one word; spaces
 * and control bytes are replaced. Writes at most room bytes with a NUL and
 * returns the size without it. name may be absent: addresses. */
size_t query_atom(
	struct slice name, struct slice value, char *out, size_t room);

/* What the index runs, over the tables words (FTS5) and message (alias m):
 * hits are the rows that match and meet the condition, numbered low..high. */
struct query_plan {
	char *match;      /* an FTS5 expression; NULL: no need to match */
	char *condition;  /* SQL; NULL: none. Parameters ?100, ?101 … */
	char **arguments; /* FTS5 expressions to bind to them */
	size_t argument_count;
	uint64_t low, high;
};

enum { QUERY_FIRST_ARGUMENT = 100 };

/* 0 or ENOMEM. */
int query_compile(const struct query *query, struct query_plan *plan)
	__attribute__((warn_unused_result));
void query_plan_clear(struct query_plan *plan);

/* A run of bytes to highlight. */
struct query_mark {
	size_t start, size;
};

enum { QUERY_MARKS = 64, QUERY_MARKED_BYTES = 64 * 1024 };

/* Finds what of the text the query asked for, in order, without overlap; only
 * the first QUERY_MARKED_BYTES are looked at. Returns how many. */
size_t query_marks(const struct query *query, struct slice text,
	struct query_mark marks[QUERY_MARKS]);

#endif
