/* changed.c -- which settings two readings of a configuration differ in. */
#include "lib/settings/changed.h"

#include "lib/settings/table.h"
#include "lib/settings/tree.h"

#include <string.h>

enum { TREE_BYTES = 64 * 1024 * 1024, NAME_BYTES = 128 };

static const struct tree *find(const struct tree *root, const char *name)
{
	char parts[NAME_BYTES];
	char *rest = parts, *key;

	if (strlen(name) >= sizeof(parts))
		return NULL;
	memcpy(parts, name, strlen(name) + 1);
	while (root && (key = strsep(&rest, ".")))
		root = tree_entry(root, key);
	return root;
}

static bool is_same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool is_same_node(const struct tree *a, const struct tree *b)
{
	return a->kind == b->kind && a->count == b->count &&
	       is_same_text(a->key, b->key) &&
	       (a->kind != TREE_SCALAR || is_same_text(a->text, b->text));
}

/* Both side by side, from the top down; NULL when all has been seen. */
static const struct tree *next_of(
	const struct tree *node, const struct tree *top)
{
	if (node->first)
		return node->first;
	while (node != top && !node->next)
		node = node->parent;
	return node == top ? NULL : node->next;
}

static bool is_same(const struct tree *a, const struct tree *b)
{
	const struct tree *one = a, *other = b;

	if (!a || !b)
		return a == b;
	while (one && other && is_same_node(one, other)) {
		one = next_of(one, a);
		other = next_of(other, b);
	}
	return !one && !other;
}

static size_t compare(const struct tree *before, const struct tree *after,
	const char *names[SETTINGS_CHANGED])
{
	size_t count = 0;

	for (size_t i = 0; i < settings_table.count; i++) {
		const char *name = settings_table.rows[i].name;

		if (count < SETTINGS_CHANGED &&
			!is_same(find(before, name), find(after, name)))
			names[count++] = name;
	}
	return count;
}

/* Both have been read once without a fault. */
size_t settings_changed(const struct settings *before,
	const struct settings *after, const char *names[SETTINGS_CHANGED])
{
	struct settings_fault texts[SETTINGS_FAULTS];
	struct faults faults = {.file = after->file, .out = texts};
	struct arena *arena = arena_new(TREE_BYTES);
	const struct tree *old = NULL, *fresh = NULL;
	size_t count = 0;

	if (arena) {
		old = tree_read(arena, before->text, &faults);
		fresh = tree_read(arena, after->text, &faults);
	}
	if (old && fresh)
		count = compare(old, fresh, names);
	arena_release(&arena);
	return count;
}
