/* snippet.h -- the part of a text that a hit shows, and what to highlight. */
#ifndef ARCHIVER_STORE_SNIPPET_H
#define ARCHIVER_STORE_SNIPPET_H

#include "lib/query/query.h"

#include <jansson.h>

enum {
	SNIPPET_CHARACTERS = 240,
	SNIPPET_BEFORE = 40 /* characters shown before the first mark */
};

/* Sets "text" and "marks" ([[start, size] …] in characters) of a row. text is
 * the column of the index, pieces between QUERY_BREAK. */
void snippet_add(json_t *row, const struct query *query, struct slice text);
/* The pieces of a column as an array of strings. */
json_t *snippet_pieces(struct slice column);

#endif
