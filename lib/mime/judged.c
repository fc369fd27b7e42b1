/* judged.c -- the list of what is judged, and texts that are no body parts. */
#include "lib/mime/judged.h"

#include "lib/charset.h"
#include "lib/mime/escape.h"
#include "lib/mime/list.h"
#include "lib/mime/words.h"

enum { JUDGED_ROOM_FIRST = 16 };

void judged_start(struct judged_list *list, struct arena *arena,
	struct judged_limits limits)
{
	*list = (struct judged_list){.arena = arena, .limits = limits};
}

bool judged_fail(struct judged_fault *fault, const char *text,
	struct slice place, unsigned status)
{
	*fault = (struct judged_fault){
		.text = text, .place = place, .status = status};
	return false;
}

bool judged_fail_spent(struct judged_fault *fault, struct slice place)
{
	return judged_fail(
		fault, "too large for the memory of a message", place, 413);
}

static bool grow(struct judged_list *list)
{
	const size_t room = list->room ? list->room * 2 : JUDGED_ROOM_FIRST;
	struct judged *entries =
		arena_take_array(list->arena, room, sizeof(*entries));

	if (!entries)
		return false;
	if (list->count)
		memcpy(entries, list->entries, list->count * sizeof(*entries));
	list->entries = entries;
	list->room = room;
	return true;
}

struct judged *judged_append(struct judged_list *list, enum judged_kind kind,
	struct slice place, struct judged_fault *fault)
{
	struct judged *entry;

	if (list->count >= list->limits.parts) {
		(void)judged_fail(fault, "too many parts", place, 413);
		return NULL;
	}
	if (list->count == list->room && !grow(list)) {
		(void)judged_fail_spent(fault, place);
		return NULL;
	}
	entry = &list->entries[list->count++];
	*entry = (struct judged){.kind = kind, .place = place};
	return entry;
}

size_t judged_left(const struct judged_list *list)
{
	return list->limits.decoded_bytes - list->decoded_bytes;
}

bool judged_count(struct judged_list *list, size_t bytes, struct slice place,
	struct judged_fault *fault)
{
	if (bytes > judged_left(list))
		return judged_fail(fault, "too large when decoded", place, 413);
	list->decoded_bytes += bytes;
	return true;
}

bool judged_add_reading(struct judged_list *list, struct slice place,
	struct slice raw, struct slice text, struct judged_fault *fault)
{
	struct judged *entry;

	if (slice_empty(text))
		return true;
	if (text.at != raw.at && !judged_count(list, text.size, place, fault))
		return false;
	entry = judged_append(list, JUDGED_TEXT, place, fault);
	if (!entry)
		return false;
	entry->raw = raw;
	entry->decoded = text;
	entry->text = text;
	return true;
}

void judged_set_raw(struct judged_list *list, size_t first, struct slice raw)
{
	for (size_t i = first; i < list->count; i++) {
		list->entries[i].raw = raw;
		list->entries[i].editable = false;
	}
}

bool judged_add_unseen(struct judged_list *list, struct slice place,
	struct slice raw, const char *why, struct judged_fault *fault)
{
	struct judged *entry = judged_append(list, JUDGED_UNSEEN, place, fault);

	if (!entry)
		return false;
	entry->raw = raw;
	entry->decoded = raw;
	entry->unseen = why;
	return true;
}

/* What the decoders of a header's text share. */
struct reading {
	struct judged_list *list;
	struct slice place;
	struct slice raw;
	struct judged_fault *fault;
	unsigned made;
};

/* Adds text when it says something else than from. */
static bool add_if_other(
	struct reading *reading, struct slice from, struct slice text)
{
	if (slice_equal(from, text))
		return true;
	reading->made++;
	return judged_add_reading(reading->list, reading->place, reading->raw,
		text, reading->fault);
}

static bool words_decode(
	struct reading *reading, struct slice from, struct slice *text)
{
	bool unknown = false;

	*text = from;
	if (!words_present(from))
		return true;
	if (!words_read(reading->list->arena, from, text, &unknown))
		return judged_fail_spent(reading->fault, reading->place);
	return !unknown ||
	       judged_add_unseen(reading->list, reading->place, reading->raw,
		       "a word in an unknown character set", reading->fault);
}

static bool pairs_undo(
	struct reading *reading, struct slice from, struct slice *text)
{
	*text = from;
	if (slice_find(from, '\\') == SIZE_MAX)
		return true;
	return escape_undo_pairs(reading->list->arena, from, text) ||
	       judged_fail_spent(reading->fault, reading->place);
}

static bool percents_undo(
	struct reading *reading, struct slice from, struct slice *text)
{
	struct slice bytes;

	*text = from;
	if (slice_find(from, '%') == SIZE_MAX)
		return true;
	return (escape_undo_percent(reading->list->arena, from, &bytes) &&
		       charset_mend(reading->list->arena, bytes, text)) ||
	       judged_fail_spent(reading->fault, reading->place);
}

/* Each reading alone, and, where several differ, all one after the other. */
static bool decoded_readings(struct reading *reading, struct slice text)
{
	struct slice words, pairs, percents, all;

	if (!words_decode(reading, text, &words) ||
		!add_if_other(reading, text, words) ||
		!pairs_undo(reading, text, &pairs) ||
		!add_if_other(reading, text, pairs) ||
		!percents_undo(reading, text, &percents) ||
		!add_if_other(reading, text, percents))
		return false;
	if (reading->made < 2)
		return true;
	return pairs_undo(reading, words, &all) &&
	       percents_undo(reading, all, &all) &&
	       add_if_other(reading, text, all);
}

bool judged_add_header_readings(struct judged_list *list, struct slice place,
	struct slice raw, struct slice text, struct judged_fault *fault)
{
	struct reading reading = {list, place, raw, fault, 0};

	return decoded_readings(&reading, text);
}

/* A header in no valid UTF-8: what careful and careless readers show. */
static bool add_mended(struct judged_list *list, struct slice place,
	struct slice bytes, struct slice *text, struct judged_fault *fault)
{
	struct slice careless;

	if (!charset_mend(list->arena, bytes, text) ||
		!charset_mend_carelessly(list->arena, bytes, &careless))
		return judged_fail_spent(fault, place);
	return judged_add_reading(list, place, bytes, *text, fault) &&
	       (slice_equal(*text, careless) ||
		       judged_add_reading(list, place, bytes, careless, fault));
}

bool judged_add_text(struct judged_list *list, struct slice place,
	struct slice bytes, struct judged_fault *fault)
{
	struct slice text = bytes;

	if (slice_empty(bytes))
		return true;
	if (charset_is_utf8(bytes) && slice_find(bytes, '\0') == SIZE_MAX) {
		if (!judged_add_reading(list, place, bytes, text, fault))
			return false;
		list->entries[list->count - 1].editable = true;
	} else if (!add_mended(list, place, bytes, &text, fault)) {
		return false;
	}
	return judged_add_header_readings(list, place, bytes, text, fault);
}
