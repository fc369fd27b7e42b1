/* arena.c -- memory of one message: taken in pieces, given back at once. */
#include "lib/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { ARENA_BLOCK_BYTES = 4096, ARENA_ALIGNMENT = 16 };

struct block {
	struct block *next; /* owned */
	size_t size;
	size_t used;
	_Alignas(ARENA_ALIGNMENT) char bytes[];
};

struct arena {
	struct block *blocks; /* owned, the one in use first */
	size_t limit;
	size_t used;
	bool spent;
};

struct arena *arena_new(size_t limit_bytes)
{
	struct arena *arena = calloc(1, sizeof(*arena));

	if (arena)
		arena->limit = limit_bytes;
	return arena;
}

void arena_release(struct arena **arena)
{
	struct block *block;

	if (!*arena)
		return;
	while ((block = (*arena)->blocks)) {
		(*arena)->blocks = block->next;
		free(block);
	}
	free(*arena);
	*arena = NULL;
}

void arena_reset(struct arena *arena)
{
	struct block *kept = arena->blocks, *block;

	arena->used = 0;
	arena->spent = false;
	if (!kept)
		return;
	while ((block = kept->next)) {
		kept->next = block->next;
		free(block);
	}
#ifdef ARENA_OF_MALLOCS
	arena->blocks = NULL;
	free(kept);
#else
	kept->used = 0;
#endif
}

static struct block *block_add(struct arena *arena, size_t wanted)
{
	size_t size = wanted;
	struct block *block;

#ifndef ARENA_OF_MALLOCS
	if (size < ARENA_BLOCK_BYTES)
		size = ARENA_BLOCK_BYTES;
#endif
	block = malloc(sizeof(*block) + size);
	if (!block)
		return NULL;
	block->used = 0;
	block->size = size;
	block->next = arena->blocks;
	arena->blocks = block;
	return block;
}

/* Not zeroed: what is copied in is written once. */
static void *take(struct arena *arena, size_t size)
{
	struct block *block = arena->blocks;
	size_t rounded;
	void *taken;

	if (size > arena->limit || arena->used > arena->limit - size) {
		arena->spent = true;
		return NULL;
	}
	rounded = size;
#ifndef ARENA_OF_MALLOCS
	rounded = (size + ARENA_ALIGNMENT - 1) & ~(size_t)(ARENA_ALIGNMENT - 1);
#endif
	if (!block || block->size - block->used < rounded)
		block = block_add(arena, rounded);
	if (!block) {
		arena->spent = true;
		return NULL;
	}
	taken = block->bytes + block->used;
	block->used += rounded;
	arena->used += rounded;
	return taken;
}

void *arena_take(struct arena *arena, size_t size)
{
	void *taken = take(arena, size);

	if (taken)
		memset(taken, 0, size);
	return taken;
}

void *arena_take_array(struct arena *arena, size_t count, size_t size)
{
	if (size && count > SIZE_MAX / size) {
		arena->spent = true;
		return NULL;
	}
	return arena_take(arena, count * size);
}

struct slice arena_copy(struct arena *arena, struct slice bytes)
{
	char *copy = bytes.size < SIZE_MAX ? take(arena, bytes.size + 1) : NULL;

	if (!copy)
		return (struct slice){NULL, 0};
	if (bytes.size)
		memcpy(copy, bytes.at, bytes.size);
	copy[bytes.size] = '\0';
	return slice_make(copy, bytes.size);
}

struct slice arena_format(struct arena *arena, const char *format, ...)
{
	va_list arguments;
	char *text;
	int size;

	va_start(arguments, format);
	size = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	text = size >= 0 ? take(arena, (size_t)size + 1) : NULL;
	if (!text)
		return (struct slice){NULL, 0};
	va_start(arguments, format);
	(void)vsnprintf(text, (size_t)size + 1, format, arguments);
	va_end(arguments);
	return slice_make(text, (size_t)size);
}

bool arena_spent(const struct arena *arena)
{
	return arena->spent;
}

size_t arena_used(const struct arena *arena)
{
	return arena->used;
}
