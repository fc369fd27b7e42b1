/* zip.c -- can a zip be read in one way only? */
#include "scanners/virus/zip.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	END_BYTES = 22,    /* APPNOTE 4.3.16 */
	ENTRY_BYTES = 46,  /* 4.3.12 */
	MEMBER_BYTES = 30, /* 4.3.7 */
	COMMENT_BYTES = 65535,
	DIRECTORY_BYTES = 16 * 1024 * 1024,
	MAGIC_BYTES = 4,
	FLAG_ENCRYPTED = 1 << 0, /* 4.4.4 */
	FLAG_TRAILER = 1 << 3,   /* sizes follow the member */
	FLAG_STRONG = 1 << 6,
	FLAG_MASKED = 1 << 13
};

static const char member_magic[] = "PK\3\4";
static const char entry_magic[] = "PK\1\2";
static const char end_magic[] = "PK\5\6";

struct extent {
	uint64_t start, end;
};

struct zip {
	int descriptor;
	uint64_t size;
	uint64_t end_at;       /* where the end record stands */
	uint64_t directory_at; /* where the directory begins */
	uint32_t directory_size;
	uint32_t count;
	unsigned char *directory; /* owned */
	struct extent *members;   /* owned; count of them */
};

/* What both heads say of a member. */
struct member {
	uint32_t flags, method, checksum, packed, unpacked;
};

static uint32_t two(const unsigned char *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8;
}

static uint32_t four(const unsigned char *at)
{
	return two(at) | two(at + 2) << 16;
}

static bool is_magic(const unsigned char *at, const char *magic)
{
	return memcmp(at, magic, MAGIC_BYTES) == 0;
}

static bool read_at(
	const struct zip *zip, uint64_t offset, void *bytes, size_t size)
{
	char *at = bytes;

	while (size) {
		ssize_t got = pread(zip->descriptor, at, size, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		at += got;
		offset += (uint64_t)got;
		size -= (size_t)got;
	}
	return true;
}

static const char *read_end(
	struct zip *zip, const unsigned char *end, uint64_t offset)
{
	zip->end_at = offset;
	zip->count = two(end + 10);
	zip->directory_size = four(end + 12);
	zip->directory_at = four(end + 16);
	if (two(end + 4) || two(end + 6) || two(end + 8) != zip->count)
		return "zip in several parts";
	if (zip->count == 0xffff || zip->directory_size == 0xffffffff ||
		zip->directory_at == 0xffffffff)
		return "zip64 directory";
	if (zip->directory_at + zip->directory_size != zip->end_at)
		return "zip directory is not where it says";
	if (zip->directory_size > DIRECTORY_BYTES)
		return "zip directory is too large";
	return NULL;
}

/* The end record is the one whose comment reaches to the end of the file; a
 * second one in that comment would be another reader's. */
static const char *find_end(struct zip *zip, bool begins, bool *found)
{
	const uint64_t most = END_BYTES + COMMENT_BYTES;
	const size_t size = (size_t)(zip->size < most ? zip->size : most);
	unsigned char *tail = malloc(size ? size : 1);
	const char *fault = begins ? "zip without directory at its end" : NULL;
	size_t others = 0;

	if (!tail || !read_at(zip, zip->size - size, tail, size)) {
		free(tail);
		return "zip cannot be read";
	}
	for (size_t at = size; at-- > 0 && !*found;) {
		if (size - at < END_BYTES || !is_magic(tail + at, end_magic))
			continue;
		*found = at + END_BYTES + two(tail + at + 20) == size;
		others += !*found;
		if (*found)
			fault = read_end(zip, tail + at, zip->size - size + at);
	}
	free(tail);
	return *found && others ? "zip with two ends" : fault;
}

/* 4.4.5: what libclamav unpacks. */
static bool is_known_method(uint32_t method)
{
	return method == 0 || method == 6 || method == 8 || method == 9 ||
	       method == 12;
}

static const char *check_member(const struct member *member)
{
	if (member->flags & (FLAG_STRONG | FLAG_MASKED))
		return "encrypted zip";
	if (!is_known_method(member->method))
		return "zip with an unknown method";
	if (member->method == 0 && !(member->flags & FLAG_ENCRYPTED) &&
		member->packed != member->unpacked)
		return "zip member with two sizes";
	return NULL;
}

static struct member member_read(const unsigned char *at)
{
	return (struct member){
		.flags = two(at),
		.method = two(at + 2),
		.checksum = four(at + 8),
		.packed = four(at + 12),
		.unpacked = four(at + 16),
	};
}

static bool is_same(uint32_t before, uint32_t listed, uint32_t flags)
{
	return before == listed || (before == 0 && (flags & FLAG_TRAILER));
}

/* The head before the member says the same as the directory. */
static const char *check_head(const struct zip *zip,
	const struct member *listed, uint64_t offset, struct extent *extent)
{
	unsigned char head[MEMBER_BYTES];
	struct member member;

	if (offset + MEMBER_BYTES > zip->directory_at ||
		!read_at(zip, offset, head, sizeof(head)) ||
		!is_magic(head, member_magic))
		return "zip member is not where it should be";
	member = member_read(head + 6);
	if (member.method != listed->method ||
		((member.flags ^ listed->flags) & FLAG_ENCRYPTED) ||
		!is_same(member.checksum, listed->checksum, member.flags) ||
		!is_same(member.packed, listed->packed, member.flags) ||
		!is_same(member.unpacked, listed->unpacked, member.flags))
		return "zip with two descriptions of a member";
	extent->start = offset;
	extent->end = offset + MEMBER_BYTES + two(head + 26) + two(head + 28) +
		      listed->packed;
	return NULL;
}

static const char *check_entry(struct zip *zip, uint32_t number, size_t *at)
{
	const unsigned char *entry = zip->directory + *at;
	const size_t left = zip->directory_size - *at;
	struct member member;
	const char *fault;
	size_t size;

	if (left < ENTRY_BYTES || !is_magic(entry, entry_magic))
		return "zip directory is cut";
	size = ENTRY_BYTES + (size_t)two(entry + 28) + two(entry + 30) +
	       two(entry + 32);
	if (left < size || two(entry + 34))
		return "zip directory is cut";
	member = member_read(entry + 8);
	fault = check_member(&member);
	if (!fault)
		fault = check_head(
			zip, &member, four(entry + 42), &zip->members[number]);
	*at += size;
	return fault;
}

static const char *check_entries(struct zip *zip)
{
	const char *fault = NULL;
	size_t at = 0;

	for (uint32_t i = 0; i < zip->count && !fault; i++)
		fault = check_entry(zip, i, &at);
	if (!fault && at != zip->directory_size)
		fault = "zip directory with more than it says";
	return fault;
}

static int by_start(const void *left, const void *right)
{
	const struct extent *a = left, *b = right;

	return a->start < b->start ? -1 : a->start > b->start;
}

static bool has_magic(const unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i + MAGIC_BYTES <= size; i++)
		if (is_magic(bytes + i, member_magic) ||
			is_magic(bytes + i, entry_magic))
			return true;
	return false;
}

/* Between members stand trailers, before them perhaps a program; a member
 * that the directory does not list is another reader's. */
static const char *check_gap(const struct zip *zip, uint64_t from, uint64_t to)
{
	unsigned char window[4096];

	while (to - from >= MAGIC_BYTES) {
		const size_t size = to - from < sizeof(window)
					    ? (size_t)(to - from)
					    : sizeof(window);

		if (!read_at(zip, from, window, size))
			return "zip cannot be read";
		if (has_magic(window, size))
			return "zip with hidden members";
		if (size == to - from)
			break;
		from += size - (MAGIC_BYTES - 1);
	}
	return NULL;
}

static const char *check_places(struct zip *zip)
{
	uint64_t at = 0;
	const char *fault = NULL;

	qsort(zip->members, zip->count, sizeof(zip->members[0]), by_start);
	for (uint32_t i = 0; i < zip->count && !fault; i++) {
		if (zip->members[i].start < at ||
			zip->members[i].end > zip->directory_at)
			return "zip with overlapping members";
		fault = check_gap(zip, at, zip->members[i].start);
		at = zip->members[i].end;
	}
	return fault ? fault : check_gap(zip, at, zip->directory_at);
}

static const char *check_zip(struct zip *zip)
{
	const char *fault;

	zip->directory = malloc(zip->directory_size + 1);
	zip->members = calloc(zip->count + 1, sizeof(zip->members[0]));
	if (!zip->directory || !zip->members ||
		!read_at(zip, zip->directory_at, zip->directory,
			zip->directory_size))
		return "zip cannot be read";
	fault = check_entries(zip);
	return fault ? fault : check_places(zip);
}

const char *zip_fault(int descriptor, uint64_t size)
{
	struct zip zip = {.descriptor = descriptor, .size = size};
	unsigned char magic[MAGIC_BYTES] = {0};
	const char *fault;
	bool found = false;

	if (size < END_BYTES || !read_at(&zip, 0, magic, sizeof(magic)))
		return NULL;
	fault = find_end(&zip, is_magic(magic, member_magic), &found);
	if (!fault && found)
		fault = check_zip(&zip);
	free(zip.directory);
	free(zip.members);
	return fault;
}
