/* slice.h -- a run of bytes that somebody else owns. */
#ifndef LIB_SLICE_H
#define LIB_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* at is borrowed, not terminated by NUL; an absent slice has at == NULL, an
 * empty one does not. */
struct slice {
	const char *at;
	size_t size;
};

/* For a string literal: SLICE("Via"). */
#define SLICE(literal) ((struct slice){(literal), sizeof(literal) - 1})
/* For printf: "%.*s", SLICE_ARGS(slice). */
#define SLICE_ARGS(slice) (int)(slice).size, (slice).at ? (slice).at : ""

static inline struct slice slice_of(const char *string)
{
	return (struct slice){string, string ? strlen(string) : 0};
}

static inline struct slice slice_make(const void *at, size_t size)
{
	return (struct slice){at, size};
}

static inline bool slice_empty(struct slice slice)
{
	return slice.size == 0;
}

static inline bool slice_equal(struct slice a, struct slice b)
{
	return a.size == b.size &&
	       (a.size == 0 || memcmp(a.at, b.at, a.size) == 0);
}

/* The bytes from offset on, at most size of them; clipped to the slice. */
static inline struct slice slice_part(
	struct slice slice, size_t offset, size_t size)
{
	if (!slice.at)
		return (struct slice){NULL, 0};
	if (offset > slice.size)
		offset = slice.size;
	if (size > slice.size - offset)
		size = slice.size - offset;
	return (struct slice){slice.at + offset, size};
}

static inline struct slice slice_from(struct slice slice, size_t offset)
{
	return slice_part(slice, offset, SIZE_MAX);
}

/* Equal but for the case of ASCII letters. */
bool slice_equal_nocase(struct slice a, struct slice b);
bool slice_starts_nocase(struct slice slice, struct slice prefix);
bool slice_ends_nocase(struct slice slice, struct slice suffix);
/* Orders by bytes, a shorter slice before a longer one that it begins. */
int slice_compare(struct slice a, struct slice b);
/* Offset of the first such byte or run, or SIZE_MAX. */
size_t slice_find(struct slice slice, char byte);
size_t slice_search(struct slice slice, struct slice wanted);
size_t slice_search_nocase(struct slice slice, struct slice wanted);
/* Without the SP, HT, CR and LF at both ends. */
struct slice slice_trim(struct slice slice);
/* Reads 1*DIGIT, all of it, up to limit. False on anything else. */
bool slice_to_number(struct slice slice, uint64_t limit, uint64_t *number);
/* Cuts off what stands before the first separator (all, if there is none)
 * and moves rest behind it. False when rest is absent. */
bool slice_cut(struct slice *rest, char separator, struct slice *piece);
/* A copy with a NUL behind it, from malloc; the caller frees it. */
char *slice_to_string(struct slice slice) __attribute__((warn_unused_result));

#endif
