/* rule.c -- the rules of a file, read but not yet compiled. */
#include "policies/content/rule.h"

#include <stdlib.h>

bool list_grow(void **items, size_t count, size_t *room, size_t item_size)
{
	if (count < *room)
		return true;
	size_t more = 2 * *room + 16;
	void *grown = realloc(*items, more * item_size);
	if (!grown)
		return false;
	*items = grown;
	*room = more;
	return true;
}

void rule_list_clear(struct rule_list *list)
{
	free(list->rules);
	free(list->terms);
	free(list->expressions);
	if (list->arena)
		arena_release(&list->arena);
	*list = (struct rule_list){0};
}
