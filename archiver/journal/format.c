/* format.c -- the bytes of a segment: entry heads, header, mark, footer. */
#include "archiver/journal/format.h"

#include "archiver/journal/bytes.h"
#include "archiver/journal/crc32c.h"
#include "lib/log.h"

static const char magic[8] = {'S', 'I', 'P', 'W', 'J', 'R', 'N', 'L'};

/* Where the fields of a header's payload stand. */
enum {
	AT_VERSION = 8,
	AT_NODE = 12,
	AT_SEGMENT = 16,
	AT_MADE = 24,
	AT_CONTINUES = 32,
	AT_END = 40,
	AT_WHY = 48,
	AT_MAKERS = 52,
	AT_POINT = 56
};

uint32_t format_crc(uint32_t type, struct slice payload)
{
	char bytes[4];

	bytes_put32(bytes, type);
	return crc32c(
		crc32c(0, bytes, sizeof(bytes)), payload.at, payload.size);
}

uint64_t format_seal(char *bytes, uint32_t type, size_t size)
{
	uint64_t whole = format_entry_bytes(size);
	char *payload = bytes + FORMAT_HEAD_BYTES;

	must(size <= FORMAT_PAYLOAD_BYTES);
	bytes_put32(bytes, (uint32_t)size);
	bytes_put32(bytes + 4, format_crc(type, slice_make(payload, size)));
	bytes_put32(bytes + 8, type);
	memset(payload + size, 0, whole - FORMAT_HEAD_BYTES - size);
	return whole;
}

struct format_head format_head_read(const char *bytes)
{
	return (struct format_head){.size = bytes_get32(bytes),
		.crc = bytes_get32(bytes + 4),
		.type = bytes_get32(bytes + 8)};
}

static void put_point(char *at, const struct format_point *point)
{
	bytes_put64(at, point->number);
	memcpy(at + 8, point->chain, RECORD_DIGEST_BYTES);
}

static void get_point(const char *at, struct format_point *point)
{
	point->number = bytes_get64(at);
	memcpy(point->chain, at + 8, RECORD_DIGEST_BYTES);
}

uint64_t format_header_write(const struct format_header *header,
	const struct makers *makers, char *bytes)
{
	char *at = bytes + FORMAT_HEAD_BYTES;
	size_t count;
	size_t size =
		makers_write(makers, at + FORMAT_HEADER_FIXED_BYTES, &count);

	memcpy(at, magic, sizeof(magic));
	bytes_put32(at + AT_VERSION, FORMAT_VERSION);
	bytes_put32(at + AT_NODE, header->node);
	bytes_put64(at + AT_SEGMENT, header->segment);
	bytes_put64(at + AT_MADE, header->made_us);
	bytes_put64(at + AT_CONTINUES, header->continues);
	bytes_put64(at + AT_END, header->continues_end);
	bytes_put32(at + AT_WHY, header->why);
	bytes_put32(at + AT_MAKERS, (uint32_t)count);
	put_point(at + AT_POINT, &header->point);
	return format_seal(
		bytes, JOURNAL_HEADER, FORMAT_HEADER_FIXED_BYTES + size);
}

bool format_header_read(struct slice payload, struct format_header *header,
	struct makers *makers)
{
	const char *at = payload.at;
	size_t count;

	if (payload.size < FORMAT_HEADER_FIXED_BYTES ||
		memcmp(at, magic, sizeof(magic)) != 0 ||
		bytes_get32(at + AT_VERSION) != FORMAT_VERSION ||
		bytes_get32(at + AT_WHY) > FORMAT_CORRUPT)
		return false;
	header->node = bytes_get32(at + AT_NODE);
	header->segment = bytes_get64(at + AT_SEGMENT);
	header->made_us = bytes_get64(at + AT_MADE);
	header->continues = bytes_get64(at + AT_CONTINUES);
	header->continues_end = bytes_get64(at + AT_END);
	header->why = (enum format_why)bytes_get32(at + AT_WHY);
	get_point(at + AT_POINT, &header->point);
	count = bytes_get32(at + AT_MAKERS);
	payload = slice_from(payload, FORMAT_HEADER_FIXED_BYTES);
	if (count > MAKERS_LIMIT || payload.size < count * MAKER_BYTES ||
		payload.size > MAKERS_BYTES)
		return false;
	return makers ? makers_read(makers, payload, count) : true;
}

uint64_t format_mark_write(const struct format_mark *mark, char *bytes)
{
	char *at = bytes + FORMAT_HEAD_BYTES;

	bytes_put64(at, mark->segment);
	bytes_put64(at + 8, mark->offset);
	bytes_put64(at + 16, mark->synced);
	put_point(at + 24, &mark->point);
	return format_seal(bytes, JOURNAL_MARK, FORMAT_MARK_BYTES);
}

bool format_mark_read(struct slice payload, struct format_mark *mark)
{
	if (payload.size != FORMAT_MARK_BYTES)
		return false;
	mark->segment = bytes_get64(payload.at);
	mark->offset = bytes_get64(payload.at + 8);
	mark->synced = bytes_get64(payload.at + 16);
	get_point(payload.at + 24, &mark->point);
	return true;
}

uint64_t format_footer_write(const struct format_footer *footer, char *bytes)
{
	char *at = bytes + FORMAT_HEAD_BYTES;

	bytes_put64(at, footer->segment);
	bytes_put64(at + 8, footer->first);
	bytes_put64(at + 16, footer->count);
	put_point(at + 24, &footer->point);
	return format_seal(bytes, JOURNAL_FOOTER, FORMAT_FOOTER_BYTES);
}

bool format_footer_read(struct slice payload, struct format_footer *footer)
{
	if (payload.size != FORMAT_FOOTER_BYTES)
		return false;
	footer->segment = bytes_get64(payload.at);
	footer->first = bytes_get64(payload.at + 8);
	footer->count = bytes_get64(payload.at + 16);
	get_point(payload.at + 24, &footer->point);
	return true;
}

/* Protocol Buffers, by hand: field 15, and in it the fields 1 to 4. Fixed
 * sizes make the last 88 bytes of every record alike. */
static const char intake_tags[][2] = {
	{0x7a, FORMAT_INTAKE_BYTES - 2}, {0x1a, 32}, {0x22, 32}};
enum { AT_NUMBER_TAG = 2, AT_TAKEN_TAG = 11, AT_PREVIOUS = 20, AT_CHAIN = 54 };

void format_intake_write(uint64_t number, uint64_t taken_us,
	const uint8_t previous[RECORD_DIGEST_BYTES],
	const uint8_t chain[RECORD_DIGEST_BYTES],
	char bytes[FORMAT_INTAKE_BYTES])
{
	memcpy(bytes, intake_tags[0], 2);
	bytes[AT_NUMBER_TAG] = 0x09;
	bytes_put64(bytes + AT_NUMBER_TAG + 1, number);
	bytes[AT_TAKEN_TAG] = 0x11;
	bytes_put64(bytes + AT_TAKEN_TAG + 1, taken_us);
	memcpy(bytes + AT_PREVIOUS, intake_tags[1], 2);
	memcpy(bytes + AT_PREVIOUS + 2, previous, RECORD_DIGEST_BYTES);
	memcpy(bytes + AT_CHAIN, intake_tags[2], 2);
	memcpy(bytes + AT_CHAIN + 2, chain, RECORD_DIGEST_BYTES);
}

bool format_intake_read(struct slice payload, struct format_point *point)
{
	const char *at;

	if (payload.size < FORMAT_INTAKE_BYTES)
		return false;
	at = payload.at + payload.size - FORMAT_INTAKE_BYTES;
	if (memcmp(at, intake_tags[0], 2) != 0 || at[AT_NUMBER_TAG] != 0x09 ||
		at[AT_TAKEN_TAG] != 0x11 ||
		memcmp(at + AT_PREVIOUS, intake_tags[1], 2) != 0 ||
		memcmp(at + AT_CHAIN, intake_tags[2], 2) != 0)
		return false;
	point->number = bytes_get64(at + AT_NUMBER_TAG + 1);
	memcpy(point->chain, at + AT_CHAIN + 2, RECORD_DIGEST_BYTES);
	return true;
}
