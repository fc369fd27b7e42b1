/* signatures_test.c -- when a signature folder counts as changed. */
#include "scanners/virus/signatures.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];

static void path_of(const char *name, char path[256])
{
	(void)snprintf(path, 256, "%s/%s", folder, name);
}

static void put(const char *name, const char *text)
{
	char path[256];
	FILE *file;

	path_of(name, path);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void drop(const char *name)
{
	char path[256];

	path_of(name, path);
	assert_int_equal(unlink(path), 0);
}

static int begin(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/sipwarden-signatures-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	return rmdir(folder);
}

static uint64_t generation(void)
{
	uint64_t number = 0;

	assert_int_equal(signatures_generation(folder, &number), 0);
	return number;
}

static uint64_t print(void)
{
	uint64_t number = 0;

	assert_int_equal(signatures_print(folder, &number), 0);
	return number;
}

static void empty_and_missing_are_told_apart(void **state)
{
	uint64_t number;

	(void)state;
	assert_int_equal(signatures_print(folder, &number), ENODATA);
	assert_int_equal(signatures_generation(folder, &number), ENODATA);
	put("readme.txt", "x");
	put(".hidden.ndb", "x");
	put("new.ndb.tmp", "x");
	assert_int_equal(signatures_print(folder, &number), ENODATA);
	drop("readme.txt");
	drop(".hidden.ndb");
	drop("new.ndb.tmp");
	assert_int_equal(signatures_print("/nowhere/at/all", &number), ENOENT);
	assert_int_equal(
		signatures_generation("/nowhere/at/all", &number), ENOENT);
}

static void generation_is_names_and_content(void **state)
{
	uint64_t first, renamed, moved;
	char from[256], to[256];

	(void)state;
	put("a.ndb", "one");
	first = generation();
	put("a.ndb", "two");
	assert_true(generation() != first);
	put("a.ndb", "one");
	assert_true(generation() == first);
	put("notes.txt", "x");
	assert_true(generation() == first);
	drop("notes.txt");
	path_of("a.ndb", from);
	path_of("b.NDB", to);
	assert_int_equal(rename(from, to), 0);
	renamed = generation();
	assert_true(renamed != first);
	/* the same bytes, divided otherwise */
	put("b.NDB", "on");
	put("c.hdb", "e");
	moved = generation();
	put("b.NDB", "o");
	put("c.hdb", "ne");
	assert_true(generation() != moved);
	drop("b.NDB");
	drop("c.hdb");
}

static void print_sees_files_replaced(void **state)
{
	const struct timespec times[2] = {{1000, 0}, {1000, 0}};
	char from[256], to[256];
	uint64_t first;

	(void)state;
	put("a.ndb", "one");
	path_of("a.ndb", to);
	assert_int_equal(utimensat(AT_FDCWD, to, times, 0), 0);
	first = print();
	assert_true(print() == first);
	/* of the same size and time, moved over the old one */
	put("a.tmp", "two");
	path_of("a.tmp", from);
	assert_int_equal(utimensat(AT_FDCWD, from, times, 0), 0);
	assert_true(print() == first);
	assert_int_equal(rename(from, to), 0);
	assert_true(print() != first);
	drop("a.ndb");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			empty_and_missing_are_told_apart, begin, end),
		cmocka_unit_test_setup_teardown(
			generation_is_names_and_content, begin, end),
		cmocka_unit_test_setup_teardown(
			print_sees_files_replaced, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
