/* expression.h -- folds the letters of a regular expression, not its signs. */
#ifndef POLICIES_CONTENT_EXPRESSION_H
#define POLICIES_CONTENT_EXPRESSION_H

#include "lib/arena.h"
#include "lib/slice.h"

#include <stdbool.h>

/* The expression as it must stand to hit folded text: letters are folded where
 * they stand, ranges of letters in brackets are written out where folding
 * changes them; escapes, classes and the names of groups stay. A NUL stands
 * behind the result. False with a sentence when it cannot be; also when memory
 * is short. expression is valid UTF-8. */
bool expression_fold(struct slice expression, struct arena *arena,
	struct slice *folded, const char **why)
	__attribute__((warn_unused_result));

#endif
