/* trail.c -- what the stages saw and said, in their order. */
#include "proxy/trail.h"

struct trail_entry *trail_add(struct trail *trail, struct arena *arena)
{
	struct trail_entry *entry = arena_take(arena, sizeof(*entry));

	if (!entry)
		return NULL;
	if (trail->last)
		trail->last->next = entry;
	else
		trail->first = entry;
	trail->last = entry;
	trail->count++;
	return entry;
}

bool trail_note(struct trail_entry *entry, struct arena *arena,
	struct slice name, struct slice value)
{
	struct trail_note *note = arena_take(arena, sizeof(*note));

	if (!note)
		return false;
	note->name = arena_copy(arena, name);
	note->value = arena_copy(arena, value);
	note->next = entry->notes;
	entry->notes = note;
	return note->name.at && note->value.at;
}
