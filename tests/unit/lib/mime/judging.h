/* judging.h -- what the tests of the walker share: judge a body, look into the
 * list. */
#ifndef TESTS_UNIT_LIB_MIME_JUDGING_H
#define TESTS_UNIT_LIB_MIME_JUDGING_H

#include "lib/charset.h"
#include "lib/mime/judged.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct judging {
	struct arena *arena;
	struct judged_list list;
	struct judged_fault fault;
};

static const struct judged_limits judging_limits = {
	.depth = 8, .parts = 200, .decoded_bytes = 1 << 20, .text_limit = 4096};

static inline void judging_start(struct judging *judging)
{
	judging->arena = arena_new(16 << 20);
	assert_non_null(judging->arena);
	judging->fault = (struct judged_fault){NULL, {NULL, 0}, 0};
	judged_start(&judging->list, judging->arena, judging_limits);
}

static inline void judging_end(struct judging *judging)
{
	arena_release(&judging->arena);
}

static inline struct slice judging_slice(const char *string)
{
	return slice_of(string);
}

/* What holds of every list, whatever was judged. */
static inline void judging_check(const struct judging *judging)
{
	for (size_t i = 0; i < judging->list.count; i++) {
		const struct judged *entry = &judging->list.entries[i];

		assert_non_null(entry->place.at);
		assert_true(charset_is_utf8(entry->text));
		assert_true(charset_is_utf8(entry->file_name));
		assert_true(slice_find(entry->text, '\0') == SIZE_MAX);
		assert_true((entry->kind == JUDGED_UNSEEN) == !!entry->unseen);
		if (entry->editable)
			assert_true(entry->text.at == entry->raw.at &&
				    entry->text.size == entry->raw.size);
	}
}

static inline bool judging_sees(
	const struct judging *judging, struct slice word)
{
	for (size_t i = 0; i < judging->list.count; i++)
		if (slice_search_nocase(judging->list.entries[i].text, word) !=
			SIZE_MAX)
			return true;
	return false;
}

static inline bool judging_scans(const struct judging *judging)
{
	for (size_t i = 0; i < judging->list.count; i++)
		if (judging->list.entries[i].scan)
			return true;
	return false;
}

/* True when an entry to be scanned has these bytes. */
static inline bool judging_scans_bytes(
	const struct judging *judging, struct slice bytes)
{
	for (size_t i = 0; i < judging->list.count; i++)
		if (judging->list.entries[i].scan &&
			judging->list.entries[i].kind != JUDGED_WHOLE &&
			slice_search(judging->list.entries[i].decoded, bytes) !=
				SIZE_MAX)
			return true;
	return false;
}

static inline const char *judging_unseen(const struct judging *judging)
{
	for (size_t i = 0; i < judging->list.count; i++)
		if (judging->list.entries[i].unseen)
			return judging->list.entries[i].unseen;
	return NULL;
}

#endif
