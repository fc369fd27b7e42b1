/* journal_fuzz.c -- any bytes as a segment: read, recovered, verified. */
#include "archiver/journal/durable.h"
#include "archiver/journal/segment.h"
#include "archiver/journal/verify.h"
#include "archiver/journal/writer.h"
#include "lib/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SEGMENT_BYTES = 64 * 1024 };

static char folder[] = "/dev/shm/journal-fuzz-XXXXXX";

/* The first eight bytes choose how far the journal is said to be durable. With
 * the first bit set, the CRCs are put right, so that what is behind them is
 * reached too. */
static void make_right(char *bytes, size_t size)
{
	size_t at = 0;

	while (size - at >= FORMAT_HEAD_BYTES) {
		struct format_head head = format_head_read(bytes + at);
		size_t whole = (size_t)format_entry_bytes(head.size);

		if (!head.size || whole > size - at)
			return;
		(void)format_seal(bytes + at, head.type, head.size);
		at += whole;
	}
}

static void put_file(const char *name, const char *bytes, size_t size)
{
	char path[128];
	int descriptor;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	must(descriptor >= 0);
	must(write(descriptor, bytes, size) == (ssize_t)size);
	close(descriptor);
}

static void take_away(uint64_t last)
{
	char path[SEGMENT_PATH_BYTES];

	for (uint64_t i = 1; i <= last; i++)
		if (segment_path(folder, i, path) == 0)
			(void)unlink(path);
}

static void read_it(void)
{
	struct journal_reader *reader;
	struct journal_entry entry;
	struct journal_fault fault;
	uint64_t last = 0;
	int error, calls = 0;

	must(journal_reader_open(folder, 0, &reader) == 0);
	do {
		error = journal_reader_next(reader, &entry, &fault);
		if (!error)
			last = entry.number;
		/* Each call goes on by at least one entry. */
		must(++calls < SEGMENT_BYTES);
	} while (error == 0 || error == EBADMSG);
	must(error == EAGAIN);
	(void)!journal_reader_fetch(reader, last, &entry, &fault);
	journal_reader_close(&reader);
}

static bool hear(void *user, const struct journal_fault *fault,
	const struct verify_counts *counts)
{
	(void)counts;
	if (fault)
		++*(uint64_t *)user;
	return true;
}

static void verify_it(void)
{
	struct verify_counts counts;
	uint64_t heard = 0;

	must(journal_verify(folder, hear, &heard, &counts) == 0);
	must(heard == counts.faults);
}

/* A start makes of anything a journal that can be written. */
static void recover_it(void)
{
	struct journal_options options = {
		.folder = folder, .segment_bytes = SEGMENT_BYTES};
	Sipwarden__Record__Record record = SIPWARDEN__RECORD__RECORD__INIT;
	struct journal_writer *writer;
	uint64_t number;

	must(journal_writer_open(&options, &writer) == 0);
	must(journal_writer_take_record(writer, &record, 1, &number) == 0);
	must(journal_writer_commit(writer) == 0);
	journal_writer_close(&writer);
	must(journal_writer_open(&options, &writer) == 0);
	must(journal_writer_last(writer) == number);
	journal_writer_close(&writer);
}

int LLVMFuzzerInitialize(int *count, char ***words);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void remove_folder(void)
{
	take_away(16);
	for (size_t i = 0; i < 3; i++) {
		static const char *const names[] = {
			DURABLE_NAME, "lock", "next.reserved"};
		char path[128];

		(void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		(void)unlink(path);
	}
	(void)rmdir(folder);
}

int LLVMFuzzerInitialize(int *count, char ***words)
{
	(void)count;
	(void)words;
	must(mkdtemp(folder));
	atexit(remove_folder);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct durable_place place = {.segment = 1};
	char *bytes, words[DURABLE_BYTES];
	bool right;

	if (size < 8 || size > SEGMENT_BYTES)
		return 0;
	memcpy(&place.offset, data, sizeof(place.offset));
	right = place.offset & 1;
	place.offset = place.offset % (size + 64) / 8 * 8;
	memcpy(words, &place, sizeof(words));
	bytes = malloc(size);
	must(bytes);
	memcpy(bytes, data + 8, size - 8);
	if (right)
		make_right(bytes, size - 8);
	take_away(16);
	put_file("000000000001.journal", bytes, size - 8);
	put_file(DURABLE_NAME, words, sizeof(words));
	free(bytes);
	verify_it();
	recover_it();
	verify_it();
	/* Closing an inotify takes the kernel a while: not every time. */
	if (data[1] % 16 == 0)
		read_it();
	return 0;
}
