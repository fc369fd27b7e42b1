/* format.h -- the bytes of a segment: entry heads, header, mark, footer.
 *
 * docs/archive-format.md gives the same as tables. Numbers are little-endian;
 * nothing here touches a file.
 */
#ifndef ARCHIVER_JOURNAL_FORMAT_H
#define ARCHIVER_JOURNAL_FORMAT_H

#include "archiver/journal/journal.h"
#include "archiver/journal/makers.h"
#include "lib/intake_protocol.h"
#include "lib/record/digest.h"

enum {
	FORMAT_HEAD_BYTES = 12,
	FORMAT_ALIGN = 8,
	FORMAT_INTAKE_BYTES = 88, /* of a packed record, at its end */
	FORMAT_PAYLOAD_BYTES = INTAKE_RECORD_BYTES + FORMAT_INTAKE_BYTES,
	FORMAT_HEADER_FIXED_BYTES = 96,
	FORMAT_HEADER_BYTES = FORMAT_HEADER_FIXED_BYTES + MAKERS_BYTES,
	FORMAT_MARK_BYTES = 64,
	FORMAT_FOOTER_BYTES = 64,
	FORMAT_VERSION = 1
};

/* Bytes that an entry of this payload takes in the file. */
static inline uint64_t format_entry_bytes(size_t payload_bytes)
{
	return (FORMAT_HEAD_BYTES + payload_bytes + FORMAT_ALIGN - 1) /
	       FORMAT_ALIGN * FORMAT_ALIGN;
}

struct format_head {
	uint32_t size; /* of the payload */
	uint32_t crc;
	uint32_t type;
};

/* Where the numbers and the chain stood at some point. */
struct format_point {
	uint64_t number; /* of the last record, 0: none */
	uint8_t chain[RECORD_DIGEST_BYTES];
};

/* Why a segment was begun. */
enum format_why {
	FORMAT_FIRST = 0,
	FORMAT_FULL = 1,        /* the one before has a footer */
	FORMAT_SYNC_FAILED = 2, /* what was not synced there stands here */
	FORMAT_CORRUPT = 3      /* the one before is damaged */
};

struct format_header {
	uint32_t node;
	uint64_t segment;
	uint64_t made_us;       /* wall clock */
	uint64_t continues;     /* segment before, 0: none */
	uint64_t continues_end; /* what is valid there ends at this offset */
	enum format_why why;
	struct format_point point; /* before the first record here */
};

/* Stands at the start of each batch. All before `synced` was on disk. */
struct format_mark {
	uint64_t segment;
	uint64_t offset; /* its own */
	uint64_t synced;
	struct format_point point;
};

struct format_footer {
	uint64_t segment;
	uint64_t first; /* record numbers */
	uint64_t count;
	struct format_point point;
};

/* Puts a head in front of the payload that stands at bytes + FORMAT_HEAD_BYTES
 * and zeros behind it; returns format_entry_bytes(size). */
uint64_t format_seal(char *bytes, uint32_t type, size_t size);
struct format_head format_head_read(const char *bytes);
/* CRC of an entry. */
uint32_t format_crc(uint32_t type, struct slice payload);

/* Each writes a whole entry and returns its bytes; each reads a payload and
 * says whether it is one. bytes has room for format_entry_bytes(FORMAT_…). */
uint64_t format_header_write(const struct format_header *header,
	const struct makers *makers, char *bytes);
bool format_header_read(struct slice payload, struct format_header *header,
	struct makers *makers); /* makers may be NULL */
uint64_t format_mark_write(const struct format_mark *mark, char *bytes);
bool format_mark_read(struct slice payload, struct format_mark *mark);
uint64_t format_footer_write(const struct format_footer *footer, char *bytes);
bool format_footer_read(struct slice payload, struct format_footer *footer);

/* The field `intake` of a Record as it is appended to the packed rest. */
void format_intake_write(uint64_t number, uint64_t taken_us,
	const uint8_t previous[RECORD_DIGEST_BYTES],
	const uint8_t chain[RECORD_DIGEST_BYTES],
	char bytes[FORMAT_INTAKE_BYTES]);
/* Finds number and chain at the end of a record's payload without unpacking
 * it. False when it does not end so. */
bool format_intake_read(struct slice payload, struct format_point *point);

#endif
