/* tree.h -- a YAML text as a tree that remembers where each thing stood.
 *
 * Only what a configuration needs: one document of mappings with plain words
 * as keys, sequences and scalars. Anchors, aliases, tags, keys given twice,
 * deep nesting and control characters in values are faults.
 */
#ifndef LIB_SETTINGS_TREE_H
#define LIB_SETTINGS_TREE_H

#include "lib/arena.h"
#include "lib/settings/faults.h"
#include "lib/slice.h"

enum tree_kind { TREE_SCALAR, TREE_SEQUENCE, TREE_MAPPING };

/* All of it lives in the arena. */
struct tree {
	enum tree_kind kind;
	struct place place;
	const char *text; /* scalars: ended by NUL, no control characters */
	bool quoted;
	bool spoiled;    /* a fault says what is wrong with it; skip it */
	const char *key; /* entries of a mapping, else NULL */
	struct place key_place;
	struct tree *parent, *first, *last, *next;
	size_t count; /* of children */
};

enum {
	TREE_DEPTH = 8,
	TREE_KEYS = 256 /* in one mapping */
};

/* NULL when there is no sense in reading on; then, and for lesser things too,
 * faults are added. An empty text is an empty mapping. */
struct tree *tree_read(
	struct arena *arena, struct slice text, struct faults *faults);
/* The entry with this key, or NULL. */
struct tree *tree_entry(const struct tree *mapping, const char *key);
/* True for a scalar that says nothing: empty, ~ or null, not in quotes. */
bool tree_is_nothing(const struct tree *node);

#endif
