/* source.c -- the journal as the publisher reads it: never past damage. */
#include "archiver/publisher/source.h"

#include "lib/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct source {
	char *folder; /* owned */
	struct journal_reader *reader;
	struct source_place pass;
	struct source_place read; /* of the record read on from */
	struct source_place told; /* damage that was spoken of */
	uint64_t unknown;         /* a position that was spoken of */
};

int source_open(
	const char *folder, struct source_place pass, struct source **source)
{
	struct source *made = calloc(1, sizeof(*made));

	*source = made;
	if (!made)
		return ENOMEM;
	made->pass = pass;
	made->folder = strdup(folder);
	if (made->folder)
		return 0;
	source_close(source);
	return ENOMEM;
}

void source_close(struct source **source)
{
	struct source *old = *source;

	if (!old)
		return;
	journal_reader_close(&old->reader);
	free(old->folder);
	free(old);
	*source = NULL;
}

/* Where the record `after` stands: a reader begins at the start of its
 * segment, and meets again the damage that it has passed. */
static void find_place(struct source *source, uint64_t after)
{
	struct journal_entry entry;
	struct journal_fault fault;
	int error = ENOENT;

	source->read = (struct source_place){0, 0};
	if (after)
		error = journal_reader_fetch(
			source->reader, after, &entry, &fault);
	if (!error) {
		source->read =
			(struct source_place){entry.segment, entry.offset};
	} else if (after && after != source->unknown) {
		source->unknown = after;
		log_warn("The position names a record that is not in this "
			 "journal; publishing goes on behind it: see that "
			 "archive.node is unique and the journal is the right "
			 "one record=%" PRIu64 " journal=%s",
			after, source->folder);
	}
}

int source_rewind(struct source *source, uint64_t after)
{
	int error;

	journal_reader_close(&source->reader);
	error = journal_reader_open(source->folder, after, &source->reader);
	if (!error)
		find_place(source, after);
	return error;
}

static bool is_before(struct source_place a, struct source_place b)
{
	return a.segment < b.segment ||
	       (a.segment == b.segment && a.offset < b.offset);
}

static bool is_same(struct source_place a, struct source_place b)
{
	return a.segment == b.segment && a.offset == b.offset;
}

/* True when reading goes on behind the damage. */
static bool passes(struct source *source, const struct journal_fault *fault)
{
	struct source_place at = {fault->segment, fault->offset};
	bool pass = is_same(at, source->pass);

	if (is_before(at, source->read))
		return true;
	if (is_same(at, source->told))
		return pass;
	source->told = at;
	if (pass)
		log_warn("Damage in the journal is passed over, as asked; "
			 "records may be missing from the topic place=\"%s\"",
			fault->text);
	else
		log_error("The journal is damaged, publishing stops there; "
			  "look at it with `sipwarden verify`, then start with "
			  "--pass-damage %" PRIu64 ":%" PRIu64
			  " to go on behind it event=journal-damaged "
			  "place=\"%s\"",
			at.segment, at.offset, fault->text);
	return pass;
}

int source_next(struct source *source, struct journal_entry *entry)
{
	struct journal_fault fault;
	int error;

	do
		error = journal_reader_next(source->reader, entry, &fault);
	while (error == EBADMSG && passes(source, &fault));
	return error;
}

int source_descriptor(const struct source *source)
{
	return source->reader ? journal_reader_descriptor(source->reader) : -1;
}

void source_quiet(struct source *source)
{
	char events[4096];

	if (!source->reader)
		return;
	while (read(source_descriptor(source), events, sizeof(events)) > 0)
		;
}
