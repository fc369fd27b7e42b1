/* digest_test.c -- the chain covers exactly what the archive format says. */
#include "lib/record/digest.h"

#include "tests/unit/archiver/journal/sample.h"

#include <openssl/evp.h>

static void sha256(struct slice bytes, uint8_t digest[32])
{
	unsigned size = 32;

	assert_int_equal(EVP_Digest(bytes.at, bytes.size, digest, &size,
				 EVP_sha256(), NULL),
		1);
}

/* The table of docs/archive-format.md, built by hand. */
static void the_chain_is_as_documented(void **state)
{
	static const char name[] = "home1.example.com";
	struct sample *sample = sample_make("boot", 0x01020304, 5, 100);
	uint8_t bytes[512], expected[32], chain[32], previous[32];
	size_t at = 0;

	(void)state;
	memset(previous, 'p', sizeof(previous));
	sample->record.about = 0x1112131415161718;
	sample->record.observed_us = 0x2122232425262728;
#define PUT(what, size) (memcpy(bytes + at, (what), (size)), at += (size))
	PUT("sipwarden chain v1", 18);
	PUT(previous, 32);
	PUT("\x31\x32\x33\x34\x35\x36\x37\x38", 8);
	PUT("\0\0\0\1", 4);
	PUT("\0\0\0\x11", 4);
	PUT(name, sizeof(name) - 1);
	PUT(sample->id, 16);
	PUT(sample->stream, 16);
	PUT("\x21\x22\x23\x24\x25\x26\x27\x28", 8);
	PUT("\x41\x42\x43\x44\x45\x46\x47\x48", 8);
	PUT("boot\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	PUT("\1\2\3\4", 4);
	PUT("\0\0\0\0\0\0\0\5", 8);
	PUT("\x11\x12\x13\x14\x15\x16\x17\x18", 8);
	PUT(sample->metadata_digest, 32);
	PUT(sample->content_digest, 32);
	sha256(slice_make(bytes, at), expected);
	assert_int_equal(record_chain(&sample->record, previous,
				 0x3132333435363738, 0x4142434445464748, chain),
		0);
	assert_memory_equal(chain, expected, 32);
	/* Absent content counts as zeros; an absent id too. */
	memset(bytes + at - 32, 0, 32);
	memset(bytes + 18 + 32 + 16 + 17, 0, 16);
	sample->record.content = NULL;
	sample->record.message_id.len = 0;
	sha256(slice_make(bytes, at), expected);
	assert_int_equal(record_chain(&sample->record, previous,
				 0x3132333435363738, 0x4142434445464748, chain),
		0);
	assert_memory_equal(chain, expected, 32);
#undef PUT
	sample_free(sample);
}

/* An erased part changes no chain value. */
static void erasing_breaks_no_chain(void **state)
{
	struct sample *sample = sample_make("boot", 1, 5, 100);
	uint8_t before[32], after[32], previous[32] = {0};

	(void)state;
	assert_true(record_part_holds(&sample->content));
	assert_false(record_part_erased(&sample->content));
	assert_int_equal(
		record_chain(&sample->record, previous, 9, 9, before), 0);
	sample->content.salt.len = sample->content.data.len = 0;
	assert_true(record_part_erased(&sample->content));
	assert_false(record_part_holds(&sample->content));
	assert_int_equal(
		record_chain(&sample->record, previous, 9, 9, after), 0);
	assert_memory_equal(before, after, 32);
	sample_free(sample);
}

static void a_part_holds_only_its_own_bytes(void **state)
{
	Sipwarden__Record__Part part;
	struct record_part_room room, other;
	uint8_t bytes[] = "lunch at noon?", expected[32];
	uint8_t salted[32 + sizeof(bytes)];

	(void)state;
	assert_int_equal(record_part_make(slice_make(bytes, sizeof(bytes)),
				 &room, &part),
		0);
	memcpy(salted, room.salt, 32);
	memcpy(salted + 32, bytes, sizeof(bytes));
	sha256(slice_make(salted, sizeof(salted)), expected);
	assert_memory_equal(part.digest.data, expected, 32);
	assert_true(record_part_holds(&part));
	bytes[3] ^= 1;
	assert_false(record_part_holds(&part));
	bytes[3] ^= 1;
	room.salt[31] ^= 1;
	assert_false(record_part_holds(&part));
	assert_int_equal(record_part_make(slice_make(bytes, sizeof(bytes)),
				 &other, &part),
		0);
	assert_memory_not_equal(room.salt, other.salt, 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_chain_is_as_documented),
		cmocka_unit_test(erasing_breaks_no_chain),
		cmocka_unit_test(a_part_holds_only_its_own_bytes)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
