/* own_records.c -- what a worker records of itself, not of a message. */
#include "proxy/archiving/own_records.h"

#include "lib/clock.h"
#include "lib/log.h"

static bool seal(struct own_record *made, const struct settings *settings,
	Sipwarden__Record__Kind kind, const ProtobufCMessage *data)
{
	size_t size = protobuf_c_message_get_packed_size(data);

	must(size <= sizeof(made->data));
	protobuf_c_message_pack(data, made->data);
	made->record =
		(Sipwarden__Record__Record)SIPWARDEN__RECORD__RECORD__INIT;
	made->record.format = 1;
	made->record.kind = kind;
	made->record.node = (char *)settings->server.name;
	made->record.observed_us = clock_wall_us();
	made->record.metadata = &made->part;
	return record_part_make(slice_make(made->data, size), &made->room,
		       &made->part) == 0;
}

bool own_record_boot(struct own_record *made, const struct settings *settings,
	const Sipwarden__Record__Boot *boot)
{
	Sipwarden__Record__Boot whole = *boot;
	unsigned char digest[RECORD_DIGEST_BYTES];

	whole.program = (char *)"sipwarden-proxy";
	whole.version = (char *)SIPWARDEN_VERSION;
	if (settings_digest(settings, digest) == 0)
		whole.configuration =
			(ProtobufCBinaryData){sizeof(digest), digest};
	return seal(made, settings, SIPWARDEN__RECORD__KIND__KIND_BOOT,
		&whole.base);
}

bool own_record_gap(struct own_record *made, const struct settings *settings,
	const Sipwarden__Record__Gap *gap)
{
	return seal(
		made, settings, SIPWARDEN__RECORD__KIND__KIND_GAP, &gap->base);
}

bool own_record_checkpoint(struct own_record *made,
	const struct settings *settings,
	const Sipwarden__Record__Checkpoint *checkpoint)
{
	return seal(made, settings, SIPWARDEN__RECORD__KIND__KIND_CHECKPOINT,
		&checkpoint->base);
}
