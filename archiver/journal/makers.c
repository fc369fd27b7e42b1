/* makers.c -- which submissions of each record maker have been taken. */
#include "archiver/journal/makers.h"

#include "archiver/journal/bytes.h"
#include "lib/record/number.h"

#include <stdio.h>

typedef Sipwarden__Record__Record Record;

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

/* Who has ended goes before who may still have something to say. */
static bool goes_before(const struct maker *one, const struct maker *other)
{
	bool runs = one->state == MAKER_RUNNING;
	bool other_runs = other->state == MAKER_RUNNING;

	return runs == other_runs ? one->number < other->number : other_runs;
}

static struct maker *make_place(struct makers *makers)
{
	struct maker *first = &makers->all[0];

	if (makers->count < MAKERS_LIMIT)
		return &makers->all[makers->count++];
	for (size_t i = 1; i < makers->count; i++)
		if (goes_before(&makers->all[i], first))
			first = &makers->all[i];
	return first;
}

static struct maker *find_or_make(
	struct makers *makers, const uint8_t *boot, uint32_t worker)
{
	struct maker *maker = makers_find(makers, boot, worker);

	if (maker)
		return maker;
	maker = make_place(makers);
	*maker = (struct maker){.worker = worker};
	memcpy(maker->boot, boot, RECORD_ID_BYTES);
	return maker;
}

/* The run before never came as far as a record, and did not stop as it should:
 * it stands here from its own word for when it began. */
static void note_previous(struct makers *makers, const Record *record,
	const Sipwarden__Record__Boot *boot)
{
	struct maker *maker;

	if (boot->previous.len != RECORD_ID_BYTES)
		return;
	for (size_t i = 0; i < makers->count; i++)
		if (memcmp(makers->all[i].boot, boot->previous.data,
			    RECORD_ID_BYTES) == 0)
			return;
	maker = find_or_make(makers, boot->previous.data, 0);
	maker->state = MAKER_RUNNING;
	maker->number = record_number_make(boot->previous_us, 0);
	maker->observed_us = boot->previous_us;
	(void)snprintf(maker->node, sizeof(maker->node), "%s", record->node);
}

static void note_boot(
	struct makers *makers, const Record *record, struct maker *maker)
{
	const ProtobufCBinaryData *data = &record->metadata->data;
	Sipwarden__Record__Boot *boot =
		sipwarden__record__boot__unpack(NULL, data->len, data->data);

	if (!boot)
		return;
	if (boot->turn == SIPWARDEN__RECORD__TURN__TURN_STOPPED &&
		maker->state != MAKER_QUIET)
		maker->state = MAKER_STOPPED;
	if (boot->turn == SIPWARDEN__RECORD__TURN__TURN_STARTED) {
		maker->state = MAKER_RUNNING;
		(void)snprintf(
			maker->node, sizeof(maker->node), "%s", record->node);
		note_previous(makers, record, boot);
	}
	sipwarden__record__boot__free_unpacked(boot, NULL);
}

/* A gap that tells of another maker. */
static void note_gap(struct makers *makers, const Record *record)
{
	const ProtobufCBinaryData *data = &record->metadata->data;
	Sipwarden__Record__Gap *gap =
		sipwarden__record__gap__unpack(NULL, data->len, data->data);
	struct maker *maker;

	if (!gap)
		return;
	maker = gap->boot.len == RECORD_ID_BYTES
			? makers_find(makers, gap->boot.data, gap->worker)
			: NULL;
	if (maker && maker->state == MAKER_RUNNING)
		maker->state = MAKER_TOLD;
	sipwarden__record__gap__free_unpacked(gap, NULL);
}

void makers_note(struct makers *makers, const Record *record, uint64_t number)
{
	const Sipwarden__Record__Submission *from = record->submission;
	struct maker *maker;

	if (!from || from->boot.len != RECORD_ID_BYTES)
		return;
	maker = find_or_make(makers, from->boot.data, from->worker);
	maker->taken = from->sequence;
	maker->number = number;
	if (record->observed_us > maker->observed_us)
		maker->observed_us = record->observed_us;
	/* It speaks, so it runs. */
	if (maker->state != MAKER_QUIET)
		maker->state = MAKER_RUNNING;
	if (!record->metadata)
		return;
	if (record->kind == SIPWARDEN__RECORD__KIND__KIND_BOOT)
		note_boot(makers, record, maker);
	if (record->kind == SIPWARDEN__RECORD__KIND__KIND_GAP)
		note_gap(makers, record);
}

void makers_settle(struct makers *makers)
{
	for (size_t i = 0; i < makers->count; i++) {
		struct maker *maker = &makers->all[i];

		maker->durable = maker->taken;
		maker->durable_number = maker->number;
		maker->durable_state = maker->state;
		maker->durable_observed_us = maker->observed_us;
	}
}

size_t makers_bytes(const struct makers *makers)
{
	size_t bytes = 0;

	for (size_t i = 0; i < makers->count; i++)
		bytes += MAKER_BYTES + strlen(makers->all[i].node);
	return bytes;
}

/* Where the fields of a maker stand. */
enum {
	AT_WORKER = 16,
	AT_STATE = 20,
	AT_NODE_SIZE = 22,
	AT_SEQUENCE = 24,
	AT_NUMBER = 32,
	AT_OBSERVED = 40
};

size_t makers_write(const struct makers *makers, char *bytes, size_t *count)
{
	char *at = bytes;

	*count = 0;
	for (size_t i = 0; i < makers->count; i++) {
		const struct maker *maker = &makers->all[i];
		size_t node = strlen(maker->node);

		if (!maker->durable_number)
			continue;
		memcpy(at, maker->boot, RECORD_ID_BYTES);
		bytes_put32(at + AT_WORKER, maker->worker);
		bytes_put32(at + AT_STATE,
			(uint32_t)maker->durable_state | (uint32_t)node << 16);
		bytes_put64(at + AT_SEQUENCE, maker->durable);
		bytes_put64(at + AT_NUMBER, maker->durable_number);
		bytes_put64(at + AT_OBSERVED, maker->durable_observed_us);
		memcpy(at + MAKER_BYTES, maker->node, node);
		at += MAKER_BYTES + node;
		(*count)++;
	}
	return (size_t)(at - bytes);
}

static bool read_one(struct maker *maker, struct slice *bytes)
{
	const char *at = bytes->at;
	uint32_t state;
	size_t node;

	if (bytes->size < MAKER_BYTES)
		return false;
	state = bytes_get32(at + AT_STATE);
	node = state >> 16;
	state &= 0xffff;
	*bytes = slice_from(*bytes, MAKER_BYTES);
	if (state > MAKER_TOLD || node > MAKER_NODE_BYTES || node > bytes->size)
		return false;
	*maker = (struct maker){.worker = bytes_get32(at + AT_WORKER),
		.state = (enum maker_state)state,
		.durable_state = (enum maker_state)state};
	maker->observed_us = maker->durable_observed_us =
		bytes_get64(at + AT_OBSERVED);
	memcpy(maker->boot, at, RECORD_ID_BYTES);
	memcpy(maker->node, bytes->at, node);
	maker->taken = maker->durable = bytes_get64(at + AT_SEQUENCE);
	maker->number = maker->durable_number = bytes_get64(at + AT_NUMBER);
	*bytes = slice_from(*bytes, node);
	return true;
}

bool makers_read(struct makers *makers, struct slice bytes, size_t count)
{
	makers->count = 0;
	if (count > MAKERS_LIMIT)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!read_one(&makers->all[i], &bytes))
			return false;
	makers->count = count;
	return bytes.size == 0;
}
