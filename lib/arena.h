/* arena.h -- memory of one message: taken in pieces, given back at once. */
#ifndef LIB_ARENA_H
#define LIB_ARENA_H

#include "lib/slice.h"

#include <stdbool.h>
#include <stddef.h>

/* An arena has a limit. A request beyond it returns NULL and marks the arena
 * for good; a step tests the mark once, at its end, and answers 513 or 503.
 * In sanitizer builds each piece is a malloc, so that overruns are seen. */
struct arena;

/* NULL when memory is short. limit_bytes bounds what can be taken in all. */
struct arena *arena_new(size_t limit_bytes) __attribute__((warn_unused_result));
/* Gives everything back and sets *arena to NULL. */
void arena_release(struct arena **arena);
/* Zeroed, aligned for any type; NULL over the limit (the mark is set). */
void *arena_take(struct arena *arena, size_t size);
/* As arena_take, for count items; count * size is checked for overflow. */
void *arena_take_array(struct arena *arena, size_t count, size_t size);
/* A copy of the bytes, with a NUL behind it that size does not count. */
struct slice arena_copy(struct arena *arena, struct slice bytes);
/* Formats into the arena; an absent slice over the limit. */
struct slice arena_format(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Gives everything back but one block, for the next use; the mark goes too. */
void arena_reset(struct arena *arena);
/* True once any request has failed. */
bool arena_spent(const struct arena *arena);
/* Bytes taken so far. */
size_t arena_used(const struct arena *arena);

#endif
