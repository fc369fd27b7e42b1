/* reader_test.c -- a reader sees every durable record once, in order. */
#include "tests/unit/archiver/journal/sample.h"

#include <poll.h>

static uint64_t sequence_of(const struct journal_entry *entry)
{
	Sipwarden__Record__Record *record = sipwarden__record__record__unpack(
		NULL, entry->payload.size, (const uint8_t *)entry->payload.at);
	uint64_t sequence;

	assert_non_null(record);
	assert_int_equal(record->intake->number, entry->number);
	sequence = record->submission->sequence;
	sipwarden__record__record__free_unpacked(record, NULL);
	return sequence;
}

static uint64_t read_all(
	struct journal_reader *reader, uint64_t from, uint64_t *last)
{
	struct journal_entry entry;
	struct journal_fault fault;
	uint64_t count = 0;
	int error;

	while ((error = journal_reader_next(reader, &entry, &fault)) == 0) {
		assert_int_equal(sequence_of(&entry), from + count);
		assert_true(entry.number > *last);
		*last = entry.number;
		count++;
	}
	assert_int_equal(error, EAGAIN);
	return count;
}

/* Small segments, so that there are many. */
static void reads_across_segments(void **state)
{
	char folder[64];
	struct journal_reader *reader;
	struct segment_list list;
	uint64_t last = 0;

	(void)state;
	sample_folder(folder);
	sample_journal(folder, 1, 500, 7, 300, 16 * 1024);
	assert_int_equal(segment_list(folder, &list), 0);
	assert_true(list.count > 10);
	segment_list_release(&list);
	assert_int_equal(journal_reader_open(folder, 0, &reader), 0);
	assert_int_equal(read_all(reader, 1, &last), 500);
	journal_reader_close(&reader);
	sample_folder_remove(folder);
}

static void goes_on_behind_any_record(void **state)
{
	char folder[64];
	struct journal_reader *reader;
	struct journal_entry entry;
	struct journal_fault fault;
	uint64_t numbers[121];

	(void)state;
	sample_folder(folder);
	sample_journal(folder, 1, 120, 5, 300, 8 * 1024);
	assert_int_equal(journal_reader_open(folder, 0, &reader), 0);
	for (uint64_t i = 1; i <= 120; i++) {
		assert_int_equal(
			journal_reader_next(reader, &entry, &fault), 0);
		numbers[i] = entry.number;
	}
	journal_reader_close(&reader);
	for (uint64_t i = 1; i <= 120; i++) {
		uint64_t last = numbers[i];

		assert_int_equal(
			journal_reader_open(folder, numbers[i], &reader), 0);
		assert_int_equal(read_all(reader, i + 1, &last), 120 - i);
		journal_reader_close(&reader);
	}
	sample_folder_remove(folder);
}

static void fetches_by_number(void **state)
{
	char folder[64];
	struct journal_reader *reader, *other;
	struct journal_entry entry, again;
	struct journal_fault fault;
	uint64_t count = 0;

	(void)state;
	sample_folder(folder);
	sample_journal(folder, 1, 200, 3, 500, 8 * 1024);
	assert_int_equal(journal_reader_open(folder, 0, &reader), 0);
	assert_int_equal(journal_reader_open(folder, 0, &other), 0);
	while (journal_reader_next(reader, &entry, &fault) == 0) {
		count++;
		assert_int_equal(journal_reader_fetch(
					 other, entry.number, &again, &fault),
			0);
		assert_true(slice_equal(entry.payload, again.payload));
		assert_int_equal(again.offset, entry.offset);
		assert_int_equal(again.segment, entry.segment);
		assert_int_equal(journal_reader_fetch(other, entry.number + 1,
					 &again, &fault),
			ENOENT);
	}
	assert_int_equal(count, 200);
	assert_int_equal(
		journal_reader_fetch(other, 1, &again, &fault), ENOENT);
	assert_int_equal(
		journal_reader_fetch(other, UINT64_MAX, &again, &fault),
		ENOENT);
	journal_reader_close(&reader);
	journal_reader_close(&other);
	sample_folder_remove(folder);
}

/* In any order, while the journal grows, many steps to a segment. */
static void fetches_in_any_order_while_it_grows(void **state)
{
	enum { RECORDS = 600 };
	static uint64_t numbers[RECORDS + 1];
	char folder[64];
	struct journal_reader *reader;
	struct journal_writer *writer;
	struct journal_entry entry;
	struct journal_fault fault;
	unsigned chance = 7;

	(void)state;
	sample_folder(folder);
	writer = sample_writer(folder, 512 * 1024);
	assert_int_equal(journal_reader_open(folder, 0, &reader), 0);
	for (uint64_t i = 1; i <= RECORDS; i++) {
		numbers[i] = sample_take(writer, i, i, 3000);
		assert_int_equal(journal_reader_fetch(
					 reader, numbers[i], &entry, &fault),
			ENOENT);
		assert_int_equal(journal_writer_commit(writer), 0);
		for (int j = 0; j < 5; j++) {
			uint64_t at = j ? (uint64_t)rand_r(&chance) % i + 1 : i;

			assert_int_equal(journal_reader_fetch(reader,
						 numbers[at], &entry, &fault),
				0);
			assert_int_equal(sequence_of(&entry), at);
		}
	}
	journal_writer_close(&writer);
	journal_reader_close(&reader);
	sample_folder_remove(folder);
}

static bool is_woken(struct journal_reader *reader)
{
	struct pollfd poll_for = {
		.fd = journal_reader_descriptor(reader), .events = POLLIN};
	char events[4096];
	bool woken = poll(&poll_for, 1, 0) == 1;

	while (read(poll_for.fd, events, sizeof(events)) > 0)
		;
	return woken;
}

/* The reader is there first: before the folder, before each record. */
static void is_woken_when_records_become_durable(void **state)
{
	char parent[64], folder[96];
	struct journal_reader *reader;
	struct journal_writer *writer;
	uint64_t last = 0;

	(void)state;
	sample_folder(parent);
	(void)snprintf(folder, sizeof(folder), "%s/journal", parent);
	assert_int_equal(journal_reader_open(folder, 0, &reader), 0);
	assert_int_equal(read_all(reader, 1, &last), 0);
	assert_false(is_woken(reader));
	writer = sample_writer(folder, 8 * 1024);
	assert_true(is_woken(reader));
	assert_int_equal(read_all(reader, 1, &last), 0);
	for (uint64_t i = 1; i <= 100; i++) {
		(void)is_woken(reader);
		(void)sample_take(writer, i, i, 400);
		assert_int_equal(read_all(reader, i, &last), 0);
		assert_false(is_woken(reader));
		assert_int_equal(journal_writer_commit(writer), 0);
		assert_true(is_woken(reader));
		assert_int_equal(read_all(reader, i, &last), 1);
	}
	journal_writer_close(&writer);
	journal_reader_close(&reader);
	sample_folder_remove(parent);
}

/* Each byte of the first segment in turn: the reader names the place, loses
 * at most the records that were hit, and reads the rest. */
static void names_damage_and_goes_on(void **state)
{
	char folder[64];
	uint64_t step = 37;

	(void)state;
	sample_folder(folder);
	sample_journal(folder, 1, 40, 4, 200, 8 * 1024);
	for (uint64_t offset = 0; offset < 7000; offset += step) {
		struct journal_reader *reader;
		struct journal_entry entry;
		struct journal_fault fault = {.segment = 0};
		uint64_t count = 0, faults = 0;
		int error;

		sample_flip(folder, 1, offset, (int)(offset % 8));
		assert_int_equal(journal_reader_open(folder, 0, &reader), 0);
		while ((error = journal_reader_next(reader, &entry, &fault)) !=
			EAGAIN) {
			assert_true(error == 0 || error == EBADMSG);
			count += error == 0;
			faults += error == EBADMSG;
		}
		/* A bit of the padding harms nobody. */
		assert_true(faults > 0 || count == 40);
		if (faults) {
			assert_int_equal(fault.segment, 1);
			assert_true(fault.offset <= offset);
		}
		/* At worst a lost length: the batch up to the next mark. */
		assert_true(count >= 36);
		journal_reader_close(&reader);
		sample_flip(folder, 1, offset, (int)(offset % 8));
	}
	sample_folder_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_across_segments),
		cmocka_unit_test(goes_on_behind_any_record),
		cmocka_unit_test(fetches_by_number),
		cmocka_unit_test(fetches_in_any_order_while_it_grows),
		cmocka_unit_test(is_woken_when_records_become_durable),
		cmocka_unit_test(names_damage_and_goes_on)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
