/* writer_test.c -- what is committed stays, whatever the disk says. */
#include "archiver/journal/writer.h"

#include "archiver/journal/verify.h"
#include "tests/unit/archiver/journal/sample.h"

/* A disk that fails at chosen calls. */
static int fail_sync_at, syncs, fail_error;
static uint64_t disk_bytes; /* room that allocate still gives */

static int failing_sync(int descriptor)
{
	if (++syncs == fail_sync_at) {
		errno = fail_error;
		return -1;
	}
	return fdatasync(descriptor);
}

static int small_allocate(int descriptor, off_t offset, off_t size)
{
	struct stat status;
	uint64_t wanted;

	assert_int_equal(fstat(descriptor, &status), 0);
	wanted = (uint64_t)(offset + size) - (uint64_t)status.st_size;
	if (wanted > disk_bytes)
		return ENOSPC;
	disk_bytes -= wanted;
	return posix_fallocate(descriptor, offset, size);
}

static const struct journal_disk test_disk = {
	.write = pwrite, .sync = failing_sync, .allocate = small_allocate};

static struct journal_writer *open_on(
	const char *folder, uint64_t segment_bytes)
{
	struct journal_options options = {.folder = folder,
		.segment_bytes = segment_bytes,
		.node = 1,
		.disk = &test_disk};
	struct journal_writer *writer;

	assert_int_equal(journal_writer_open(&options, &writer), 0);
	return writer;
}

static bool hear(void *user, const struct journal_fault *fault,
	const struct verify_counts *counts)
{
	(void)user;
	(void)counts;
	if (fault)
		print_message("%s\n", fault->text);
	return true;
}

static uint64_t verified(const char *folder)
{
	struct verify_counts counts;

	assert_int_equal(journal_verify(folder, hear, NULL, &counts), 0);
	assert_int_equal(counts.faults, 0);
	return counts.records;
}

/* Each sync of a run fails in turn: of batches, footers and headers. Nothing
 * is lost, nothing twice, and no call of sync is repeated on a file. */
static void each_sync_may_fail_once(void **state)
{
	enum { RECORDS = 24 };

	(void)state;
	for (int at = 2; at < 45; at++) {
		char folder[64];
		struct journal_writer *writer;
		int error = 0;

		sample_folder(folder);
		disk_bytes = UINT64_MAX / 2;
		syncs = 0;
		fail_sync_at = at;
		fail_error = EIO;
		writer = open_on(folder, 2048);
		for (uint64_t i = 1; i <= RECORDS; i++) {
			(void)sample_take(writer, i, i, 300);
			error = journal_writer_commit(writer);
			if (error)
				error = journal_writer_commit(writer);
			assert_int_equal(error, 0);
			assert_int_equal(verified(folder), i);
		}
		assert_true(syncs > RECORDS);
		journal_writer_close(&writer);
		/* Another life, on a disk that works. */
		sample_journal(folder, RECORDS + 1, RECORDS + 4, 2, 300, 2048);
		assert_int_equal(verified(folder), RECORDS + 4);
		sample_folder_remove(folder);
	}
}

/* A batch whose sync failed stands in a new segment; the old one ends before
 * it. */
static void a_failed_sync_begins_a_segment(void **state)
{
	char folder[64];
	struct journal_writer *writer;
	struct journal_reader *reader;
	struct journal_entry entry;
	struct journal_fault fault;

	(void)state;
	sample_folder(folder);
	disk_bytes = UINT64_MAX / 2;
	fail_sync_at = 0;
	writer = open_on(folder, 64 * 1024);
	(void)sample_take(writer, 1, 3, 300);
	assert_int_equal(journal_writer_commit(writer), 0);
	syncs = 0;
	fail_sync_at = 1;
	fail_error = EIO;
	(void)sample_take(writer, 4, 6, 300);
	assert_int_equal(journal_writer_commit(writer), 0);
	fail_sync_at = 0;
	journal_writer_close(&writer);
	assert_int_equal(journal_reader_open(folder, 0, &reader), 0);
	for (int i = 1; i <= 6; i++) {
		assert_int_equal(
			journal_reader_next(reader, &entry, &fault), 0);
		assert_int_equal(entry.segment, i <= 3 ? 1 : 2);
	}
	assert_int_equal(journal_reader_next(reader, &entry, &fault), EAGAIN);
	journal_reader_close(&reader);
	sample_folder_remove(folder);
}

/* The reserve is refused first, while the segment in use still takes records;
 * then nothing is taken until there is room, and nothing is lost. */
static void a_full_disk_shows_before_a_batch_is_cut(void **state)
{
	char folder[64];
	struct journal_writer *writer;
	uint64_t taken = 0;
	int error;

	(void)state;
	sample_folder(folder);
	fail_sync_at = 0;
	disk_bytes = 2 * 8192 + 100;
	writer = open_on(folder, 8192);
	assert_int_equal(journal_writer_reserve(writer), 0);
	do {
		taken++;
		(void)sample_take(writer, taken, taken, 300);
		error = journal_writer_commit(writer);
		if (!error && journal_writer_reserve(writer))
			assert_true(journal_writer_room(writer) > 7000 ||
				    disk_bytes < 8192);
	} while (!error);
	assert_int_equal(error, ENOSPC);
	assert_true(taken > 20);
	assert_int_equal(verified(folder), taken - 1);
	assert_int_equal(journal_writer_commit(writer), ENOSPC);
	disk_bytes = 8192;
	assert_int_equal(journal_writer_commit(writer), 0);
	assert_int_equal(verified(folder), taken);
	journal_writer_close(&writer);
	sample_folder_remove(folder);
}

static void numbers_rise_when_the_clock_does_not(void **state)
{
	char folder[64];
	struct journal_writer *writer;
	struct sample *sample = sample_make("boot", 1, 1, 10);
	uint64_t last = 0, number;
	const uint64_t times[] = {SAMPLE_TIME_US, SAMPLE_TIME_US, 0,
		SAMPLE_TIME_US - 1, SAMPLE_TIME_US + 5, 1};

	(void)state;
	sample_folder(folder);
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		writer = sample_writer(folder, 64 * 1024);
		assert_int_equal(journal_writer_last(writer), last);
		assert_int_equal(journal_writer_take_record(writer,
					 &sample->record, times[i], &number),
			0);
		assert_true(number > last);
		assert_int_equal(number & 4095, 1);
		last = number;
		assert_int_equal(journal_writer_commit(writer), 0);
		journal_writer_close(&writer);
	}
	sample_free(sample);
	sample_folder_remove(folder);
}

static void only_one_writes(void **state)
{
	char folder[64];
	struct journal_options options = {
		.folder = folder, .segment_bytes = 8192};
	struct journal_writer *writer, *second;

	(void)state;
	sample_folder(folder);
	writer = sample_writer(folder, 8192);
	assert_int_equal(journal_writer_open(&options, &second), EBUSY);
	assert_null(second);
	journal_writer_close(&writer);
	writer = sample_writer(folder, 8192);
	journal_writer_close(&writer);
	sample_folder_remove(folder);
}

/* A record larger than a segment gets a larger segment. */
static void large_records_fit(void **state)
{
	char folder[64];

	(void)state;
	sample_folder(folder);
	sample_journal(folder, 1, 3, 1, 4 * 1024 * 1024 - 1024, 64 * 1024);
	assert_int_equal(verified(folder), 3);
	sample_folder_remove(folder);
}

static void too_large_and_already_taken_records_are_refused(void **state)
{
	char folder[64];
	struct journal_writer *writer;
	struct sample *sample = sample_make("boot", 1, 1, 4 * 1024 * 1024 + 1);
	Sipwarden__Record__Intake intake = SIPWARDEN__RECORD__INTAKE__INIT;
	uint64_t number;

	(void)state;
	sample_folder(folder);
	writer = sample_writer(folder, 64 * 1024);
	assert_int_equal(journal_writer_take_record(writer, &sample->record,
				 SAMPLE_TIME_US, &number),
		EMSGSIZE);
	sample_free(sample);
	sample = sample_make("boot", 1, 1, 10);
	sample->record.intake = &intake;
	assert_int_equal(journal_writer_take_record(writer, &sample->record,
				 SAMPLE_TIME_US, &number),
		EINVAL);
	assert_int_equal(journal_writer_batch_bytes(writer), 0);
	sample_free(sample);
	journal_writer_close(&writer);
	sample_folder_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_sync_may_fail_once),
		cmocka_unit_test(a_failed_sync_begins_a_segment),
		cmocka_unit_test(a_full_disk_shows_before_a_batch_is_cut),
		cmocka_unit_test(numbers_rise_when_the_clock_does_not),
		cmocka_unit_test(only_one_writes),
		cmocka_unit_test(large_records_fit),
		cmocka_unit_test(
			too_large_and_already_taken_records_are_refused)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
