/* tokenizer.h -- lib/query/words as a tokenizer of SQLite's FTS5. */
#ifndef ARCHIVER_STORE_INDEX_TOKENIZER_H
#define ARCHIVER_STORE_INDEX_TOKENIZER_H

#include <sqlite3.h>

/* Makes the tokenizer "sipwarden" known to a connection. An SQLite result. */
int tokenizer_register(sqlite3 *connection) __attribute__((warn_unused_result));

#endif
