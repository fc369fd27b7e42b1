/* reader.c -- reads durable records in order, waits for more, finds one. */
#include "archiver/journal/durable.h"
#include "archiver/journal/segment.h"
#include "archiver/journal/sparse.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

struct journal_reader {
	char *folder; /* owned */
	int watch;    /* inotify */
	bool folder_watched, durable_watched;
	struct durable durable;
	struct segment at;    /* the one that is read */
	uint64_t offset;      /* of the next entry */
	uint64_t limit;       /* read up to here */
	bool end_is_unknown;  /* limit is the file's size for want of better */
	uint64_t after;       /* numbers up to here are passed over */
	struct segment found; /* the one fetched from */
	struct sparse_list places;
};

/* Every field that the caller does not set is zero. */
static void set_fault(struct journal_fault *fault, uint64_t segment,
	uint64_t offset, const char *text)
{
	fault->segment = segment;
	fault->offset = offset;
	(void)snprintf(fault->text, sizeof(fault->text),
		"segment %" PRIu64 ", offset %" PRIu64 ": %s", segment, offset,
		text);
}

/* Watches the nearest folder that exists, until ours does. */
static void watch_folder(struct journal_reader *reader)
{
	char path[SEGMENT_PATH_BYTES];
	const uint32_t events = IN_CREATE | IN_MOVED_TO;

	if (reader->folder_watched)
		return;
	if (inotify_add_watch(reader->watch, reader->folder, events) >= 0) {
		reader->folder_watched = true;
		return;
	}
	(void)snprintf(path, sizeof(path), "%s", reader->folder);
	for (char *slash; (slash = strrchr(path, '/')) && slash != path;) {
		*slash = 0;
		if (inotify_add_watch(reader->watch, path, events) >= 0)
			return;
	}
}

static void watch_durable(struct journal_reader *reader)
{
	char path[SEGMENT_PATH_BYTES];
	int size = snprintf(
		path, sizeof(path), "%s/" DURABLE_NAME, reader->folder);

	if (!reader->durable_watched && size < (int)sizeof(path))
		reader->durable_watched =
			inotify_add_watch(reader->watch, path, IN_MODIFY) >= 0;
}

/* How far may be read. The watch is set before the place is looked at, so
 * nothing can happen in between unseen. */
static struct durable_place look_at_durable(struct journal_reader *reader)
{
	watch_folder(reader);
	watch_durable(reader);
	if (reader->durable.descriptor < 0 &&
		durable_open(reader->folder, &reader->durable) != 0)
		return (struct durable_place){0, 0};
	return durable_place(&reader->durable);
}

int journal_reader_open(
	const char *folder, uint64_t after, struct journal_reader **reader)
{
	struct journal_reader *made = calloc(1, sizeof(*made));
	int error = ENOMEM;

	if (!made)
		return ENOMEM;
	made->at.descriptor = made->found.descriptor = -1;
	made->durable.descriptor = -1;
	made->watch = -1;
	made->after = after;
	made->folder = strdup(folder);
	if (made->folder) {
		made->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
		error = made->watch < 0 ? errno : 0;
	}
	if (error)
		journal_reader_close(&made);
	else
		watch_folder(made);
	*reader = made;
	return error;
}

void journal_reader_close(struct journal_reader **reader)
{
	struct journal_reader *old = *reader;

	if (!old)
		return;
	segment_close(&old->at);
	segment_close(&old->found);
	sparse_release(&old->places);
	durable_close(&old->durable);
	if (old->watch >= 0)
		close(old->watch);
	free(old->folder);
	free(old);
	*reader = NULL;
}

int journal_reader_descriptor(const struct journal_reader *reader)
{
	return reader->watch;
}

/* Number of the last record before a segment; false when its header is bad. */
static bool number_before(
	const char *folder, uint64_t segment, uint64_t *number)
{
	struct segment file = {.descriptor = -1};
	struct format_header header;
	const char *wrong;
	uint64_t end;
	bool good = segment_open(&file, folder, segment) == 0 &&
		    segment_header(&file, &header, NULL, &end, &wrong) == 0;

	segment_close(&file);
	if (good)
		*number = header.point.number;
	return good;
}

/* The place in the list of the last segment that begins before this number;
 * a segment without a header is taken for later. */
static size_t place_of(
	const char *folder, const struct segment_list *list, uint64_t number)
{
	size_t low = 0, high = list->count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		uint64_t before = 0;

		if (number_before(folder, list->numbers[middle], &before) &&
			before < number)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* The segment that holds, or would hold, this number; ENOENT: no segments. */
static int find_segment(const char *folder, uint64_t number, uint64_t *segment)
{
	struct segment_list list;
	int error = segment_list(folder, &list);

	if (error)
		return error;
	if (list.count)
		*segment = list.numbers[place_of(folder, &list, number)];
	else
		error = ENOENT;
	segment_list_release(&list);
	return error;
}

/* What is valid in a segment that is no longer written ends where the next
 * one says. False when that one does not say it. */
static bool end_of(const char *folder, uint64_t segment, uint64_t *end)
{
	struct segment file = {.descriptor = -1};
	struct format_header header;
	const char *wrong;
	uint64_t behind;
	bool good =
		segment_open(&file, folder, segment + 1) == 0 &&
		segment_header(&file, &header, NULL, &behind, &wrong) == 0 &&
		header.continues == segment;

	segment_close(&file);
	if (good)
		*end = header.continues_end;
	return good;
}

static int enter(struct journal_reader *reader, uint64_t segment)
{
	int error = segment_open(&reader->at, reader->folder, segment);

	if (!error) {
		reader->offset = reader->limit = 0;
		reader->end_is_unknown = false;
	}
	return error;
}

static int enter_first(struct journal_reader *reader)
{
	uint64_t segment;
	int error = find_segment(reader->folder, reader->after + 1, &segment);

	if (!error)
		error = enter(reader, segment);
	return error == ENOENT ? EAGAIN : error;
}

/* Goes to the next segment that is there. */
static int enter_next(struct journal_reader *reader, uint64_t last,
	struct journal_fault *fault)
{
	uint64_t lost = reader->at.number + 1, next = lost;
	int error;

	while ((error = enter(reader, next)) == ENOENT && next < last)
		next++;
	if (error || next == lost)
		return error;
	set_fault(fault, lost, 0, "the segment is missing");
	return EBADMSG;
}

/* The limit is reached: moves it, or goes to the next segment. EAGAIN when
 * there is nothing more. */
static int go_on(struct journal_reader *reader, struct journal_fault *fault)
{
	struct durable_place place = look_at_durable(reader);
	uint64_t end = 0;

	if (!place.segment)
		return EAGAIN;
	if (reader->at.descriptor < 0)
		return enter_first(reader);
	if (reader->at.number > place.segment)
		return EAGAIN;
	if (reader->at.number == place.segment) {
		if (place.offset <= reader->offset)
			return EAGAIN;
		reader->limit = place.offset;
		return 0;
	}
	reader->end_is_unknown =
		!end_of(reader->folder, reader->at.number, &end);
	if (reader->end_is_unknown)
		end = reader->at.size;
	if (end > reader->offset) {
		reader->limit = end;
		return 0;
	}
	return enter_next(reader, place.segment, fault);
}

static int report(struct journal_reader *reader, uint64_t offset,
	const char *wrong, struct journal_fault *fault)
{
	int error;

	set_fault(fault, reader->at.number, offset, wrong);
	error = segment_resume(
		&reader->at, offset, reader->limit, &reader->offset);
	return error ? error : EBADMSG;
}

static int read_record(struct journal_reader *reader,
	struct journal_entry *entry, struct journal_fault *fault)
{
	struct segment_entry found;
	struct format_point point;
	const char *wrong;
	int error = segment_read(
		&reader->at, reader->offset, reader->limit, &found, &wrong);

	if (error == ENODATA && reader->end_is_unknown) {
		reader->offset = reader->limit;
		return EAGAIN;
	}
	if (error == EBADMSG || error == ENODATA)
		return report(reader, reader->offset, wrong, fault);
	if (error)
		return error;
	reader->offset = found.next;
	if (found.type != JOURNAL_RECORD)
		return EAGAIN;
	if (!format_intake_read(found.payload, &point)) {
		set_fault(fault, reader->at.number, found.offset,
			"the record does not end in its intake");
		return EBADMSG;
	}
	if (point.number <= reader->after)
		return EAGAIN;
	*entry = (struct journal_entry){.number = point.number,
		.payload = found.payload,
		.segment = reader->at.number,
		.offset = found.offset};
	return 0;
}

int journal_reader_next(struct journal_reader *reader,
	struct journal_entry *entry, struct journal_fault *fault)
{
	for (;;) {
		int error;

		if (reader->at.descriptor < 0 ||
			reader->offset >= reader->limit) {
			error = go_on(reader, fault);
			if (error)
				return error;
			continue;
		}
		error = read_record(reader, entry, fault);
		if (error != EAGAIN)
			return error;
	}
}

/* How far a segment may be read; 0 when nothing in it is durable. */
static uint64_t limit_of(
	struct journal_reader *reader, const struct segment *segment)
{
	struct durable_place place = look_at_durable(reader);
	uint64_t end;

	if (segment->number > place.segment)
		return 0;
	if (segment->number == place.segment)
		return place.offset;
	return end_of(reader->folder, segment->number, &end) ? end
							     : segment->size;
}

/* Walks one segment; damage in front of the record is passed over, since the
 * one who asks wants this record. */
static int search(struct segment *segment, struct sparse *places,
	uint64_t limit, uint64_t number, struct journal_entry *entry,
	struct journal_fault *fault)
{
	uint64_t offset = sparse_offset(places, number);
	bool damaged = false;

	while (offset < limit) {
		struct segment_entry found;
		struct format_point point;
		const char *wrong;
		int error =
			segment_read(segment, offset, limit, &found, &wrong);

		if (error == EBADMSG || error == ENODATA) {
			if (!damaged)
				set_fault(
					fault, segment->number, offset, wrong);
			damaged = true;
			error = segment_resume(segment, offset, limit, &offset);
			if (error)
				return error;
			continue;
		}
		if (error)
			return error;
		offset = found.next;
		if (found.type != JOURNAL_RECORD ||
			!format_intake_read(found.payload, &point))
			continue;
		sparse_note(places, point.number, found.offset);
		if (point.number < number)
			continue;
		if (point.number > number)
			break;
		*entry = (struct journal_entry){.number = number,
			.payload = found.payload,
			.segment = segment->number,
			.offset = found.offset};
		return 0;
	}
	return damaged ? EBADMSG : ENOENT;
}

/* What is known of the segment that holds, or would hold, this number. */
static int find_places(struct journal_reader *reader, uint64_t number,
	uint64_t open_segment, struct sparse **places)
{
	uint64_t segment, before = 0, upto = 0;
	int error;

	*places = sparse_find(&reader->places, number, open_segment);
	if (*places)
		return 0;
	error = find_segment(reader->folder, number, &segment);
	if (error)
		return error;
	(void)number_before(reader->folder, segment, &before);
	if (segment < open_segment)
		(void)number_before(reader->folder, segment + 1, &upto);
	*places = sparse_begin(&reader->places, segment, before, upto);
	return 0;
}

int journal_reader_fetch(struct journal_reader *reader, uint64_t number,
	struct journal_entry *entry, struct journal_fault *fault)
{
	struct durable_place place = look_at_durable(reader);
	struct sparse *places;
	int error = find_places(reader, number, place.segment, &places);

	if (!error && (reader->found.descriptor < 0 ||
			      reader->found.number != places->segment))
		error = segment_open(
			&reader->found, reader->folder, places->segment);
	if (error)
		return error;
	return search(&reader->found, places, limit_of(reader, &reader->found),
		number, entry, fault);
}
