/* index.c -- takes records, keeps the shards.
 *
 * Long: taking and committing work on one batch, whose rows point to each other
 * until they are written; nobody else may see them half made.
 */
#include "archiver/store/index/index.h"

#include "archiver/store/index/rows.h"
#include "lib/log.h"
#include "lib/record/number.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

typedef Sipwarden__Record__Record Record;
typedef Sipwarden__Record__Metadata Metadata;
typedef Sipwarden__Record__Content Content;

enum { BATCH_RECORDS = 2000, BATCH_BYTES = 16 * 1024 * 1024 };

/* Finds the message of a submission within the batch. */
struct submitted {
	struct {
		uint64_t maker, sequence;
	} key;
	uint64_t message;
	UT_hash_handle hh;
};

struct batch {
	struct record_row records[BATCH_RECORDS];
	struct part_row parts[BATCH_RECORDS];
	size_t count, part_count, bytes;
	struct message_row *messages;
	struct conversation_row *conversations;
	struct submitted *submitted;
};

struct index {
	char *folder; /* owned */
	char *boot;   /* owned */
	int lock;     /* a file that one process at a time has locked */
	uint64_t quiet_us;
	struct shard *now, *before; /* owned; NULL: none */
	struct recent *ids, *streams;
	uint64_t taken; /* last record in the batch */
	uint64_t next_conversation;
	_Atomic uint64_t position, pending;
	_Atomic unsigned waiting; /* askers that wait for a commit */
	_Atomic unsigned broken; /* month that a reader found broken; 0: none */
	struct batch batch;
};

static uint64_t span(uint64_t number, uint64_t since)
{
	uint64_t now = record_number_wall_us(number),
		 then = record_number_wall_us(since);

	return now > then ? now - then : 0;
}

static uint64_t number_before(uint64_t number, uint64_t span_us)
{
	uint64_t now = record_number_wall_us(number);

	return record_number_make(now > span_us ? now - span_us : 0, 0);
}

static void clear_batch(struct batch *batch)
{
	struct message_row *message, *next_message;
	struct conversation_row *conversation, *next_conversation;
	struct submitted *submitted, *next_submitted;

	HASH_ITER (hh, batch->messages, message, next_message) {
		HASH_DEL(batch->messages, message);
		message_row_release(&message);
	}
	HASH_ITER (hh, batch->conversations, conversation, next_conversation) {
		HASH_DEL(batch->conversations, conversation);
		free(conversation);
	}
	HASH_ITER (hh, batch->submitted, submitted, next_submitted) {
		HASH_DEL(batch->submitted, submitted);
		free(submitted);
	}
	batch->count = batch->part_count = batch->bytes = 0;
}

/* --- opening -------------------------------------------------------------- */

static int prepare(struct shard *shard, const char *sql, uint64_t value,
	sqlite3_stmt **statement)
{
	int result =
		sqlite3_prepare_v2(shard->connection, sql, -1, statement, NULL);

	if (result == SQLITE_OK)
		sqlite3_bind_int64(*statement, 1, (int64_t)value);
	return result;
}

/* Columns: key, value, first, last. */
static int reload(struct shard *shard, struct recent *recent, const char *sql,
	uint64_t since)
{
	sqlite3_stmt *statement;
	int result = prepare(shard, sql, since, &statement);

	if (result != SQLITE_OK)
		return result;
	while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
		struct recent_entry entry = {
			.value = (uint64_t)sqlite3_column_int64(statement, 1),
			.first = (uint64_t)sqlite3_column_int64(statement, 2),
			.last = (uint64_t)sqlite3_column_int64(statement, 3)};

		if (sqlite3_column_bytes(statement, 0) != RECENT_KEY_BYTES)
			continue;
		memcpy(entry.key, sqlite3_column_blob(statement, 0),
			RECENT_KEY_BYTES);
		if (!recent_put(recent, &entry)) {
			result = SQLITE_NOMEM;
			break;
		}
	}
	sqlite3_finalize(statement);
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

static int reload_shard(struct index *index, struct shard *shard)
{
	uint64_t position = index->position;
	sqlite3_stmt *statement;
	int result = reload(shard, index->ids,
		"SELECT message_id, number, number, number FROM message"
		" WHERE number >= ?1 ORDER BY number",
		number_before(position, INDEX_LINK_S * 1000000ull));

	if (result == SQLITE_OK)
		result = reload(shard, index->streams,
			"SELECT stream, ordinal, first, last FROM conversation"
			" WHERE last >= ?1 ORDER BY last",
			number_before(position, index->quiet_us));
	if (result == SQLITE_OK)
		result = prepare(shard,
			"SELECT max(ordinal) FROM conversation WHERE ?1 >= 0",
			0, &statement);
	if (result != SQLITE_OK)
		return result;
	if (sqlite3_step(statement) == SQLITE_ROW) {
		uint64_t last = (uint64_t)sqlite3_column_int64(statement, 0);

		if (last >= index->next_conversation)
			index->next_conversation = last + 1;
	}
	sqlite3_finalize(statement);
	return SQLITE_OK;
}

static void forget(struct index *index)
{
	clear_batch(&index->batch);
	recent_release(&index->ids);
	recent_release(&index->streams);
	index->next_conversation = 1;
	index->position = index->pending = index->taken = 0;
}

static void take_position(struct index *index, struct shard *shard)
{
	uint64_t position = shard ? shard_position(shard->connection) : 0;

	if (position > index->position)
		index->position = index->taken = position;
}

/* What memory needs of the two newest shards. */
static int remember(struct index *index)
{
	int result = SQLITE_OK;

	forget(index);
	index->ids = recent_new();
	index->streams = recent_new();
	if (!index->ids || !index->streams)
		return SQLITE_NOMEM;
	take_position(index, index->before);
	take_position(index, index->now);
	if (index->before)
		result = reload_shard(index, index->before);
	if (result == SQLITE_OK && index->now)
		result = reload_shard(index, index->now);
	return result;
}

static void close_shards(struct index *index)
{
	shard_close(&index->before);
	shard_close(&index->now);
}

/* Removes this shard and all later ones: what comes after is read again. */
static void remove_from(struct index *index, unsigned month)
{
	unsigned months[SHARDS];
	int error;
	size_t count = shard_list(index->folder, months, &error);

	log_warn("The index is made anew from the journal from=%04u-%02u",
		month / 12, month % 12 + 1);
	for (size_t i = count; i-- > 0 && months[i] >= month;) {
		struct shard **open =
			index->now && index->now->month == months[i]
				? &index->now
			: index->before && index->before->month == months[i]
				? &index->before
				: &(struct shard *){NULL};

		shard_remove(index->folder, months[i], open);
	}
}

/* Opens the two newest shards. SQLITE_CORRUPT: *month is broken. */
static int open_newest(struct index *index, unsigned *month)
{
	unsigned months[SHARDS];
	int error, result;
	size_t count = shard_list(index->folder, months, &error);

	if (count == 0)
		return SQLITE_OK;
	/* The older one first: when it is broken, both go. */
	if (count > 1) {
		*month = months[count - 2];
		result = shard_open(
			index->folder, *month, index->boot, &index->before);
		if (result != SQLITE_OK)
			return result;
	}
	*month = months[count - 1];
	return shard_open(index->folder, *month, index->boot, &index->now);
}

/* Opens what can be trusted, throws away what cannot. */
static int open_trusted(struct index *index)
{
	for (;;) {
		unsigned month = 0;
		int result = open_newest(index, &month);

		if (result == SQLITE_OK)
			result = remember(index);
		if (!shard_is_broken(result))
			return result;
		close_shards(index);
		remove_from(index, month);
	}
}

static int say(const char *what, int result)
{
	log_error("%s reason=\"%s\"", what, sqlite3_errstr(result));
	return result == SQLITE_NOMEM ? ENOMEM : EIO;
}

static int make_folder(const char *folder)
{
	struct stat status;

	if (mkdir(folder, 0750) < 0 && errno != EEXIST)
		return errno;
	if (stat(folder, &status) < 0)
		return errno;
	return S_ISDIR(status.st_mode) ? 0 : ENOTDIR;
}

static int take_lock(const char *folder, int *lock)
{
	char path[SHARD_PATH_BYTES];

	(void)snprintf(path, sizeof(path), "%s/lock", folder);
	*lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (*lock < 0)
		return errno;
	if (flock(*lock, LOCK_EX | LOCK_NB) == 0)
		return 0;
	return errno == EWOULDBLOCK ? EBUSY : errno;
}

int index_open(const char *folder, const char *boot, uint32_t quiet_s,
	struct index **index)
{
	struct index *made = calloc(1, sizeof(*made));
	int error = made ? make_folder(folder) : ENOMEM;

	*index = NULL;
	if (!made)
		return error;
	made->lock = -1;
	if (!error)
		error = take_lock(folder, &made->lock);
	made->folder = strdup(folder);
	made->boot = strdup(boot);
	made->quiet_us = quiet_s * 1000000ull;
	if (!error && (!made->folder || !made->boot))
		error = ENOMEM;
	if (!error) {
		int result = open_trusted(made);

		if (result != SQLITE_OK)
			error = say("The index cannot be opened", result);
	}
	if (error)
		index_close(&made);
	*index = made;
	return error;
}

void index_close(struct index **index)
{
	struct index *old = *index;

	if (!old)
		return;
	if (old->batch.count && index_commit(old) != 0)
		log_warn("The last batch is indexed again at the next start");
	close_shards(old);
	forget(old);
	free(old->folder);
	free(old->boot);
	if (old->lock >= 0)
		close(old->lock);
	free(old);
	*index = NULL;
}

/* --- taking records ------------------------------------------------------- */

static struct shard *shard_of(const struct index *index, uint64_t number)
{
	unsigned month = shard_month(number);

	if (index->now && index->now->month == month)
		return index->now;
	if (index->before && index->before->month == month)
		return index->before;
	return NULL;
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
		remove_from(index, month);
		result = shard_open(index->folder, month, index->boot, &opened);
	}
	if (result != SQLITE_OK)
		return say("A shard of the index cannot be opened", result);
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
	struct shard *shard = shard_of(index, number);
	int result;

	*row = row_in_batch(index, number);
	if (*row || !shard)
		return 0;
	result = message_row_read(shard, number, row);
	if (result == SQLITE_DONE)
		return 0;
	if (result != SQLITE_OK)
		return say("The index cannot be read", result);
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

static Content *read_content(const Record *record)
{
	struct slice data = part_data(record->content);

	return data.size == 0 ? NULL
			      : sipwarden__record__content__unpack(NULL,
					data.size, (const uint8_t *)data.at);
}

static int take_message(
	struct index *index, struct record_row *taken, const Record *record)
{
	struct slice data = part_data(record->metadata);
	Metadata *metadata = sipwarden__record__metadata__unpack(
		NULL, data.size, (const uint8_t *)data.at);
	Content *content = read_content(record);
	struct document document;
	int error = EBADMSG;

	if (metadata) {
		error = ENOMEM;
		if (document_make(record, metadata, content, &document)) {
			error = take_document(index, taken, record, metadata,
				content, &document);
			document_clear(&document);
		}
	}
	if (metadata)
		sipwarden__record__metadata__free_unpacked(metadata, NULL);
	if (content)
		sipwarden__record__content__free_unpacked(content, NULL);
	return error;
}

static int stored_submission(struct shard *shard, uint64_t maker,
	uint64_t sequence, uint64_t *message)
{
	int64_t values[] = {(int64_t)maker, (int64_t)sequence};
	sqlite3_stmt *find;
	int result;

	if (!shard || *message)
		return SQLITE_OK;
	find = shard_bind(shard, SHARD_FIND_SUBMISSION, values, 2);
	result = sqlite3_step(find);
	if (result == SQLITE_ROW)
		*message = (uint64_t)sqlite3_column_int64(find, 0);
	sqlite3_reset(find);
	return result == SQLITE_ROW || result == SQLITE_DONE ? SQLITE_OK
							     : result;
}

/* The message that a maker submitted under this sequence. */
static int take_outcome(
	struct index *index, struct record_row *taken, const Record *record)
{
	struct submitted wanted = {0}, *found;
	int result;

	wanted.key.maker = taken->maker;
	wanted.key.sequence = record->about;
	HASH_FIND(hh, index->batch.submitted, &wanted.key, sizeof(wanted.key),
		found);
	if (found) {
		taken->message = found->message;
		return 0;
	}
	result = stored_submission(
		index->now, taken->maker, record->about, &taken->message);
	if (result == SQLITE_OK)
		result = stored_submission(index->before, taken->maker,
			record->about, &taken->message);
	return result == SQLITE_OK ? 0
				   : say("The index cannot be read", result);
}

static int keep_submission(struct index *index, const struct record_row *taken)
{
	struct submitted *submitted, *old;

	if (!taken->sequence || !taken->message ||
		taken->kind != SIPWARDEN__RECORD__KIND__KIND_MESSAGE)
		return 0;
	submitted = calloc(1, sizeof(*submitted));
	if (!submitted)
		return ENOMEM;
	submitted->key.maker = taken->maker;
	submitted->key.sequence = taken->sequence;
	submitted->message = taken->message;
	HASH_REPLACE(hh, index->batch.submitted, key, sizeof(submitted->key),
		submitted, old);
	free(old);
	if (submitted->hh.tbl)
		return 0;
	free(submitted);
	return ENOMEM;
}

static int take_record(
	struct index *index, struct record_row *taken, const Record *record)
{
	int error = 0;

	taken->kind = (int)record->kind;
	if (record->submission) {
		taken->maker = submission_maker(record->submission);
		taken->sequence = record->submission->sequence;
	}
	if (record->kind == SIPWARDEN__RECORD__KIND__KIND_MESSAGE)
		error = take_message(index, taken, record);
	else if (record->kind == SIPWARDEN__RECORD__KIND__KIND_OUTCOME)
		error = take_outcome(index, taken, record);
	return error ? error : keep_submission(index, taken);
}

static void expire(struct index *index, uint64_t number)
{
	recent_expire(
		index->ids, number_before(number, INDEX_LINK_S * 1000000ull));
	recent_expire(index->streams, number_before(number, index->quiet_us));
}

int index_take(struct index *index, const struct index_entry *entry)
{
	struct batch *batch = &index->batch;
	struct record_row taken = {.number = entry->number,
		.segment = entry->segment,
		.offset = entry->offset};
	Record *record;
	int error = 0;

	if (entry->number <= index->taken)
		return EBADMSG;
	if (batch->count == BATCH_RECORDS || batch->bytes > BATCH_BYTES)
		error = index_commit(index);
	if (!error)
		error = ready_shard(index, entry->number);
	if (error)
		return error;
	record = sipwarden__record__record__unpack(
		NULL, entry->payload.size, (const uint8_t *)entry->payload.at);
	error = record ? take_record(index, &taken, record) : EBADMSG;
	if (record)
		sipwarden__record__record__free_unpacked(record, NULL);
	if (error && error != EBADMSG)
		return error;
	batch->records[batch->count++] = taken;
	index->pending = batch->count;
	batch->bytes += entry->payload.size;
	index->taken = entry->number;
	expire(index, entry->number);
	return error;
}

/* --- writing -------------------------------------------------------------- */

static int message_order(
	const struct message_row *a, const struct message_row *b)
{
	return a->number < b->number ? -1 : a->number > b->number;
}

static int run_numbers(struct shard *shard, enum shard_statement which,
	const uint64_t *numbers, int count)
{
	int64_t values[8];

	must(count <= 8);
	for (int i = 0; i < count; i++)
		values[i] = (int64_t)numbers[i];
	return shard_run(shard_bind(shard, which, values, count));
}

/* Which records belong to which message; in the message's shard. */
static int write_attached(struct index *index, struct shard *shard)
{
	const struct batch *batch = &index->batch;
	int result = SQLITE_OK;

	for (size_t i = 0; i < batch->count && result == SQLITE_OK; i++) {
		const struct record_row *row = &batch->records[i];
		uint64_t values[] = {
			row->message, row->number, (uint64_t)row->kind};

		if (row->message && shard_of(index, row->message) == shard)
			result = run_numbers(shard, SHARD_ATTACH, values, 3);
	}
	return result;
}

static int write_messages(struct index *index, struct shard *shard)
{
	struct message_row *row, *next;
	int result = SQLITE_OK;

	HASH_ITER (hh, index->batch.messages, row, next) {
		if (shard_of(index, row->number) != shard)
			continue;
		result = message_row_write(shard, row);
		if (result != SQLITE_OK)
			break;
	}
	return result;
}

static int write_conversation(
	struct shard *shard, const struct conversation_row *row)
{
	int64_t values[] = {
		(int64_t)row->ordinal, (int64_t)row->first, (int64_t)row->last};
	sqlite3_stmt *add =
		shard_bind(shard, SHARD_ADD_CONVERSATION, values, 3);

	sqlite3_bind_blob(
		add, 4, row->stream, sizeof(row->stream), SQLITE_STATIC);
	return shard_run(add);
}

/* Conversations and their parts stand in the shard of the first message. */
static int write_conversations(struct index *index, struct shard *shard)
{
	struct conversation_row *row, *next;
	struct batch *batch = &index->batch;
	int result = SQLITE_OK;

	HASH_ITER (hh, batch->conversations, row, next) {
		if (shard_of(index, row->first) != shard)
			continue;
		result = write_conversation(shard, row);
		if (result != SQLITE_OK)
			return result;
	}
	for (size_t i = 0; i < batch->part_count && result == SQLITE_OK; i++) {
		uint64_t values[] = {
			batch->parts[i].conversation, batch->parts[i].message};

		HASH_FIND(hh, batch->conversations, &values[0],
			sizeof(values[0]), row);
		if (row && shard_of(index, row->first) == shard)
			result = run_numbers(shard, SHARD_ADD_PART, values, 2);
	}
	return result;
}

static int write_record(struct shard *shard, const struct record_row *row)
{
	uint64_t record[] = {row->number, (uint64_t)row->kind, row->message,
		row->segment, row->offset};
	uint64_t submission[] = {row->maker, row->sequence, row->message};
	uint64_t tally[] = {(uint64_t)row->kind, (uint64_t)row->verdict, 1};
	int result = run_numbers(shard, SHARD_ADD_RECORD, record, 5);

	if (result == SQLITE_OK && row->sequence && row->message &&
		row->kind == SIPWARDEN__RECORD__KIND__KIND_MESSAGE)
		result =
			run_numbers(shard, SHARD_ADD_SUBMISSION, submission, 3);
	if (result == SQLITE_OK)
		result = run_numbers(shard, SHARD_ADD_TALLY, tally, 3);
	return result;
}

static int write_records(struct index *index)
{
	const struct batch *batch = &index->batch;
	int result = SQLITE_OK;

	for (size_t i = 0; i < batch->count && result == SQLITE_OK; i++)
		result = write_record(index->now, &batch->records[i]);
	return result;
}

static int write_shard(struct index *index, struct shard *shard)
{
	int result = shard_begin(shard);

	if (result == SQLITE_OK)
		result = write_attached(index, shard);
	if (result == SQLITE_OK)
		result = write_messages(index, shard);
	if (result == SQLITE_OK)
		result = write_conversations(index, shard);
	if (result == SQLITE_OK && shard == index->now)
		result = write_records(index);
	if (result == SQLITE_OK)
		result = shard_commit(
			shard, shard == index->now ? index->taken : 0);
	if (result != SQLITE_OK)
		shard_roll_back(shard);
	return result;
}

/* Does the batch change anything in the older shard? */
static bool touches(const struct index *index, const struct shard *shard)
{
	for (size_t i = 0; i < index->batch.count; i++) {
		uint64_t message = index->batch.records[i].message;

		if (message && shard_of(index, message) == shard)
			return true;
	}
	for (const struct conversation_row *row = index->batch.conversations;
		row; row = row->hh.next)
		if (shard_of(index, row->first) == shard)
			return true;
	return false;
}

/* After a failure: back to what the shards say. */
static int start_over(struct index *index, unsigned month, int result)
{
	bool broken = shard_is_broken(result);
	int error = say(broken ? "A shard of the index is broken"
			       : "The index cannot be written",
		result);

	close_shards(index);
	if (broken)
		remove_from(index, month);
	result = open_trusted(index);
	if (result != SQLITE_OK)
		return say("The index cannot be opened again", result);
	return broken ? ESTALE : error;
}

int index_commit(struct index *index)
{
	unsigned broken = atomic_exchange(&index->broken, 0);
	struct shard *before = index->before;
	int result = SQLITE_OK;

	if (broken)
		return start_over(index, broken, SQLITE_CORRUPT);
	if (index->batch.count == 0)
		return 0;
	/* Rows go into each tree in their order. */
	HASH_SRT(hh, index->batch.messages, message_order);
	if (before && touches(index, before))
		result = write_shard(index, before);
	if (result != SQLITE_OK)
		return start_over(index, before->month, result);
	result = write_shard(index, index->now);
	if (result != SQLITE_OK)
		return start_over(index, index->now->month, result);
	index->position = index->taken;
	clear_batch(&index->batch);
	index->pending = 0;
	return 0;
}

uint64_t index_pending(const struct index *index)
{
	return index->pending;
}

uint64_t index_position(const struct index *index)
{
	return index->position;
}

void index_wait_begin(struct index *index)
{
	index->waiting++;
}

void index_wait_end(struct index *index)
{
	index->waiting--;
}

bool index_is_waited_for(const struct index *index)
{
	return index->waiting > 0;
}

void index_report_broken(struct index *index, unsigned month)
{
	index->broken = month;
}

const char *index_folder(const struct index *index)
{
	return index->folder;
}
