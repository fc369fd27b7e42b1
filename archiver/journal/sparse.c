/* sparse.c -- where in a segment some of the record numbers stand. */
#include "archiver/journal/sparse.h"

#include <stdlib.h>

struct sparse *sparse_find(
	struct sparse_list *list, uint64_t number, uint64_t open_segment)
{
	for (size_t i = 0; i < SPARSE_SEGMENTS; i++) {
		struct sparse *sparse = &list->all[i];

		if (!sparse->segment || number <= sparse->before)
			continue;
		if (sparse->upto ? number > sparse->upto
				 : sparse->segment != open_segment)
			continue;
		sparse->used = ++list->uses;
		return sparse;
	}
	return NULL;
}

struct sparse *sparse_begin(struct sparse_list *list, uint64_t segment,
	uint64_t before, uint64_t upto)
{
	struct sparse *place = &list->all[0];

	for (size_t i = 1; i < SPARSE_SEGMENTS; i++)
		if (list->all[i].used < place->used)
			place = &list->all[i];
	/* One that was open when it was noted is noted once more. */
	for (size_t i = 0; i < SPARSE_SEGMENTS; i++)
		if (list->all[i].segment == segment)
			place = &list->all[i];
	if (place->segment != segment)
		place->count = 0;
	place->segment = segment;
	place->before = before;
	place->upto = upto;
	place->used = ++list->uses;
	return place;
}

void sparse_release(struct sparse_list *list)
{
	for (size_t i = 0; i < SPARSE_SEGMENTS; i++)
		free(list->all[i].places);
	*list = (struct sparse_list){.uses = 0};
}

uint64_t sparse_offset(const struct sparse *sparse, uint64_t number)
{
	size_t low = 0, high = sparse->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (sparse->places[middle].number <= number)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? sparse->places[low - 1].offset : 0;
}

void sparse_note(struct sparse *sparse, uint64_t number, uint64_t offset)
{
	const struct sparse_place *last =
		sparse->count ? &sparse->places[sparse->count - 1] : NULL;

	if (last &&
		(offset < last->offset + SPARSE_STEP || number <= last->number))
		return;
	if (sparse->count == sparse->room) {
		size_t room = sparse->count ? sparse->count * 2 : 64;
		struct sparse_place *larger =
			reallocarray(sparse->places, room, sizeof(*larger));

		if (!larger)
			return;
		sparse->places = larger;
		sparse->room = room;
	}
	sparse->places[sparse->count++] =
		(struct sparse_place){.number = number, .offset = offset};
}
