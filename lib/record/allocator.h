/* allocator.h -- records unpacked into an arena: no piece is given back alone.
 */
#ifndef LIB_RECORD_ALLOCATOR_H
#define LIB_RECORD_ALLOCATOR_H

#include "lib/arena.h"

#include <protobuf-c/protobuf-c.h>

/* An arena for one record and its parts after the other: a record that would
 * take more than this cannot be read. */
enum { RECORD_ARENA_BYTES = 64 * 1024 * 1024 };

/* For the unpack functions. What they make lives as long as the arena's
 * content; free_unpacked is not called. The arena is borrowed. */
ProtobufCAllocator record_allocator(struct arena *arena);

#endif
