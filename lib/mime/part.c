/* part.c -- a leaf of a body: its readings, its entry in the list. */
#include "lib/mime/part.h"

#include "lib/charset.h"
#include "lib/mime/escape.h"
#include "lib/mime/invite.h"
#include "lib/mime/list.h"
#include "lib/mime/markup.h"
#include "lib/mime/readings.h"
#include "lib/mime/rtf.h"
#include "lib/mime/sdp.h"
#include "lib/mime/sight.h"

/* What is asked again and again of one leaf. */
struct leaf {
	struct judged_list *list;
	const struct part *part;
	struct judged_fault *fault;
	bool xml;
	bool html;
	bool json;
	bool form;
};

static bool type_is(const struct part *part, struct slice type)
{
	return slice_equal(part->media_type, type);
}

static bool is_xml(const struct part *part)
{
	return slice_ends_nocase(part->media_type, SLICE("+xml")) ||
	       slice_ends_nocase(part->media_type, SLICE("/xml"));
}

static bool is_json(const struct part *part)
{
	return slice_ends_nocase(part->media_type, SLICE("+json")) ||
	       slice_ends_nocase(part->media_type, SLICE("/json"));
}

/* Types that some reader shows as a text, whatever the bytes. */
static bool is_textual(const struct leaf *leaf)
{
	const struct part *part = leaf->part;

	return !part->media_type.at || leaf->xml || leaf->json ||
	       slice_starts_nocase(part->media_type, SLICE("text/")) ||
	       slice_starts_nocase(part->media_type, SLICE("message/")) ||
	       type_is(part, SLICE("application/sdp")) ||
	       type_is(part, SLICE("application/rtf"));
}

static bool other_reading_add(
	const struct leaf *leaf, struct slice from, struct slice text)
{
	return slice_equal(from, text) ||
	       judged_add_reading(leaf->list, leaf->part->place,
		       leaf->part->raw, text, leaf->fault);
}

static bool spent(const struct leaf *leaf)
{
	return judged_fail_spent(leaf->fault, leaf->part->place);
}

/* Markup is looked for in every text: readers guess as well. */
static bool markup_add(const struct leaf *leaf, struct slice text)
{
	const bool references = slice_find(text, '&') != SIZE_MAX;
	struct slice shown;

	if (slice_find(text, '<') == SIZE_MAX &&
		!(references && (leaf->xml || leaf->html)))
		return true;
	if (!markup_show(leaf->list->arena, text, leaf->xml, &shown))
		return spent(leaf);
	if (!other_reading_add(leaf, text, shown))
		return false;
	if (!references)
		return true;
	if (!markup_decode(leaf->list->arena, text, &shown))
		return spent(leaf);
	return other_reading_add(leaf, text, shown);
}

static bool rtf_add(const struct leaf *leaf, struct slice text)
{
	struct slice shown;

	if (!rtf_looks_so(text))
		return true;
	if (!rtf_show(leaf->list->arena, text, &shown))
		return spent(leaf);
	return other_reading_add(leaf, text, shown);
}

static bool json_add(const struct leaf *leaf, struct slice text)
{
	const struct slice start = slice_part(slice_trim(text), 0, 1);
	struct slice shown;

	if (!leaf->json && !slice_equal(start, SLICE("{")) &&
		!slice_equal(start, SLICE("[")))
		return true;
	if (slice_find(text, '\\') == SIZE_MAX)
		return true;
	if (!escape_undo_json(leaf->list->arena, text, &shown))
		return spent(leaf);
	return other_reading_add(leaf, text, shown);
}

static bool form_add(const struct leaf *leaf, struct slice text)
{
	struct slice bytes, shown;

	if (!leaf->form)
		return true;
	if (!escape_undo_percent(leaf->list->arena, text, &bytes) ||
		!charset_mend(leaf->list->arena, bytes, &shown))
		return spent(leaf);
	return other_reading_add(leaf, text, shown);
}

static bool derived_add(const struct leaf *leaf, struct slice text)
{
	return markup_add(leaf, text) && rtf_add(leaf, text) &&
	       json_add(leaf, text) && form_add(leaf, text);
}

/* XML may define words of its own and write with those. */
static const char *own_entities(const struct leaf *leaf, struct slice text)
{
	if (!leaf->xml && slice_search(slice_part(text, 0, 64),
				  SLICE("<?xml")) == SIZE_MAX)
		return NULL;
	return slice_search(text, SLICE("<!ENTITY")) != SIZE_MAX
		       ? "XML with entities of its own"
		       : NULL;
}

static const char *unseen_of(
	const struct leaf *leaf, const struct readings *readings)
{
	const char *unseen = leaf->part->unseen;

	if (!unseen)
		unseen = readings->unseen;
	for (size_t i = 0; i < readings->count && !unseen; i++) {
		unseen = sight_unseen(readings->texts[i]);
		if (!unseen)
			unseen = own_entities(leaf, readings->texts[i]);
	}
	return unseen;
}

static bool same_bytes(struct slice a, struct slice b)
{
	return a.at == b.at && a.size == b.size;
}

static bool entry_add(const struct leaf *leaf, const struct readings *readings)
{
	const struct part *part = leaf->part;
	const struct slice text =
		readings->count ? readings->texts[0] : (struct slice){NULL, 0};
	const char *unseen = unseen_of(leaf, readings);
	struct judged *entry = judged_append(leaf->list,
		unseen ? JUDGED_UNSEEN : JUDGED_PART, part->place, leaf->fault);

	if (!entry)
		return false;
	entry->media_type = part->media_type;
	entry->file_name = part->file_name;
	entry->raw = part->raw;
	entry->decoded = part->bytes;
	entry->text = text;
	entry->unseen = unseen;
	entry->editable = same_bytes(part->raw, part->bytes) &&
			  same_bytes(part->bytes, text) && readings->count == 1;
	entry->scan =
		!slice_empty(part->bytes) &&
		(part->file_name.at || sight_needs_scan(part->bytes,
					       leaf->list->limits.text_limit));
	return text.at == part->bytes.at ||
	       judged_count(leaf->list, text.size, part->place, leaf->fault);
}

/* The offer of a file that is not in this body: its name is judged, but says
 * nothing of these bytes. */
static bool invite_add(const struct leaf *leaf)
{
	const struct part *part = leaf->part;
	const size_t mine = leaf->list->count;
	struct slice name = {NULL, 0};
	const char *wrong;

	if (!type_is(part, SLICE("text/x-msmsgsinvite")))
		return true;
	wrong = invite_read(part->bytes, &name);
	if (wrong)
		return judged_fail(leaf->fault, wrong, part->place, 400);
	if (!name.at)
		return true;
	if (!judged_add_text(leaf->list, part->place, name, leaf->fault))
		return false;
	if (leaf->list->count > mine)
		leaf->list->entries[mine].file_name =
			leaf->list->entries[mine].text;
	return true;
}

static bool sdp_leaf_add(const struct leaf *leaf)
{
	return !type_is(leaf->part, SLICE("application/sdp")) ||
	       sdp_add(leaf->list, leaf->part->place, leaf->part->bytes,
		       leaf->fault);
}

bool part_add(struct judged_list *list, const struct part *part,
	struct judged_fault *fault)
{
	const struct leaf leaf = {
		.list = list,
		.part = part,
		.fault = fault,
		.xml = is_xml(part),
		.html = type_is(part, SLICE("text/html")),
		.json = is_json(part),
		.form = type_is(
			part, SLICE("application/x-www-form-urlencoded")),
	};
	struct readings readings;
	const char *wrong = readings_make(&readings, list->arena, part->bytes,
		part->charset, is_textual(&leaf));

	if (wrong)
		return judged_fail(fault, wrong, part->place, 400);
	if (readings.spent)
		return spent(&leaf);
	if (!entry_add(&leaf, &readings))
		return false;
	for (size_t i = 0; i < readings.count; i++) {
		const struct slice text = readings.texts[i];

		if (i && !judged_add_reading(
				 list, part->place, part->raw, text, fault))
			return false;
		if (!derived_add(&leaf, text))
			return false;
	}
	return invite_add(&leaf) && sdp_leaf_add(&leaf);
}
