/* makers.c -- which submissions of each record maker have been taken. */
#include "archiver/journal/makers.h"

#include "archiver/journal/bytes.h"

struct maker *makers_find(struct makers *makers,
	const uint8_t boot[RECORD_ID_BYTES], uint32_t worker)
{
	for (size_t i = 0; i < makers->count; i++) {
		struct maker *maker = &makers->all[i];

		if (maker->worker == worker &&
			memcmp(maker->boot, boot, RECORD_ID_BYTES) == 0)
			return maker;
	}
	return NULL;
}

static struct maker *make_place(struct makers *makers)
{
	struct maker *oldest = &makers->all[0];

	if (makers->count < MAKERS_LIMIT)
		return &makers->all[makers->count++];
	for (size_t i = 1; i < makers->count; i++)
		if (makers->all[i].number < oldest->number)
			oldest = &makers->all[i];
	return oldest;
}

void makers_note(struct makers *makers, const uint8_t boot[RECORD_ID_BYTES],
	uint32_t worker, uint64_t sequence, uint64_t number)
{
	struct maker *maker = makers_find(makers, boot, worker);

	if (!maker) {
		maker = make_place(makers);
		memcpy(maker->boot, boot, RECORD_ID_BYTES);
		maker->worker = worker;
		maker->durable = maker->durable_number = 0;
	}
	maker->taken = sequence;
	maker->number = number;
}

void makers_settle(struct makers *makers)
{
	for (size_t i = 0; i < makers->count; i++) {
		struct maker *maker = &makers->all[i];

		maker->durable = maker->taken;
		maker->durable_number = maker->number;
	}
}

size_t makers_write(const struct makers *makers, char *bytes)
{
	char *at = bytes;

	for (size_t i = 0; i < makers->count; i++) {
		const struct maker *maker = &makers->all[i];

		if (!maker->durable)
			continue;
		memcpy(at, maker->boot, RECORD_ID_BYTES);
		bytes_put32(at + 16, maker->worker);
		bytes_put32(at + 20, 0);
		bytes_put64(at + 24, maker->durable);
		bytes_put64(at + 32, maker->durable_number);
		at += MAKER_BYTES;
	}
	return (size_t)(at - bytes);
}

bool makers_read(struct makers *makers, struct slice bytes)
{
	if (bytes.size % MAKER_BYTES || bytes.size / MAKER_BYTES > MAKERS_LIMIT)
		return false;
	makers->count = bytes.size / MAKER_BYTES;
	for (size_t i = 0; i < makers->count; i++) {
		const char *at = bytes.at + i * MAKER_BYTES;
		struct maker *maker = &makers->all[i];

		memcpy(maker->boot, at, RECORD_ID_BYTES);
		maker->worker = bytes_get32(at + 16);
		maker->taken = maker->durable = bytes_get64(at + 24);
		maker->number = maker->durable_number = bytes_get64(at + 32);
	}
	return true;
}
