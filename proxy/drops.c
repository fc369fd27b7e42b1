/* drops.c -- who sends what is not taken: the sources with the most of it. */
#include "proxy/drops.h"

static struct drop_source *place_of(
	struct drops *drops, const union address *source)
{
	struct drop_source *fewest = &drops->sources[0];

	for (int i = 0; i < DROPS_SOURCES; i++) {
		struct drop_source *place = &drops->sources[i];

		if (place->count && address_same_host(&place->address, source))
			return place;
		if (place->count < fewest->count)
			fewest = place;
	}
	fewest->address = *source;
	fewest->over = fewest->count;
	return fewest;
}

void drops_note(
	struct drops *drops, const union address *source, const char *reason)
{
	struct drop_source *place = place_of(drops, source);

	place->count++;
	place->reason = reason;
}

void drops_merge(struct drops *drops, const struct drops *other)
{
	for (int i = 0; i < DROPS_SOURCES; i++) {
		const struct drop_source *from = &other->sources[i];
		struct drop_source *place;

		if (!from->count)
			continue;
		place = place_of(drops, &from->address);
		place->count += from->count;
		place->over += from->over;
		place->reason = from->reason;
	}
}
