/* buffer.c -- text that grows. */
#include "archiver/store/index/buffer.h"

#include <stdlib.h>
#include <unicode/utf8.h>

void buffer_add(struct buffer *buffer, struct slice bytes)
{
	size_t wanted = buffer->size + bytes.size;

	if (buffer->failed || bytes.size == 0)
		return;
	if (wanted > buffer->room) {
		size_t room = wanted > buffer->room * 2 ? wanted + 128
							: buffer->room * 2;
		char *larger = realloc(buffer->at, room);

		if (!larger) {
			buffer->failed = true;
			return;
		}
		buffer->at = larger;
		buffer->room = room;
	}
	memcpy(buffer->at + buffer->size, bytes.at, bytes.size);
	buffer->size = wanted;
}

bool buffer_is_clean(struct slice text)
{
	for (size_t i = 0; i < text.size; i++)
		if ((unsigned char)text.at[i] - 4u > 0x7f - 4u)
			return false;
	return true;
}

/* Size of the clean character at the beginning, or 0 and *skip. */
static size_t clean_character(struct slice text, size_t *skip)
{
	const uint8_t *bytes = (const uint8_t *)text.at;
	int32_t room = text.size > 8 ? 8 : (int32_t)text.size;
	int32_t used = 0;
	UChar32 code;

	if (*bytes < 0x80) {
		*skip = 1;
		return *bytes > 3;
	}
	U8_NEXT(bytes, used, room, code);
	*skip = (size_t)used;
	return code < 0 ? 0 : (size_t)used;
}

void buffer_add_clean(struct buffer *buffer, struct slice text)
{
	size_t good = 0, at = 0;

	while (at < text.size) {
		size_t skip;

		if (clean_character(slice_from(text, at), &skip)) {
			at += skip;
			continue;
		}
		buffer_add(buffer, slice_part(text, good, at - good));
		buffer_add(buffer, SLICE("\xef\xbf\xbd"));
		at += skip;
		good = at;
	}
	buffer_add(buffer, slice_from(text, good));
}

struct slice buffer_slice(const struct buffer *buffer)
{
	return slice_make(buffer->at ? buffer->at : "", buffer->size);
}

void buffer_clear(struct buffer *buffer)
{
	free(buffer->at);
	*buffer = (struct buffer){0};
}
