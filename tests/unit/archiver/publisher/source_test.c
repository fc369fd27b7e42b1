/* source_test.c -- reading stops at damage, and goes on when a person says so.
 */
#include "archiver/publisher/source.h"

#include "tests/unit/archiver/publisher/heard.h"

enum { RECORDS = 60, DAMAGED = 30 };

struct story {
	char folder[64];
	uint64_t numbers[RECORDS + 1];
	struct source_place at; /* of the damaged record */
};

static void make_story(struct story *story)
{
	struct journal_reader *reader;
	struct journal_entry entry;
	struct journal_fault fault;

	sample_folder(story->folder);
	sample_journal(story->folder, 1, RECORDS, 10, 300, 1024 * 1024);
	assert_int_equal(journal_reader_open(story->folder, 0, &reader), 0);
	for (int i = 1; i <= RECORDS; i++) {
		assert_int_equal(
			journal_reader_next(reader, &entry, &fault), 0);
		story->numbers[i] = entry.number;
		if (i == DAMAGED)
			story->at = (struct source_place){
				entry.segment, entry.offset};
	}
	journal_reader_close(&reader);
	sample_flip(story->folder, story->at.segment, story->at.offset + 40, 3);
}

/* Reads on; gives back how many came, and what ended it. */
static int count_on(struct source *source, int *error)
{
	struct journal_entry entry;
	int count = 0;

	while ((*error = source_next(source, &entry)) == 0)
		count++;
	return count;
}

static void stops_in_front_of_damage_and_says_it_once(void **state)
{
	struct heard heard = heard_begin();
	struct story story;
	struct source *source;
	int counts[3], errors[3];
	unsigned told;

	(void)state;
	make_story(&story);
	assert_int_equal(
		source_open(story.folder, (struct source_place){0, 0}, &source),
		0);
	for (int i = 0; i < 3; i++) {
		uint64_t after = i ? story.numbers[DAMAGED - 1] : 0;

		assert_int_equal(source_rewind(source, after), 0);
		counts[i] = count_on(source, &errors[i]);
	}
	told = heard_count(&heard, "publishing stops there");
	heard_end(&heard);
	source_close(&source);
	sample_folder_remove(story.folder);
	assert_int_equal(counts[0], DAMAGED - 1);
	assert_int_equal(counts[1], 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(errors[i], EBADMSG);
	assert_int_equal(told, 1);
}

static void goes_on_behind_the_damage_that_was_named(void **state)
{
	struct heard heard = heard_begin();
	struct story story;
	struct source *source;
	int count, error;
	unsigned told;

	(void)state;
	make_story(&story);
	assert_int_equal(source_open(story.folder, story.at, &source), 0);
	assert_int_equal(source_rewind(source, 0), 0);
	count = count_on(source, &error);
	told = heard_count(&heard, "passed over, as asked");
	heard_end(&heard);
	source_close(&source);
	sample_folder_remove(story.folder);
	assert_int_equal(count, RECORDS - 1);
	assert_int_equal(error, EAGAIN);
	assert_int_equal(told, 1);
}

/* A reader that begins behind the damage meets it again in the segment. */
static void does_not_stop_at_damage_that_was_passed(void **state)
{
	struct heard heard = heard_begin();
	struct story story;
	struct source *source;
	int count, error;
	unsigned told;

	(void)state;
	make_story(&story);
	assert_int_equal(
		source_open(story.folder, (struct source_place){0, 0}, &source),
		0);
	assert_int_equal(source_rewind(source, story.numbers[DAMAGED + 1]), 0);
	count = count_on(source, &error);
	told = heard_count(&heard, "damage");
	heard_end(&heard);
	source_close(&source);
	sample_folder_remove(story.folder);
	assert_int_equal(count, RECORDS - DAMAGED - 1);
	assert_int_equal(error, EAGAIN);
	assert_int_equal(told, 0);
}

static void says_when_the_position_is_of_another_journal(void **state)
{
	struct heard heard = heard_begin();
	struct story story;
	struct source *source;
	unsigned told;

	(void)state;
	make_story(&story);
	assert_int_equal(
		source_open(story.folder, (struct source_place){0, 0}, &source),
		0);
	assert_int_equal(source_rewind(source, 12345), 0);
	assert_int_equal(source_rewind(source, 12345), 0);
	told = heard_count(&heard, "not in this journal");
	heard_end(&heard);
	source_close(&source);
	sample_folder_remove(story.folder);
	assert_int_equal(told, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stops_in_front_of_damage_and_says_it_once),
		cmocka_unit_test(goes_on_behind_the_damage_that_was_named),
		cmocka_unit_test(does_not_stop_at_damage_that_was_passed),
		cmocka_unit_test(says_when_the_position_is_of_another_journal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
