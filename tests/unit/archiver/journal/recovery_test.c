/* recovery_test.c -- a start keeps what was durable and cuts what was torn. */
#include "archiver/journal/recovery.h"

#include "archiver/journal/verify.h"
#include "tests/unit/archiver/journal/sample.h"

enum { MARK = 80 }; /* bytes of a mark in front of a batch */

struct notices {
	int warnings, alarms;
	char last[512];
};

static void note(void *user, enum journal_weight weight, const char *sentence)
{
	struct notices *notices = user;

	notices->warnings += weight == JOURNAL_WARN;
	notices->alarms += weight == JOURNAL_ALARM;
	(void)snprintf(notices->last, sizeof(notices->last), "%s", sentence);
}

static struct journal_writer *reopen(
	const char *folder, uint64_t segment_bytes, struct notices *notices)
{
	struct journal_options options = {.folder = folder,
		.segment_bytes = segment_bytes,
		.node = 1,
		.notices = {.say = note, .user = notices}};
	struct journal_writer *writer;

	*notices = (struct notices){.warnings = 0};
	assert_int_equal(journal_writer_open(&options, &writer), 0);
	return writer;
}

static bool count_faults(void *user, const struct journal_fault *fault,
	const struct verify_counts *counts)
{
	(void)user;
	(void)fault;
	(void)counts;
	return true;
}

static uint64_t verified(const char *folder, uint64_t *faults)
{
	struct verify_counts counts;

	assert_int_equal(
		journal_verify(folder, count_faults, NULL, &counts), 0);
	*faults = counts.faults;
	return counts.records;
}

static uint64_t known(struct journal_writer *writer)
{
	uint8_t boot[16] = "boot";
	uint64_t sequence, number;

	journal_writer_known(writer, boot, 1, &sequence, &number);
	return sequence;
}

static struct durable_place place_now(const char *folder)
{
	struct durable durable;
	struct durable_place place;

	assert_int_equal(durable_open(folder, &durable), 0);
	place = durable_place(&durable);
	durable_close(&durable);
	return place;
}

/* What a crash of the machine leaves: the file `durable` says less than was
 * synced. */
static void set_place(const char *folder, struct durable_place place)
{
	struct durable durable;

	assert_int_equal(durable_make(folder, &durable), 0);
	durable_move(&durable, place);
	durable_close(&durable);
}

static void put(const char *folder, uint64_t segment, uint64_t offset,
	const void *bytes, size_t size)
{
	char path[SEGMENT_PATH_BYTES];
	int descriptor;

	sample_path(folder, segment, path);
	descriptor = open(path, O_RDWR);
	assert_true(descriptor >= 0);
	assert_int_equal(pwrite(descriptor, bytes, size, (off_t)offset), size);
	close(descriptor);
}

/* Parts of a batch that was being written: each length of it. */
static void cuts_a_torn_batch(void **state)
{
	char folder[64], path[SEGMENT_PATH_BYTES], bytes[4096];
	struct durable_place before, after;
	uint64_t each;

	(void)state;
	sample_folder(folder);
	sample_journal(folder, 1, 8, 4, 200, 64 * 1024);
	before = place_now(folder);
	sample_journal(folder, 9, 12, 4, 200, 64 * 1024);
	after = place_now(folder);
	assert_int_equal(before.segment, after.segment);
	assert_true(after.offset - before.offset < sizeof(bytes));
	each = (after.offset - before.offset - MARK) / 4;
	sample_path(folder, before.segment, path);
	{
		int descriptor = open(path, O_RDONLY);

		assert_true(pread(descriptor, bytes, sizeof(bytes),
				    (off_t)before.offset) > 0);
		close(descriptor);
	}
	for (size_t size = 0; size < after.offset - before.offset; size += 61) {
		static const char zeros[4096];
		struct notices notices;
		struct journal_writer *writer;
		uint64_t faults, sequence;

		put(folder, before.segment, before.offset, zeros,
			sizeof(zeros));
		put(folder, before.segment, before.offset, bytes, size);
		set_place(folder, before);
		writer = reopen(folder, 64 * 1024, &notices);
		assert_int_equal(notices.alarms, 0);
		sequence = known(writer);
		assert_true(sequence >= 8 && sequence < 12);
		/* Whole records of it are as good as any. */
		assert_int_equal(
			sequence, 8 + (size < MARK ? 0 : (size - MARK) / each));
		(void)sample_take(writer, sequence + 1, 12, 200);
		assert_int_equal(journal_writer_commit(writer), 0);
		journal_writer_close(&writer);
		assert_int_equal(verified(folder, &faults), 12);
		assert_int_equal(faults, 0);
	}
	sample_folder_remove(folder);
}

/* The disk wrote the end of a batch and not its middle. */
static void cuts_from_the_first_bad_entry_on(void **state)
{
	char folder[64];
	struct durable_place before;
	struct notices notices;
	struct journal_writer *writer;
	uint64_t faults;

	(void)state;
	sample_folder(folder);
	sample_journal(folder, 1, 8, 4, 200, 64 * 1024);
	before = place_now(folder);
	sample_journal(folder, 9, 12, 4, 200, 64 * 1024);
	sample_flip(folder, before.segment, before.offset + MARK + 900, 3);
	set_place(folder, before);
	writer = reopen(folder, 64 * 1024, &notices);
	assert_int_equal(notices.alarms, 0);
	assert_int_equal(notices.warnings, 1);
	assert_non_null(strstr(notices.last, "torn tail"));
	assert_int_equal(known(writer), 9);
	journal_writer_close(&writer);
	assert_int_equal(verified(folder, &faults), 9);
	assert_int_equal(faults, 0);
	/* And the next start finds nothing more to cut. */
	writer = reopen(folder, 64 * 1024, &notices);
	assert_int_equal(notices.warnings, 0);
	journal_writer_close(&writer);
	sample_folder_remove(folder);
}

/* Damage in front of a later mark, or of what `durable` says, is not a tail. */
static void keeps_a_damaged_segment_and_begins_another(void **state)
{
	const bool with_durable[] = {true, false};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char folder[64];
		struct durable_place place;
		struct notices notices;
		struct journal_writer *writer;
		uint64_t faults;

		sample_folder(folder);
		sample_journal(folder, 1, 40, 4, 200, 64 * 1024);
		place = place_now(folder);
		sample_flip(folder, 1, 3000, 5);
		if (!with_durable[i])
			set_place(folder, (struct durable_place){0, 0});
		writer = reopen(folder, 64 * 1024, &notices);
		assert_int_equal(notices.alarms, 1);
		assert_non_null(strstr(notices.last, "segment=1"));
		assert_int_equal(notices.warnings, 0);
		assert_int_equal(known(writer), 40);
		(void)sample_take(writer, 41, 45, 200);
		assert_int_equal(journal_writer_commit(writer), 0);
		journal_writer_close(&writer);
		assert_int_equal(place_now(folder).segment, 2);
		assert_int_equal(place.segment, 1);
		/* One record is lost, and one fault says so. */
		assert_int_equal(verified(folder, &faults), 44);
		assert_int_equal(faults, 1);
		/* The next start has nothing to say. */
		writer = reopen(folder, 64 * 1024, &notices);
		assert_int_equal(notices.alarms, 0);
		assert_int_equal(known(writer), 45);
		journal_writer_close(&writer);
		sample_folder_remove(folder);
	}
}

static void alarms_when_the_tail_is_gone(void **state)
{
	char folder[64], path[SEGMENT_PATH_BYTES];
	struct notices notices;
	struct journal_writer *writer;
	uint64_t faults;

	(void)state;
	sample_folder(folder);
	sample_journal(folder, 1, 40, 4, 200, 64 * 1024);
	sample_path(folder, 1, path);
	assert_int_equal(truncate(path, 9000), 0);
	writer = reopen(folder, 64 * 1024, &notices);
	assert_true(notices.alarms >= 1);
	(void)sample_take(writer, 41, 41, 200);
	assert_int_equal(journal_writer_commit(writer), 0);
	journal_writer_close(&writer);
	(void)verified(folder, &faults);
	assert_true(faults > 0);
	sample_folder_remove(folder);
}

static void survives_a_damaged_header_and_a_lost_segment(void **state)
{
	char folder[64], path[SEGMENT_PATH_BYTES];
	struct notices notices;
	struct journal_writer *writer;
	struct segment_list list;
	uint64_t last;

	(void)state;
	sample_folder(folder);
	sample_journal(folder, 1, 60, 4, 300, 8 * 1024);
	assert_int_equal(segment_list(folder, &list), 0);
	last = list.numbers[list.count - 1];
	sample_flip(folder, last, 20, 1);
	writer = reopen(folder, 8 * 1024, &notices);
	assert_int_equal(notices.alarms, 1);
	assert_int_equal(known(writer), 60);
	(void)sample_take(writer, 61, 61, 300);
	assert_int_equal(journal_writer_commit(writer), 0);
	journal_writer_close(&writer);
	assert_int_equal(place_now(folder).segment, last + 1);
	sample_path(folder, last + 1, path);
	assert_int_equal(unlink(path), 0);
	writer = reopen(folder, 8 * 1024, &notices);
	assert_true(notices.alarms >= 1);
	assert_non_null(strstr(notices.last, "missing"));
	(void)sample_take(writer, 61, 61, 300);
	assert_int_equal(journal_writer_commit(writer), 0);
	assert_int_equal(place_now(folder).segment, last + 2);
	journal_writer_close(&writer);
	segment_list_release(&list);
	sample_folder_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(cuts_a_torn_batch),
		cmocka_unit_test(cuts_from_the_first_bad_entry_on),
		cmocka_unit_test(keeps_a_damaged_segment_and_begins_another),
		cmocka_unit_test(alarms_when_the_tail_is_gone),
		cmocka_unit_test(survives_a_damaged_header_and_a_lost_segment)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
