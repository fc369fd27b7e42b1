/* segment.c -- reading one segment file, whatever state it is in. */
#include "archiver/journal/segment.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WINDOW_BYTES = 256 * 1024, NAME_DIGITS = 12, LIST_STEP = 64 };

int segment_path(
	const char *folder, uint64_t number, char path[SEGMENT_PATH_BYTES])
{
	int size = snprintf(path, SEGMENT_PATH_BYTES,
		"%s/%012" PRIu64 ".journal", folder, number);

	return size < 0 || size >= SEGMENT_PATH_BYTES ? ENAMETOOLONG : 0;
}

/* 12 digits (more when there have been that many) and ".journal". */
static bool is_segment(const char *name, uint64_t *number)
{
	struct slice whole = slice_of(name), ending = SLICE(".journal");

	if (whole.size < NAME_DIGITS + ending.size ||
		!slice_equal(
			slice_from(whole, whole.size - ending.size), ending))
		return false;
	whole.size -= ending.size;
	return slice_to_number(whole, UINT64_MAX, number) && *number > 0;
}

static int list_add(struct segment_list *list, uint64_t number)
{
	if (list->count % LIST_STEP == 0) {
		uint64_t *larger = reallocarray(list->numbers,
			list->count + LIST_STEP, sizeof(*larger));

		if (!larger)
			return ENOMEM;
		list->numbers = larger;
	}
	list->numbers[list->count++] = number;
	return 0;
}

static int compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

int segment_list(const char *folder, struct segment_list *list)
{
	DIR *directory = opendir(folder);
	struct dirent *item;
	int error = 0;

	*list = (struct segment_list){NULL, 0};
	if (!directory)
		return errno == ENOENT ? 0 : errno;
	while (!error && (item = readdir(directory))) {
		uint64_t number;

		if (is_segment(item->d_name, &number))
			error = list_add(list, number);
	}
	closedir(directory);
	if (error)
		segment_list_release(list);
	else if (list->count)
		qsort(list->numbers, list->count, sizeof(uint64_t), compare);
	return error;
}

void segment_list_release(struct segment_list *list)
{
	free(list->numbers);
	*list = (struct segment_list){NULL, 0};
}

int segment_open(struct segment *segment, const char *folder, uint64_t number)
{
	char path[SEGMENT_PATH_BYTES];
	struct stat status;
	int descriptor, error = segment_path(folder, number, path);

	if (error)
		return error;
	descriptor = open(path, O_RDONLY | O_CLOEXEC);
	if (descriptor < 0)
		return errno;
	if (fstat(descriptor, &status) < 0) {
		error = errno;
		close(descriptor);
		return error;
	}
	if (segment->descriptor >= 0)
		close(segment->descriptor);
	segment->descriptor = descriptor;
	segment->number = number;
	segment->size = (uint64_t)status.st_size;
	segment->filled = 0;
	return 0;
}

void segment_close(struct segment *segment)
{
	if (segment->descriptor >= 0)
		close(segment->descriptor);
	free(segment->window);
	*segment = (struct segment){.descriptor = -1};
}

static int window_room(struct segment *segment, size_t wanted)
{
	char *larger;

	if (wanted <= segment->room)
		return 0;
	if (wanted < WINDOW_BYTES)
		wanted = WINDOW_BYTES;
	larger = realloc(segment->window, wanted);
	if (!larger)
		return ENOMEM;
	segment->window = larger;
	segment->room = wanted;
	return 0;
}

/* Fills the window from offset on, as far as limit and room allow. */
static int window_fill(
	struct segment *segment, uint64_t offset, uint64_t limit, size_t wanted)
{
	int error = window_room(segment, wanted);
	size_t size = segment->room;

	if (error)
		return error;
	if (size > limit - offset)
		size = (size_t)(limit - offset);
	segment->at = offset;
	segment->filled = 0;
	while (segment->filled < size) {
		ssize_t got = pread(segment->descriptor,
			segment->window + segment->filled,
			size - segment->filled,
			(off_t)(offset + segment->filled));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return errno;
		if (got == 0)
			break;
		segment->filled += (size_t)got;
	}
	return 0;
}

/* Points *bytes at size bytes of the file. EBADMSG when it ends before. */
static int look(struct segment *segment, uint64_t offset, uint64_t limit,
	size_t size, const char **bytes)
{
	bool inside = offset >= segment->at &&
		      offset - segment->at <= segment->filled &&
		      segment->filled - (offset - segment->at) >= size;

	if (!inside) {
		int error = window_fill(segment, offset, limit, size);

		if (error)
			return error;
		if (segment->filled < size)
			return EBADMSG;
	}
	*bytes = segment->window + (offset - segment->at);
	return 0;
}

static bool type_is_known(uint32_t type)
{
	return type >= JOURNAL_RECORD && type <= JOURNAL_HEADER;
}

static bool all_zero(const char *bytes, size_t size)
{
	return size == 0 ||
	       (bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0);
}

int segment_read(struct segment *segment, uint64_t offset, uint64_t limit,
	struct segment_entry *entry, const char **wrong)
{
	struct format_head head;
	const char *bytes;
	uint64_t whole;
	int error;

	*wrong = "the file ends inside an entry";
	if (offset > limit || limit - offset < FORMAT_HEAD_BYTES)
		return EBADMSG;
	error = look(segment, offset, limit, FORMAT_HEAD_BYTES, &bytes);
	if (error)
		return error;
	if (all_zero(bytes, FORMAT_HEAD_BYTES)) {
		*wrong = "nothing is written where an entry must stand";
		return ENODATA;
	}
	head = format_head_read(bytes);
	if (!type_is_known(head.type) || head.size > FORMAT_PAYLOAD_BYTES) {
		*wrong = "this is not the head of an entry";
		return EBADMSG;
	}
	whole = format_entry_bytes(head.size);
	if (whole > limit - offset) {
		*wrong = "the entry is longer than what is left";
		return EBADMSG;
	}
	error = look(segment, offset, limit, (size_t)whole, &bytes);
	if (error)
		return error;
	entry->type = head.type;
	entry->payload = slice_make(bytes + FORMAT_HEAD_BYTES, head.size);
	entry->offset = offset;
	entry->next = offset + whole;
	entry->padding_is_zero = all_zero(entry->payload.at + head.size,
		(size_t)whole - FORMAT_HEAD_BYTES - head.size);
	if (format_crc(head.type, entry->payload) == head.crc)
		return 0;
	*wrong = "the CRC does not agree with the bytes";
	return EBADMSG;
}

int segment_bytes(struct segment *segment, uint64_t offset, uint64_t limit,
	struct slice *bytes)
{
	struct format_head head;
	const char *at;
	int error;

	if (offset > limit || limit - offset < FORMAT_HEAD_BYTES)
		return EBADMSG;
	error = look(segment, offset, limit, FORMAT_HEAD_BYTES, &at);
	if (error)
		return error;
	head = format_head_read(at);
	if (head.size > FORMAT_PAYLOAD_BYTES ||
		head.size > limit - offset - FORMAT_HEAD_BYTES)
		return EBADMSG;
	error = look(
		segment, offset, limit, FORMAT_HEAD_BYTES + head.size, &at);
	if (!error)
		*bytes = slice_make(at, FORMAT_HEAD_BYTES + head.size);
	return error;
}

int segment_read_length(struct segment *segment, uint64_t offset,
	uint64_t limit, uint32_t change, struct segment_entry *entry)
{
	struct format_head head;
	const char *at;
	int error;

	if (offset > limit || limit - offset < FORMAT_HEAD_BYTES)
		return EBADMSG;
	error = look(segment, offset, limit, FORMAT_HEAD_BYTES, &at);
	if (error)
		return error;
	head = format_head_read(at);
	head.size ^= change;
	if (!type_is_known(head.type) || head.size > FORMAT_PAYLOAD_BYTES ||
		format_entry_bytes(head.size) > limit - offset)
		return EBADMSG;
	error = look(segment, offset, limit,
		(size_t)format_entry_bytes(head.size), &at);
	if (error)
		return error;
	*entry = (struct segment_entry){.type = head.type,
		.payload = slice_make(at + FORMAT_HEAD_BYTES, head.size),
		.offset = offset,
		.next = offset + format_entry_bytes(head.size)};
	return format_crc(head.type, entry->payload) == head.crc ? 0 : EBADMSG;
}

/* A whole entry, or the end, stands behind the length of the bad one. */
static bool length_leads_on(struct segment *segment, uint64_t offset,
	uint64_t limit, uint64_t *next)
{
	struct segment_entry entry;
	struct format_head head;
	const char *bytes, *wrong;

	if (limit - offset < FORMAT_HEAD_BYTES ||
		look(segment, offset, limit, FORMAT_HEAD_BYTES, &bytes))
		return false;
	head = format_head_read(bytes);
	if (head.size > FORMAT_PAYLOAD_BYTES || (!head.size && !head.type) ||
		format_entry_bytes(head.size) > limit - offset)
		return false;
	*next = offset + format_entry_bytes(head.size);
	return *next == limit ||
	       segment_read(segment, *next, limit, &entry, &wrong) == 0;
}

int segment_resume(struct segment *segment, uint64_t offset, uint64_t limit,
	uint64_t *next)
{
	struct format_mark mark;
	int error;

	if (length_leads_on(segment, offset, limit, next))
		return 0;
	error = segment_find_mark(segment, offset + FORMAT_ALIGN, limit, &mark);
	*next = error ? limit : mark.offset;
	return error == ENOENT ? 0 : error;
}

/* True when a mark that names this very place stands there: what a record
 * holds cannot pass for one, since nobody outside knows segment and offset
 * before they are given. */
static bool mark_stands(const char *bytes, uint64_t segment, uint64_t offset,
	struct format_mark *mark)
{
	struct format_head head = format_head_read(bytes);
	struct slice payload =
		slice_make(bytes + FORMAT_HEAD_BYTES, FORMAT_MARK_BYTES);

	return head.type == JOURNAL_MARK && head.size == FORMAT_MARK_BYTES &&
	       format_mark_read(payload, mark) && mark->segment == segment &&
	       mark->offset == offset &&
	       format_crc(head.type, payload) == head.crc;
}

int segment_find_mark(struct segment *segment, uint64_t offset, uint64_t limit,
	struct format_mark *mark)
{
	size_t size = (size_t)format_entry_bytes(FORMAT_MARK_BYTES);

	for (; offset <= limit && limit - offset >= size;
		offset += FORMAT_ALIGN) {
		const char *bytes;
		int error = look(segment, offset, limit, size, &bytes);

		if (error)
			return error == EBADMSG ? ENOENT : error;
		if (mark_stands(bytes, segment->number, offset, mark))
			return 0;
	}
	return ENOENT;
}

int segment_find_data(struct segment *segment, uint64_t offset, uint64_t limit,
	uint64_t *found)
{
	if (limit > segment->size)
		limit = segment->size;
	while (offset < limit) {
		int error = window_fill(segment, offset, limit, 1);

		if (error)
			return error;
		if (!segment->filled)
			break;
		if (!all_zero(segment->window, segment->filled)) {
			const char *at = segment->window;

			while (!*at)
				at++;
			*found = offset + (uint64_t)(at - segment->window);
			return 0;
		}
		offset += segment->filled;
	}
	*found = limit;
	return 0;
}

int segment_header(struct segment *segment, struct format_header *header,
	struct makers *makers, uint64_t *end, const char **wrong)
{
	struct segment_entry entry;
	int error = segment_read(segment, 0, segment->size, &entry, wrong);

	if (error)
		return error == ENODATA ? EBADMSG : error;
	if (entry.type != JOURNAL_HEADER ||
		!format_header_read(entry.payload, header, makers)) {
		*wrong = "the segment does not begin with a header";
		return EBADMSG;
	}
	if (header->segment != segment->number) {
		*wrong = "the header is that of another segment";
		return EBADMSG;
	}
	*end = entry.next;
	return 0;
}
