/* write.c -- writes a batch into its shards. */
#include "archiver/store/index/inside.h"
#include "lib/log.h"

#include <stdlib.h>

void batch_clear(struct batch *batch)
{
	struct message_row *message, *next_message;
	struct conversation_row *conversation, *next_conversation;

	HASH_ITER (hh, batch->messages, message, next_message) {
		HASH_DEL(batch->messages, message);
		message_row_release(&message);
	}
	HASH_ITER (hh, batch->conversations, conversation, next_conversation) {
		HASH_DEL(batch->conversations, conversation);
		free(conversation);
	}
	batch->count = batch->part_count = batch->bytes = 0;
}

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

/* Which other records belong to which message; in the message's shard. */
static int write_attached(struct index *index, struct shard *shard)
{
	const struct batch *batch = &index->batch;
	int result = SQLITE_OK;

	for (size_t i = 0; i < batch->count && result == SQLITE_OK; i++) {
		const struct record_row *row = &batch->records[i];
		uint64_t values[] = {
			row->message, row->number, (uint64_t)row->kind};

		if (row->message && row->message != row->number &&
			index_shard(index, row->message) == shard)
			result = run_numbers(shard, SHARD_ATTACH, values, 3);
	}
	return result;
}

static int write_messages(struct index *index, struct shard *shard)
{
	struct message_row *row, *next;
	int result = SQLITE_OK;

	HASH_ITER (hh, index->batch.messages, row, next) {
		if (index_shard(index, row->number) != shard)
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
		if (index_shard(index, row->first) != shard)
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
		if (row && index_shard(index, row->first) == shard)
			result = run_numbers(shard, SHARD_ADD_PART, values, 2);
	}
	return result;
}

static int write_record(struct shard *shard, const struct record_row *row)
{
	uint64_t values[] = {row->number, (uint64_t)row->kind, row->message,
		row->segment, row->offset};

	return run_numbers(shard, SHARD_ADD_RECORD, values, 5);
}

/* How many records of each kind and verdict the batch holds. */
static int write_tally(struct shard *shard, const struct batch *batch)
{
	uint64_t counts[SIPWARDEN__RECORD__KIND__KIND_AUDIT + 1]
		       [OUTCOME_WORDS] = {0};
	int result = SQLITE_OK;

	for (size_t i = 0; i < batch->count; i++)
		counts[batch->records[i].kind][batch->records[i].verdict]++;
	for (uint64_t kind = 0; kind < sizeof(counts) / sizeof(counts[0]);
		kind++)
		for (uint64_t word = 0; word < OUTCOME_WORDS; word++) {
			uint64_t values[] = {kind, word, counts[kind][word]};

			if (values[2] && result == SQLITE_OK)
				result = run_numbers(
					shard, SHARD_ADD_TALLY, values, 3);
		}
	return result;
}

static int write_records(struct index *index)
{
	const struct batch *batch = &index->batch;
	int result = SQLITE_OK;

	for (size_t i = 0; i < batch->count && result == SQLITE_OK; i++)
		result = write_record(index->now, &batch->records[i]);
	return result == SQLITE_OK ? write_tally(index->now, batch) : result;
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

		if (message && index_shard(index, message) == shard)
			return true;
	}
	for (const struct conversation_row *row = index->batch.conversations;
		row; row = row->hh.next)
		if (index_shard(index, row->first) == shard)
			return true;
	return false;
}

int batch_write(struct index *index, unsigned *month)
{
	struct shard *before = index->before;
	int result = SQLITE_OK;

	/* Rows go into each tree in their order. */
	HASH_SRT(hh, index->batch.messages, message_order);
	if (before && touches(index, before)) {
		*month = before->month;
		result = write_shard(index, before);
	}
	if (result != SQLITE_OK)
		return result;
	*month = index->now->month;
	return write_shard(index, index->now);
}
