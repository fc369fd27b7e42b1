/* slice.c -- a run of bytes that somebody else owns. */
#include "lib/slice.h"

#include <stdlib.h>

static unsigned char lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

bool slice_equal_nocase(struct slice a, struct slice b)
{
	return a.size == b.size && slice_starts_nocase(a, b);
}

bool slice_starts_nocase(struct slice slice, struct slice prefix)
{
	if (prefix.size > slice.size)
		return false;
	for (size_t i = 0; i < prefix.size; i++)
		if (lower(slice.at[i]) != lower(prefix.at[i]))
			return false;
	return true;
}

bool slice_ends_nocase(struct slice slice, struct slice suffix)
{
	return suffix.size <= slice.size &&
	       slice_equal_nocase(
		       slice_from(slice, slice.size - suffix.size), suffix);
}

int slice_compare(struct slice a, struct slice b)
{
	size_t shorter = a.size < b.size ? a.size : b.size;
	int order = shorter ? memcmp(a.at, b.at, shorter) : 0;

	if (order)
		return order;
	return (a.size > b.size) - (a.size < b.size);
}

size_t slice_find(struct slice slice, char byte)
{
	const char *found =
		slice.size ? memchr(slice.at, byte, slice.size) : NULL;

	return found ? (size_t)(found - slice.at) : SIZE_MAX;
}

size_t slice_search(struct slice slice, struct slice wanted)
{
	const char *found;

	if (wanted.size == 0)
		return 0;
	if (slice.size < wanted.size)
		return SIZE_MAX;
	found = memmem(slice.at, slice.size, wanted.at, wanted.size);
	return found ? (size_t)(found - slice.at) : SIZE_MAX;
}

size_t slice_search_nocase(struct slice slice, struct slice wanted)
{
	for (size_t at = 0; at + wanted.size <= slice.size; at++)
		if (slice_starts_nocase(slice_from(slice, at), wanted))
			return at;
	return SIZE_MAX;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct slice slice_trim(struct slice slice)
{
	while (slice.size && is_space(slice.at[0]))
		slice = slice_from(slice, 1);
	while (slice.size && is_space(slice.at[slice.size - 1]))
		slice.size--;
	return slice;
}

bool slice_to_number(struct slice slice, uint64_t limit, uint64_t *number)
{
	uint64_t value = 0;

	if (slice.size == 0)
		return false;
	for (size_t i = 0; i < slice.size; i++) {
		unsigned digit = (unsigned)slice.at[i] - '0';

		if (digit > 9 || value > (limit - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	if (value > limit)
		return false;
	*number = value;
	return true;
}

bool slice_cut(struct slice *rest, char separator, struct slice *piece)
{
	size_t at;

	if (!rest->at)
		return false;
	at = slice_find(*rest, separator);
	if (at == SIZE_MAX) {
		*piece = *rest;
		*rest = (struct slice){NULL, 0};
	} else {
		*piece = slice_part(*rest, 0, at);
		*rest = slice_from(*rest, at + 1);
	}
	return true;
}

char *slice_to_string(struct slice slice)
{
	char *copy = malloc(slice.size + 1);

	if (copy) {
		if (slice.size)
			memcpy(copy, slice.at, slice.size);
		copy[slice.size] = '\0';
	}
	return copy;
}
