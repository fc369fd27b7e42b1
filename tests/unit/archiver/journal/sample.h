/* sample.h -- folders, records and journals for tests. */
#ifndef TESTS_UNIT_ARCHIVER_JOURNAL_SAMPLE_H
#define TESTS_UNIT_ARCHIVER_JOURNAL_SAMPLE_H

#include "archiver/journal/segment.h"
#include "archiver/journal/writer.h"
#include "lib/record/number.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* 2026-01-01. */
#define SAMPLE_TIME_US (RECORD_EPOCH_US + UINT64_C(189388800000000))

static inline int sample_remove_one(const char *path, const struct stat *status,
	int kind, struct FTW *where)
{
	(void)status;
	(void)kind;
	(void)where;
	return remove(path);
}

static inline void sample_folder(char folder[64])
{
	strcpy(folder, "/tmp/journal-test-XXXXXX");
	assert_non_null(mkdtemp(folder));
}

static inline void sample_folder_remove(const char *folder)
{
	(void)nftw(folder, sample_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* A record whose content is `size` bytes, all made from the sequence. */
struct sample {
	Sipwarden__Record__Record record;
	Sipwarden__Record__Submission submission;
	Sipwarden__Record__Part metadata, content;
	uint8_t boot[16], id[16], stream[16], salt[32];
	uint8_t metadata_digest[32], content_digest[32];
	uint8_t *bytes;
};

static inline void sample_part(Sipwarden__Record__Part *part, uint8_t *salt,
	uint8_t *bytes, size_t size, uint8_t digest[32])
{
	sipwarden__record__part__init(part);
	part->salt = (ProtobufCBinaryData){32, salt};
	part->data = (ProtobufCBinaryData){size, bytes};
	part->digest = (ProtobufCBinaryData){32, digest};
	assert_int_equal(record_part_digest(slice_make(salt, 32),
				 slice_make(bytes, size), digest),
		0);
}

static inline struct sample *sample_make(
	const char *boot, uint32_t worker, uint64_t sequence, size_t size)
{
	struct sample *sample = calloc(1, sizeof(*sample));

	assert_non_null(sample);
	sample->bytes = malloc(size + 1);
	assert_non_null(sample->bytes);
	for (size_t i = 0; i < size; i++)
		sample->bytes[i] = (uint8_t)(sequence * 7 + i * 13 + 1);
	memset(sample->boot, 0, sizeof(sample->boot));
	memcpy(sample->boot, boot, strlen(boot) < 16 ? strlen(boot) : 16);
	memcpy(sample->id, &sequence, sizeof(sequence));
	memset(sample->stream, 's', sizeof(sample->stream));
	memset(sample->salt, (int)(sequence & 0xff), sizeof(sample->salt));
	sipwarden__record__record__init(&sample->record);
	sipwarden__record__submission__init(&sample->submission);
	sample->submission.boot = (ProtobufCBinaryData){16, sample->boot};
	sample->submission.worker = worker;
	sample->submission.sequence = sequence;
	sample_part(&sample->metadata, sample->salt, sample->id, 16,
		sample->metadata_digest);
	sample_part(&sample->content, sample->salt, sample->bytes, size,
		sample->content_digest);
	sample->record.format = 1;
	sample->record.kind = SIPWARDEN__RECORD__KIND__KIND_MESSAGE;
	sample->record.submission = &sample->submission;
	sample->record.node = "home1.example.com";
	sample->record.message_id = (ProtobufCBinaryData){16, sample->id};
	sample->record.stream = (ProtobufCBinaryData){16, sample->stream};
	sample->record.observed_us = SAMPLE_TIME_US + sequence;
	sample->record.metadata = &sample->metadata;
	sample->record.content = &sample->content;
	return sample;
}

static inline void sample_free(struct sample *sample)
{
	free(sample->bytes);
	free(sample);
}

static inline struct journal_writer *sample_writer(
	const char *folder, uint64_t segment_bytes)
{
	struct journal_options options = {
		.folder = folder, .segment_bytes = segment_bytes, .node = 1};
	struct journal_writer *writer;

	assert_int_equal(journal_writer_open(&options, &writer), 0);
	return writer;
}

/* Takes the records first..last of maker "boot", worker 1. */
static inline uint64_t sample_take(struct journal_writer *writer,
	uint64_t first, uint64_t last, size_t size)
{
	uint64_t number = 0;

	for (uint64_t i = first; i <= last; i++) {
		struct sample *sample = sample_make("boot", 1, i, size);

		assert_int_equal(
			journal_writer_take_record(writer, &sample->record,
				SAMPLE_TIME_US + i * 10, &number),
			0);
		sample_free(sample);
	}
	return number;
}

/* A folder with records first..last, in batches of `each`. */
static inline void sample_journal(const char *folder, uint64_t first,
	uint64_t last, uint64_t each, size_t size, uint64_t segment_bytes)
{
	struct journal_writer *writer = sample_writer(folder, segment_bytes);

	for (uint64_t i = first; i <= last; i += each) {
		uint64_t end = i + each - 1 < last ? i + each - 1 : last;

		(void)sample_take(writer, i, end, size);
		assert_int_equal(journal_writer_commit(writer), 0);
	}
	journal_writer_close(&writer);
}

static inline void sample_path(
	const char *folder, uint64_t segment, char path[SEGMENT_PATH_BYTES])
{
	assert_int_equal(segment_path(folder, segment, path), 0);
}

static inline void sample_flip(
	const char *folder, uint64_t segment, uint64_t offset, int bit)
{
	char path[SEGMENT_PATH_BYTES];
	unsigned char byte;
	int descriptor;

	sample_path(folder, segment, path);
	descriptor = open(path, O_RDWR);
	assert_true(descriptor >= 0);
	assert_int_equal(pread(descriptor, &byte, 1, (off_t)offset), 1);
	byte = (unsigned char)(byte ^ (1u << bit));
	assert_int_equal(pwrite(descriptor, &byte, 1, (off_t)offset), 1);
	close(descriptor);
}

#endif
