/* verify.c -- proves a journal from its first byte, or names what is wrong. */
#include "archiver/journal/verify.h"

#include "archiver/journal/bitflip.h"
#include "archiver/journal/durable.h"
#include "archiver/journal/segment.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { PROGRESS_RECORDS = 1024 };

struct walk {
	const char *folder;
	verify_fn *say;
	void *user;
	struct verify_counts *counts;
	struct segment file;
	struct durable_place durable; /* segment 0: there is no such file */
	struct format_point point;
	bool lost;          /* a damaged entry: the chain cannot be followed */
	bool begun;         /* a header has been read */
	bool stopped;       /* by `say` */
	bool footed;        /* the last entry was a footer */
	bool before_footed; /* the same of the segment before */
	uint64_t end;       /* what is valid in this segment ends here */
	bool end_is_known;
	uint64_t first, records; /* in this segment */
};

static void fault(struct walk *walk, uint64_t offset, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void fault(struct walk *walk, uint64_t offset, const char *format, ...)
{
	struct journal_fault found = {
		.segment = walk->file.number, .offset = offset};
	char text[160];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	(void)snprintf(found.text, sizeof(found.text),
		"segment %" PRIu64 ", offset %" PRIu64 ": %s", found.segment,
		offset, text);
	walk->counts->faults++;
	if (!walk->say(walk->user, &found, walk->counts))
		walk->stopped = true;
}

static bool same_chain(
	const uint8_t a[RECORD_DIGEST_BYTES], const uint8_t b[32])
{
	return memcmp(a, b, RECORD_DIGEST_BYTES) == 0;
}

static bool same_point(
	const struct format_point *a, const struct format_point *b)
{
	return a->number == b->number && same_chain(a->chain, b->chain);
}

static void count_node(struct verify_counts *counts, const char *name)
{
	struct verify_node *node = counts->nodes;
	struct verify_node *end = node + counts->node_count;

	while (node < end && strcmp(node->name, name) != 0)
		node++;
	if (node == end) {
		if (counts->node_count == VERIFY_NODES ||
			strlen(name) >= VERIFY_NODE_BYTES)
			return;
		counts->node_count++;
		(void)snprintf(node->name, sizeof(node->name), "%s", name);
	}
	node->records++;
}

static void check_part(struct walk *walk, uint64_t offset, const char *name,
	const Sipwarden__Record__Part *part)
{
	if (!part)
		return;
	if (record_part_erased(part))
		walk->counts->erased++;
	else if (!record_part_holds(part))
		fault(walk, offset,
			"the digest of the %s is not that of its "
			"bytes",
			name);
}

static void check_chain(struct walk *walk, uint64_t offset,
	const Sipwarden__Record__Record *record)
{
	const Sipwarden__Record__Intake *intake = record->intake;
	uint8_t chain[RECORD_DIGEST_BYTES];

	if (intake->number <= walk->point.number)
		fault(walk, offset, "the record's number does not rise");
	if (walk->lost)
		walk->lost = false; /* goes on from what it says itself */
	else if (!same_chain(intake->previous.data, walk->point.chain))
		fault(walk, offset,
			"the chain is broken: this record does not follow the "
			"one before");
	if (record_chain(record, intake->previous.data, intake->number,
		    intake->taken_us, chain) ||
		!same_chain(chain, intake->chain.data))
		fault(walk, offset,
			"the chain value is not that of the record");
}

static void check_record(struct walk *walk, const struct segment_entry *entry)
{
	struct verify_counts *counts = walk->counts;
	Sipwarden__Record__Record *record = sipwarden__record__record__unpack(
		NULL, entry->payload.size, (const uint8_t *)entry->payload.at);
	struct format_point point;

	if (!record || !record->intake ||
		record->intake->previous.len != RECORD_DIGEST_BYTES ||
		record->intake->chain.len != RECORD_DIGEST_BYTES ||
		!format_intake_read(entry->payload, &point) ||
		point.number != record->intake->number) {
		fault(walk, entry->offset, "the entry is not a record");
		sipwarden__record__record__free_unpacked(record, NULL);
		walk->lost = true;
		return;
	}
	check_chain(walk, entry->offset, record);
	check_part(walk, entry->offset, "metadata", record->metadata);
	check_part(walk, entry->offset, "content", record->content);
	walk->point = point;
	if (walk->records++ == 0)
		walk->first = point.number;
	counts->records++;
	if ((unsigned)record->kind < VERIFY_KINDS)
		counts->kinds[record->kind]++;
	count_node(counts, record->node);
	sipwarden__record__record__free_unpacked(record, NULL);
	if (counts->records % PROGRESS_RECORDS == 0 &&
		!walk->say(walk->user, NULL, counts))
		walk->stopped = true;
}

static void check_header(struct walk *walk, const struct segment_entry *entry)
{
	struct format_header header;

	if (entry->offset != 0 ||
		!format_header_read(entry->payload, &header, NULL) ||
		header.segment != walk->file.number) {
		fault(walk, entry->offset,
			"the header is not that of this segment");
		return;
	}
	/* The first one there may continue what was disposed of. */
	if (walk->begun && !walk->lost &&
		!same_point(&header.point, &walk->point))
		fault(walk, entry->offset,
			"the chain is broken: this segment does not follow the "
			"one before");
	if (header.why == FORMAT_FULL && walk->begun && !walk->before_footed &&
		!walk->lost)
		fault(walk, entry->offset,
			"the segment before has lost its footer");
	if (walk->lost || !walk->begun)
		walk->point = header.point;
	walk->lost = false;
}

static void check_mark(struct walk *walk, const struct segment_entry *entry)
{
	struct format_mark mark;

	if (!format_mark_read(entry->payload, &mark) ||
		mark.segment != walk->file.number ||
		mark.offset != entry->offset || mark.synced > mark.offset)
		fault(walk, entry->offset,
			"the mark is not that of this place");
	else if (walk->lost)
		walk->point = mark.point;
	else if (!same_point(&mark.point, &walk->point))
		fault(walk, entry->offset,
			"the mark does not agree with the records before it");
	else
		return;
	walk->lost = false;
}

static void check_footer(struct walk *walk, const struct segment_entry *entry)
{
	struct format_footer footer;

	if (!format_footer_read(entry->payload, &footer) ||
		footer.segment != walk->file.number) {
		fault(walk, entry->offset,
			"the footer is not that of this segment");
		return;
	}
	if (footer.count != walk->records)
		fault(walk, entry->offset,
			"the footer counts %" PRIu64 " records, there are "
			"%" PRIu64,
			footer.count, walk->records);
	if (footer.count && walk->records && footer.first != walk->first)
		fault(walk, entry->offset,
			"the footer names another first record");
	if (!walk->lost && !same_point(&footer.point, &walk->point))
		fault(walk, entry->offset,
			"the footer does not agree with the last record");
}

/* The CRC does not cover the padding, but what is not zero in it stands out. */
static void meet_padding(struct walk *walk, const struct segment_entry *entry)
{
	const uint8_t *bytes =
		(const uint8_t *)entry->payload.at + entry->payload.size;
	uint64_t begin =
		entry->offset + FORMAT_HEAD_BYTES + entry->payload.size;
	uint64_t bits = 0, last = 0;

	for (uint64_t i = 0; i < (entry->next - begin) * 8; i++)
		if (bytes[i / 8] >> i % 8 & 1) {
			bits++;
			last = i;
		}
	if (bits == 1)
		fault(walk, entry->offset,
			"the padding behind the entry is not zero: one flipped "
			"bit, bit %" PRIu64 " of the byte at offset %" PRIu64,
			last % 8, begin + last / 8);
	else
		fault(walk, entry->offset,
			"the padding behind the entry is not zero");
}

static void check_entry(struct walk *walk, const struct segment_entry *entry)
{
	if (!entry->padding_is_zero)
		meet_padding(walk, entry);
	if ((entry->offset == 0) != (entry->type == JOURNAL_HEADER))
		fault(walk, entry->offset,
			"a segment begins with a header, and has one only");
	walk->footed = entry->type == JOURNAL_FOOTER;
	if (entry->type == JOURNAL_RECORD)
		check_record(walk, entry);
	else if (entry->type == JOURNAL_HEADER)
		check_header(walk, entry);
	else if (entry->type == JOURNAL_MARK)
		check_mark(walk, entry);
	else
		check_footer(walk, entry);
	walk->begun = true;
}

/* Names the bit when one bit explains it. The length is not in the CRC: each
 * of its bits is tried. */
static bool name_bit(struct walk *walk, uint64_t offset, uint64_t *bit)
{
	struct segment_entry entry;
	struct slice bytes;

	if (segment_bytes(&walk->file, offset, walk->end, &bytes) == 0 &&
		bitflip_find(bytes, bit))
		return true;
	for (unsigned i = 0; i < 32; i++) {
		if (segment_read_length(&walk->file, offset, walk->end,
			    UINT32_C(1) << i, &entry))
			continue;
		*bit = i;
		return true;
	}
	return false;
}

static int meet_bad_entry(
	struct walk *walk, uint64_t *offset, const char *wrong)
{
	uint64_t bit;

	if (name_bit(walk, *offset, &bit))
		fault(walk, *offset,
			"%s: one flipped bit, bit %" PRIu64
			" of the byte at offset %" PRIu64,
			wrong, bit % 8, *offset + bit / 8);
	else
		fault(walk, *offset, "%s", wrong);
	walk->lost = walk->begun = true;
	walk->footed = false;
	return segment_resume(&walk->file, *offset, walk->end, offset);
}

/* Where the records of the open segment end: the next header says it, or for
 * the one in use the file `durable`. */
static void find_end(struct walk *walk, uint64_t next)
{
	struct segment file = {.descriptor = -1};
	struct format_header header;
	const char *wrong;
	uint64_t behind;

	walk->end = walk->file.size;
	walk->end_is_known = false;
	if (walk->durable.segment == walk->file.number) {
		walk->end = walk->durable.offset;
		walk->end_is_known = true;
	}
	if (next && segment_open(&file, walk->folder, next) == 0 &&
		segment_header(&file, &header, NULL, &behind, &wrong) == 0 &&
		header.continues == walk->file.number) {
		walk->end = header.continues_end;
		walk->end_is_known = true;
	}
	segment_close(&file);
}

/* Nothing but zeros may follow a footer. */
static int check_rest(struct walk *walk)
{
	uint64_t found;
	int error;

	if (!walk->footed || !walk->end_is_known)
		return 0;
	error = segment_find_data(
		&walk->file, walk->end, walk->file.size, &found);
	if (!error && found < walk->file.size)
		fault(walk, found, "bytes stand behind the footer");
	return error;
}

static int walk_segment(struct walk *walk)
{
	uint64_t offset = 0;

	walk->first = walk->records = 0;
	walk->before_footed = walk->footed;
	walk->footed = false;
	if (walk->end > walk->file.size) {
		fault(walk, walk->file.size,
			"the tail is cut off: the journal reached to offset "
			"%" PRIu64,
			walk->end);
		walk->end = walk->file.size;
	}
	while (offset < walk->end && !walk->stopped) {
		struct segment_entry entry;
		const char *wrong;
		int error = segment_read(
			&walk->file, offset, walk->end, &entry, &wrong);

		if (error == ENODATA && !walk->end_is_known) {
			walk->end = offset;
			break;
		}
		if (error == 0) {
			offset = entry.next;
			check_entry(walk, &entry);
		} else if (error == EBADMSG || error == ENODATA) {
			error = meet_bad_entry(walk, &offset, wrong);
		}
		if (error && error != EBADMSG)
			return error;
	}
	walk->counts->segments++;
	walk->counts->bytes += walk->end;
	return walk->stopped ? 0 : check_rest(walk);
}

static void miss_segments(struct walk *walk, uint64_t from, uint64_t to)
{
	walk->file.number = from;
	if (from == to)
		fault(walk, 0, "the segment is missing");
	else
		fault(walk, 0, "the segments up to %" PRIu64 " are missing",
			to);
	walk->lost = true;
}

static int walk_list(struct walk *walk, const struct segment_list *list)
{
	for (size_t i = 0; i < list->count && !walk->stopped; i++) {
		uint64_t number = list->numbers[i];
		uint64_t before = i ? list->numbers[i - 1] : number - 1;
		int error;

		/* Made, but nothing in it is durable yet. */
		if (walk->durable.segment && number > walk->durable.segment)
			break;
		if (number > before + 1)
			miss_segments(walk, before + 1, number - 1);
		error = segment_open(&walk->file, walk->folder, number);
		if (error)
			return error;
		find_end(walk, i + 1 < list->count ? list->numbers[i + 1] : 0);
		error = walk_segment(walk);
		if (error)
			return error;
	}
	if (!walk->stopped &&
		list->numbers[list->count - 1] < walk->durable.segment)
		miss_segments(walk, list->numbers[list->count - 1] + 1,
			walk->durable.segment);
	return 0;
}

/* Without the file `durable` the whole journal is read, up to where nothing is
 * written; that it is missing is a fault of its own. */
static void look_at_durable(struct walk *walk)
{
	struct durable durable = {.descriptor = -1};

	if (durable_open(walk->folder, &durable) == 0)
		walk->durable = durable_place(&durable);
	durable_close(&durable);
}

int journal_verify(const char *folder, verify_fn *say, void *user,
	struct verify_counts *counts)
{
	struct walk walk = {.folder = folder,
		.say = say,
		.user = user,
		.counts = counts,
		.file = {.descriptor = -1}};
	struct segment_list list;
	int error;

	*counts = (struct verify_counts){.records = 0};
	/* Before the list: what is durable then is in it. */
	look_at_durable(&walk);
	error = segment_list(folder, &list);
	if (!error && !list.count)
		error = ENOENT;
	if (!error && !walk.durable.segment) {
		walk.file.number = list.numbers[list.count - 1];
		fault(&walk, 0,
			"the file `durable` is missing or empty; read up to "
			"where nothing is written");
	}
	if (!error)
		error = walk_list(&walk, &list);
	counts->last = walk.point.number;
	memcpy(counts->chain, walk.point.chain, RECORD_DIGEST_BYTES);
	segment_list_release(&list);
	segment_close(&walk.file);
	return !error && walk.stopped ? ECANCELED : error;
}
