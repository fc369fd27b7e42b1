/* take.c -- takes records into the batch: which message, which conversation. */
#include "archiver/store/index/inside.h"
#include "lib/record/allocator.h"

#include <errno.h>
#include <stdlib.h>

typedef Sipwarden__Record__Record Record;
typedef Sipwarden__Record__Metadata Metadata;
typedef Sipwarden__Record__Content Content;

static uint64_t span(uint64_t number, uint64_t since)
{
	uint64_t now = record_number_wall_us(number),
		 then = record_number_wall_us(since);

	return now > then ? now - then : 0;
}

/* The shard for a record of this month; a new month closes the one before the
 * last. */
static int ready_shard(struct index *index, uint64_t number)
{
	unsigned month = shard_month(number);
	struct shard *opened;
	int result, error;

	if (index->now && index->now->month == month)
		return 0;
	error = index_commit(index);
	if (error)
		return error;
	result = shard_open(index->folder, month, index->boot, &opened);
	if (shard_is_broken(result)) {
		index_remove_from(index, month);
		result = shard_open(index->folder, month, index->boot, &opened);
	}
	if (result != SQLITE_OK)
		return index_say(
			"A shard of the index cannot be opened", result);
	shard_close(&index->before);
	index->before = index->now;
	index->now = opened;
	return 0;
}

static struct message_row *row_in_batch(struct index *index, uint64_t number)
{
	struct message_row *row;

	HASH_FIND(hh, index->batch.messages, &number, sizeof(number), row);
	return row;
}

static bool keep_row(struct index *index, struct message_row *row)
{
	HASH_ADD(hh, index->batch.messages, number, sizeof(row->number), row);
	return row->hh.tbl != NULL;
}

/* The row of a message that we know, from the batch or its shard; NULL when it
 * is in neither. */
static int find_row(
	struct index *index, uint64_t number, struct message_row **row)
{
	struct shard *shard = index_shard(index, number);
	int result;

	*row = row_in_batch(index, number);
	if (*row || !shard)
		return 0;
	result = message_row_read(shard, number, row);
	if (result == SQLITE_DONE)
		return 0;
	if (result != SQLITE_OK)
		return index_say("The index cannot be read", result);
	if (keep_row(index, *row))
		return 0;
	message_row_release(row);
	return ENOMEM;
}

static struct conversation_row *conversation_in_batch(
	struct index *index, const struct recent_entry *entry)
{
	struct conversation_row *row;
	uint64_t ordinal = entry->value;

	HASH_FIND(
		hh, index->batch.conversations, &ordinal, sizeof(ordinal), row);
	if (row)
		return row;
	row = calloc(1, sizeof(*row));
	if (!row)
		return NULL;
	row->ordinal = ordinal;
	row->first = entry->first;
	memcpy(row->stream, entry->key, sizeof(row->stream));
	HASH_ADD(hh, index->batch.conversations, ordinal, sizeof(ordinal), row);
	if (row->hh.tbl)
		return row;
	free(row);
	return NULL;
}

static bool goes_on(const struct index *index, const struct recent_entry *entry,
	uint64_t number)
{
	return span(number, entry->last) <= index->quiet_us &&
	       span(number, entry->first) < INDEX_CUT_S * 1000000ull;
}

/* The conversation of a message; 0 when it has none and opens none. */
static int converse(struct index *index, const unsigned char *stream,
	uint64_t number, bool opens, uint64_t *conversation)
{
	struct recent_entry *known = recent_find(index->streams, stream);
	struct recent_entry entry = {.last = number};
	struct conversation_row *row;

	*conversation = 0;
	if (known && goes_on(index, known, number)) {
		entry = *known;
		entry.last = number;
	} else if (opens) {
		memcpy(entry.key, stream, sizeof(entry.key));
		entry.value = index->next_conversation++;
		entry.first = number;
	} else {
		return 0;
	}
	row = conversation_in_batch(index, &entry);
	if (!row || !recent_put(index->streams, &entry))
		return ENOMEM;
	row->last = number;
	*conversation = entry.value;
	return 0;
}

static void add_part(
	struct index *index, uint64_t conversation, uint64_t message)
{
	struct batch *batch = &index->batch;

	batch->parts[batch->part_count++] = (struct part_row){
		.conversation = conversation, .message = message};
}

static const unsigned char *key_of(ProtobufCBinaryData data)
{
	return data.len == RECENT_KEY_BYTES ? data.data : NULL;
}

static int join_conversation(struct index *index, const Record *record,
	uint64_t number, bool opens, struct message_row *row)
{
	/* Without a stream a message is a conversation of its own. */
	const unsigned char *stream = key_of(record->stream);
	uint64_t conversation;
	int error = converse(index, stream ? stream : row->message_id, number,
		opens, &conversation);

	if (error || !conversation || row->conversation)
		return error;
	row->conversation = conversation;
	add_part(index, conversation, row->number);
	return 0;
}

static uint64_t linked(const struct index *index, const Metadata *metadata)
{
	const unsigned char *key = key_of(metadata->same_text_as);
	struct recent_entry *entry = key ? recent_find(index->ids, key) : NULL;

	return entry ? entry->value : 0;
}

static int first_observation(struct index *index, uint64_t number,
	const Record *record, const Metadata *metadata, const Content *content,
	struct document *document, struct message_row **row)
{
	struct recent_entry entry = {
		.value = number, .first = number, .last = number};

	*row = message_row_new(number, record, metadata, content, document);
	if (!*row)
		return ENOMEM;
	if (!keep_row(index, *row)) {
		message_row_release(row);
		return ENOMEM;
	}
	(*row)->same_as = linked(index, metadata);
	if (!key_of(record->message_id))
		return 0;
	memcpy(entry.key, record->message_id.data, sizeof(entry.key));
	return recent_put(index->ids, &entry) ? 0 : ENOMEM;
}

/* The message of which this is one more observation; NULL: of none. */
static int known_message(struct index *index, uint64_t number,
	const Record *record, struct message_row **row)
{
	const unsigned char *key = key_of(record->message_id);
	struct recent_entry *entry = key ? recent_find(index->ids, key) : NULL;

	*row = NULL;
	if (!entry || span(number, entry->first) > INDEX_SAME_S * 1000000ull)
		return 0;
	return find_row(index, entry->value, row);
}

static int take_document(struct index *index, struct record_row *taken,
	const Record *record, const Metadata *metadata, const Content *content,
	struct document *document)
{
	struct message_row *row;
	bool opens = document->opens_conversation;
	int error = known_message(index, taken->number, record, &row);

	taken->verdict = (int)document->verdict;
	if (error)
		return error;
	if (row)
		error = message_row_merge(row, metadata, document) ? 0 : ENOMEM;
	else
		error = first_observation(index, taken->number, record,
			metadata, content, document, &row);
	if (error)
		return error;
	taken->message = row->number;
	return join_conversation(index, record, taken->number, opens, row);
}

static struct slice part_data(const Sipwarden__Record__Part *part)
{
	return part ? slice_make(part->data.data, part->data.len)
		    : (struct slice){NULL, 0};
}

static Metadata *read_metadata(struct index *index, const Record *record)
{
	ProtobufCAllocator allocator = record_allocator(index->arena);
	struct slice data = part_data(record->metadata);

	return sipwarden__record__metadata__unpack(
		&allocator, data.size, (const uint8_t *)data.at);
}

static Content *read_content(struct index *index, const Record *record)
{
	ProtobufCAllocator allocator = record_allocator(index->arena);
	struct slice data = part_data(record->content);

	return data.size == 0 ? NULL
			      : sipwarden__record__content__unpack(&allocator,
					data.size, (const uint8_t *)data.at);
}

static int take_message(
	struct index *index, struct record_row *taken, const Record *record)
{
	Metadata *metadata = read_metadata(index, record);
	Content *content = read_content(index, record);
	struct document document;
	int error;

	if (!metadata)
		return EBADMSG;
	if (!document_make(record, metadata, content, &document))
		return ENOMEM;
	error = take_document(
		index, taken, record, metadata, content, &document);
	document_clear(&document);
	return error;
}

/* The message whose id it has; none when that was too long ago. */
static void take_outcome(
	struct index *index, struct record_row *taken, const Record *record)
{
	const unsigned char *key = key_of(record->message_id);
	struct recent_entry *entry = key ? recent_find(index->ids, key) : NULL;

	taken->message = entry ? entry->value : 0;
}

static int take_record(
	struct index *index, struct record_row *taken, const Record *record)
{
	if (record->kind >= SIPWARDEN__RECORD__KIND__KIND_MESSAGE &&
		record->kind <= SIPWARDEN__RECORD__KIND__KIND_AUDIT)
		taken->kind = (int)record->kind;
	if (record->kind == SIPWARDEN__RECORD__KIND__KIND_MESSAGE)
		return take_message(index, taken, record);
	if (record->kind == SIPWARDEN__RECORD__KIND__KIND_OUTCOME)
		take_outcome(index, taken, record);
	return 0;
}

static void expire(struct index *index, uint64_t number)
{
	recent_expire(index->ids,
		index_number_before(number, INDEX_LINK_S * 1000000ull));
	recent_expire(
		index->streams, index_number_before(number, index->quiet_us));
}

int index_take(struct index *index, const struct index_entry *entry)
{
	ProtobufCAllocator allocator = record_allocator(index->arena);
	struct batch *batch = &index->batch;
	struct record_row taken = {.number = entry->number,
		.segment = entry->segment,
		.offset = entry->offset};
	Record *record;
	int error = index_reopen(index);

	if (error)
		return error;
	if (entry->number <= index->taken)
		return EBADMSG;
	if (batch->count == BATCH_RECORDS || batch->bytes > BATCH_BYTES)
		error = index_commit(index);
	if (!error)
		error = ready_shard(index, entry->number);
	if (error)
		return error;
	arena_reset(index->arena);
	record = sipwarden__record__record__unpack(&allocator,
		entry->payload.size, (const uint8_t *)entry->payload.at);
	error = record ? take_record(index, &taken, record) : EBADMSG;
	if (error && error != EBADMSG)
		return error;
	batch->records[batch->count++] = taken;
	index->pending = batch->count;
	batch->bytes += entry->payload.size;
	index->taken = entry->number;
	expire(index, entry->number);
	return error;
}
