/* tokenizer.c -- lib/query/words as a tokenizer of SQLite's FTS5. */
#include "archiver/store/index/tokenizer.h"

#include "lib/query/words.h"

/* Nothing to keep: one object serves all. */
static int make_none(
	void *context, const char **arguments, int count, Fts5Tokenizer **made)
{
	static char nothing;

	(void)context;
	(void)arguments;
	(void)count;
	*made = (Fts5Tokenizer *)&nothing;
	return SQLITE_OK;
}

static void delete_none(Fts5Tokenizer *tokenizer)
{
	(void)tokenizer;
}

static int cut(Fts5Tokenizer *tokenizer, void *context, int flags,
	const char *text, int size,
	int (*token)(void *, int, const char *, int, int, int))
{
	bool query = (flags & FTS5_TOKENIZE_QUERY) != 0;
	struct words words;
	struct word word;
	int result = SQLITE_OK;

	(void)tokenizer;
	words_start(&words, slice_make(text, (size_t)size),
		query ? WORDS_OF_QUERY : WORDS_OF_TEXT);
	while (result == SQLITE_OK && words_next(&words, &word))
		result = token(context,
			word.same_place ? FTS5_TOKEN_COLOCATED : 0, word.text,
			(int)word.size, (int)word.start, (int)word.end);
	return result;
}

/* SQLite hands out FTS5's functions through a bound pointer. */
static int find_api(sqlite3 *connection, fts5_api **api)
{
	sqlite3_stmt *statement = NULL;
	int result = sqlite3_prepare_v2(
		connection, "SELECT fts5(?1)", -1, &statement, NULL);

	*api = NULL;
	if (result == SQLITE_OK) {
		sqlite3_bind_pointer(
			statement, 1, (void *)api, "fts5_api_ptr", NULL);
		sqlite3_step(statement);
	}
	sqlite3_finalize(statement);
	if (result != SQLITE_OK)
		return result;
	return *api ? SQLITE_OK : SQLITE_ERROR;
}

int tokenizer_register(sqlite3 *connection)
{
	fts5_tokenizer functions = {make_none, delete_none, cut};
	fts5_api *api;
	int result = find_api(connection, &api);

	if (result != SQLITE_OK)
		return result;
	return api->xCreateTokenizer(api, "sipwarden", NULL, &functions, NULL);
}
