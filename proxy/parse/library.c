/* library.c -- libosip2 made harmless, and asked for a second opinion. */
#include "proxy/parse/library.h"

#include <osipparser2/osip_parser.h>
#include <osipparser2/osip_port.h>
#include <osipparser2/osip_uri.h>
#include <stdlib.h>

/* What stands before each piece, so that it can grow and be given back. */
union piece {
	struct {
		struct arena *arena; /* borrowed; NULL: from malloc */
		size_t size;
	} of;
	max_align_t align;
};

static _Thread_local struct arena *current; /* borrowed */

void library_enter(struct arena *arena)
{
	current = arena;
}

void library_leave(void)
{
	current = NULL;
}

static void *take(size_t size)
{
	union piece *piece;

	if (size > SIZE_MAX - sizeof(*piece))
		return NULL;
	piece = current ? arena_take(current, sizeof(*piece) + size)
			: malloc(sizeof(*piece) + size);
	if (!piece)
		return NULL;
	piece->of.arena = current;
	piece->of.size = size;
	return piece + 1;
}

/* Pieces of an arena go with it. */
static void give_back(void *memory)
{
	union piece *piece = memory;

	if (piece && !piece[-1].of.arena)
		free(piece - 1);
}

static void *resize(void *memory, size_t size)
{
	union piece *piece = memory;
	void *more = take(size);

	if (piece && more) {
		size_t old = piece[-1].of.size;

		memcpy(more, memory, old < size ? old : size);
		give_back(memory);
	}
	return more;
}

static void be_silent(const char *file, int line, osip_trace_level_t level,
	const char *format, va_list arguments)
{
	(void)file;
	(void)line;
	(void)level;
	(void)format;
	(void)arguments;
}

void values_start(void)
{
	osip_set_allocators(take, resize, give_back);
	osip_trace_initialize_func(TRACE_LEVEL0, be_silent);
	for (int level = 0; level < END_TRACE_LEVEL; level++)
		osip_trace_disable_level((osip_trace_level_t)level);
	(void)parser_init();
}

static bool is_same(struct slice ours, const char *theirs)
{
	if (!ours.at || !theirs)
		return !ours.at && !theirs;
	return slice_equal(ours, slice_of(theirs));
}

static bool is_same_port(uint16_t ours, const char *theirs)
{
	uint64_t number = 0;

	if (theirs && !slice_to_number(slice_of(theirs), UINT16_MAX, &number))
		return false;
	return number == ours;
}

bool library_reads_the_same(struct arena *arena, const struct uri *uri)
{
	struct slice text = arena_copy(arena, uri->whole); /* ends in NUL */
	osip_uri_t *theirs = NULL;
	bool same = false;

	if (!text.at)
		return false;
	library_enter(arena);
	if (osip_uri_init(&theirs) == 0 && osip_uri_parse(theirs, text.at) == 0)
		same = is_same(uri->user, theirs->username) &&
		       is_same(uri->password, theirs->password) &&
		       is_same(uri->host, theirs->host) &&
		       is_same_port(uri->port, theirs->port);
	osip_uri_free(theirs);
	library_leave();
	return same;
}
