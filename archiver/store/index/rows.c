/* rows.c -- what a batch of records changes in the index. */
#include "archiver/store/index/rows.h"

#include <stdlib.h>

typedef Sipwarden__Record__Metadata Metadata;

/* Columns of the table `message`, in its order. */
enum {
	AT_NUMBER,
	AT_MESSAGE_ID,
	AT_CONVERSATION,
	AT_SHOWN,
	AT_OBSERVATIONS,
	AT_OBSERVED,
	AT_VERDICT,
	AT_DIRECTION,
	AT_KIND,
	AT_METHOD,
	AT_DISPOSITION,
	AT_STATUS,
	AT_FROM,
	AT_TO,
	AT_SAME_AS,
	AT_TEXTS
};

uint64_t submission_maker(const Sipwarden__Record__Submission *submission)
{
	uint64_t boot = 0;

	for (size_t i = 0; i < submission->boot.len && i < sizeof(boot); i++)
		boot = boot << 8 | submission->boot.data[i];
	return boot ^ submission->worker * 0x9e3779b97f4a7c15ull;
}

static char *clean_string(struct slice text)
{
	struct buffer clean = {0};
	char *string;

	buffer_add_clean(&clean, text);
	string = clean.failed ? NULL : slice_to_string(buffer_slice(&clean));
	buffer_clear(&clean);
	return string;
}

static bool set_disposition(struct message_row *row, const Metadata *metadata)
{
	char *disposition = clean_string(slice_of(metadata->disposition));

	if (!disposition)
		return false;
	free(row->disposition);
	row->disposition = disposition;
	row->status = metadata->answer_status ? metadata->answer_status
					      : metadata->status;
	return true;
}

static void move_columns(struct buffer into[COLUMNS], struct buffer *from)
{
	for (int i = 0; i < COLUMNS; i++) {
		into[i] = from[i];
		from[i] = (struct buffer){0};
	}
}

struct message_row *message_row_new(uint64_t number,
	const Sipwarden__Record__Record *record, const Metadata *metadata,
	const Sipwarden__Record__Content *content, struct document *document)
{
	struct message_row *row = calloc(1, sizeof(*row));

	if (!row)
		return NULL;
	row->number = number;
	if (record->message_id.len == RECENT_KEY_BYTES)
		memcpy(row->message_id, record->message_id.data,
			RECENT_KEY_BYTES);
	row->observed_us = record->observed_us;
	row->verdict = document->verdict;
	row->shown = document->shown;
	row->direction = strdup(direction_word(metadata->direction));
	row->kind = strdup(kind_word(metadata, content));
	row->method = clean_string(slice_of(metadata->method));
	row->from = clean_string(address_bare(metadata->from));
	row->to = clean_string(address_bare(metadata->to));
	row->observations = 1;
	row->words_changed = true;
	move_columns(row->columns, document->columns);
	if (!set_disposition(row, metadata) || !row->direction || !row->kind ||
		!row->method || !row->from || !row->to)
		message_row_release(&row);
	return row;
}

bool message_row_merge(struct message_row *row, const Metadata *metadata,
	const struct document *document)
{
	row->seen_again = true;
	for (int i = 0; i < COLUMNS; i++) {
		if (column_merge(i, &row->columns[i],
			    buffer_slice(&document->columns[i])))
			row->words_changed = true;
		if (row->columns[i].failed)
			return false;
	}
	row->shown |= document->shown;
	if (document->verdict <= row->verdict)
		return true;
	row->verdict = document->verdict;
	return set_disposition(row, metadata);
}

static struct slice column_slice(sqlite3_stmt *statement, int column)
{
	const void *bytes = sqlite3_column_text(statement, column);

	return slice_make(bytes ? bytes : "",
		(size_t)sqlite3_column_bytes(statement, column));
}

static char *column_string(sqlite3_stmt *statement, int column)
{
	return slice_to_string(column_slice(statement, column));
}

static uint64_t column_number(sqlite3_stmt *statement, int column)
{
	return (uint64_t)sqlite3_column_int64(statement, column);
}

static void read_columns(sqlite3_stmt *statement, struct message_row *row)
{
	for (int i = 0; i < COLUMNS; i++) {
		struct slice text = column_slice(statement, AT_TEXTS + i);

		buffer_add(&row->columns[i], text);
		buffer_add(&row->old[i], text);
	}
}

static bool row_is_whole(const struct message_row *row)
{
	for (int i = 0; i < COLUMNS; i++)
		if (row->columns[i].failed || row->old[i].failed)
			return false;
	return row->direction && row->kind && row->method && row->from &&
	       row->to && row->disposition;
}

static struct message_row *row_of(sqlite3_stmt *statement)
{
	struct message_row *row = calloc(1, sizeof(*row));

	if (!row)
		return NULL;
	row->number = column_number(statement, AT_NUMBER);
	if (sqlite3_column_bytes(statement, AT_MESSAGE_ID) == RECENT_KEY_BYTES)
		memcpy(row->message_id,
			sqlite3_column_blob(statement, AT_MESSAGE_ID),
			RECENT_KEY_BYTES);
	row->conversation = column_number(statement, AT_CONVERSATION);
	row->same_as = column_number(statement, AT_SAME_AS);
	row->observed_us = column_number(statement, AT_OBSERVED);
	row->observations = (unsigned)column_number(statement, AT_OBSERVATIONS);
	row->status = (unsigned)column_number(statement, AT_STATUS);
	row->verdict = (enum outcome_word)(
		column_number(statement, AT_VERDICT) % OUTCOME_WORDS);
	row->shown = column_number(statement, AT_SHOWN) != 0;
	row->stored = true;
	row->direction = column_string(statement, AT_DIRECTION);
	row->kind = column_string(statement, AT_KIND);
	row->method = column_string(statement, AT_METHOD);
	row->disposition = column_string(statement, AT_DISPOSITION);
	row->from = column_string(statement, AT_FROM);
	row->to = column_string(statement, AT_TO);
	read_columns(statement, row);
	if (!row_is_whole(row))
		message_row_release(&row);
	return row;
}

int message_row_read(
	struct shard *shard, uint64_t number, struct message_row **row)
{
	int64_t value = (int64_t)number;
	sqlite3_stmt *find = shard_bind(shard, SHARD_FIND_MESSAGE, &value, 1);
	int result = sqlite3_step(find);

	*row = NULL;
	if (result == SQLITE_ROW) {
		*row = row_of(find);
		result = *row ? SQLITE_OK : SQLITE_NOMEM;
	}
	sqlite3_reset(find);
	return result;
}

static int write_words(struct shard *shard, enum shard_statement which,
	uint64_t number, const struct buffer columns[COLUMNS])
{
	int64_t value = (int64_t)number;
	sqlite3_stmt *statement = shard_bind(shard, which, &value, 1);

	for (int i = 0; i < COLUMNS; i++)
		shard_bind_text(statement, i + 2, buffer_slice(&columns[i]));
	return shard_run(statement);
}

/* Counted anew: a batch that is written again must not count twice. */
static int count_observations(struct shard *shard, struct message_row *row)
{
	int64_t values[] = {
		(int64_t)row->number, SIPWARDEN__RECORD__KIND__KIND_MESSAGE};
	sqlite3_stmt *count =
		shard_bind(shard, SHARD_COUNT_OBSERVATIONS, values, 2);
	int result = sqlite3_step(count);

	if (result == SQLITE_ROW)
		row->observations = 1 + (unsigned)sqlite3_column_int(count, 0);
	sqlite3_reset(count);
	return result == SQLITE_ROW ? SQLITE_OK : result;
}

static int write_row(struct shard *shard, const struct message_row *row)
{
	sqlite3_stmt *add = shard_bind(shard, SHARD_ADD_MESSAGE, NULL, 0);

	sqlite3_bind_int64(add, AT_NUMBER + 1, (int64_t)row->number);
	sqlite3_bind_blob(add, AT_MESSAGE_ID + 1, row->message_id,
		RECENT_KEY_BYTES, SQLITE_STATIC);
	sqlite3_bind_int64(
		add, AT_CONVERSATION + 1, (int64_t)row->conversation);
	sqlite3_bind_int(add, AT_SHOWN + 1, row->shown);
	sqlite3_bind_int64(add, AT_OBSERVATIONS + 1, row->observations);
	sqlite3_bind_int64(add, AT_OBSERVED + 1, (int64_t)row->observed_us);
	sqlite3_bind_int(add, AT_VERDICT + 1, (int)row->verdict);
	shard_bind_text(add, AT_DIRECTION + 1, slice_of(row->direction));
	shard_bind_text(add, AT_KIND + 1, slice_of(row->kind));
	shard_bind_text(add, AT_METHOD + 1, slice_of(row->method));
	shard_bind_text(add, AT_DISPOSITION + 1, slice_of(row->disposition));
	sqlite3_bind_int64(add, AT_STATUS + 1, row->status);
	shard_bind_text(add, AT_FROM + 1, slice_of(row->from));
	shard_bind_text(add, AT_TO + 1, slice_of(row->to));
	sqlite3_bind_int64(add, AT_SAME_AS + 1, (int64_t)row->same_as);
	for (int i = 0; i < COLUMNS; i++)
		shard_bind_text(
			add, AT_TEXTS + 1 + i, buffer_slice(&row->columns[i]));
	return shard_run(add);
}

static bool has_words(const struct buffer columns[COLUMNS])
{
	for (int i = 0; i < COLUMNS; i++)
		if (columns[i].size)
			return true;
	return false;
}

int message_row_write(struct shard *shard, struct message_row *row)
{
	int result = SQLITE_OK;

	if (row->seen_again)
		result = count_observations(shard, row);
	if (result == SQLITE_OK && row->words_changed && has_words(row->old))
		result = write_words(
			shard, SHARD_DELETE_WORDS, row->number, row->old);
	if (result == SQLITE_OK)
		result = write_row(shard, row);
	if (result == SQLITE_OK && row->words_changed &&
		has_words(row->columns))
		result = write_words(
			shard, SHARD_ADD_WORDS, row->number, row->columns);
	return result;
}

void message_row_release(struct message_row **row)
{
	struct message_row *old = *row;

	if (!old)
		return;
	for (int i = 0; i < COLUMNS; i++) {
		buffer_clear(&old->columns[i]);
		buffer_clear(&old->old[i]);
	}
	free(old->direction);
	free(old->kind);
	free(old->method);
	free(old->disposition);
	free(old->from);
	free(old->to);
	free(old);
	*row = NULL;
}
