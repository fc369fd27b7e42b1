/* cursor.c -- walks over all records of the index, shard after shard. */
#include "archiver/store/cursor.h"

#include <errno.h>

int cursor_open(struct cursor *cursor, struct library *library)
{
	*cursor = (struct cursor){.library = library};
	return cursor_next(cursor);
}

/* False with *error 0 when there are no more shards. */
static bool open_shard(struct cursor *cursor, int *error)
{
	const unsigned *months;
	size_t count = library_months(cursor->library, &months);

	*error = 0;
	if (cursor->shard == count)
		return false;
	cursor->month = months[cursor->shard++];
	if (library_prepare(cursor->library, cursor->month,
		    "SELECT number, kind FROM record ORDER BY number",
		    &cursor->statement) != SQLITE_OK)
		*error = EIO;
	return *error == 0;
}

int cursor_next(struct cursor *cursor)
{
	int error, result;

	for (;;) {
		if (!cursor->statement && !open_shard(cursor, &error)) {
			cursor->number = 0;
			return error;
		}
		result = sqlite3_step(cursor->statement);
		if (result == SQLITE_ROW)
			break;
		sqlite3_finalize(cursor->statement);
		cursor->statement = NULL;
		if (result != SQLITE_DONE) {
			library_failed(cursor->library, cursor->month, result);
			return EIO;
		}
	}
	cursor->number = (uint64_t)sqlite3_column_int64(cursor->statement, 0);
	cursor->kind = sqlite3_column_int(cursor->statement, 1);
	return 0;
}

void cursor_close(struct cursor *cursor)
{
	sqlite3_finalize(cursor->statement);
	cursor->statement = NULL;
}
