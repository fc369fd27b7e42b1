/* record_fuzz.c -- any bytes as a record: what the publisher, the index and a
 * transcript make of it. */
#include "archiver/intake/check.h"
#include "archiver/publisher/event.h"
#include "archiver/store/index/document.h"
#include "archiver/store/transcript.h"
#include "lib/charset.h"
#include "lib/log.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void publish(struct slice bytes)
{
	struct arena *arena = arena_new(16 << 20);
	struct event event;

	must(arena);
	if (event_read(bytes, arena, &event)) {
		must(event.record->intake && event.type && event.source.at);
		must(strlen(event.id) < EVENT_ID_SIZE);
		must(strlen(event.subject) < EVENT_SUBJECT_SIZE);
	}
	arena_release(&arena);
}

static void check_row(struct transcript *transcript)
{
	json_t *row = transcript_finish(&transcript);
	char *text = json_dumps(row, JSON_COMPACT);

	must(row && text && charset_is_utf8(slice_of(text)));
	must(strlen(text) <= 4 * 1024 * 1024);
	free(text);
	json_decref(row);
}

static void tell(const Sipwarden__Record__Record *record)
{
	struct transcript *transcript = transcript_new(1, 2);

	must(transcript);
	transcript_add(transcript, 3, record);
	transcript_add(transcript, 4, NULL);
	transcript_add(transcript, 5, record);
	check_row(transcript);
}

static void index_it(const Sipwarden__Record__Record *record,
	struct slice metadata_bytes, struct slice content_bytes)
{
	Sipwarden__Record__Metadata *metadata =
		sipwarden__record__metadata__unpack(NULL, metadata_bytes.size,
			(const uint8_t *)metadata_bytes.at);
	Sipwarden__Record__Content *content =
		sipwarden__record__content__unpack(NULL, content_bytes.size,
			(const uint8_t *)content_bytes.at);
	struct document document;

	if (metadata && document_make(record, metadata, content, &document)) {
		must(document.verdict < OUTCOME_WORDS);
		for (int i = 0; i < COLUMNS; i++)
			must(charset_is_utf8(
				buffer_slice(&document.columns[i])));
		must(kind_word(metadata, content));
		document_clear(&document);
	}
	if (metadata)
		sipwarden__record__metadata__free_unpacked(metadata, NULL);
	if (content)
		sipwarden__record__content__free_unpacked(content, NULL);
}

/* A sound record around two parts of any bytes. */
static void wrap(uint8_t kind, struct slice metadata, struct slice content)
{
	Sipwarden__Record__Record record = SIPWARDEN__RECORD__RECORD__INIT;
	Sipwarden__Record__Part parts[2] = {
		SIPWARDEN__RECORD__PART__INIT, SIPWARDEN__RECORD__PART__INIT};
	struct record_part_room rooms[2];
	uint8_t id[RECORD_ID_BYTES] = "message id", *packed;
	size_t size;

	must(record_part_make(metadata, &rooms[0], &parts[0]) == 0);
	must(record_part_make(content, &rooms[1], &parts[1]) == 0);
	record.format = 1;
	record.kind = (Sipwarden__Record__Kind)(1 + kind % 6);
	record.node = (char *)(uintptr_t) "home1.example.com";
	record.message_id = (ProtobufCBinaryData){sizeof(id), id};
	record.stream = (ProtobufCBinaryData){sizeof(id), id};
	record.metadata = &parts[0];
	record.content = content.size ? &parts[1] : NULL;
	must(check_record(&record) == NULL);
	tell(&record);
	index_it(&record, metadata, content);
	size = sipwarden__record__record__get_packed_size(&record);
	packed = malloc(size);
	must(packed);
	sipwarden__record__record__pack(&record, packed);
	publish(slice_make(packed, size));
	free(packed);
}

static void take_whole(struct slice bytes)
{
	Sipwarden__Record__Record *record = sipwarden__record__record__unpack(
		NULL, bytes.size, (const uint8_t *)bytes.at);

	publish(bytes);
	if (!record)
		return;
	(void)check_record(record);
	tell(record);
	sipwarden__record__record__free_unpacked(record, NULL);
}

/* The first byte says the kind, or that the rest is a whole record; the second
 * and third where metadata end and content begins. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest;
	size_t cut;

	if (size < 3)
		return 0;
	rest = slice_make(data + 3, size - 3);
	if (data[0] >= 0x80) {
		take_whole(rest);
		return 0;
	}
	cut = (size_t)data[1] * 256 + data[2];
	wrap(data[0], slice_part(rest, 0, cut), slice_from(rest, cut));
	return 0;
}
