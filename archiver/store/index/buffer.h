/* buffer.h -- text that grows. */
#ifndef ARCHIVER_STORE_INDEX_BUFFER_H
#define ARCHIVER_STORE_INDEX_BUFFER_H

#include "lib/slice.h"

/* All zero is an empty one. Once memory was short it stays marked, and what
 * is added is dropped: test `failed` once, at the end. */
struct buffer {
	char *at; /* owned */
	size_t size, room;
	bool failed;
};

void buffer_add(struct buffer *buffer, struct slice bytes);
/* True when buffer_add_clean would change nothing: ASCII is looked at, other
 * text is not. */
bool buffer_is_clean(struct slice text);
/* As UTF-8 without the bytes that mean something in the index: those, and
 * what is no UTF-8, become U+FFFD. */
void buffer_add_clean(struct buffer *buffer, struct slice text);
struct slice buffer_slice(const struct buffer *buffer);
void buffer_clear(struct buffer *buffer);

#endif
