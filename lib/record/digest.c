/* digest.c -- the digests that prove a record: of its parts, and the chain. */
#include "lib/record/digest.h"

#include "lib/sha256.h"

#include <endian.h>
#include <errno.h>
#include <sys/random.h>

int record_random(uint8_t *bytes, size_t size)
{
	while (size) {
		ssize_t got = getrandom(bytes, size, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return errno;
		bytes += got;
		size -= (size_t)got;
	}
	return 0;
}

static int digest_pieces(const struct slice *pieces, size_t count,
	uint8_t digest[RECORD_DIGEST_BYTES])
{
	return sha256_pieces(pieces, count, digest) ? 0 : ENOMEM;
}

int record_part_digest(struct slice salt, struct slice data,
	uint8_t digest[RECORD_DIGEST_BYTES])
{
	const struct slice pieces[] = {salt, data};

	return digest_pieces(pieces, 2, digest);
}

int record_part_make(struct slice data, struct record_part_room *room,
	Sipwarden__Record__Part *part)
{
	int error = record_random(room->salt, sizeof(room->salt));

	if (!error)
		error = record_part_digest(
			slice_make(room->salt, sizeof(room->salt)), data,
			room->digest);
	if (error)
		return error;
	sipwarden__record__part__init(part);
	part->salt = (ProtobufCBinaryData){sizeof(room->salt), room->salt};
	part->data = (ProtobufCBinaryData){data.size, (uint8_t *)data.at};
	part->digest =
		(ProtobufCBinaryData){sizeof(room->digest), room->digest};
	return 0;
}

bool record_part_holds(const Sipwarden__Record__Part *part)
{
	uint8_t digest[RECORD_DIGEST_BYTES];

	if (part->salt.len != RECORD_SALT_BYTES ||
		part->digest.len != RECORD_DIGEST_BYTES)
		return false;
	if (record_part_digest(slice_make(part->salt.data, part->salt.len),
		    slice_make(part->data.data, part->data.len), digest))
		return false;
	return memcmp(digest, part->digest.data, RECORD_DIGEST_BYTES) == 0;
}

bool record_part_erased(const Sipwarden__Record__Part *part)
{
	return part->salt.len == 0 && part->data.len == 0 &&
	       part->digest.len == RECORD_DIGEST_BYTES;
}

/* Where the next bytes of what is digested go. */
struct writing {
	uint8_t bytes[512];
	size_t size;
};

static void put(struct writing *to, const void *bytes, size_t size)
{
	memcpy(to->bytes + to->size, bytes, size);
	to->size += size;
}

static void put32(struct writing *to, uint32_t number)
{
	number = htobe32(number);
	put(to, &number, sizeof(number));
}

static void put64(struct writing *to, uint64_t number)
{
	number = htobe64(number);
	put(to, &number, sizeof(number));
}

/* Exactly size bytes: what is absent, or of another length, counts as zeros
 * (the archiver takes no record with such a length). */
static void put_fixed(
	struct writing *to, const ProtobufCBinaryData *data, size_t size)
{
	static const uint8_t zeros[RECORD_DIGEST_BYTES];

	put(to, data && data->len == size ? data->data : zeros, size);
}

int record_chain(const Sipwarden__Record__Record *record,
	const uint8_t previous[RECORD_DIGEST_BYTES], uint64_t number,
	uint64_t taken_us, uint8_t chain[RECORD_DIGEST_BYTES])
{
	const Sipwarden__Record__Submission *submission = record->submission;
	const Sipwarden__Record__Part *metadata = record->metadata;
	const Sipwarden__Record__Part *content = record->content;
	struct slice node = slice_of(record->node ? record->node : "");
	struct writing front = {.size = 0}, back = {.size = 0};

	put(&front, "sipwarden chain v1", 18);
	put(&front, previous, RECORD_DIGEST_BYTES);
	put64(&front, number);
	put32(&front, (uint32_t)record->kind);
	put32(&front, (uint32_t)node.size);
	put_fixed(&back, &record->message_id, RECORD_ID_BYTES);
	put_fixed(&back, &record->stream, RECORD_ID_BYTES);
	put64(&back, record->observed_us);
	put64(&back, taken_us);
	put_fixed(
		&back, submission ? &submission->boot : NULL, RECORD_ID_BYTES);
	put32(&back, submission ? submission->worker : 0);
	put64(&back, submission ? submission->sequence : 0);
	put64(&back, record->about);
	put_fixed(&back, metadata ? &metadata->digest : NULL,
		RECORD_DIGEST_BYTES);
	put_fixed(
		&back, content ? &content->digest : NULL, RECORD_DIGEST_BYTES);
	{
		const struct slice pieces[] = {
			slice_make(front.bytes, front.size), node,
			slice_make(back.bytes, back.size)};

		return digest_pieces(pieces, 3, chain);
	}
}
