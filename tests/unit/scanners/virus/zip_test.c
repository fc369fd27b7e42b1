/* zip_test.c -- zips that every reader reads alike, and others. */
#include "scanners/virus/zip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

enum { HEAD = 30, ENTRY = 46, END = 22, DATA = 5, NAME = 1 };

/* Where things stand in plain(): two stored members "a" and "b" of 5 bytes. */
enum {
	SECOND = HEAD + NAME + DATA,
	DIRECTORY = 2 * SECOND,
	DIRECTORY_2 = DIRECTORY + ENTRY + NAME,
	END_AT = DIRECTORY + 2 * (ENTRY + NAME),
	PLAIN = END_AT + END
};

struct bytes {
	unsigned char at[4096];
	size_t size;
};

static void put(struct bytes *bytes, const void *from, size_t size)
{
	assert_true(bytes->size + size <= sizeof(bytes->at));
	memcpy(bytes->at + bytes->size, from, size);
	bytes->size += size;
}

static void put_number(struct bytes *bytes, uint32_t number, size_t size)
{
	for (size_t i = 0; i < size; i++, number >>= 8) {
		const unsigned char byte = (unsigned char)number;

		put(bytes, &byte, 1);
	}
}

/* The fields that head and entry share. */
static void put_fields(struct bytes *bytes)
{
	put_number(bytes, 20, 2);
	put_number(bytes, 0, 2); /* flags */
	put_number(bytes, 0, 2); /* method */
	put_number(bytes, 0, 4); /* time */
	put_number(bytes, 0x12345678, 4);
	put_number(bytes, DATA, 4);
	put_number(bytes, DATA, 4);
	put_number(bytes, NAME, 2);
	put_number(bytes, 0, 2); /* extra */
}

static void put_member(struct bytes *bytes, const char *name)
{
	put(bytes, "PK\3\4", 4);
	put_fields(bytes);
	put(bytes, name, NAME);
	put(bytes, "hello", DATA);
}

static void put_entry(struct bytes *bytes, const char *name, uint32_t offset)
{
	put(bytes, "PK\1\2", 4);
	put_number(bytes, 20, 2);
	put_fields(bytes);
	put_number(bytes, 0, 2 + 2 + 2 + 4);
	put_number(bytes, offset, 4);
	put(bytes, name, NAME);
}

static void put_end(
	struct bytes *bytes, uint32_t count, uint32_t size, uint32_t offset)
{
	put(bytes, "PK\5\6", 4);
	put_number(bytes, 0, 4);
	put_number(bytes, count, 2);
	put_number(bytes, count, 2);
	put_number(bytes, size, 4);
	put_number(bytes, offset, 4);
	put_number(bytes, 0, 2);
}

static struct bytes plain(void)
{
	struct bytes bytes = {.size = 0};

	put_member(&bytes, "a");
	put_member(&bytes, "b");
	put_entry(&bytes, "a", 0);
	put_entry(&bytes, "b", SECOND);
	put_end(&bytes, 2, 2 * (ENTRY + NAME), DIRECTORY);
	assert_int_equal(bytes.size, PLAIN);
	return bytes;
}

static const char *fault_of(const struct bytes *bytes)
{
	int descriptor = memfd_create("zip", MFD_CLOEXEC);
	const char *fault;

	assert_true(descriptor >= 0);
	assert_int_equal(
		write(descriptor, bytes->at, bytes->size), bytes->size);
	fault = zip_fault(descriptor, bytes->size);
	close(descriptor);
	return fault;
}

/* One byte changed. */
struct byte_case {
	size_t at;
	unsigned char byte;
	const char *fault; /* NULL: still plain */
};

static const char other[] = "zip with two descriptions of a member";
static const char sizes[] = "zip member with two sizes";
static const char place[] = "zip directory is not where it says";
static const char parts[] = "zip in several parts";
static const char cut[] = "zip directory is cut";
static const char overlap[] = "zip with overlapping members";
static const char method[] = "zip with an unknown method";
static const char lost[] = "zip member is not where it should be";

static const struct byte_case byte_cases[] = {
	{4, 63, NULL},             /* version */
	{6, 1, other},             /* encrypted, says the head */
	{8, 8, other},             /* method */
	{10, 9, NULL},             /* time */
	{14, 0, other},            /* checksum */
	{18, 0, other},            /* packed */
	{22, 0, other},            /* unpacked */
	{26, 2, overlap},          /* name longer */
	{0, 'Q', lost},            /* no head */
	{SECOND + 18, 4, other},   /* of the second */
	{HEAD, 'z', NULL},         /* a name */
	{HEAD + NAME, 'J', NULL},  /* content */
	{DIRECTORY + 8, 1, other}, /* encrypted, says the directory */
	{DIRECTORY + 8, 0x40, "encrypted zip"},
	{DIRECTORY + 9, 0x20, "encrypted zip"},
	{DIRECTORY + 10, 14, method}, /* LZMA */
	{DIRECTORY + 10, 99, method}, /* AES */
	{DIRECTORY + 10, 8, other},
	{DIRECTORY + 20, 6, sizes},
	{DIRECTORY + 24, 6, sizes},
	{DIRECTORY + 34, 1, cut},       /* disk */
	{DIRECTORY + 30, 200, cut},     /* extra beyond the end */
	{DIRECTORY + 42, 1, lost},      /* offset */
	{DIRECTORY_2 + 42, 0, overlap}, /* the first member again */
	{DIRECTORY_2, 'Q', cut},
	{END_AT + 4, 1, parts},
	{END_AT + 6, 1, parts},
	{END_AT + 8, 1, parts},
	{END_AT + 12, 1, place},
	{END_AT + 16, 1, place},
	{END_AT + 18, 1, place},
	{END_AT + 20, 1, "zip without directory at its end"},
	{END_AT, 'Q', "zip without directory at its end"},
};

static void changed_bytes_are_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(byte_cases) / sizeof(byte_cases[0]);
		i++) {
		const struct byte_case *at = &byte_cases[i];
		struct bytes bytes = plain();
		const char *fault;

		bytes.at[at->at] = at->byte;
		fault = fault_of(&bytes);
		if (fault != at->fault &&
			(!fault || !at->fault || strcmp(fault, at->fault) != 0))
			fail_msg("byte %zu: %s", at->at,
				fault ? fault : "plain");
	}
}

static void plain_zips_pass(void **state)
{
	struct bytes bytes = plain(), none = {.size = 0};

	(void)state;
	assert_null(fault_of(&bytes));
	assert_null(fault_of(&none));
	put_end(&none, 0, 0, 0);
	assert_null(fault_of(&none));
	none.size = 0;
	put(&none, "only text of some length", 24);
	assert_null(fault_of(&none));
}

static void sizes_may_follow(void **state)
{
	struct bytes bytes = plain();

	(void)state;
	memset(bytes.at + 14, 0, 12);
	assert_string_equal(fault_of(&bytes), other);
	bytes.at[6] = 8; /* the flag in the head */
	assert_null(fault_of(&bytes));
	bytes.at[18] = 4; /* neither none nor the same */
	assert_string_equal(fault_of(&bytes), other);
}

static void every_cut_is_found(void **state)
{
	(void)state;
	for (size_t size = END; size < PLAIN; size++) {
		struct bytes bytes = plain();

		bytes.size = size;
		assert_string_equal(
			fault_of(&bytes), "zip without directory at its end");
	}
}

static void two_zips_are_found(void **state)
{
	struct bytes bytes = plain(), second = plain();

	(void)state;
	put(&bytes, second.at, second.size);
	assert_string_equal(fault_of(&bytes), place);
}

/* The directory is right, but begins after members that it does not list. */
static void hidden_members_are_found(void **state)
{
	struct bytes bytes = {.size = 0};

	(void)state;
	put_member(&bytes, "h");
	put_member(&bytes, "a");
	put_entry(&bytes, "a", SECOND);
	put_end(&bytes, 1, ENTRY + NAME, DIRECTORY);
	assert_string_equal(fault_of(&bytes), "zip with hidden members");
	/* a program before the members hides none */
	memset(bytes.at, 'x', SECOND);
	assert_null(fault_of(&bytes));
	memcpy(bytes.at + SECOND - 4, "PK\1\2", 4);
	assert_string_equal(fault_of(&bytes), "zip with hidden members");
}

static void second_end_in_comment_is_found(void **state)
{
	struct bytes bytes = plain();

	(void)state;
	bytes.at[END_AT + 20] = END + 1;
	put_end(&bytes, 2, 2 * (ENTRY + NAME), DIRECTORY);
	put(&bytes, "x", 1);
	assert_string_equal(fault_of(&bytes), "zip with two ends");
	memcpy(bytes.at + PLAIN, "just", 4);
	assert_null(fault_of(&bytes));
}

static void more_entries_than_said_are_found(void **state)
{
	struct bytes bytes = plain();

	(void)state;
	bytes.at[END_AT + 8] = 1;
	bytes.at[END_AT + 10] = 1;
	assert_string_equal(
		fault_of(&bytes), "zip directory with more than it says");
	bytes.at[END_AT + 8] = 3;
	bytes.at[END_AT + 10] = 3;
	assert_string_equal(fault_of(&bytes), cut);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_zips_pass),
		cmocka_unit_test(changed_bytes_are_found),
		cmocka_unit_test(sizes_may_follow),
		cmocka_unit_test(every_cut_is_found),
		cmocka_unit_test(two_zips_are_found),
		cmocka_unit_test(hidden_members_are_found),
		cmocka_unit_test(second_end_in_comment_is_found),
		cmocka_unit_test(more_entries_than_said_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
