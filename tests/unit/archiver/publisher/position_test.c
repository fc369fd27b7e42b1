/* position_test.c -- the local copy is read back whole, or said to be wrong. */
#include "archiver/publisher/position.h"

#include "tests/unit/archiver/journal/sample.h"

static const struct position_name name = {"sipwarden.records", .node = 1};

struct text_case {
	const char *text;
	int error;
	uint64_t number;
};

static const struct text_case texts[] = {
	{"record 42 topic sipwarden.records node 1\n", 0, 42},
	{"record 9223372036854775807 topic sipwarden.records node 1\n", 0,
		INT64_MAX},
	{"record 42 topic sipwarden.records node 2\n", ENOENT, 0},
	{"record 42 topic other node 1\n", ENOENT, 0},
	{"record 42 topic sipwarden.records node 1", EBADMSG, 0},
	{"record 42 topic sipwarden.records node 11 2\n", EBADMSG, 0},
	{"record 42 topic sipwarden.records\n", EBADMSG, 0},
	{"record x topic sipwarden.records node 1\n", EBADMSG, 0},
	{"", EBADMSG, 0},
};

static void write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fclose(file), 0);
}

static void reads_its_own_form_alone(void **state)
{
	char folder[64], path[128];

	(void)state;
	sample_folder(folder);
	(void)snprintf(path, sizeof(path), "%s/position", folder);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		uint64_t number = 0;

		write_text(path, texts[i].text);
		assert_int_equal(
			position_read(path, &name, &number), texts[i].error);
		assert_int_equal(number, texts[i].number);
	}
	sample_folder_remove(folder);
}

static void reads_back_what_was_written_last(void **state)
{
	char folder[64], path[128];
	uint64_t number;

	(void)state;
	sample_folder(folder);
	(void)snprintf(path, sizeof(path), "%s/position", folder);
	assert_int_equal(position_read(path, &name, &number), ENOENT);
	for (uint64_t i = 1; i < INT64_MAX / 10; i *= 10) {
		assert_int_equal(position_write(path, &name, i), 0);
		assert_int_equal(position_read(path, &name, &number), 0);
		assert_int_equal(number, i);
	}
	sample_folder_remove(folder);
}

static void says_when_it_cannot_write(void **state)
{
	(void)state;
	assert_int_equal(
		position_write("/tmp/no-such-folder/position", &name, 1),
		ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_its_own_form_alone),
		cmocka_unit_test(reads_back_what_was_written_last),
		cmocka_unit_test(says_when_it_cannot_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
