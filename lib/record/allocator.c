/* allocator.c -- records unpacked into an arena. */
#include "lib/record/allocator.h"

static void *take(void *arena, size_t size)
{
	return arena_take(arena, size);
}

static void keep(void *arena, void *piece)
{
	(void)arena;
	(void)piece;
}

ProtobufCAllocator record_allocator(struct arena *arena)
{
	return (ProtobufCAllocator){
		.alloc = take, .free = keep, .allocator_data = arena};
}
