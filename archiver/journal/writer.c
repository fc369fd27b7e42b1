/* writer.c -- the one who writes the journal: numbers, chains, syncs. */
#include "archiver/journal/writer.h"

#include "archiver/journal/fresh.h"
#include "archiver/journal/segment.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/record/number.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	BATCH_FIRST_BYTES = 256 * 1024,
	/* Whole entries, padded. */
	MARK_ENTRY_BYTES = 80,
	FOOTER_ENTRY_BYTES = 80
};

/* The segment in use. */
struct current {
	int descriptor; /* -1: a new one must be made before the next write */
	uint64_t number;
	uint64_t size;
	uint64_t begin;  /* behind the header */
	uint64_t offset; /* what is durable ends here */
	uint64_t first;  /* record numbers in it */
	uint64_t count;
	uint64_t continues, continues_end; /* as in its header */
	enum format_why why;
};

struct batch {
	char *bytes; /* owned; room for the mark, then whole entries */
	size_t size, room;
	uint64_t count;
	uint64_t first;            /* record number */
	struct format_point point; /* behind its last record */
};

struct journal_writer {
	char *folder; /* owned */
	uint64_t segment_bytes;
	uint32_t node;
	struct journal_notices notices;
	const struct journal_disk *disk;
	int lock;
	struct durable durable;
	struct current current;
	struct format_point point; /* of what is durable */
	struct batch batch;
	struct makers makers;
	/* How the next segment will say what it continues. */
	uint64_t continues, continues_end, next_number;
	enum format_why why;
	bool reserve_is_made;
};

static int take_lock(struct journal_writer *writer)
{
	char path[SEGMENT_PATH_BYTES];

	if (mkdir(writer->folder, 0750) < 0 && errno != EEXIST)
		return errno;
	if (snprintf(path, sizeof(path), "%s/lock", writer->folder) >=
		(int)sizeof(path))
		return ENAMETOOLONG;
	writer->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (writer->lock < 0)
		return errno;
	if (flock(writer->lock, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? EBUSY : errno;
	return 0;
}

static void publish(struct journal_writer *writer)
{
	durable_move(
		&writer->durable, (struct durable_place){writer->current.number,
					  writer->current.offset});
}

/* The segment in use ends here for the reason given. */
static void leave(struct journal_writer *writer, enum format_why why)
{
	struct current *current = &writer->current;

	close(current->descriptor);
	current->descriptor = -1;
	writer->continues = current->number;
	writer->continues_end = current->offset;
	writer->next_number = current->number + 1;
	writer->why = why;
}

/* Nothing in it is durable but its header: it goes, and the next one takes its
 * number and its place in the order. */
static int withdraw(struct journal_writer *writer)
{
	char path[SEGMENT_PATH_BYTES];
	const struct current *current = &writer->current;
	int error = segment_path(writer->folder, current->number, path);

	if (!error && unlink(path) < 0)
		error = errno;
	if (error)
		return error;
	writer->continues = current->continues;
	writer->continues_end = current->continues_end;
	writer->next_number = current->number;
	writer->why = current->why;
	return 0;
}

/* A write or a sync went wrong: what is in the file from offset on is not
 * known any more. */
static void abandon(struct journal_writer *writer)
{
	bool fresh = writer->current.offset == writer->current.begin;

	leave(writer, FORMAT_SYNC_FAILED);
	if (fresh)
		(void)withdraw(writer); /* else it stays, empty */
}

static int make_segment(struct journal_writer *writer)
{
	struct current *current = &writer->current;
	struct format_header header = {.node = writer->node,
		.segment = writer->next_number,
		.made_us = clock_wall_us(),
		.continues = writer->continues,
		.continues_end = writer->continues_end,
		.why = writer->why,
		.point = writer->point};
	uint64_t needed = format_entry_bytes(FORMAT_HEADER_FIXED_BYTES +
					     makers_bytes(&writer->makers)) +
			  writer->batch.size + MARK_ENTRY_BYTES +
			  FOOTER_ENTRY_BYTES;
	struct stat status;
	uint64_t end;
	int descriptor, error;

	if (needed < writer->segment_bytes)
		needed = writer->segment_bytes;
	error = fresh_segment(writer->disk, writer->folder, needed, &header,
		&writer->makers, &descriptor, &end);
	writer->reserve_is_made = false;
	if (error)
		return error;
	if (fstat(descriptor, &status) < 0) {
		error = errno;
		close(descriptor);
		return error;
	}
	*current = (struct current){.descriptor = descriptor,
		.number = header.segment,
		.size = (uint64_t)status.st_size,
		.begin = end,
		.offset = end,
		.continues = header.continues,
		.continues_end = header.continues_end,
		.why = header.why};
	/* Readers hear of it with its first batch: until then it may go. */
	return 0;
}

/* Behind its last batch a full segment says what it holds. When that cannot
 * be synced, the next segment says that this one has no end of its own. */
static void finish_segment(struct journal_writer *writer)
{
	struct current *current = &writer->current;
	struct format_footer footer = {.segment = current->number,
		.first = current->first,
		.count = current->count,
		.point = writer->point};
	char bytes[FOOTER_ENTRY_BYTES];
	uint64_t size = format_footer_write(&footer, bytes);
	int error = disk_write(writer->disk, current->descriptor,
		slice_make(bytes, (size_t)size), current->offset);

	if (!error)
		error = disk_sync(writer->disk, current->descriptor);
	if (!error)
		current->offset += size;
	leave(writer, error ? FORMAT_SYNC_FAILED : FORMAT_FULL);
}

/* The whole batch goes into one segment, with room for a footer behind it. */
static int have_segment(struct journal_writer *writer)
{
	struct current *current = &writer->current;

	if (current->descriptor >= 0 &&
		writer->batch.size + FOOTER_ENTRY_BYTES >
			current->size - current->offset)
		finish_segment(writer);
	return current->descriptor < 0 ? make_segment(writer) : 0;
}

static int reopen(
	struct journal_writer *writer, const struct journal_state *state)
{
	struct current *current = &writer->current;
	char path[SEGMENT_PATH_BYTES];
	struct stat status;
	int error = segment_path(writer->folder, state->segment, path);

	if (error)
		return error;
	current->descriptor = open(path, O_RDWR | O_CLOEXEC);
	if (current->descriptor < 0)
		return errno;
	/* A disk that is full now is met when the room is needed. */
	(void)writer->disk->allocate(
		current->descriptor, 0, (off_t)writer->segment_bytes);
	if (fstat(current->descriptor, &status) < 0)
		return errno;
	current->number = state->segment;
	current->size = (uint64_t)status.st_size;
	current->begin = state->header_end;
	current->offset = state->offset;
	current->first = state->first;
	current->count = state->count;
	/* It is never withdrawn: then `continues` of its header is not needed.
	 */
	if (current->offset == current->begin)
		current->begin = 0;
	publish(writer);
	return 0;
}

static int start(struct journal_writer *writer)
{
	struct journal_state state;
	int error = take_lock(writer);

	if (!error)
		error = durable_make(writer->folder, &writer->durable);
	if (!error)
		error = journal_recover(writer->disk, writer->folder,
			durable_place(&writer->durable), &writer->notices,
			&state, &writer->makers);
	if (error)
		return error;
	fresh_forget(writer->folder);
	writer->point = writer->batch.point = state.point;
	if (state.segment && !state.closed && !state.corrupt)
		return reopen(writer, &state);
	writer->continues = state.segment;
	writer->continues_end = state.offset;
	writer->next_number = state.segment + 1;
	writer->why = state.corrupt   ? FORMAT_CORRUPT
		      : state.segment ? FORMAT_FULL
				      : FORMAT_FIRST;
	return make_segment(writer);
}

int journal_writer_open(
	const struct journal_options *options, struct journal_writer **writer)
{
	struct journal_writer *made = calloc(1, sizeof(*made));
	int error = ENOMEM;

	if (!made)
		return ENOMEM;
	made->lock = made->durable.descriptor = made->current.descriptor = -1;
	made->segment_bytes = options->segment_bytes;
	made->node = options->node;
	made->notices = options->notices;
	made->disk = options->disk ? options->disk : &disk_system;
	made->batch.size = MARK_ENTRY_BYTES;
	made->folder = strdup(options->folder);
	if (made->folder)
		error = start(made);
	if (error)
		journal_writer_close(&made);
	*writer = made;
	return error;
}

void journal_writer_close(struct journal_writer **writer)
{
	struct journal_writer *old = *writer;

	if (!old)
		return;
	if (old->current.descriptor >= 0)
		close(old->current.descriptor);
	durable_close(&old->durable);
	if (old->lock >= 0)
		close(old->lock);
	free(old->batch.bytes);
	free(old->folder);
	free(old);
	*writer = NULL;
}

static int batch_room(struct batch *batch, size_t more)
{
	size_t wanted = batch->size + more, room = batch->room;
	char *larger;

	if (wanted <= room)
		return 0;
	room = room ? room * 2 : BATCH_FIRST_BYTES;
	if (room < wanted)
		room = wanted;
	larger = realloc(batch->bytes, room);
	if (!larger)
		return ENOMEM;
	batch->bytes = larger;
	batch->room = room;
	return 0;
}

int journal_writer_take(struct journal_writer *writer,
	const Sipwarden__Record__Record *record, struct slice packed,
	uint64_t wall_us, uint64_t *number)
{
	struct batch *batch = &writer->batch;
	struct format_point point;
	size_t size = packed.size + FORMAT_INTAKE_BYTES;
	char *at;
	int error;

	if (record->intake)
		return EINVAL;
	if (packed.size > INTAKE_RECORD_BYTES)
		return EMSGSIZE;
	point.number =
		record_number_next(batch->point.number, wall_us, writer->node);
	error = record_chain(
		record, batch->point.chain, point.number, wall_us, point.chain);
	if (!error)
		error = batch_room(batch, (size_t)format_entry_bytes(size));
	if (error)
		return error;
	at = batch->bytes + batch->size;
	memcpy(at + FORMAT_HEAD_BYTES, packed.at, packed.size);
	format_intake_write(point.number, wall_us, batch->point.chain,
		point.chain, at + FORMAT_HEAD_BYTES + packed.size);
	batch->size += (size_t)format_seal(at, JOURNAL_RECORD, size);
	if (batch->count++ == 0)
		batch->first = point.number;
	batch->point = point;
	makers_note(&writer->makers, record, point.number);
	*number = point.number;
	return 0;
}

int journal_writer_take_record(struct journal_writer *writer,
	const Sipwarden__Record__Record *record, uint64_t wall_us,
	uint64_t *number)
{
	size_t size = sipwarden__record__record__get_packed_size(record);
	uint8_t *packed = malloc(size + 1);
	int error;

	if (!packed)
		return ENOMEM;
	sipwarden__record__record__pack(record, packed);
	error = journal_writer_take(
		writer, record, slice_make(packed, size), wall_us, number);
	free(packed);
	return error;
}

size_t journal_writer_batch_bytes(const struct journal_writer *writer)
{
	return writer->batch.size - MARK_ENTRY_BYTES;
}

/* One write. The mark in front is made for this place. */
static int write_batch(struct journal_writer *writer)
{
	const struct current *current = &writer->current;
	struct format_mark mark = {.segment = current->number,
		.offset = current->offset,
		.synced = current->offset,
		.point = writer->point};

	must(format_mark_write(&mark, writer->batch.bytes) == MARK_ENTRY_BYTES);
	return disk_write(writer->disk, current->descriptor,
		slice_make(writer->batch.bytes, writer->batch.size),
		current->offset);
}

static void settle(struct journal_writer *writer)
{
	struct current *current = &writer->current;
	struct batch *batch = &writer->batch;

	current->offset += batch->size;
	if (current->count == 0)
		current->first = batch->first;
	current->count += batch->count;
	writer->point = batch->point;
	makers_settle(&writer->makers);
	batch->size = MARK_ENTRY_BYTES;
	batch->count = 0;
	publish(writer);
}

int journal_writer_commit(struct journal_writer *writer)
{
	enum { SEGMENTS_TRIED = 2 };
	int error = 0;

	if (!writer->batch.count)
		return 0;
	for (int i = 0; i < SEGMENTS_TRIED; i++) {
		uint64_t number;

		error = have_segment(writer);
		if (error)
			return error;
		error = write_batch(writer);
		/* Without room nothing is lost: the same place, later. */
		if (error == ENOSPC || error == EDQUOT)
			return error;
		if (!error)
			error = disk_sync(
				writer->disk, writer->current.descriptor);
		if (!error) {
			settle(writer);
			return 0;
		}
		number = writer->current.number;
		abandon(writer);
		journal_say(&writer->notices, JOURNAL_ALARM,
			"A batch could not be synced; it will be written again "
			"into a new segment: %s segment=%" PRIu64,
			strerror(error), number);
	}
	return error;
}

int journal_writer_reserve(struct journal_writer *writer)
{
	int error;

	if (writer->reserve_is_made)
		return 0;
	error = fresh_reserve(
		writer->disk, writer->folder, writer->segment_bytes);
	writer->reserve_is_made = error == 0;
	return error;
}

void journal_writer_known(const struct journal_writer *writer,
	const uint8_t boot[RECORD_ID_BYTES], uint32_t worker,
	uint64_t *sequence, uint64_t *number)
{
	const struct maker *maker =
		makers_find((struct makers *)&writer->makers, boot, worker);

	*sequence = maker ? maker->taken : 0;
	*number = maker ? maker->number : 0;
}

uint64_t journal_writer_last(const struct journal_writer *writer)
{
	return writer->batch.point.number;
}

uint64_t journal_writer_room(const struct journal_writer *writer)
{
	return writer->current.descriptor < 0
		       ? 0
		       : writer->current.size - writer->current.offset;
}

struct makers *journal_writer_makers(struct journal_writer *writer)
{
	return &writer->makers;
}
