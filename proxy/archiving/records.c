/* records.c -- a passage written down as a record (lib/record/record.proto). */
#include "proxy/archiving/records.h"

#include "lib/record/digest.h"
#include "proxy/archiving/content.h"
#include "proxy/parse/values.h"
#include "proxy/worker.h"

/* A message on the arena, set to its initial value. */
#define NEW(arena, type, init)                                                 \
	((type *)keep((arena), &(type)init, sizeof(type)))

static void *keep(struct arena *arena, const void *initial, size_t size)
{
	void *made = arena_take(arena, size);

	if (made)
		memcpy(made, initial, size);
	return made;
}

typedef Sipwarden__Record__Metadata Metadata;
typedef Sipwarden__Record__Peer Peer;

static char *text_of(struct arena *arena, struct slice text)
{
	/* Protocol Buffers strings are UTF-8: other bytes are replaced. */
	struct slice copy = content_utf8(arena, text);

	return copy.at ? (char *)copy.at : (char *)"";
}

static ProtobufCBinaryData bytes_of(struct slice bytes)
{
	return (ProtobufCBinaryData){
		.len = bytes.size, .data = (uint8_t *)bytes.at};
}

static Peer *peer_of(struct arena *arena, enum transport transport,
	const union address *address, const struct peer *peer)
{
	Peer *made = NEW(arena, Peer, SIPWARDEN__RECORD__PEER__INIT);
	char text[ADDRESS_TEXT_SIZE];

	if (!made)
		return NULL;
	address_text(address, text);
	made->transport = (char *)transport_word(transport);
	made->address = text_of(arena, slice_of(text));
	made->class_ = (char *)peer_class_word(peer->class);
	if (peer->server)
		made->name = (char *)peer->server->name;
	return made;
}

static void add_notes(struct arena *arena, const struct trail_entry *entry,
	Sipwarden__Record__TrailEntry *made)
{
	size_t count = 0;

	for (struct trail_note *note = entry->notes; note; note = note->next)
		count++;
	made->notes = arena_take_array(arena, count + 1, sizeof(void *));
	made->tags = arena_take_array(arena, count + 1, sizeof(char *));
	if (!made->notes || !made->tags)
		return;
	for (struct trail_note *note = entry->notes; note; note = note->next) {
		Sipwarden__Record__Note *item;

		if (slice_equal(note->name, SLICE("tag"))) {
			made->tags[made->n_tags++] =
				text_of(arena, note->value);
			continue;
		}
		item = NEW(arena, Sipwarden__Record__Note,
			SIPWARDEN__RECORD__NOTE__INIT);
		if (!item)
			return;
		item->name = text_of(arena, note->name);
		item->value = text_of(arena, note->value);
		made->notes[made->n_notes++] = item;
	}
}

static Sipwarden__Record__TrailEntry *trail_entry(
	struct arena *arena, const struct trail_entry *entry)
{
	Sipwarden__Record__TrailEntry *made =
		NEW(arena, Sipwarden__Record__TrailEntry,
			SIPWARDEN__RECORD__TRAIL_ENTRY__INIT);

	if (!made)
		return NULL;
	made->stage = (char *)entry->stage;
	made->place = (char *)entry->place;
	made->verdict = (char *)(entry->has_snapshot ? "snapshot"
				 : entry->verdict    ? entry->verdict
						     : "continue");
	made->status = entry->status;
	made->reason = text_of(arena, entry->reason);
	made->rule = text_of(arena, entry->rule);
	made->judge = text_of(arena, entry->judge);
	made->version = entry->version;
	made->branch = entry->branch;
	made->took_us = entry->took_us;
	if (entry->has_snapshot)
		made->snapshot = bytes_of(
			slice_make(entry->snapshot, sizeof(entry->snapshot)));
	add_notes(arena, entry, made);
	return made;
}

static bool add_trail(const struct passage *passage, Metadata *metadata)
{
	struct arena *arena = passage->arena;

	metadata->trail = arena_take_array(
		arena, passage->trail.count + 1, sizeof(void *));
	if (!metadata->trail)
		return false;
	for (struct trail_entry *entry = passage->trail.first; entry;
		entry = entry->next) {
		void *made = trail_entry(arena, entry);

		if (!made)
			return false;
		metadata->trail[metadata->n_trail++] = made;
	}
	return true;
}

static bool add_splices(struct arena *arena, const struct edits *edits,
	Sipwarden__Record__Branch *made)
{
	made->splices =
		arena_take_array(arena, edits->count + 1, sizeof(void *));
	if (!made->splices)
		return false;
	for (size_t i = 0; i < edits->count; i++) {
		Sipwarden__Record__Splice *splice =
			NEW(arena, Sipwarden__Record__Splice,
				SIPWARDEN__RECORD__SPLICE__INIT);

		if (!splice)
			return false;
		splice->offset = (uint32_t)edits->splices[i].offset;
		splice->removed = (uint32_t)edits->splices[i].removed;
		splice->inserted = bytes_of(edits->splices[i].inserted);
		made->splices[made->n_splices++] = splice;
	}
	return true;
}

static Sipwarden__Record__Branch *branch_of(
	struct arena *arena, const struct branch *branch)
{
	Sipwarden__Record__Branch *made = NEW(arena, Sipwarden__Record__Branch,
		SIPWARDEN__RECORD__BRANCH__INIT);

	if (!made)
		return NULL;
	made->number = branch->number;
	made->next_hop = peer_of(arena, branch->target.destination.transport,
		&branch->target.destination.address, &branch->target.next);
	made->target = text_of(arena, branch->target.uri);
	made->version = branch->version;
	made->via = bytes_of(branch->via);
	made->refused = branch->state == BRANCH_REFUSED;
	return add_splices(arena, &branch->edits, made) ? made : NULL;
}

static bool add_branches(const struct passage *passage, Metadata *metadata)
{
	metadata->branches = arena_take_array(
		passage->arena, passage->branch_count + 1, sizeof(void *));
	if (!metadata->branches)
		return false;
	for (struct branch *branch = passage->branches; branch;
		branch = branch->next) {
		void *made = branch_of(passage->arena, branch);

		if (!made)
			return false;
		metadata->branches[metadata->n_branches++] = made;
	}
	return true;
}

static const char *disposition_word(const struct passage *passage)
{
	switch (passage->disposition) {
	case DISPOSITION_ANSWER:
		return "answer";
	case DISPOSITION_DISCARD:
		return "discard";
	case DISPOSITION_FORWARD:
		break;
	}
	return passage->kind == PASSAGE_RESPONSE ? "relay" : "forward";
}

static void add_people(const struct passage *passage, Metadata *metadata)
{
	const struct message *message = passage->versions[0].message;
	struct arena *arena = passage->arena;
	struct name_address address;

	metadata->from = text_of(arena, message->from_uri);
	metadata->to = text_of(arena, message->to_uri);
	if (name_address_read(arena, message->from, &address)) {
		metadata->from_name = text_of(arena, address.display_name);
		if (address.uri.sip)
			metadata->from = text_of(arena,
				uri_address_of_record(arena, &address.uri));
	}
	if (name_address_read(arena, message->to, &address)) {
		metadata->to_name = text_of(arena, address.display_name);
		if (address.uri.sip)
			metadata->to = text_of(arena,
				uri_address_of_record(arena, &address.uri));
	}
	metadata->from_tag = text_of(arena, message->from_tag);
	metadata->to_tag = text_of(arena, message->to_tag);
	metadata->call_id = text_of(arena, message->call_id);
	metadata->cseq = message->cseq;
}

static bool fill_metadata(const struct passage *passage, Metadata *metadata)
{
	const struct message *message = passage->versions[0].message;
	struct arena *arena = passage->arena;
	Sipwarden__Record__Identity *identity = NEW(arena,
		Sipwarden__Record__Identity, SIPWARDEN__RECORD__IDENTITY__INIT);

	if (!identity)
		return false;
	identity->assurance = (char *)(passage->identity.assurance
					       ? passage->identity.assurance
					       : "none");
	identity->address_of_record =
		text_of(arena, passage->identity.address_of_record);
	metadata->identity = identity;
	metadata->role = (char *)role_word(
		passage->worker->proxy->settings->server.role);
	metadata->direction = (Sipwarden__Record__Direction)passage->direction;
	metadata->source = peer_of(arena, passage->arrival.transport,
		&passage->arrival.source, &passage->source);
	metadata->is_request = message->is_request;
	metadata->method = text_of(arena, message->method_name);
	metadata->request_uri = text_of(arena, message->request_uri);
	metadata->status = message->status;
	add_people(passage, metadata);
	metadata->disposition = (char *)disposition_word(passage);
	metadata->answer_status = passage->answer_status;
	metadata->answer_reason = text_of(arena, passage->answer_reason);
	metadata->made_here = passage->made_here;
	metadata->versions = passage->version_count;
	if (passage->same_text_as_set)
		metadata->same_text_as = bytes_of(
			slice_make(passage->same_text_as, RECORD_ID_BYTES));
	return metadata->source && add_trail(passage, metadata) &&
	       add_branches(passage, metadata);
}

static bool seal_part(struct arena *arena, const ProtobufCMessage *message,
	Sipwarden__Record__Part **part)
{
	size_t size = protobuf_c_message_get_packed_size(message);
	unsigned char *data = arena_take(arena, size + 1);
	struct record_part_room *room = arena_take(arena, sizeof(*room));

	*part = NEW(
		arena, Sipwarden__Record__Part, SIPWARDEN__RECORD__PART__INIT);
	if (!data || !room || !*part)
		return false;
	protobuf_c_message_pack(message, data);
	return record_part_make(slice_make(data, size), room, *part) == 0;
}

static void fill_head(
	struct passage *passage, Sipwarden__Record__Record *record)
{
	*record = (Sipwarden__Record__Record)SIPWARDEN__RECORD__RECORD__INIT;
	record->format = 1;
	record->node = (char *)passage->worker->proxy->settings->server.name;
	record->message_id = bytes_of(
		slice_make(passage->message_id, sizeof(passage->message_id)));
	record->stream =
		bytes_of(slice_make(passage->stream, sizeof(passage->stream)));
	record->observed_us = passage->arrival.wall_us;
}

bool record_of_message(
	struct passage *passage, Sipwarden__Record__Record *record)
{
	Metadata metadata = SIPWARDEN__RECORD__METADATA__INIT;
	Sipwarden__Record__Content content = SIPWARDEN__RECORD__CONTENT__INIT;

	fill_head(passage, record);
	record->kind = SIPWARDEN__RECORD__KIND__KIND_MESSAGE;
	return fill_metadata(passage, &metadata) &&
	       content_fill(passage, &content) &&
	       seal_part(passage->arena, &metadata.base, &record->metadata) &&
	       seal_part(passage->arena, &content.base, &record->content) &&
	       !arena_spent(passage->arena);
}

bool record_of_outcome(
	struct passage *passage, Sipwarden__Record__Record *record)
{
	Sipwarden__Record__Outcome outcome = SIPWARDEN__RECORD__OUTCOME__INIT;
	size_t count = 0;

	for (struct branch_event *event = passage->events; event;
		event = event->next)
		count++;
	outcome.branches =
		arena_take_array(passage->arena, count + 1, sizeof(void *));
	if (!outcome.branches)
		return false;
	for (struct branch_event *event = passage->events; event;
		event = event->next) {
		Sipwarden__Record__BranchOutcome *made =
			NEW(passage->arena, Sipwarden__Record__BranchOutcome,
				SIPWARDEN__RECORD__BRANCH_OUTCOME__INIT);

		if (!made)
			return false;
		made->branch = event->branch;
		made->event = (char *)event->event;
		made->status = event->status;
		made->at_us = event->at_us;
		outcome.branches[outcome.n_branches++] = made;
	}
	fill_head(passage, record);
	record->kind = SIPWARDEN__RECORD__KIND__KIND_OUTCOME;
	record->about = passage->submission;
	return seal_part(passage->arena, &outcome.base, &record->metadata);
}
