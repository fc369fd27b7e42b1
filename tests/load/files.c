/* files.c -- small real files to send: archives, documents, a test virus. */
#include "tests/load/files.h"

#include "tests/load/random.h"

#include <stdlib.h>
#include <zlib.h>

enum { LEAST = 2048, SPAN = 6 * 1024, MEMBER_MOST = 8 * 1024 };

static const char *const lines[] = {"quarter;region;amount\n",
	"first;north;118\n", "second;south;240\n", "third;east;77\n",
	"all figures are rounded\n", "see the appendix\n"};
enum { LINES = sizeof(lines) / sizeof(lines[0]) };

/* Text with some noise in it, so that it deflates as documents do. */
static void lines_put(struct text *text, size_t size, uint64_t *random)
{
	size_t end = text->size + size;

	while (text->size < end) {
		text_word(text, lines[random_below(random, LINES)]);
		text_hex(text, random_next(random));
		text_word(text, "\n");
	}
}

static struct slice deflated(struct slice in, char *out, size_t room)
{
	z_stream stream = {.next_in = (unsigned char *)(uintptr_t)in.at,
		.avail_in = (uInt)in.size,
		.next_out = (unsigned char *)out,
		.avail_out = (uInt)room};

	if (deflateInit2(&stream, 1, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) !=
			Z_OK ||
		deflate(&stream, Z_FINISH) != Z_STREAM_END)
		abort();
	deflateEnd(&stream);
	return slice_make(out, stream.total_out);
}

struct member {
	struct slice name, content, packed;
	uint32_t crc;
	size_t offset;
};

/* What local header and directory share: version to file name's length. */
static void member_fields(struct text *text, const struct member *member)
{
	text_little16(text, 20);
	text_little16(text, 0);
	text_little16(text, 8);          /* deflated */
	text_little32(text, 0x5a8f6000); /* a day */
	text_little32(text, member->crc);
	text_little32(text, (uint32_t)member->packed.size);
	text_little32(text, (uint32_t)member->content.size);
	text_little16(text, (uint32_t)member->name.size);
	text_little16(text, 0);
}

static void local_put(struct text *text, const struct member *member)
{
	text_little32(text, 0x04034b50);
	member_fields(text, member);
	text_put(text, member->name);
	text_put(text, member->packed);
}

static void directory_put(struct text *text, const struct member *member)
{
	text_little32(text, 0x02014b50);
	text_little16(text, 20);
	member_fields(text, member);
	text_little16(text, 0); /* comment */
	text_little16(text, 0); /* disk */
	text_little16(text, 0);
	text_little32(text, 0);
	text_little32(text, (uint32_t)member->offset);
	text_put(text, member->name);
}

/* One member; a stream is deflated afresh each time, as a client does. */
static void zip_put(struct text *text, struct slice name, struct slice content)
{
	char packed[MEMBER_MOST + 1024];
	struct member member = {name, content,
		deflated(content, packed, sizeof(packed)),
		(uint32_t)crc32(0, (const unsigned char *)content.at,
			(uInt)content.size),
		0};
	size_t start = text->size, directory;

	local_put(text, &member);
	directory = text->size - start;
	directory_put(text, &member);
	text_little32(text, 0x06054b50);
	text_little32(text, 0);
	text_little16(text, 1);
	text_little16(text, 1);
	text_little32(text, (uint32_t)(text->size - start - 12 - directory));
	text_little32(text, (uint32_t)directory);
	text_little16(text, 0);
}

static void pdf_put(struct text *text, size_t size, uint64_t *random)
{
	size_t start = text->size, table;

	text_word(text, "%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\n"
			"endobj\n2 0 obj\n<</Type/Pages/Kids[]/Count 0>>\n"
			"endobj\n3 0 obj\n<</Length ");
	text_number(text, size);
	text_word(text, ">>\nstream\n");
	lines_put(text, size, random);
	text_word(text, "endstream\nendobj\n");
	table = text->size - start;
	text_word(text, "xref\n0 1\n0000000000 65535 f \n"
			"trailer\n<</Size 4/Root 1 0 R>>\nstartxref\n");
	text_number(text, table);
	text_word(text, "\n%%EOF\n");
}

static bool is_zip(uint64_t random)
{
	return random & 1;
}

const char *file_name(uint64_t random)
{
	return is_zip(random) ? "report.zip" : "report.pdf";
}

void file_put(struct text *text, uint64_t random)
{
	size_t size = LEAST + (random >> 8) % SPAN;
	char content[MEMBER_MOST + 256];
	struct text inner = {content, 0, sizeof(content)};

	if (is_zip(random)) {
		/* deflates to about half: the archive is 2 to 5 KB */
		lines_put(&inner, LEAST + size / 2, &random);
		zip_put(text, SLICE("report.csv"),
			slice_make(content, inner.size));
	} else {
		pdf_put(text, size, &random);
	}
}

/* In pieces, so that no scanner takes this file, or the program, for one. */
void file_put_infected(struct text *text, uint64_t random)
{
	static const char *const pieces[] = {"X5O!P%@AP[4\\PZ", "X54(P^)7CC)",
		"7}$EI", "CAR-STANDARD", "-ANTIVIRUS-TE", "ST-FILE!$H", "+H*"};
	char content[128], name[32];
	struct text inner = {content, 0, sizeof(content)};
	struct text file = {name, 0, sizeof(name)};

	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
		text_word(&inner, pieces[i]);
	text_hex(&file, random);
	text_word(&file, ".com");
	zip_put(text, slice_make(name, file.size),
		slice_make(content, inner.size));
}
