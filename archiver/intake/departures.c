/* departures.c -- record makers that went without a word, told in the journal.
 */
#include "archiver/intake/departures.h"

#include "lib/clock.h"
#include "lib/log.h"
#include "lib/record/number.h"

#include <inttypes.h>

static bool is_here(
	const struct departures *departures, const struct maker *maker)
{
	for (size_t i = 0; i < departures->connection_count; i++) {
		const struct connection *connection =
			&departures->connections[i];

		if (connection_is_open(connection) && connection->greeted &&
			connection->worker == maker->worker &&
			memcmp(connection->boot, maker->boot,
				RECORD_ID_BYTES) == 0)
			return true;
	}
	return false;
}

/* Its node runs again, under another boot. */
static bool is_followed(const struct departures *departures,
	const struct makers *makers, const struct maker *gone)
{
	for (size_t i = 0; i < makers->count; i++) {
		const struct maker *other = &makers->all[i];

		if (other->state == MAKER_RUNNING &&
			strcmp(other->node, gone->node) == 0 &&
			memcmp(other->boot, gone->boot, RECORD_ID_BYTES) != 0 &&
			is_here(departures, other))
			return true;
	}
	return false;
}

static int take_gap(struct departures *departures,
	const Sipwarden__Record__Gap *gap, const char *node, uint64_t now_us)
{
	Sipwarden__Record__Record record = SIPWARDEN__RECORD__RECORD__INIT;
	Sipwarden__Record__Submission from =
		SIPWARDEN__RECORD__SUBMISSION__INIT;
	Sipwarden__Record__Part part = SIPWARDEN__RECORD__PART__INIT;
	struct record_part_room room;
	uint8_t packed[512];
	uint64_t number;
	int error;

	must(sipwarden__record__gap__get_packed_size(gap) <= sizeof(packed));
	error = record_part_make(
		slice_make(packed, sipwarden__record__gap__pack(gap, packed)),
		&room, &part);
	if (error)
		return error;
	from.boot = (ProtobufCBinaryData){
		sizeof(departures->boot), departures->boot};
	from.sequence = departures->sequence + 1;
	record.format = 1;
	record.kind = SIPWARDEN__RECORD__KIND__KIND_GAP;
	record.node = (char *)(uintptr_t)node;
	record.submission = &from;
	record.metadata = &part;
	record.observed_us = now_us;
	error = journal_writer_take_record(
		departures->writer, &record, now_us, &number);
	if (!error)
		departures->sequence++;
	return error;
}

/* Records come here long after their messages have passed when the queue is
 * long. They come in order, so the first that is missing was made later than
 * anything that is here was observed. */
static uint64_t missing_since_us(const struct maker *maker)
{
	uint64_t taken_us = record_number_wall_us(maker->number);

	return maker->observed_us && maker->observed_us < taken_us
		       ? maker->observed_us
		       : taken_us;
}

/* Taking it marks the maker (makers_note), here and at every later start. */
static bool tell(
	struct departures *departures, struct maker *maker, bool followed)
{
	Sipwarden__Record__Gap gap = SIPWARDEN__RECORD__GAP__INIT;
	char node[MAKER_NODE_BYTES + 1];

	memcpy(node, maker->node, sizeof(node));
	gap.from_us = missing_since_us(maker);
	gap.to_us = clock_wall_us();
	gap.reason = followed ? "it ended without a word and began anew"
			      : "it ended without a word and did not come back";
	gap.boot = (ProtobufCBinaryData){RECORD_ID_BYTES, maker->boot};
	gap.worker = maker->worker;
	gap.last_sequence = maker->taken;
	if (take_gap(departures, &gap, node, gap.to_us) != 0)
		return false;
	log_error("A proxy ended without a word; what it had not handed over "
		  "is lost, a gap record says since when node=%s worker=%u "
		  "last=%" PRIu64,
		node, maker->worker, maker->taken);
	return true;
}

/* Who has just been seen for the first time is given its time. */
static bool is_gone(const struct departures *departures,
	const struct makers *makers, struct maker *maker, uint64_t now_ms,
	bool *followed)
{
	if (is_here(departures, maker) || !maker->seen_ms)
		maker->seen_ms = now_ms;
	*followed = false;
	if (is_here(departures, maker))
		return false;
	*followed = is_followed(departures, makers, maker);
	return *followed || now_ms - maker->seen_ms >= departures->limit_ms;
}

void departures_look(struct departures *departures, uint64_t now_ms)
{
	struct makers *makers = journal_writer_makers(departures->writer);

	/* While nobody runs, who begins must not be missed. */
	if (departures->running && now_ms < departures->look_ms)
		return;
	departures->look_ms = now_ms + DEPARTURES_LOOK_MS;
	departures->running = 0;
	for (size_t i = 0; i < makers->count; i++) {
		struct maker *maker = &makers->all[i];
		bool followed;

		if (maker->state != MAKER_RUNNING)
			continue;
		departures->running++;
		if (is_gone(departures, makers, maker, now_ms, &followed) &&
			!tell(departures, maker, followed))
			return;
	}
}
