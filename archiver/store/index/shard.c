/* shard.c -- the index of one month: a SQLite file, made from the journal. */
#include "archiver/store/index/shard.h"

#include "archiver/store/index/tokenizer.h"
#include "lib/record/number.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { BUSY_MS = 5000 };

static const char schema[] =
	"CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
	"CREATE TABLE record(number INTEGER PRIMARY KEY, kind INTEGER,"
	" message INTEGER, segment INTEGER, place INTEGER);"
	"CREATE TABLE message(number INTEGER PRIMARY KEY, message_id BLOB,"
	" conversation INTEGER, shown INTEGER, observations INTEGER,"
	" observed_us INTEGER, verdict INTEGER, direction TEXT, kind TEXT,"
	" method TEXT, disposition TEXT, status INTEGER,"
	" from_address TEXT, to_address TEXT, same_as INTEGER,"
	" text TEXT, sender TEXT, recipient TEXT, facts TEXT, files TEXT);"
	"CREATE TABLE attached(message INTEGER, number INTEGER, kind INTEGER,"
	" PRIMARY KEY(message, number)) WITHOUT ROWID;"
	"CREATE TABLE conversation(ordinal INTEGER PRIMARY KEY, first INTEGER,"
	" last INTEGER, stream BLOB);"
	"CREATE TABLE part(conversation INTEGER, message INTEGER,"
	" PRIMARY KEY(conversation, message)) WITHOUT ROWID;"
	"CREATE TABLE tally(kind INTEGER, verdict INTEGER, count INTEGER,"
	" PRIMARY KEY(kind, verdict)) WITHOUT ROWID;"
	"CREATE VIRTUAL TABLE words USING fts5(text, sender, recipient, facts,"
	" files, content='message', content_rowid='number',"
	" tokenize='sipwarden', columnsize=0);";

static const char *const statements[SHARD_STATEMENTS] = {
	[SHARD_ADD_RECORD] = "INSERT INTO record VALUES(?1,?2,?3,?4,?5)",
	[SHARD_ADD_MESSAGE] =
		"INSERT OR REPLACE INTO message VALUES(?1,?2,?3,?4,?5,?6,?7,"
		"?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20)",
	[SHARD_FIND_MESSAGE] = "SELECT * FROM message WHERE number = ?1",
	[SHARD_ADD_WORDS] =
		"INSERT INTO words(rowid, text, sender, recipient, facts,"
		" files) VALUES(?1,?2,?3,?4,?5,?6)",
	[SHARD_DELETE_WORDS] =
		"INSERT INTO words(words, rowid, text, sender, recipient,"
		" facts, files) VALUES('delete',?1,?2,?3,?4,?5,?6)",
	[SHARD_ATTACH] = "INSERT OR IGNORE INTO attached VALUES(?1,?2,?3)",
	[SHARD_COUNT_OBSERVATIONS] =
		"SELECT count(*) FROM attached WHERE message = ?1"
		" AND kind = ?2",
	[SHARD_ADD_CONVERSATION] =
		"INSERT OR REPLACE INTO conversation VALUES(?1,?2,?3,?4)",
	[SHARD_ADD_PART] = "INSERT OR IGNORE INTO part VALUES(?1,?2)",
	[SHARD_ADD_TALLY] = "INSERT INTO tally VALUES(?1,?2,?3)"
			    " ON CONFLICT DO UPDATE SET count = count + ?3",
	[SHARD_SET_META] = "INSERT OR REPLACE INTO meta VALUES(?2,?1)",
};

unsigned shard_month(uint64_t number)
{
	time_t seconds = (time_t)(record_number_wall_us(number) / 1000000);
	struct tm utc;

	gmtime_r(&seconds, &utc);
	return (unsigned)((utc.tm_year + 1900) * 12 + utc.tm_mon);
}

uint64_t shard_first_number(unsigned month)
{
	struct tm utc = {.tm_year = (int)(month / 12) - 1900,
		.tm_mon = (int)(month % 12),
		.tm_mday = 1};

	return record_number_make((uint64_t)timegm(&utc) * 1000000, 0);
}

void shard_path(const char *folder, unsigned month, char path[SHARD_PATH_BYTES])
{
	(void)snprintf(path, SHARD_PATH_BYTES, "%s/%04u-%02u.sqlite", folder,
		month / 12, month % 12 + 1);
}

static int by_month(const void *a, const void *b)
{
	unsigned left = *(const unsigned *)a, right = *(const unsigned *)b;

	return left < right ? -1 : left > right;
}

size_t shard_list(const char *folder, unsigned months[SHARDS], int *error)
{
	DIR *opened = opendir(folder);
	struct dirent *entry;
	size_t count = 0;

	*error = opened ? 0 : errno;
	while (opened && count < SHARDS && (entry = readdir(opened))) {
		unsigned year, month;
		int size = 0;

		if (sscanf(entry->d_name, "%4u-%2u.sqlite%n", &year, &month,
			    &size) == 2 &&
			size > 0 && entry->d_name[size] == '\0' && month >= 1 &&
			month <= 12)
			months[count++] = year * 12 + month - 1;
	}
	if (opened)
		closedir(opened);
	qsort(months, count, sizeof(*months), by_month);
	return count;
}

bool shard_is_broken(int result)
{
	int primary = result & 0xff;

	return primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB ||
	       primary == SQLITE_FORMAT;
}

static int run_sql(sqlite3 *connection, const char *sql)
{
	return sqlite3_exec(connection, sql, NULL, NULL, NULL);
}

static int open_file(const char *path, int flags, sqlite3 **connection)
{
	int result = sqlite3_open_v2(path, connection,
		flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL);

	if (result == SQLITE_OK)
		result = sqlite3_busy_timeout(*connection, BUSY_MS);
	if (result == SQLITE_OK)
		result = tokenizer_register(*connection);
	return result;
}

static int connect_to(const char *folder, unsigned month, sqlite3 **connection)
{
	char path[SHARD_PATH_BYTES];

	shard_path(folder, month, path);
	return open_file(path, SQLITE_OPEN_READWRITE, connection);
}

/* Text of a meta row; an empty one when there is none. */
static int read_meta(
	sqlite3 *connection, const char *name, char *value, size_t room)
{
	sqlite3_stmt *statement;
	int result = sqlite3_prepare_v2(connection,
		"SELECT value FROM meta WHERE name = ?1", -1, &statement, NULL);

	*value = '\0';
	if (result != SQLITE_OK)
		return result;
	sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
	result = sqlite3_step(statement);
	if (result == SQLITE_ROW)
		(void)snprintf(value, room, "%s",
			(const char *)sqlite3_column_text(statement, 0));
	sqlite3_finalize(statement);
	return result == SQLITE_ROW || result == SQLITE_DONE ? SQLITE_OK
							     : result;
}

static int set_meta(sqlite3 *connection, const char *name, const char *value)
{
	sqlite3_stmt *statement;
	int result = sqlite3_prepare_v2(connection,
		"INSERT OR REPLACE INTO meta VALUES(?1, ?2)", -1, &statement,
		NULL);

	if (result != SQLITE_OK)
		return result;
	sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, value, -1, SQLITE_STATIC);
	result = sqlite3_step(statement);
	sqlite3_finalize(statement);
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

static int make_schema(sqlite3 *connection)
{
	char format[16];
	int result = run_sql(connection, "BEGIN IMMEDIATE");

	(void)snprintf(format, sizeof(format), "%d", SHARD_FORMAT);
	if (result == SQLITE_OK)
		result = run_sql(connection, schema);
	if (result == SQLITE_OK)
		result = set_meta(connection, "format", format);
	if (result == SQLITE_OK)
		result = set_meta(connection, "boot", "clean");
	if (result == SQLITE_OK)
		result = run_sql(connection, "COMMIT");
	return result;
}

/* Under another name first: whoever lists the folder meanwhile must not find a
 * shard without its tables. */
static int make_shard(const char *folder, unsigned month)
{
	char path[SHARD_PATH_BYTES], making[SHARD_PATH_BYTES + 8];
	sqlite3 *connection = NULL;
	struct stat found;
	int result;

	shard_path(folder, month, path);
	if (stat(path, &found) == 0 && found.st_size > 0)
		return SQLITE_OK;
	(void)snprintf(making, sizeof(making), "%s-making", path);
	(void)unlink(making);
	result = open_file(making, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
		&connection);
	if (result == SQLITE_OK)
		result = make_schema(connection);
	sqlite3_close(connection);
	if (result == SQLITE_OK && rename(making, path) != 0)
		result = SQLITE_CANTOPEN;
	return result;
}

/* Was it closed cleanly, or left by a program of this boot? */
static int check_trust(sqlite3 *connection, const char *boot)
{
	char value[SHARD_BOOT_BYTES], format[16];
	int result = read_meta(connection, "format", value, sizeof(value));

	(void)snprintf(format, sizeof(format), "%d", SHARD_FORMAT);
	if (result == SQLITE_OK && strcmp(value, format) != 0)
		return SQLITE_CORRUPT;
	if (result == SQLITE_OK)
		result = read_meta(connection, "boot", value, sizeof(value));
	if (result == SQLITE_OK && strcmp(value, "clean") != 0 &&
		strcmp(value, boot) != 0)
		return SQLITE_CORRUPT;
	return result;
}

static int prepare_all(struct shard *shard)
{
	for (int i = 0; i < SHARD_STATEMENTS; i++) {
		int result = sqlite3_prepare_v3(shard->connection,
			statements[i], -1, SQLITE_PREPARE_PERSISTENT,
			&shard->statements[i], NULL);

		if (result != SQLITE_OK)
			return result;
	}
	return SQLITE_OK;
}

/* The note that it is open reaches the disk before anything else does. */
static int prepare_to_write(struct shard *shard, const char *boot)
{
	sqlite3 *connection = shard->connection;
	int result = run_sql(connection,
		"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
		"PRAGMA temp_store=MEMORY; PRAGMA cache_size=-65536;");

	if (result == SQLITE_OK)
		result = check_trust(connection, boot);
	if (result == SQLITE_OK)
		result = set_meta(connection, "boot", boot);
	if (result == SQLITE_OK)
		result = run_sql(connection, "PRAGMA synchronous=OFF");
	if (result == SQLITE_OK)
		result = prepare_all(shard);
	return result;
}

static void disconnect(struct shard **shard)
{
	for (int i = 0; i < SHARD_STATEMENTS; i++)
		sqlite3_finalize((*shard)->statements[i]);
	sqlite3_close((*shard)->connection);
	free(*shard);
	*shard = NULL;
}

int shard_open(const char *folder, unsigned month, const char *boot,
	struct shard **shard)
{
	struct shard *made = calloc(1, sizeof(*made));
	int result;

	if (!made)
		return SQLITE_NOMEM;
	made->month = month;
	result = make_shard(folder, month);
	if (result == SQLITE_OK)
		result = connect_to(folder, month, &made->connection);
	if (result == SQLITE_OK)
		result = prepare_to_write(made, boot);
	if (result != SQLITE_OK)
		disconnect(&made);
	*shard = made;
	return result;
}

void shard_close(struct shard **shard)
{
	sqlite3 *connection = *shard ? (*shard)->connection : NULL;

	if (!connection)
		return;
	/* When one of these fails the next start makes it anew, no more. */
	if (run_sql(connection, "PRAGMA synchronous=FULL") == SQLITE_OK &&
		run_sql(connection, "PRAGMA wal_checkpoint(TRUNCATE)") ==
			SQLITE_OK &&
		set_meta(connection, "boot", "clean") == SQLITE_OK)
		(void)run_sql(connection, "PRAGMA wal_checkpoint(TRUNCATE)");
	disconnect(shard);
}

void shard_remove(const char *folder, unsigned month, struct shard **shard)
{
	static const char *const endings[] = {"", "-wal", "-shm"};
	char path[SHARD_PATH_BYTES], file[SHARD_PATH_BYTES + 8];

	if (*shard)
		disconnect(shard);
	shard_path(folder, month, path);
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		(void)snprintf(file, sizeof(file), "%s%s", path, endings[i]);
		(void)unlink(file);
	}
}

int shard_open_to_read(const char *folder, unsigned month, sqlite3 **connection)
{
	int result = connect_to(folder, month, connection);

	if (result == SQLITE_OK)
		result = run_sql(*connection,
			"PRAGMA query_only=1; PRAGMA temp_store=MEMORY");
	if (result != SQLITE_OK) {
		sqlite3_close(*connection);
		*connection = NULL;
	}
	return result;
}

int shard_begin(struct shard *shard)
{
	return run_sql(shard->connection, "BEGIN IMMEDIATE");
}

int shard_commit(struct shard *shard, uint64_t position)
{
	int64_t value = (int64_t)position;
	int result = SQLITE_OK;

	if (position) {
		sqlite3_stmt *set =
			shard_bind(shard, SHARD_SET_META, &value, 1);

		shard_bind_text(set, 2, SLICE("position"));
		result = shard_run(set);
	}
	return result == SQLITE_OK ? run_sql(shard->connection, "COMMIT")
				   : result;
}

void shard_roll_back(struct shard *shard)
{
	if (!sqlite3_get_autocommit(shard->connection))
		(void)run_sql(shard->connection, "ROLLBACK");
}

uint64_t shard_position(sqlite3 *connection)
{
	char value[32];

	if (read_meta(connection, "position", value, sizeof(value)) !=
		SQLITE_OK)
		return 0;
	return strtoull(value, NULL, 10);
}

sqlite3_stmt *shard_bind(struct shard *shard, enum shard_statement which,
	const int64_t *values, int count)
{
	sqlite3_stmt *statement = shard->statements[which];

	sqlite3_reset(statement);
	for (int i = 0; i < count; i++)
		sqlite3_bind_int64(statement, i + 1, values[i]);
	return statement;
}

int shard_run(sqlite3_stmt *statement)
{
	int result = sqlite3_step(statement);

	sqlite3_reset(statement);
	return result == SQLITE_DONE || result == SQLITE_ROW ? SQLITE_OK
							     : result;
}

void shard_bind_text(sqlite3_stmt *statement, int place, struct slice text)
{
	sqlite3_bind_text64(statement, place, text.at ? text.at : "", text.size,
		SQLITE_STATIC, SQLITE_UTF8);
}
