/* made_journal.h -- journals of made-up records, for tests of the store.
 *
 * A line of a table becomes a record; the writer is the product's own. Times
 * count in seconds from MADE_START.
 */
#ifndef TESTS_MADE_JOURNAL_H
#define TESTS_MADE_JOURNAL_H

#include "archiver/journal/journal.h"
#include "archiver/journal/writer.h"
#include "archiver/store/index/index.h"
#include "archiver/store/indexer.h"
#include "lib/record/number.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* 2026-11-22T12:00:00Z */
#define MADE_START UINT64_C(1795348800000000)

struct made {
	double at_s;
	const char *id;     /* message id; NULL: none */
	const char *stream; /* NULL: none */
	const char *node, *method;
	unsigned status; /* of a response; 0: a request */
	const char *from, *to;
	const char *text; /* NULL: none */
	Sipwarden__Record__Direction direction;
	const char *stage, *verdict, *rule; /* one trail entry; NULL: none */
	unsigned answer;
	const char *file, *threat; /* an attachment; NULL: none */
	const char *repeats;       /* message id */
	uint64_t about;            /* an outcome of this sequence */
	const char *kind;          /* "audit", or NULL */
};

struct made_folders {
	char root[64], journal[80], index[80];
};

static inline void made_folders(struct made_folders *folders)
{
	(void)snprintf(
		folders->root, sizeof(folders->root), "/tmp/store-test-XXXXXX");
	assert_non_null(mkdtemp(folders->root));
	(void)snprintf(folders->journal, sizeof(folders->journal), "%s/journal",
		folders->root);
	(void)snprintf(folders->index, sizeof(folders->index), "%s/index",
		folders->root);
}

static inline void made_remove(const struct made_folders *folders)
{
	char command[128];

	(void)snprintf(command, sizeof(command), "rm -rf '%s'", folders->root);
	assert_int_equal(system(command), 0);
}

static inline struct journal_writer *made_writer(
	const struct made_folders *folders)
{
	struct journal_options options = {.folder = folders->journal,
		.segment_bytes = 1024 * 1024,
		.node = 1};
	struct journal_writer *writer;

	assert_int_equal(journal_writer_open(&options, &writer), 0);
	return writer;
}

/* A text becomes an id of 16 bytes. */
static inline ProtobufCBinaryData made_id(const char *text, uint8_t room[16])
{
	if (!text)
		return (ProtobufCBinaryData){0, NULL};
	memset(room, 0, 16);
	memcpy(room, text, strlen(text) > 16 ? 16 : strlen(text));
	return (ProtobufCBinaryData){16, room};
}

struct made_parts {
	Sipwarden__Record__Part metadata, content;
	struct record_part_room metadata_room, content_room;
	uint8_t *metadata_bytes, *content_bytes;
};

#define MADE_PACK(type, message, bytes, part, room)                            \
	do {                                                                   \
		size_t size_ = type##__get_packed_size(message);               \
		(bytes) = malloc(size_ + 1);                                   \
		assert_non_null(bytes);                                        \
		type##__pack((message), (bytes));                              \
		assert_int_equal(record_part_make(slice_make((bytes), size_),  \
					 (room), (part)),                      \
			0);                                                    \
	} while (0)

static inline void made_metadata(
	const struct made *made, struct made_parts *parts)
{
	Sipwarden__Record__Metadata metadata =
		SIPWARDEN__RECORD__METADATA__INIT;
	Sipwarden__Record__TrailEntry entry =
		SIPWARDEN__RECORD__TRAIL_ENTRY__INIT;
	Sipwarden__Record__TrailEntry *trail = &entry;
	uint8_t room[16];

	metadata.role = (char *)"home";
	metadata.direction = made->direction;
	metadata.is_request = made->status == 0;
	metadata.method = (char *)(made->method ? made->method : "MESSAGE");
	metadata.status = made->status;
	metadata.from = (char *)made->from;
	metadata.to = (char *)made->to;
	metadata.from_name = (char *)"Sara Dävis";
	metadata.disposition = (char *)(made->answer ? "answer" : "forward");
	metadata.answer_status = made->answer;
	metadata.same_text_as = made_id(made->repeats, room);
	if (made->stage) {
		entry.stage = (char *)made->stage;
		entry.place = (char *)"before-routing";
		entry.verdict = (char *)made->verdict;
		entry.rule = (char *)(made->rule ? made->rule : "");
		entry.status = made->answer;
		metadata.n_trail = 1;
		metadata.trail = &trail;
	}
	MADE_PACK(sipwarden__record__metadata, &metadata, parts->metadata_bytes,
		&parts->metadata, &parts->metadata_room);
}

static inline void made_content(
	const struct made *made, struct made_parts *parts)
{
	Sipwarden__Record__Content content = SIPWARDEN__RECORD__CONTENT__INIT;
	Sipwarden__Record__Text text = SIPWARDEN__RECORD__TEXT__INIT;
	Sipwarden__Record__Text *texts = &text;
	Sipwarden__Record__Attachment file =
		SIPWARDEN__RECORD__ATTACHMENT__INIT;
	Sipwarden__Record__Attachment *files = &file;

	if (made->text) {
		text.place = (char *)"body";
		text.media_type = (char *)"text/plain";
		text.text.data = (uint8_t *)(uintptr_t)made->text;
		text.text.len = strlen(made->text);
		content.n_texts = 1;
		content.texts = &texts;
	}
	if (made->file) {
		file.file_name = (char *)made->file;
		file.media_type = (char *)"application/zip";
		file.verdict = (char *)(made->threat ? "infected" : "clean");
		file.threat = (char *)(made->threat ? made->threat : "");
		content.n_attachments = 1;
		content.attachments = &files;
	}
	MADE_PACK(sipwarden__record__content, &content, parts->content_bytes,
		&parts->content, &parts->content_room);
}

static inline void made_outcome(struct made_parts *parts)
{
	Sipwarden__Record__Outcome outcome = SIPWARDEN__RECORD__OUTCOME__INIT;
	Sipwarden__Record__BranchOutcome branch =
		SIPWARDEN__RECORD__BRANCH_OUTCOME__INIT;
	Sipwarden__Record__BranchOutcome *branches = &branch;

	branch.branch = 1;
	branch.event = (char *)"final";
	branch.status = 200;
	outcome.n_branches = 1;
	outcome.branches = &branches;
	MADE_PACK(sipwarden__record__outcome, &outcome, parts->metadata_bytes,
		&parts->metadata, &parts->metadata_room);
}

/* Takes one record; its sequence is given. Returns its number. */
static inline uint64_t made_take(struct journal_writer *writer,
	const struct made *made, uint64_t sequence)
{
	Sipwarden__Record__Record record = SIPWARDEN__RECORD__RECORD__INIT;
	Sipwarden__Record__Submission submission =
		SIPWARDEN__RECORD__SUBMISSION__INIT;
	struct made_parts parts = {0};
	uint8_t boot[16] = "boot of a proxy", id[16], stream[16];
	uint64_t number, at = MADE_START + (uint64_t)(made->at_s * 1e6);

	submission.boot = (ProtobufCBinaryData){16, boot};
	submission.sequence = sequence;
	record.format = 1;
	record.submission = &submission;
	record.kind = made->about  ? SIPWARDEN__RECORD__KIND__KIND_OUTCOME
		      : made->kind ? SIPWARDEN__RECORD__KIND__KIND_AUDIT
				   : SIPWARDEN__RECORD__KIND__KIND_MESSAGE;
	record.node = (char *)(made->node ? made->node : "home1");
	record.message_id = made_id(made->id, id);
	record.stream = made_id(made->stream, stream);
	record.observed_us = at;
	record.about = made->about;
	if (made->about) {
		made_outcome(&parts);
	} else {
		made_metadata(made, &parts);
		made_content(made, &parts);
		record.content = &parts.content;
	}
	record.metadata = &parts.metadata;
	assert_int_equal(
		journal_writer_take_record(writer, &record, at, &number), 0);
	free(parts.metadata_bytes);
	free(parts.content_bytes);
	return number;
}

/* Writes all records of a table; numbers gets their numbers. */
static inline void made_journal(const struct made_folders *folders,
	const struct made *table, size_t count, uint64_t *numbers)
{
	struct journal_writer *writer = made_writer(folders);

	for (size_t i = 0; i < count; i++)
		numbers[i] = made_take(writer, &table[i], i + 1);
	assert_int_equal(journal_writer_commit(writer), 0);
	journal_writer_close(&writer);
}

/* Opens the index and brings it up to the journal. */
static inline struct index *made_index(const struct made_folders *folders)
{
	struct index *index;
	struct indexer *indexer;

	assert_int_equal(
		index_open(folders->index, "this boot", 1800, &index), 0);
	assert_int_equal(indexer_open(index, folders->journal, &indexer), 0);
	assert_true(indexer_catch_up(indexer));
	indexer_close(&indexer);
	return index;
}

#endif
