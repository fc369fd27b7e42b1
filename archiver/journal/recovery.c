/* recovery.c -- what a start finds in a journal, and what it mends. */
#include "archiver/journal/recovery.h"

#include "archiver/journal/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SENTENCE_BYTES = 512, ZEROS_BYTES = 64 * 1024, LOST_SEGMENTS = 1024 };

void journal_say(const struct journal_notices *notices,
	enum journal_weight weight, const char *format, ...)
{
	char sentence[SENTENCE_BYTES];
	va_list arguments;

	if (!notices->say)
		return;
	va_start(arguments, format);
	(void)vsnprintf(sentence, sizeof(sentence), format, arguments);
	va_end(arguments);
	notices->say(notices->user, weight, sentence);
}

struct recovery {
	const struct journal_disk *disk;
	const char *folder;
	const struct journal_notices *notices;
	struct journal_state *state;
	struct makers *makers;
	struct segment file;
	uint64_t synced; /* known to have been on disk in this segment */
	bool torn;       /* state->offset is where the tail begins */
};

static void note_record(struct recovery *recovery, struct slice payload)
{
	struct journal_state *state = recovery->state;
	struct format_point point;
	Sipwarden__Record__Record *record;

	if (!format_intake_read(payload, &point))
		return;
	state->point = point;
	if (state->count++ == 0)
		state->first = point.number;
	record = sipwarden__record__record__unpack(
		NULL, payload.size, (const uint8_t *)payload.at);
	if (record)
		makers_note(recovery->makers, record, point.number);
	sipwarden__record__record__free_unpacked(record, NULL);
}

static void note_entry(
	struct recovery *recovery, const struct segment_entry *entry)
{
	struct journal_state *state = recovery->state;
	struct format_header header;
	struct format_mark mark;

	switch (entry->type) {
	case JOURNAL_HEADER:
		state->header_end = entry->next;
		if (format_header_read(
			    entry->payload, &header, recovery->makers))
			state->point = header.point;
		break;
	case JOURNAL_MARK:
		if (format_mark_read(entry->payload, &mark) &&
			mark.synced > recovery->synced)
			recovery->synced = mark.synced;
		break;
	case JOURNAL_RECORD:
		note_record(recovery, entry->payload);
		break;
	default:
		state->closed = true;
	}
	state->offset = entry->next;
}

/* An entry at state->offset is bad. Damage, if what lies behind it is known to
 * have been on disk: by the file `durable`, or by a later mark. A header is on
 * disk before the file has its name. */
static int is_damage(struct recovery *recovery, bool *damage)
{
	uint64_t at = recovery->state->offset;
	struct format_mark mark;
	int error;

	*damage = at == 0 || at < recovery->synced;
	if (*damage)
		return 0;
	error = segment_find_mark(
		&recovery->file, at + FORMAT_ALIGN, recovery->file.size, &mark);
	*damage = error == 0 && mark.synced > at;
	return error == ENOENT ? 0 : error;
}

static int pass_damage(struct recovery *recovery, const char *wrong)
{
	struct journal_state *state = recovery->state;
	uint64_t limit = recovery->file.size;

	state->corrupt = true;
	journal_say(recovery->notices, JOURNAL_ALARM,
		"The journal is damaged where it had been synced: %s; the file "
		"is kept, a new segment follows segment=%" PRIu64
		" offset=%" PRIu64,
		wrong, recovery->file.number, state->offset);
	if (recovery->synced > state->offset && recovery->synced < limit)
		limit = recovery->synced;
	return segment_resume(
		&recovery->file, state->offset, limit, &state->offset);
}

/* Nothing whole stands at state->offset. Decides what that is. */
static int meet_bad_entry(
	struct recovery *recovery, bool empty, const char *wrong, bool *ended)
{
	struct journal_state *state = recovery->state;
	uint64_t found = recovery->file.size;
	bool damage = false;
	int error = 0;

	if (empty && state->offset >= recovery->synced)
		error = segment_find_data(&recovery->file, state->offset,
			recovery->file.size, &found);
	if (error)
		return error;
	*ended = empty && state->offset >= recovery->synced &&
		 found >= recovery->file.size;
	if (*ended)
		return 0;
	error = is_damage(recovery, &damage);
	if (error)
		return error;
	if (damage)
		return pass_damage(recovery, wrong);
	recovery->torn = true;
	*ended = true;
	return 0;
}

static int scan(struct recovery *recovery)
{
	struct journal_state *state = recovery->state;
	bool ended = false;

	state->segment = recovery->file.number;
	state->offset = state->header_end = 0;
	state->first = state->count = 0;
	state->closed = false;
	recovery->torn = false;
	while (!ended && !state->closed &&
		state->offset < recovery->file.size) {
		struct segment_entry entry;
		const char *wrong;
		int error = segment_read(&recovery->file, state->offset,
			recovery->file.size, &entry, &wrong);

		if (!error)
			note_entry(recovery, &entry);
		else if (error == EBADMSG || error == ENODATA)
			error = meet_bad_entry(
				recovery, error == ENODATA, wrong, &ended);
		if (error)
			return error;
	}
	if (state->offset < recovery->synced) {
		state->corrupt = true;
		journal_say(recovery->notices, JOURNAL_ALARM,
			"The journal was cut: it ends before what had been "
			"synced; the file is kept, a new segment follows "
			"segment=%" PRIu64 " offset=%" PRIu64
			" synced=%" PRIu64,
			state->segment, state->offset, recovery->synced);
	}
	return 0;
}

/* Zeros over the tail, so that no start ever takes it for entries. */
static int cut_tail(struct recovery *recovery, int descriptor)
{
	static const char zeros[ZEROS_BYTES];
	uint64_t from = recovery->state->offset, cut = 0;
	uint64_t end = recovery->file.size;

	for (uint64_t at = from; at < end;) {
		uint64_t found, size;
		int error = segment_find_data(&recovery->file, at, end, &found);

		if (error)
			return error;
		if (found >= end)
			break;
		size = end - found < ZEROS_BYTES ? end - found : ZEROS_BYTES;
		error = disk_write(recovery->disk, descriptor,
			slice_make(zeros, (size_t)size), found);
		if (error)
			return error;
		at = found + size;
		cut = at - from;
	}
	if (recovery->torn)
		journal_say(recovery->notices, JOURNAL_WARN,
			"A torn tail was cut from the journal; nothing of it "
			"was acknowledged segment=%" PRIu64 " offset=%" PRIu64
			" bytes=%" PRIu64,
			recovery->state->segment, from, cut);
	return 0;
}

/* What was written but not known to be synced is written again: after a sync
 * that failed, the kernel may hold it for clean though the disk never had it.
 */
static int write_tail_again(struct recovery *recovery, int descriptor)
{
	uint64_t at = recovery->synced, end = recovery->state->offset;
	char *bytes;
	int error = 0;

	if (at < recovery->state->header_end)
		at = recovery->state->header_end;
	if (at >= end)
		return 0;
	bytes = malloc(ZEROS_BYTES);
	if (!bytes)
		return ENOMEM;
	while (!error && at < end) {
		size_t size = end - at < ZEROS_BYTES ? (size_t)(end - at)
						     : ZEROS_BYTES;
		ssize_t got = pread(descriptor, bytes, size, (off_t)at);

		if (got <= 0)
			error = got < 0 ? errno : EIO;
		else
			error = disk_write(recovery->disk, descriptor,
				slice_make(bytes, (size_t)got), at);
		at += got > 0 ? (uint64_t)got : 0;
	}
	free(bytes);
	return error;
}

static int mend(struct recovery *recovery)
{
	char path[SEGMENT_PATH_BYTES];
	int descriptor, error;

	if (recovery->state->corrupt)
		return 0;
	error = segment_path(recovery->folder, recovery->state->segment, path);
	if (error)
		return error;
	descriptor = open(path, O_RDWR | O_CLOEXEC);
	if (descriptor < 0)
		return errno;
	error = cut_tail(recovery, descriptor);
	if (!error)
		error = write_tail_again(recovery, descriptor);
	if (!error)
		error = disk_sync(recovery->disk, descriptor);
	close(descriptor);
	return error;
}

/* The last place in the list whose segment has a header. */
static size_t last_with_header(
	const char *folder, const struct segment_list *list)
{
	struct segment file = {.descriptor = -1};
	size_t at = list->count - 1;

	for (; at > 0; at--) {
		struct format_header header;
		const char *wrong;
		uint64_t end;

		if (segment_open(&file, folder, list->numbers[at]) == 0 &&
			segment_header(&file, &header, NULL, &end, &wrong) == 0)
			break;
	}
	segment_close(&file);
	return at;
}

/* A segment that the file `durable` knew and that is gone. */
static void miss_segments(struct recovery *recovery, struct durable_place known)
{
	struct journal_state *state = recovery->state;

	if (known.segment <= state->segment ||
		known.segment - state->segment > LOST_SEGMENTS)
		return;
	journal_say(recovery->notices, JOURNAL_ALARM,
		"Segments of the journal are missing after segment=%" PRIu64
		" known=%" PRIu64,
		state->segment, known.segment);
	state->segment = known.segment;
	state->offset = 0;
	state->corrupt = true;
}

static int recover_list(struct recovery *recovery,
	const struct segment_list *list, struct durable_place known)
{
	size_t at = last_with_header(recovery->folder, list);
	int error = 0;

	for (; !error && at < list->count; at++) {
		uint64_t number = list->numbers[at];

		error = segment_open(&recovery->file, recovery->folder, number);
		recovery->synced = known.segment == number ? known.offset : 0;
		if (!error)
			error = scan(recovery);
	}
	if (error)
		return error;
	miss_segments(recovery, known);
	makers_settle(recovery->makers);
	return mend(recovery);
}

int journal_recover(const struct journal_disk *disk, const char *folder,
	struct durable_place known, const struct journal_notices *notices,
	struct journal_state *state, struct makers *makers)
{
	struct recovery recovery = {.disk = disk,
		.folder = folder,
		.notices = notices,
		.state = state,
		.makers = makers,
		.file = {.descriptor = -1}};
	struct segment_list list;
	int error = segment_list(folder, &list);

	if (error)
		return error;
	*state = (struct journal_state){.segment = 0};
	makers->count = 0;
	if (known.offset % FORMAT_ALIGN)
		known = (struct durable_place){0, 0};
	if (list.count)
		error = recover_list(&recovery, &list, known);
	else if (known.segment)
		miss_segments(&recovery, known);
	segment_list_release(&list);
	segment_close(&recovery.file);
	return error;
}
