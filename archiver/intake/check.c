/* check.c -- whether a record may be taken: its own word against its bytes. */
#include "archiver/intake/check.h"

static bool is_id(const ProtobufCBinaryData *id)
{
	return id->len == 0 || id->len == RECORD_ID_BYTES;
}

static bool part_is_good(const Sipwarden__Record__Part *part)
{
	return !part ||
	       (part->base.n_unknown_fields == 0 && record_part_holds(part));
}

const char *check_record(const Sipwarden__Record__Record *record)
{
	size_t node = record->node ? strlen(record->node) : 0;

	if (record->format != 1)
		return "the format of the record is not 1";
	if (record->kind <= SIPWARDEN__RECORD__KIND__KIND_UNKNOWN ||
		record->kind > SIPWARDEN__RECORD__KIND__KIND_AUDIT)
		return "the kind of the record is not known";
	if (record->intake)
		return "the record has an intake already";
	/* The chain covers the fields of format 1 and no others. */
	if (record->base.n_unknown_fields ||
		(record->submission &&
			record->submission->base.n_unknown_fields))
		return "the record has fields that format 1 does not know";
	if (node == 0 || node > CHECK_NODE_BYTES)
		return "the node's name is missing or too long";
	if (!is_id(&record->message_id) || !is_id(&record->stream))
		return "message id and stream have 16 bytes or none";
	if (!record->metadata)
		return "the record has no metadata";
	if (!part_is_good(record->metadata))
		return "the digest of the metadata is not that of its bytes";
	if (!part_is_good(record->content))
		return "the digest of the content is not that of its bytes";
	return NULL;
}

bool check_submission(const Sipwarden__Record__Record *record,
	const uint8_t boot[RECORD_ID_BYTES], uint32_t worker)
{
	const Sipwarden__Record__Submission *from = record->submission;

	return from && from->boot.len == RECORD_ID_BYTES &&
	       memcmp(from->boot.data, boot, RECORD_ID_BYTES) == 0 &&
	       from->worker == worker && from->sequence > 0;
}
