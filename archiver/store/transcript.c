/* transcript.c -- the records of one message, told as one row. */
#include "archiver/store/transcript.h"

#include "archiver/store/index/document.h"
#include "archiver/store/library.h"
#include "lib/record/number.h"

#include <stdio.h>
#include <stdlib.h>

typedef Sipwarden__Record__Record Record;
typedef Sipwarden__Record__Metadata Metadata;
typedef Sipwarden__Record__Content Content;
typedef Sipwarden__Record__Peer Peer;

/* JSON can make six bytes of one. */
enum { TEXT_BYTES = 512 * 1024, ITEMS = 2000 };

struct transcript {
	json_t *row, *observations; /* owned; the row owns the observations */
	size_t text_left;
	bool cut, told; /* told: the first observation has given the content */
	enum outcome_word verdict;
};

struct transcript *transcript_new(uint64_t conversation, uint64_t message)
{
	struct transcript *transcript = calloc(1, sizeof(*transcript));

	if (!transcript)
		return NULL;
	transcript->row = json_object();
	transcript->observations = json_array();
	transcript->text_left = TEXT_BYTES;
	json_object_set_new(transcript->row, "conversation",
		json_integer((json_int_t)conversation));
	json_object_set_new(
		transcript->row, "record", json_integer((json_int_t)message));
	json_object_set_new(transcript->row, "at",
		library_time(record_number_wall_us(message)));
	return transcript;
}

/* Any bytes become a string; what does not fit any more is cut. */
static json_t *clean(struct transcript *transcript, struct slice bytes)
{
	struct buffer text = {0};
	json_t *string;

	if (bytes.size > transcript->text_left) {
		bytes.size = transcript->text_left;
		transcript->cut = true;
	}
	transcript->text_left -= bytes.size;
	buffer_add_clean(&text, bytes);
	string = json_stringn(text.at ? text.at : "", text.size);
	buffer_clear(&text);
	return string;
}

static void set(struct transcript *transcript, json_t *object, const char *name,
	const char *text)
{
	json_object_set_new(
		object, name, clean(transcript, slice_of(text ? text : "")));
}

static void set_slice(struct transcript *transcript, json_t *object,
	const char *name, struct slice text)
{
	json_object_set_new(object, name, clean(transcript, text));
}

static void set_number(json_t *object, const char *name, uint64_t number)
{
	json_object_set_new(object, name, json_integer((json_int_t)number));
}

static void set_hex(json_t *object, const char *name, ProtobufCBinaryData bytes)
{
	char text[2 * 32 + 1] = "";

	if (bytes.len == 0)
		return;
	for (size_t i = 0; i < bytes.len && i < 32; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", bytes.data[i]);
	json_object_set_new(object, name, json_string(text));
}

static json_t *person(
	struct transcript *transcript, const char *address, const char *name)
{
	json_t *object = json_object();

	set_slice(transcript, object, "address", address_bare(address));
	set(transcript, object, "name", name);
	return object;
}

static json_t *peer(struct transcript *transcript, const Peer *from)
{
	json_t *object = json_object();

	if (!from)
		return object;
	set(transcript, object, "transport", from->transport);
	set(transcript, object, "address", from->address);
	set(transcript, object, "class", from->class_);
	set(transcript, object, "name", from->name);
	return object;
}

static json_t *texts_of(struct transcript *transcript, const Content *content)
{
	json_t *texts = json_array();

	for (int written = 1; written >= 0; written--)
		for (size_t i = 0; i < content->n_texts && i < ITEMS; i++) {
			const Sipwarden__Record__Text *from = content->texts[i];
			json_t *object;

			if (text_is_written(from) != (written == 1))
				continue;
			object = json_object();
			set_slice(transcript, object, "text",
				slice_make(from->text.data, from->text.len));
			set(transcript, object, "place", from->place);
			set(transcript, object, "media_type", from->media_type);
			set(transcript, object, "file_name", from->file_name);
			set_number(object, "version", from->version);
			json_object_set_new(
				object, "written", json_boolean(written));
			json_array_append_new(texts, object);
		}
	return texts;
}

static json_t *attachments_of(
	struct transcript *transcript, const Content *content)
{
	json_t *attachments = json_array();

	for (size_t i = 0; i < content->n_attachments && i < ITEMS; i++) {
		const Sipwarden__Record__Attachment *from =
			content->attachments[i];
		json_t *object = json_object();

		set(transcript, object, "file_name", from->file_name);
		set(transcript, object, "media_type", from->media_type);
		set(transcript, object, "place", from->place);
		set_number(object, "size", from->size);
		set_hex(object, "sha256", from->sha256);
		set(transcript, object, "verdict", from->verdict);
		set(transcript, object, "threat", from->threat);
		json_object_set_new(
			object, "file", json_boolean(attachment_is_file(from)));
		json_array_append_new(attachments, object);
	}
	return attachments;
}

static json_t *notes_of(struct transcript *transcript,
	const Sipwarden__Record__TrailEntry *entry)
{
	json_t *notes = json_array();

	for (size_t i = 0; i < entry->n_notes && i < ITEMS; i++) {
		json_t *object = json_object();

		set(transcript, object, "name", entry->notes[i]->name);
		set(transcript, object, "value", entry->notes[i]->value);
		json_array_append_new(notes, object);
	}
	return notes;
}

static json_t *trail_of(struct transcript *transcript, const Metadata *metadata)
{
	json_t *trail = json_array();

	for (size_t i = 0; i < metadata->n_trail && i < ITEMS; i++) {
		const Sipwarden__Record__TrailEntry *from = metadata->trail[i];
		json_t *object = json_object(), *tags = json_array();

		set(transcript, object, "stage", from->stage);
		set(transcript, object, "place", from->place);
		set(transcript, object, "verdict", from->verdict);
		set_number(object, "status", from->status);
		set(transcript, object, "reason", from->reason);
		set(transcript, object, "rule", from->rule);
		set(transcript, object, "judge", from->judge);
		set_number(object, "version", from->version);
		set_number(object, "branch", from->branch);
		set_number(object, "took_us", from->took_us);
		set_hex(object, "snapshot", from->snapshot);
		for (size_t j = 0; j < from->n_tags && j < ITEMS; j++)
			json_array_append_new(tags,
				clean(transcript, slice_of(from->tags[j])));
		json_object_set_new(object, "tags", tags);
		json_object_set_new(
			object, "notes", notes_of(transcript, from));
		json_array_append_new(trail, object);
	}
	return trail;
}

static json_t *branches_of(
	struct transcript *transcript, const Metadata *metadata)
{
	json_t *branches = json_array();

	for (size_t i = 0; i < metadata->n_branches && i < ITEMS; i++) {
		const Sipwarden__Record__Branch *from = metadata->branches[i];
		json_t *object = json_object();

		set_number(object, "number", from->number);
		set(transcript, object, "target", from->target);
		json_object_set_new(
			object, "next_hop", peer(transcript, from->next_hop));
		set_number(object, "version", from->version);
		json_object_set_new(
			object, "refused", json_boolean(from->refused));
		json_array_append_new(branches, object);
	}
	return branches;
}

static json_t *identity_of(
	struct transcript *transcript, const Metadata *metadata)
{
	const Sipwarden__Record__Identity *from = metadata->identity;
	json_t *object = json_object();

	if (!from)
		return object;
	set(transcript, object, "assurance", from->assurance);
	set(transcript, object, "by", from->by);
	set_slice(transcript, object, "address",
		address_bare(from->address_of_record));
	return object;
}

static json_t *answer_of(
	struct transcript *transcript, const Metadata *metadata)
{
	json_t *answer = json_object();

	set_number(answer, "status", metadata->answer_status);
	set(transcript, answer, "reason", metadata->answer_reason);
	return answer;
}

/* What the message is; said once, by the first who saw it. */
static void tell(struct transcript *transcript, const Metadata *metadata,
	const Content *content)
{
	json_t *row = transcript->row;

	transcript->told = true;
	json_object_set_new(row, "from",
		person(transcript, metadata->from, metadata->from_name));
	json_object_set_new(
		row, "to", person(transcript, metadata->to, metadata->to_name));
	set(transcript, row, "kind", kind_word(metadata, content));
	json_object_set_new(row, "request", json_boolean(metadata->is_request));
	set(transcript, row, "method", metadata->method);
	set_number(row, "status", metadata->status);
	set(transcript, row, "call_id", metadata->call_id);
	set_number(row, "cseq", metadata->cseq);
	set(transcript, row, "direction", direction_word(metadata->direction));
	json_object_set_new(
		row, "made_here", json_boolean(metadata->made_here));
	set_hex(row, "repeats", metadata->same_text_as);
	json_object_set_new(row, "texts",
		content ? texts_of(transcript, content) : json_array());
	json_object_set_new(row, "attachments",
		content ? attachments_of(transcript, content) : json_array());
}

static bool is_same(
	const json_t *one, const json_t *other, const char *const names[2])
{
	for (size_t i = 0; i < 2; i++)
		if (!json_equal(json_object_get(one, names[i]),
			    json_object_get(other, names[i])))
			return false;
	return true;
}

/* True when all of them have been told. *differs: one of those that have not
 * came in like this, it is no edit of the server that saw it. */
static bool are_told(const json_t *items, const json_t *told,
	const char *const names[2], bool *differs)
{
	const json_t *item, *other;
	bool all = true;
	size_t i, k;

	json_array_foreach(items, i, item)
	{
		json_array_foreach(told, k, other)
		{
			if (is_same(item, other, names))
				break;
		}
		if (k < json_array_size(told))
			continue;
		all = false;
		if (json_integer_value(json_object_get(item, "version")) == 0)
			*differs = true;
	}
	return all;
}

/* A message id is made of what its sender wrote, so he can give two messages
 * the same one: the words and files of each must be seen. */
static void tell_apart(
	struct transcript *transcript, json_t *object, const Content *content)
{
	static const char *const of_text[2] = {"text", "place"};
	static const char *const of_file[2] = {"sha256", "place"};
	const size_t text_left = transcript->text_left;
	const bool cut = transcript->cut;
	json_t *texts = content ? texts_of(transcript, content) : json_array();
	json_t *files =
		content ? attachments_of(transcript, content) : json_array();
	bool differs = false, told;

	told = are_told(texts, json_object_get(transcript->row, "texts"),
		of_text, &differs);
	told &= are_told(files, json_object_get(transcript->row, "attachments"),
		of_file, &differs);
	if (told) {
		json_decref(texts);
		json_decref(files);
		transcript->text_left = text_left;
		transcript->cut = cut;
		return;
	}
	json_object_set_new(object, "texts", texts);
	json_object_set_new(object, "attachments", files);
	json_object_set_new(object, "differs", json_boolean(differs));
}

static void set_outcome(
	struct transcript *transcript, json_t *object, const Metadata *metadata)
{
	set(transcript, object, "disposition", metadata->disposition);
	json_object_set_new(object, "answer", answer_of(transcript, metadata));
}

static void observe(struct transcript *transcript, uint64_t number,
	const Record *record, const Metadata *metadata, const Content *content)
{
	json_t *object = json_object();
	enum outcome_word verdict = verdict_of(metadata, content);

	if (!transcript->told)
		tell(transcript, metadata, content);
	else
		tell_apart(transcript, object, content);
	if (verdict > transcript->verdict ||
		!json_object_get(transcript->row, "disposition"))
		set_outcome(transcript, transcript->row, metadata);
	if (verdict > transcript->verdict)
		transcript->verdict = verdict;
	set_number(object, "record", number);
	json_object_set_new(object, "at", library_time(record->observed_us));
	set(transcript, object, "node", record->node);
	set(transcript, object, "role", metadata->role);
	json_object_set_new(
		object, "source", peer(transcript, metadata->source));
	json_object_set_new(
		object, "identity", identity_of(transcript, metadata));
	set(transcript, object, "direction",
		direction_word(metadata->direction));
	json_object_set_new(object, "trail", trail_of(transcript, metadata));
	json_object_set_new(
		object, "branches", branches_of(transcript, metadata));
	set_outcome(transcript, object, metadata);
	json_object_set_new(object, "outcome", json_array());
	/* to join the outcomes; not for the reader, removed at the end */
	set_number(object, "sequence",
		record->submission ? record->submission->sequence : 0);
	set_hex(object, "boot",
		record->submission ? record->submission->boot
				   : (ProtobufCBinaryData){0, NULL});
	json_array_append_new(transcript->observations, object);
}

static void observation_add(
	struct transcript *transcript, uint64_t number, const Record *record)
{
	Metadata *metadata = sipwarden__record__metadata__unpack(NULL,
		record->metadata ? record->metadata->data.len : 0,
		record->metadata ? record->metadata->data.data : NULL);
	Content *content = record->content && record->content->data.len
				   ? sipwarden__record__content__unpack(NULL,
					     record->content->data.len,
					     record->content->data.data)
				   : NULL;

	if (metadata) {
		observe(transcript, number, record, metadata, content);
		sipwarden__record__metadata__free_unpacked(metadata, NULL);
	}
	if (content)
		sipwarden__record__content__free_unpacked(content, NULL);
}

/* The observation that the same program submitted under this sequence. */
static json_t *observation_of(
	const struct transcript *transcript, const Record *record)
{
	json_t *wanted = json_object(), *found = NULL, *observation;
	size_t i;

	set_hex(wanted, "boot",
		record->submission ? record->submission->boot
				   : (ProtobufCBinaryData){0, NULL});
	json_array_foreach(transcript->observations, i, observation)
	{
		json_int_t sequence = json_integer_value(
			json_object_get(observation, "sequence"));

		if ((uint64_t)sequence == record->about &&
			json_equal(json_object_get(observation, "boot"),
				json_object_get(wanted, "boot")))
			found = observation;
	}
	json_decref(wanted);
	return found;
}

static void outcome_add(struct transcript *transcript, const Record *record)
{
	json_t *observation = observation_of(transcript, record);
	Sipwarden__Record__Outcome *outcome =
		sipwarden__record__outcome__unpack(NULL,
			record->metadata ? record->metadata->data.len : 0,
			record->metadata ? record->metadata->data.data : NULL);
	json_t *list = json_object_get(observation, "outcome");

	for (size_t i = 0; outcome && list && i < outcome->n_branches; i++) {
		const Sipwarden__Record__BranchOutcome *from =
			outcome->branches[i];
		json_t *object = json_object();

		set_number(object, "branch", from->branch);
		set(transcript, object, "event", from->event);
		set_number(object, "status", from->status);
		json_object_set_new(object, "at", library_time(from->at_us));
		json_array_append_new(list, object);
	}
	if (outcome)
		sipwarden__record__outcome__free_unpacked(outcome, NULL);
}

void transcript_add(
	struct transcript *transcript, uint64_t number, const Record *record)
{
	json_t *object;

	if (record && record->kind == SIPWARDEN__RECORD__KIND__KIND_MESSAGE) {
		observation_add(transcript, number, record);
		return;
	}
	if (record) {
		outcome_add(transcript, record);
		return;
	}
	object = json_object();
	set_number(object, "record", number);
	json_object_set_new(object, "unreadable", json_true());
	json_array_append_new(transcript->observations, object);
}

json_t *transcript_finish(struct transcript **transcript)
{
	struct transcript *old = *transcript;
	json_t *row = old->row, *observation;
	size_t i;

	json_array_foreach(old->observations, i, observation)
	{
		json_object_del(observation, "sequence");
		json_object_del(observation, "boot");
	}
	json_object_set_new(
		row, "verdict", json_string(outcome_word_text(old->verdict)));
	json_object_set_new(row, "observations", old->observations);
	json_object_set_new(row, "cut", json_boolean(old->cut));
	free(old);
	*transcript = NULL;
	return row;
}
