/* content.c -- the content part of a record: bytes, texts, attachments. */
#include "proxy/archiving/content.h"

#include "lib/sha256.h"
#include <stdio.h>
#include <unicode/utf8.h>

static ProtobufCBinaryData bytes_of(struct slice bytes)
{
	return (ProtobufCBinaryData){
		.len = bytes.size, .data = (uint8_t *)bytes.at};
}

struct slice content_utf8(struct arena *arena, struct slice text)
{
	static const char replacement[] = "\xef\xbf\xbd";
	char *copy = arena_take(arena, text.size * 3 + 1);
	size_t used = 0;
	int32_t at = 0;

	if (!copy)
		return (struct slice){NULL, 0};
	while ((size_t)at < text.size) {
		int32_t begin = at;
		UChar32 c;

		U8_NEXT((const uint8_t *)text.at, at, (int32_t)text.size, c);
		if (c > 0) {
			memcpy(copy + used, text.at + begin,
				(size_t)(at - begin));
			used += (size_t)(at - begin);
		} else {
			memcpy(copy + used, replacement, 3);
			used += 3;
		}
	}
	return slice_make(copy, used);
}

static bool is_credential(enum header_id id)
{
	return id == HEADER_AUTHORIZATION || id == HEADER_PROXY_AUTHORIZATION;
}

/* A password's proof is not for the archive: its digest says that it was there
 * and whether it was the same. */
static struct slice without_credentials(
	struct arena *arena, const struct message *message)
{
	struct edits edits;

	edits_start(&edits, arena);
	for (size_t i = 0; i < message->header_count; i++) {
		const struct header *header = &message->headers[i];
		uint8_t digest[SHA256_BYTES];
		char text[80] = "sha256:";

		if (!is_credential(header->id))
			continue;
		if (!sha256_pieces(&header->value, 1, digest))
			return (struct slice){NULL, 0};
		for (size_t k = 0; k < 32; k++)
			(void)snprintf(text + 7 + 2 * k, 3, "%02x", digest[k]);
		if (!edits_replace(&edits,
			    (size_t)(header->value.at - message->bytes.at),
			    header->value.size,
			    arena_copy(arena, slice_of(text))))
			return (struct slice){NULL, 0};
	}
	return edits.count ? edits_apply(&edits, arena, message)
			   : message->bytes;
}

static bool add_versions(
	struct passage *passage, Sipwarden__Record__Content *content)
{
	content->versions = arena_take_array(passage->arena,
		passage->version_count, sizeof(ProtobufCBinaryData));
	if (!content->versions)
		return false;
	for (unsigned i = 1; i < passage->version_count; i++) {
		struct slice bytes = without_credentials(
			passage->arena, passage->versions[i].message);

		if (!bytes.at)
			return false;
		content->versions[content->n_versions++] = bytes_of(bytes);
	}
	return true;
}

static bool add_text(struct arena *arena, const struct judged *entry,
	unsigned version, Sipwarden__Record__Content *content)
{
	Sipwarden__Record__Text *text = arena_take(arena, sizeof(*text));

	if (!text)
		return false;
	*text = (Sipwarden__Record__Text)SIPWARDEN__RECORD__TEXT__INIT;
	text->place = (char *)content_utf8(arena, entry->place).at;
	text->media_type = (char *)content_utf8(arena, entry->media_type).at;
	text->file_name = (char *)content_utf8(arena, entry->file_name).at;
	text->text = bytes_of(entry->text);
	text->version = version;
	content->texts[content->n_texts++] = text;
	return text->place && text->media_type && text->file_name;
}

/* The scanner's word for this part: the last note in the trail with its
 * place, "infected Eicar-Test-Signature". */
static struct slice scan_word(const struct passage *passage, struct slice place)
{
	struct slice word = {NULL, 0};

	for (struct trail_entry *entry = passage->trail.first; entry;
		entry = entry->next)
		for (struct trail_note *note = entry->notes; note;
			note = note->next)
			if (slice_equal(note->name, place) &&
				slice_equal(slice_of(entry->stage),
					SLICE("virus-scan")))
				word = note->value;
	return word;
}

static bool add_attachment(struct passage *passage, const struct judged *entry,
	Sipwarden__Record__Content *content)
{
	struct arena *arena = passage->arena;
	Sipwarden__Record__Attachment *made = arena_take(arena, sizeof(*made));
	struct slice threat = scan_word(passage, entry->place), verdict;
	unsigned char *digest = arena_take(arena, SHA256_BYTES);

	if (!made || !digest || !sha256_pieces(&entry->decoded, 1, digest))
		return false;
	if (!slice_cut(&threat, ' ', &verdict))
		verdict = SLICE("not-scanned");
	*made = (Sipwarden__Record__Attachment)
		SIPWARDEN__RECORD__ATTACHMENT__INIT;
	made->place = (char *)content_utf8(arena, entry->place).at;
	made->media_type = (char *)content_utf8(arena, entry->media_type).at;
	made->file_name = (char *)content_utf8(arena, entry->file_name).at;
	made->size = entry->decoded.size;
	made->sha256 = bytes_of(slice_make(digest, 32));
	made->verdict = (char *)content_utf8(arena, verdict).at;
	made->threat = (char *)content_utf8(arena, threat).at;
	content->attachments[content->n_attachments++] = made;
	return made->place && made->media_type && made->file_name &&
	       made->verdict && made->threat;
}

static bool ends_in(struct slice place, struct slice word)
{
	return slice_ends_nocase(place, word);
}

/* What a reader searches for: people's words, not addresses and parameters. */
static bool is_searched(const struct judged *entry)
{
	if (!entry->text.size || slice_starts_nocase(entry->media_type,
					 SLICE("application/sdp")))
		return false;
	return entry->kind == JUDGED_PART ||
	       ends_in(entry->place, SLICE("subject")) ||
	       ends_in(entry->place, SLICE("ms-text-format")) ||
	       ends_in(entry->place, SLICE("body"));
}

static bool add_entries(struct passage *passage, unsigned version,
	Sipwarden__Record__Content *content)
{
	const struct judged_list *list = passage_judged(passage, version);

	/* An ambiguous message has no list: its bytes themselves must do. */
	for (size_t i = 0; list && i < list->count; i++) {
		const struct judged *entry = &list->entries[i];

		if (is_searched(entry) &&
			!add_text(passage->arena, entry, version, content))
			return false;
		if (version == 0 && entry->kind != JUDGED_WHOLE &&
			(entry->scan || entry->file_name.size) &&
			entry->decoded.at &&
			!add_attachment(passage, entry, content))
			return false;
	}
	return true;
}

static size_t entries_of(struct passage *passage, unsigned version)
{
	const struct judged_list *list = passage_judged(passage, version);

	return list ? list->count : 0;
}

/* Texts of what came in and, where a rule changed it, of what goes on. */
bool content_fill(struct passage *passage, Sipwarden__Record__Content *content)
{
	unsigned newest = passage->version_count - 1;
	struct slice received = without_credentials(
		passage->arena, passage->versions[0].message);
	size_t room = entries_of(passage, 0) + entries_of(passage, newest) + 1;

	if (!received.at || !add_versions(passage, content))
		return false;
	content->received = bytes_of(received);
	content->texts = arena_take_array(passage->arena, room, sizeof(void *));
	content->attachments =
		arena_take_array(passage->arena, room, sizeof(void *));
	return content->texts && content->attachments &&
	       add_entries(passage, 0, content) &&
	       (newest == 0 || add_entries(passage, newest, content));
}
