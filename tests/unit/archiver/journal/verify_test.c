/* verify_test.c -- a whole journal verifies; whatever is changed is named. */
#include "archiver/journal/verify.h"

#include "tests/unit/archiver/journal/sample.h"

struct heard {
	uint64_t faults, calls;
	struct journal_fault first;
};

static bool hear(void *user, const struct journal_fault *fault,
	const struct verify_counts *counts)
{
	struct heard *heard = user;

	heard->calls++;
	assert_true(counts->faults == heard->faults + (fault ? 1 : 0));
	if (fault && heard->faults++ == 0)
		heard->first = *fault;
	return true;
}

static uint64_t faults(const char *folder, struct heard *heard)
{
	struct verify_counts counts;

	*heard = (struct heard){.faults = 0};
	assert_int_equal(journal_verify(folder, hear, heard, &counts), 0);
	assert_int_equal(counts.faults, heard->faults);
	return heard->faults;
}

static void a_whole_journal_has_no_faults(void **state)
{
	char folder[64];
	struct heard heard = {.faults = 0};
	struct verify_counts counts;

	(void)state;
	sample_folder(folder);
	assert_int_equal(journal_verify(folder, hear, &heard, &counts), ENOENT);
	sample_journal(folder, 1, 3000, 7, 100, 16 * 1024);
	/* In several lives. */
	sample_journal(folder, 3001, 3100, 1, 3000, 16 * 1024);
	assert_int_equal(journal_verify(folder, hear, &heard, &counts), 0);
	assert_string_equal(heard.first.text, "");
	assert_int_equal(counts.records, 3100);
	assert_int_equal(counts.kinds[1], 3100);
	assert_int_equal(counts.node_count, 1);
	assert_string_equal(counts.nodes[0].name, "home1.example.com");
	assert_int_equal(counts.nodes[0].records, 3100);
	assert_true(heard.calls >= 3);
	assert_true(counts.segments > 20);
	sample_folder_remove(folder);
}

/* Flips bits all over the first two segments, one at a time; of what
 * stands behind a footer the place is named, not the bit. */
static void each_flipped_bit_is_found_and_named(void **state)
{
	char folder[64], path[SEGMENT_PATH_BYTES], place[64];
	struct heard heard;
	struct stat status;

	(void)state;
	sample_folder(folder);
	sample_journal(folder, 1, 60, 4, 300, 8 * 1024);
	assert_int_equal(faults(folder, &heard), 0);
	for (uint64_t segment = 1; segment <= 2; segment++) {
		sample_path(folder, segment, path);
		assert_int_equal(stat(path, &status), 0);
		for (uint64_t at = 0; at < (uint64_t)status.st_size; at += 11) {
			int bit = (int)(at / 11 % 8);

			sample_flip(folder, segment, at, bit);
			assert_true(faults(folder, &heard) > 0);
			assert_int_equal(heard.first.segment, segment);
			assert_true(heard.first.offset <= at);
			(void)snprintf(place, sizeof(place),
				"bit %d of the byte at offset %" PRIu64, bit,
				at);
			assert_true(
				strstr(heard.first.text, place) ||
				strstr(heard.first.text, "behind the footer"));
			sample_flip(folder, segment, at, bit);
		}
	}
	assert_int_equal(faults(folder, &heard), 0);
	sample_folder_remove(folder);
}

static void a_cut_tail_is_named(void **state)
{
	char folder[64], path[SEGMENT_PATH_BYTES];
	struct heard heard;

	(void)state;
	for (off_t keep = 0; keep < 2600; keep += 173) {
		sample_folder(folder);
		sample_journal(folder, 1, 8, 2, 200, 64 * 1024);
		sample_path(folder, 1, path);
		assert_int_equal(truncate(path, keep), 0);
		assert_true(faults(folder, &heard) > 0);
		assert_non_null(strstr(heard.first.text, "tail is cut off"));
		assert_int_equal(heard.first.segment, 1);
		assert_int_equal(heard.first.offset, keep);
		sample_folder_remove(folder);
	}
}

static void missing_pieces_are_named(void **state)
{
	char folder[64], path[SEGMENT_PATH_BYTES], other[128];
	struct heard heard;
	struct segment_list list;

	(void)state;
	sample_folder(folder);
	sample_journal(folder, 1, 200, 4, 300, 8 * 1024);
	assert_int_equal(segment_list(folder, &list), 0);
	(void)snprintf(other, sizeof(other), "%s/hidden", folder);
	for (size_t i = 1; i < list.count; i++) {
		sample_path(folder, list.numbers[i], path);
		assert_int_equal(rename(path, other), 0);
		assert_true(faults(folder, &heard) > 0);
		assert_non_null(strstr(heard.first.text, "is missing"));
		assert_int_equal(heard.first.segment, list.numbers[i]);
		assert_int_equal(rename(other, path), 0);
	}
	/* The first ones may have been disposed of. */
	sample_path(folder, 1, path);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(faults(folder, &heard), 0);
	segment_list_release(&list);
	(void)snprintf(other, sizeof(other), "%s/durable", folder);
	assert_int_equal(unlink(other), 0);
	assert_int_equal(faults(folder, &heard), 1);
	assert_non_null(strstr(heard.first.text, "`durable`"));
	sample_folder_remove(folder);
}

/* A forger who knows the format: changes a record, and makes its CRC anew. */
static void a_forged_record_breaks_the_chain(void **state)
{
	char folder[64], path[SEGMENT_PATH_BYTES];
	struct journal_reader *reader;
	struct journal_entry entry;
	struct journal_fault fault;
	struct heard heard;

	(void)state;
	sample_folder(folder);
	sample_journal(folder, 1, 20, 4, 300, 64 * 1024);
	sample_path(folder, 1, path);
	assert_int_equal(journal_reader_open(folder, 0, &reader), 0);
	while (journal_reader_next(reader, &entry, &fault) == 0) {
		char before[1024], after[1024];
		size_t size = (size_t)format_entry_bytes(entry.payload.size);
		int descriptor = open(path, O_RDWR);
		size_t at = slice_search(entry.payload, SLICE("home1"));

		assert_true(descriptor >= 0 && size < sizeof(before));
		assert_true(at != SIZE_MAX);
		assert_int_equal(
			pread(descriptor, before, size, (off_t)entry.offset),
			size);
		memcpy(after, before, size);
		after[FORMAT_HEAD_BYTES + at + 4] = '2';
		(void)format_seal(after, JOURNAL_RECORD, entry.payload.size);
		assert_int_equal(
			pwrite(descriptor, after, size, (off_t)entry.offset),
			size);
		assert_true(faults(folder, &heard) > 0);
		assert_int_equal(heard.first.offset, entry.offset);
		assert_non_null(strstr(heard.first.text, "chain value"));
		assert_int_equal(
			pwrite(descriptor, before, size, (off_t)entry.offset),
			size);
		close(descriptor);
	}
	journal_reader_close(&reader);
	assert_int_equal(faults(folder, &heard), 0);
	sample_folder_remove(folder);
}

/* What the archiver has taken and not synced is not looked at. */
static void a_live_journal_is_read_to_what_is_durable(void **state)
{
	char folder[64];
	struct journal_writer *writer;
	struct heard heard;

	(void)state;
	sample_folder(folder);
	writer = sample_writer(folder, 8 * 1024);
	for (uint64_t i = 1; i <= 100; i++) {
		(void)sample_take(writer, i, i, 500);
		assert_int_equal(journal_writer_commit(writer), 0);
		assert_int_equal(faults(folder, &heard), 0);
	}
	journal_writer_close(&writer);
	sample_folder_remove(folder);
}

static bool stop_at_once(void *user, const struct journal_fault *fault,
	const struct verify_counts *counts)
{
	(void)user;
	(void)counts;
	return fault != NULL;
}

static void stops_when_told(void **state)
{
	char folder[64];
	struct verify_counts counts;

	(void)state;
	sample_folder(folder);
	sample_journal(folder, 1, 3000, 50, 10, 1024 * 1024);
	assert_int_equal(
		journal_verify(folder, stop_at_once, NULL, &counts), ECANCELED);
	assert_true(counts.records < 3000);
	sample_folder_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_journal_has_no_faults),
		cmocka_unit_test(each_flipped_bit_is_found_and_named),
		cmocka_unit_test(a_cut_tail_is_named),
		cmocka_unit_test(missing_pieces_are_named),
		cmocka_unit_test(a_forged_record_breaks_the_chain),
		cmocka_unit_test(a_live_journal_is_read_to_what_is_durable),
		cmocka_unit_test(stops_when_told)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
