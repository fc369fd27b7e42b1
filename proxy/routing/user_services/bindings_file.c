/* bindings_file.c -- the bindings in SQLite. */
#include "proxy/routing/user_services/bindings_file.h"

#include "lib/log.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

enum statement { PUT, REMOVE, EXPIRE, STATEMENTS };

struct bindings_file {
	sqlite3 *data;                        /* owned */
	sqlite3_stmt *statements[STATEMENTS]; /* owned */
	bool said_failed;
};

static const char schema[] =
	"PRAGMA journal_mode=WAL;"
	"PRAGMA synchronous=FULL;"
	"CREATE TABLE IF NOT EXISTS binding("
	" address TEXT NOT NULL, contact TEXT NOT NULL, instance TEXT,"
	" path TEXT, call_id TEXT NOT NULL, cseq INTEGER NOT NULL,"
	" q INTEGER NOT NULL, expires INTEGER NOT NULL,"
	" updated INTEGER NOT NULL, transport INTEGER NOT NULL,"
	" reach TEXT NOT NULL, listener INTEGER NOT NULL,"
	" PRIMARY KEY(address, contact)) WITHOUT ROWID;"
	"CREATE INDEX IF NOT EXISTS binding_expires ON binding(expires);";

static const char *const texts[STATEMENTS] = {
	[PUT] = ("INSERT OR REPLACE INTO binding VALUES"
		 "(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)"),
	[REMOVE] = "DELETE FROM binding WHERE address=?1 AND contact=?2",
	[EXPIRE] = "DELETE FROM binding WHERE expires<=?1",
};

/* Says what is wrong once, until something works again. */
static int failed(struct bindings_file *file)
{
	if (!file->said_failed)
		log_error("Bindings cannot be written: %s; REGISTERs are "
			  "answered 503 until they can event=bindings-stuck",
			sqlite3_errmsg(file->data));
	file->said_failed = true;
	return EIO;
}

struct bindings_file *bindings_file_open(const char *path, char reason[512])
{
	struct bindings_file *file = calloc(1, sizeof(*file));
	bool ready =
		file && sqlite3_open(path, &file->data) == SQLITE_OK &&
		sqlite3_exec(file->data, schema, NULL, NULL, NULL) == SQLITE_OK;

	for (int i = 0; ready && i < STATEMENTS; i++)
		ready = sqlite3_prepare_v2(file->data, texts[i], -1,
				&file->statements[i], NULL) == SQLITE_OK;
	if (ready)
		return file;
	(void)snprintf(reason, 512,
		"the bindings %.200s cannot be opened: %s; give the proxy's "
		"user "
		"the right to write there, or move the file away if it is "
		"damaged (users then register anew)",
		path,
		file && file->data ? sqlite3_errmsg(file->data)
				   : "out of memory");
	bindings_file_close(&file);
	return NULL;
}

void bindings_file_close(struct bindings_file **file)
{
	if (!*file)
		return;
	for (int i = 0; i < STATEMENTS; i++)
		sqlite3_finalize((*file)->statements[i]);
	sqlite3_close((*file)->data);
	free(*file);
	*file = NULL;
}

static struct slice column(sqlite3_stmt *row, int number)
{
	const void *text = sqlite3_column_text(row, number);

	return slice_make(text, (size_t)sqlite3_column_bytes(row, number));
}

static struct binding read_row(sqlite3_stmt *row)
{
	struct binding binding = {.contact = column(row, 1),
		.instance = column(row, 2),
		.path = column(row, 3),
		.call_id = column(row, 4),
		.cseq = (uint32_t)sqlite3_column_int64(row, 5),
		.q_thousandths = (uint32_t)sqlite3_column_int64(row, 6),
		.expires_at_ms = (uint64_t)sqlite3_column_int64(row, 7),
		.updated_ms = (uint64_t)sqlite3_column_int64(row, 8)};
	const char *address = (const char *)sqlite3_column_text(row, 10);

	/* No connection outlives a restart: the address alone is kept. */
	binding.reach.transport = (enum transport)sqlite3_column_int(row, 9);
	binding.reach.listener = (uint16_t)sqlite3_column_int(row, 11);
	if (!address || !address_parse(address, &binding.reach.address))
		binding.contact.at = NULL;
	return binding;
}

int bindings_file_read(struct bindings_file *file, uint64_t now_ms,
	void (*take)(void *context, struct slice address_of_record,
		const struct binding *binding),
	void *context)
{
	sqlite3_stmt *rows;
	int step;

	if (sqlite3_prepare_v2(file->data,
		    "SELECT * FROM binding WHERE expires>?1", -1, &rows,
		    NULL) != SQLITE_OK)
		return failed(file);
	sqlite3_bind_int64(rows, 1, (sqlite3_int64)now_ms);
	while ((step = sqlite3_step(rows)) == SQLITE_ROW) {
		struct binding binding = read_row(rows);

		if (binding.contact.at)
			take(context, column(rows, 0), &binding);
	}
	sqlite3_finalize(rows);
	return step == SQLITE_DONE ? 0 : failed(file);
}

static int execute(struct bindings_file *file, const char *text)
{
	if (sqlite3_exec(file->data, text, NULL, NULL, NULL) != SQLITE_OK)
		return failed(file);
	return 0;
}

int bindings_file_begin(struct bindings_file *file)
{
	return execute(file, "BEGIN IMMEDIATE");
}

int bindings_file_commit(struct bindings_file *file)
{
	int error = execute(file, "COMMIT");

	if (!error && file->said_failed) {
		log_info("Bindings can be written again event=bindings-free");
		file->said_failed = false;
	}
	return error;
}

void bindings_file_roll_back(struct bindings_file *file)
{
	(void)sqlite3_exec(file->data, "ROLLBACK", NULL, NULL, NULL);
}

static void bind_text(sqlite3_stmt *statement, int number, struct slice text)
{
	if (text.at)
		sqlite3_bind_text(statement, number, text.at, (int)text.size,
			SQLITE_STATIC);
	else
		sqlite3_bind_null(statement, number);
}

static int run(struct bindings_file *file, sqlite3_stmt *statement)
{
	int step = sqlite3_step(statement);

	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return step == SQLITE_DONE ? 0 : failed(file);
}

int bindings_file_put(struct bindings_file *file,
	struct slice address_of_record, const struct binding *binding)
{
	sqlite3_stmt *put = file->statements[PUT];
	char reach[ADDRESS_TEXT_SIZE];

	address_text(&binding->reach.address, reach);
	bind_text(put, 1, address_of_record);
	bind_text(put, 2, binding->contact);
	bind_text(put, 3, binding->instance);
	bind_text(put, 4, binding->path);
	bind_text(put, 5, binding->call_id);
	sqlite3_bind_int64(put, 6, binding->cseq);
	sqlite3_bind_int64(put, 7, binding->q_thousandths);
	sqlite3_bind_int64(put, 8, (sqlite3_int64)binding->expires_at_ms);
	sqlite3_bind_int64(put, 9, (sqlite3_int64)binding->updated_ms);
	sqlite3_bind_int(put, 10, (int)binding->reach.transport);
	bind_text(put, 11, slice_of(reach));
	sqlite3_bind_int(put, 12, binding->reach.listener);
	return run(file, put);
}

int bindings_file_remove(struct bindings_file *file,
	struct slice address_of_record, struct slice contact)
{
	sqlite3_stmt *gone = file->statements[REMOVE];

	bind_text(gone, 1, address_of_record);
	bind_text(gone, 2, contact);
	return run(file, gone);
}

int bindings_file_expire(struct bindings_file *file, uint64_t now_ms)
{
	sqlite3_stmt *expire = file->statements[EXPIRE];

	sqlite3_bind_int64(expire, 1, (sqlite3_int64)now_ms);
	return run(file, expire);
}
