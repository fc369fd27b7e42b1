/* departures_test.c -- who goes without a word is told once, whoever was there.
 */
#include "archiver/intake/departures.h"

#include "tests/unit/archiver/intake/house.h"

/* What the journal tells of makers that went. */
struct told {
	uint64_t count;
	uint64_t last, worker, from_us, to_us; /* of the newest */
	char node[256], reason[256];
	uint8_t boot[16];
};

static struct told gaps(const struct house *house)
{
	struct journal_reader *reader;
	struct journal_entry entry;
	struct journal_fault fault;
	struct told told = {0};

	assert_int_equal(journal_reader_open(house->journal, 0, &reader), 0);
	while (journal_reader_next(reader, &entry, &fault) == 0) {
		Sipwarden__Record__Record *record =
			sipwarden__record__record__unpack(NULL,
				entry.payload.size,
				(const uint8_t *)entry.payload.at);
		Sipwarden__Record__Gap *gap;

		assert_non_null(record);
		if (record->kind == SIPWARDEN__RECORD__KIND__KIND_GAP) {
			gap = sipwarden__record__gap__unpack(NULL,
				record->metadata->data.len,
				record->metadata->data.data);
			assert_non_null(gap);
			told.count++;
			told.last = gap->last_sequence;
			told.worker = gap->worker;
			told.from_us = gap->from_us;
			told.to_us = gap->to_us;
			memcpy(told.boot, gap->boot.data, 16);
			(void)snprintf(told.node, 256, "%s", record->node);
			(void)snprintf(told.reason, 256, "%s", gap->reason);
			sipwarden__record__gap__free_unpacked(gap, NULL);
		}
		sipwarden__record__record__free_unpacked(record, NULL);
	}
	journal_reader_close(&reader);
	return told;
}

static struct told wait_for_gaps(const struct house *house, uint64_t count)
{
	struct told told = gaps(house);

	for (int i = 0; i < 1000 && told.count < count; i++) {
		(void)poll(NULL, 0, 10);
		told = gaps(house);
	}
	assert_int_equal(told.count, count);
	return told;
}

static void send_turn(struct frame_link *link, const char *boot,
	uint32_t worker, uint64_t sequence, Sipwarden__Record__Turn turn)
{
	struct sample *sample = sample_make(boot, worker, sequence, 10);
	Sipwarden__Record__Boot metadata = SIPWARDEN__RECORD__BOOT__INIT;
	struct record_part_room room;
	uint8_t packed[64];

	metadata.turn = turn;
	assert_int_equal(record_part_make(slice_make(packed,
						  sipwarden__record__boot__pack(
							  &metadata, packed)),
				 &room, &sample->metadata),
		0);
	sample->record.kind = SIPWARDEN__RECORD__KIND__KIND_BOOT;
	sample->record.content = NULL;
	send_record(link, &sample->record);
	sample_free(sample);
}

static struct frame_link *begin(
	const struct house *house, const char *boot, uint32_t worker)
{
	struct frame_link *link = maker_connect(house, boot, worker);

	assert_int_equal(expect(link, INTAKE_WELCOME), 0);
	send_turn(link, boot, worker, 1, SIPWARDEN__RECORD__TURN__TURN_STARTED);
	wait_durable(link, 1);
	return link;
}

static void tells_of_a_boot_that_is_followed(void **state)
{
	struct house house;
	struct frame_link *link, *next;
	struct told told;

	(void)state;
	house_make(&house);
	house_start(&house);
	link = begin(&house, "first", 3);
	send_sample(link, "first", 3, 2, 100);
	wait_durable(link, 2);
	frame_link_close(&link);
	next = begin(&house, "second", 3);
	told = wait_for_gaps(&house, 1);
	assert_string_equal(told.node, "home1.example.com");
	assert_string_equal(
		told.reason, "it ended without a word and began anew");
	assert_string_equal((const char *)told.boot, "first");
	assert_int_equal(told.worker, 3);
	assert_int_equal(told.last, 2);
	/* Since what the last record here observed, not since it came. */
	assert_int_equal(told.from_us, SAMPLE_TIME_US + 2);
	assert_true(told.to_us >= told.from_us);
	/* Told once, also over restarts; the second one is here. */
	assert_true(house_stop(&house));
	frame_link_close(&next);
	house_start(&house);
	next = maker_connect(&house, "second", 3);
	assert_int_equal(expect(next, INTAKE_WELCOME), 1);
	(void)poll(NULL, 0, DEPARTURES_LOOK_MS + 500);
	assert_int_equal(gaps(&house).count, 1);
	frame_link_close(&next);
	assert_true(house_stop(&house));
	sample_folder_remove(house.folder);
}

/* The archiver was not there when it went, and has written many segments
 * since. */
static void knows_across_restarts_and_segments(void **state)
{
	struct house house;
	struct frame_link *link, *busy;

	(void)state;
	house_make(&house);
	house_start(&house);
	link = begin(&house, "first", 0);
	busy = maker_connect(&house, "busy", 1);
	assert_int_equal(expect(busy, INTAKE_WELCOME), 0);
	for (uint64_t i = 1; i <= 300; i++)
		send_sample(busy, "busy", 1, i, 4000);
	wait_durable(busy, 300);
	assert_true(house_stop(&house));
	frame_link_close(&link);
	frame_link_close(&busy);
	house_start(&house);
	link = begin(&house, "second", 0);
	assert_int_equal(wait_for_gaps(&house, 1).last, 1);
	frame_link_close(&link);
	assert_true(house_stop(&house));
	sample_folder_remove(house.folder);
}

static void tells_nothing_of_a_clean_stop(void **state)
{
	struct house house;
	struct frame_link *link;

	(void)state;
	house_make(&house);
	house.options.departure_ms = 1;
	house_start(&house);
	link = begin(&house, "first", 0);
	send_turn(link, "first", 0, 2, SIPWARDEN__RECORD__TURN__TURN_STOPPED);
	wait_durable(link, 2);
	frame_link_close(&link);
	link = begin(&house, "second", 0);
	send_turn(link, "second", 0, 2, SIPWARDEN__RECORD__TURN__TURN_STOPPED);
	wait_durable(link, 2);
	frame_link_close(&link);
	/* Nor of one that only ever sends what it waits for (the store). */
	link = maker_connect(&house, "store", 0);
	assert_int_equal(expect(link, INTAKE_WELCOME), 0);
	send_sample(link, "store", 0, 1, 100);
	wait_durable(link, 1);
	frame_link_close(&link);
	(void)poll(NULL, 0, 2 * DEPARTURES_LOOK_MS + 500);
	assert_int_equal(gaps(&house).count, 0);
	assert_true(house_stop(&house));
	sample_folder_remove(house.folder);
}

/* One that comes back late is told, and again when it goes again. */
static void tells_of_one_that_does_not_come_back(void **state)
{
	struct house house;
	struct frame_link *link;

	(void)state;
	house_make(&house);
	house.options.departure_ms = 1;
	house_start(&house);
	link = begin(&house, "first", 0);
	(void)poll(NULL, 0, 2 * DEPARTURES_LOOK_MS);
	assert_int_equal(gaps(&house).count, 0);
	frame_link_close(&link);
	assert_string_equal(wait_for_gaps(&house, 1).reason,
		"it ended without a word and did not come back");
	link = maker_connect(&house, "first", 0);
	assert_int_equal(expect(link, INTAKE_WELCOME), 1);
	send_sample(link, "first", 0, 2, 100);
	wait_durable(link, 2);
	assert_int_equal(gaps(&house).count, 1);
	frame_link_close(&link);
	assert_int_equal(wait_for_gaps(&house, 2).last, 2);
	assert_true(house_stop(&house));
	sample_folder_remove(house.folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_of_a_boot_that_is_followed),
		cmocka_unit_test(knows_across_restarts_and_segments),
		cmocka_unit_test(tells_nothing_of_a_clean_stop),
		cmocka_unit_test(tells_of_one_that_does_not_come_back)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
