/* makers_test.c -- the table forgets the most silent, and keeps what is
 * durable. */
#include "archiver/journal/makers.h"

#include "lib/record/number.h"
#include "tests/unit/archiver/journal/sample.h"

static void name(uint8_t boot[16], uint64_t which)
{
	memset(boot, 0, 16);
	memcpy(boot, &which, sizeof(which));
}

static void note(struct makers *makers, const uint8_t boot[16], uint32_t worker,
	uint64_t sequence, uint64_t number)
{
	Sipwarden__Record__Record record = SIPWARDEN__RECORD__RECORD__INIT;
	Sipwarden__Record__Submission from =
		SIPWARDEN__RECORD__SUBMISSION__INIT;

	from.boot = (ProtobufCBinaryData){16, (uint8_t *)(uintptr_t)boot};
	from.worker = worker;
	from.sequence = sequence;
	record.submission = &from;
	record.observed_us = 1000 * number;
	makers_note(makers, &record, number);
}

static void note_turn(struct makers *makers, const uint8_t boot[16],
	uint32_t worker, uint64_t number, Sipwarden__Record__Boot *turn)
{
	Sipwarden__Record__Record record = SIPWARDEN__RECORD__RECORD__INIT;
	Sipwarden__Record__Submission from =
		SIPWARDEN__RECORD__SUBMISSION__INIT;
	Sipwarden__Record__Part part = SIPWARDEN__RECORD__PART__INIT;
	uint8_t packed[256];

	from.boot = (ProtobufCBinaryData){16, (uint8_t *)(uintptr_t)boot};
	from.worker = worker;
	from.sequence = number;
	part.data = (ProtobufCBinaryData){
		sipwarden__record__boot__pack(turn, packed), packed};
	record.kind = SIPWARDEN__RECORD__KIND__KIND_BOOT;
	record.node = "home1.example.com";
	record.submission = &from;
	record.metadata = &part;
	makers_note(makers, &record, number);
}

static void begin(struct makers *makers, const uint8_t boot[16],
	uint32_t worker, uint64_t number)
{
	Sipwarden__Record__Boot turn = SIPWARDEN__RECORD__BOOT__INIT;

	turn.turn = SIPWARDEN__RECORD__TURN__TURN_STARTED;
	note_turn(makers, boot, worker, number, &turn);
}

static void stop(struct makers *makers, const uint8_t boot[16], uint32_t worker,
	uint64_t number)
{
	Sipwarden__Record__Boot turn = SIPWARDEN__RECORD__BOOT__INIT;

	turn.turn = SIPWARDEN__RECORD__TURN__TURN_STOPPED;
	note_turn(makers, boot, worker, number, &turn);
}

static void the_most_silent_is_forgotten(void **state)
{
	struct makers *makers = calloc(1, sizeof(*makers));
	uint8_t boot[16];

	(void)state;
	assert_non_null(makers);
	for (uint64_t i = 1; i <= MAKERS_LIMIT; i++) {
		name(boot, i);
		note(makers, boot, 1, i, i);
	}
	/* The first speaks again; so the second goes. */
	name(boot, 1);
	note(makers, boot, 1, 2, 5000);
	name(boot, 9999);
	note(makers, boot, 1, 1, 5001);
	assert_int_equal(makers->count, MAKERS_LIMIT);
	assert_int_equal(makers_find(makers, boot, 1)->taken, 1);
	assert_int_equal(makers_find(makers, boot, 1)->durable, 0);
	assert_null(makers_find(makers, boot, 2));
	name(boot, 1);
	assert_int_equal(makers_find(makers, boot, 1)->taken, 2);
	name(boot, 2);
	assert_null(makers_find(makers, boot, 1));
	free(makers);
}

/* What was taken and not synced must not stand in a header. */
static void writes_what_is_durable(void **state)
{
	struct makers *makers = calloc(2, sizeof(*makers));
	struct makers *again = makers + 1;
	char bytes[4 * MAKER_BYTES];
	uint8_t boot[16];
	size_t size, count;

	(void)state;
	assert_non_null(makers);
	name(boot, 1);
	note(makers, boot, 7, 41, 100);
	makers_settle(makers);
	note(makers, boot, 7, 45, 105);
	note(makers, boot, 8, 1, 106);
	size = makers_write(makers, bytes, &count);
	assert_int_equal(size, MAKER_BYTES);
	assert_int_equal(count, 1);
	assert_true(makers_read(again, slice_make(bytes, size), 1));
	assert_int_equal(again->count, 1);
	assert_int_equal(makers_find(again, boot, 7)->taken, 41);
	assert_int_equal(makers_find(again, boot, 7)->durable, 41);
	assert_int_equal(makers_find(again, boot, 7)->number, 100);
	assert_int_equal(makers_find(again, boot, 7)->observed_us, 100000);
	assert_false(makers_read(again, slice_make(bytes, size - 1), 1));
	assert_false(makers_read(again, slice_make(bytes, size), 2));
	free(makers);
}

static enum maker_state state_of(
	struct makers *makers, const uint8_t boot[16], uint32_t worker)
{
	return makers_find(makers, boot, worker)->state;
}

/* Only who said that it began is missed when it goes. */
static void knows_who_runs(void **state)
{
	struct makers *makers = calloc(2, sizeof(*makers));
	struct makers *again = makers + 1;
	char bytes[8 * (MAKER_BYTES + MAKER_NODE_BYTES)];
	uint8_t boot[16];
	size_t size, count;

	(void)state;
	assert_non_null(makers);
	name(boot, 1);
	note(makers, boot, 1, 1, 100);
	stop(makers, boot, 1, 101);
	begin(makers, boot, 2, 102);
	begin(makers, boot, 3, 103);
	stop(makers, boot, 3, 104);
	begin(makers, boot, 4, 105);
	stop(makers, boot, 4, 106);
	note(makers, boot, 4, 107, 107); /* after all */
	makers_settle(makers);
	stop(makers, boot, 2, 108); /* not on the disk */
	size = makers_write(makers, bytes, &count);
	assert_int_equal(count, 4);
	assert_true(makers_read(again, slice_make(bytes, size), count));
	assert_int_equal(state_of(again, boot, 1), MAKER_QUIET);
	assert_int_equal(state_of(again, boot, 2), MAKER_RUNNING);
	assert_int_equal(state_of(again, boot, 3), MAKER_STOPPED);
	assert_int_equal(state_of(again, boot, 4), MAKER_RUNNING);
	assert_string_equal(
		makers_find(again, boot, 2)->node, "home1.example.com");
	assert_int_equal(state_of(makers, boot, 2), MAKER_STOPPED);
	for (size_t cut = 0; cut < size; cut++)
		assert_false(makers_read(again, slice_make(bytes, cut), count));
	free(makers);
}

/* The run before died without a record here; its successor names it. */
static void stands_for_a_run_without_records(void **state)
{
	struct makers *makers = calloc(1, sizeof(*makers));
	Sipwarden__Record__Boot turn = SIPWARDEN__RECORD__BOOT__INIT;
	uint8_t boot[16], before[16];
	const struct maker *found;

	(void)state;
	assert_non_null(makers);
	name(boot, 2);
	name(before, 1);
	turn.turn = SIPWARDEN__RECORD__TURN__TURN_STARTED;
	turn.previous = (ProtobufCBinaryData){16, before};
	turn.previous_us = SAMPLE_TIME_US;
	note_turn(makers, boot, 0, 7, &turn);
	found = makers_find(makers, before, 0);
	assert_non_null(found);
	assert_int_equal(found->state, MAKER_RUNNING);
	assert_int_equal(found->taken, 0);
	assert_int_equal(record_number_wall_us(found->number), SAMPLE_TIME_US);
	/* One that is known stands for itself. */
	stop(makers, before, 0, 8);
	note_turn(makers, boot, 1, 9, &turn);
	assert_int_equal(found->state, MAKER_STOPPED);
	free(makers);
}

/* Those who stopped make room, however late they spoke. */
static void who_runs_is_kept(void **state)
{
	struct makers *makers = calloc(1, sizeof(*makers));
	uint8_t boot[16];

	(void)state;
	assert_non_null(makers);
	name(boot, 1);
	begin(makers, boot, 0, 1);
	for (uint64_t i = 2; i < 3 * MAKERS_LIMIT; i++) {
		name(boot, i);
		note(makers, boot, 0, 1, i);
	}
	name(boot, 1);
	assert_non_null(makers_find(makers, boot, 0));
	free(makers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_most_silent_is_forgotten),
		cmocka_unit_test(writes_what_is_durable),
		cmocka_unit_test(knows_who_runs),
		cmocka_unit_test(stands_for_a_run_without_records),
		cmocka_unit_test(who_runs_is_kept)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
