/* value.h -- values with parameters: media types, dispositions. */
#ifndef LIB_MIME_VALUE_H
#define LIB_MIME_VALUE_H

#include "lib/arena.h"
#include "lib/slice.h"

#include <stdbool.h>
#include <stddef.h>

enum { VALUE_PARAMETERS_MAX = 32 };

struct value_parameter {
	struct slice name;  /* lower case, without the marks of RFC 2231 */
	struct slice value; /* unquoted, joined, decoded; valid UTF-8 */
	bool quoted;
	bool escaped;  /* quoted, and with quoted pairs */
	bool extended; /* in the form of RFC 2231 */
};

struct value {
	struct slice main; /* lower case */
	struct value_parameter parameters[VALUE_PARAMETERS_MAX];
	size_t count;
};

/* Reads `main;name=value;…` (RFC 2045 5.1, RFC 2231, RFC 3261 25.1). Returns
 * NULL, or the phrase of what is wrong: repeated names, comments, bytes left
 * over. Borrows from text; what must be made lives in the arena. */
const char *value_read(struct value *value, struct arena *arena,
	struct slice text) __attribute__((warn_unused_result));
/* NULL when there is none; of two forms the one of RFC 2231. */
const struct value_parameter *value_find(
	const struct value *value, struct slice name);
/* True for 1*tchar (RFC 2045 5.1). */
bool value_is_token(struct slice text);
/* In lower case; borrowed when it is so already. Absent over the limit. */
struct slice value_lower(struct arena *arena, struct slice text);

#endif
