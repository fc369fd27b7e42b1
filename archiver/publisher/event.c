/* event.c -- a record as a CloudEvent: the headers and key it goes out with. */
#include "archiver/publisher/event.h"

#include "lib/record/allocator.h"
#include "lib/record/digest.h"

#include <inttypes.h>
#include <stdio.h>

static const char *type_of(Sipwarden__Record__Kind kind)
{
	switch (kind) {
	case SIPWARDEN__RECORD__KIND__KIND_MESSAGE:
		return "sipwarden.record.message";
	case SIPWARDEN__RECORD__KIND__KIND_OUTCOME:
		return "sipwarden.record.outcome";
	case SIPWARDEN__RECORD__KIND__KIND_GAP:
		return "sipwarden.record.gap";
	case SIPWARDEN__RECORD__KIND__KIND_BOOT:
		return "sipwarden.record.boot";
	case SIPWARDEN__RECORD__KIND__KIND_CHECKPOINT:
		return "sipwarden.record.checkpoint";
	case SIPWARDEN__RECORD__KIND__KIND_AUDIT:
		return "sipwarden.record.audit";
	default:
		return "sipwarden.record.unknown";
	}
}

static void write_subject(
	const ProtobufCBinaryData *id, char subject[EVENT_SUBJECT_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	size_t at = 0;

	for (size_t i = 0; i < id->len && i < RECORD_ID_BYTES; i++) {
		subject[at++] = digits[id->data[i] >> 4];
		subject[at++] = digits[id->data[i] & 15];
	}
	subject[at] = '\0';
}

bool event_read(struct slice payload, struct arena *arena, struct event *event)
{
	ProtobufCAllocator allocator = record_allocator(arena);
	Sipwarden__Record__Record *record;

	arena_reset(arena);
	record = sipwarden__record__record__unpack(
		&allocator, payload.size, (const uint8_t *)payload.at);
	if (!record || !record->intake || !record->intake->number)
		return false;
	event->record = record;
	event->type = type_of(record->kind);
	event->source = slice_of(record->node);
	event->key = record->stream.len ? slice_make(record->stream.data,
						  record->stream.len)
					: event->source;
	(void)snprintf(event->id, sizeof(event->id), "%" PRIu64,
		record->intake->number);
	clock_text(record->intake->taken_us, event->time);
	write_subject(&record->message_id, event->subject);
	return true;
}
