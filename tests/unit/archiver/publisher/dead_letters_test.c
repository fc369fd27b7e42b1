/* dead_letters_test.c -- what Kafka refuses is kept, byte for byte. */
#include "archiver/publisher/dead_letters.h"

#include "tests/unit/archiver/journal/sample.h"

static void keeps_the_bytes_and_repeats_change_nothing(void **state)
{
	char root[64], folder[80], path[128], bytes[64];
	FILE *file;

	(void)state;
	sample_folder(root);
	(void)snprintf(folder, sizeof(folder), "%s/dead-letters", root);
	(void)snprintf(path, sizeof(path), "%s/42.record", folder);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
			dead_letters_keep(folder, 42, SLICE("a\0record")), 0);
		file = fopen(path, "re");
		assert_non_null(file);
		assert_int_equal(fread(bytes, 1, sizeof(bytes), file), 8);
		assert_memory_equal(bytes, "a\0record", 8);
		(void)fclose(file);
	}
	sample_folder_remove(root);
}

static void says_when_it_cannot_keep_it(void **state)
{
	(void)state;
	assert_int_equal(
		dead_letters_keep("/tmp/no-such-folder/letters", 1, SLICE("x")),
		ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_the_bytes_and_repeats_change_nothing),
		cmocka_unit_test(says_when_it_cannot_keep_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
