/* document.h -- what of a message record is searched, and how it is said.
 *
 * Texts stand in five columns of the index. `text`: pieces (QUERY_BREAK
 * between), the body first. `sender`, `recipient`: the address, its domain and
 * its user as atoms, then the display name. `facts`: atoms such as
 * "direction=inbound". `files`: names of attachments.
 */
#ifndef ARCHIVER_STORE_INDEX_DOCUMENT_H
#define ARCHIVER_STORE_INDEX_DOCUMENT_H

#include "archiver/store/index/buffer.h"
#include "lib/record/record.pb-c.h"

enum {
	COLUMN_TEXT,
	COLUMN_SENDER,
	COLUMN_RECIPIENT,
	COLUMN_FACTS,
	COLUMN_FILES,
	COLUMNS
};

/* In order of weight: of several observations the heaviest is told. */
enum outcome_word {
	WORD_PASSED,
	WORD_EDITED,
	WORD_DISCARDED,
	WORD_FAILED,
	WORD_UNSCANNABLE,
	WORD_BLOCKED,
	WORD_INFECTED
};
enum { OUTCOME_WORDS = WORD_INFECTED + 1 };

/* "passed", "blocked" … */
const char *outcome_word_text(enum outcome_word word);

struct document {
	struct buffer columns[COLUMNS];
	enum outcome_word verdict;
	bool shown;              /* people wrote it, or a stage acted on it */
	bool opens_conversation; /* else it only joins one */
};

/* content may be NULL (none, or erased). False when memory is short. */
bool document_make(const Sipwarden__Record__Record *record,
	const Sipwarden__Record__Metadata *metadata,
	const Sipwarden__Record__Content *content, struct document *document)
	__attribute__((warn_unused_result));
void document_clear(struct document *document);

/* Adds to a column the pieces of another that it lacks. True when it grew. */
bool column_merge(int column, struct buffer *into, struct slice from);

/* The address without scheme, parameters and angle brackets. */
struct slice address_bare(const char *address);
const char *direction_word(Sipwarden__Record__Direction direction);
/* im, file, call, presence, registration, answer or other. */
const char *kind_word(const Sipwarden__Record__Metadata *metadata,
	const Sipwarden__Record__Content *content);
/* True for what people send: not SDP, not presence documents. */
bool attachment_is_file(const Sipwarden__Record__Attachment *attachment);
/* True for bodies and subjects that people wrote. */
bool text_is_written(const Sipwarden__Record__Text *text);
enum outcome_word verdict_of(const Sipwarden__Record__Metadata *metadata,
	const Sipwarden__Record__Content *content);

#endif
