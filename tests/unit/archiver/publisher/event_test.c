/* event_test.c -- a record goes out with the headers that describe it. */
#include "archiver/publisher/event.h"

#include "lib/record/allocator.h"
#include "tests/unit/archiver/journal/sample.h"

/* Of all tests, one after the other. */
static struct arena *arena;

struct kind_case {
	Sipwarden__Record__Kind kind;
	const char *type;
};

static const struct kind_case kinds[] = {
	{SIPWARDEN__RECORD__KIND__KIND_MESSAGE, "sipwarden.record.message"},
	{SIPWARDEN__RECORD__KIND__KIND_OUTCOME, "sipwarden.record.outcome"},
	{SIPWARDEN__RECORD__KIND__KIND_GAP, "sipwarden.record.gap"},
	{SIPWARDEN__RECORD__KIND__KIND_BOOT, "sipwarden.record.boot"},
	{SIPWARDEN__RECORD__KIND__KIND_CHECKPOINT,
		"sipwarden.record.checkpoint"},
	{SIPWARDEN__RECORD__KIND__KIND_AUDIT, "sipwarden.record.audit"},
};

static struct slice pack(struct sample *sample, uint64_t number)
{
	Sipwarden__Record__Intake intake = SIPWARDEN__RECORD__INTAKE__INIT;
	uint8_t *bytes;
	size_t size;

	intake.number = number;
	intake.taken_us = UINT64_C(1795348800000001);
	sample->record.intake = number ? &intake : NULL;
	size = sipwarden__record__record__get_packed_size(&sample->record);
	bytes = malloc(size);
	assert_non_null(bytes);
	(void)sipwarden__record__record__pack(&sample->record, bytes);
	sample->record.intake = NULL;
	return slice_make(bytes, size);
}

static void free_slice(struct slice bytes)
{
	void *at;

	memcpy(&at, &bytes.at, sizeof(at));
	free(at);
}

static void each_kind_has_its_type(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct sample *sample = sample_make("boot", 1, 5, 10);
		struct slice payload;
		struct event event;

		sample->record.kind = kinds[i].kind;
		payload = pack(sample, 77);
		assert_true(event_read(payload, arena, &event));
		assert_string_equal(event.type, kinds[i].type);
		free_slice(payload);
		sample_free(sample);
	}
}

static void headers_are_number_time_subject_and_node(void **state)
{
	struct sample *sample = sample_make("boot", 1, 5, 10);
	struct slice payload = pack(sample, UINT64_C(9223372036854775807));
	struct event event;

	(void)state;
	assert_true(event_read(payload, arena, &event));
	assert_string_equal(event.id, "9223372036854775807");
	assert_string_equal(event.time, "2026-11-22T12:00:00.000001Z");
	assert_string_equal(event.subject, "05000000000000000000000000000000");
	assert_true(slice_equal(event.source, SLICE("home1.example.com")));
	assert_true(slice_equal(event.key, SLICE("ssssssssssssssss")));
	free_slice(payload);
	sample_free(sample);
}

static void without_stream_the_key_is_the_node(void **state)
{
	struct sample *sample = sample_make("boot", 1, 5, 10);
	struct slice payload;
	struct event event;

	(void)state;
	sample->record.stream.len = sample->record.message_id.len = 0;
	payload = pack(sample, 1);
	assert_true(event_read(payload, arena, &event));
	assert_true(slice_equal(event.key, SLICE("home1.example.com")));
	assert_string_equal(event.subject, "");
	free_slice(payload);
	sample_free(sample);
}

static void refuses_what_no_archiver_took(void **state)
{
	struct sample *sample = sample_make("boot", 1, 5, 10);
	struct slice payload = pack(sample, 0);
	struct event event;

	(void)state;
	assert_false(event_read(payload, arena, &event));
	assert_false(event_read(slice_part(payload, 0, 20), arena, &event));
	assert_false(event_read(SLICE(""), arena, &event));
	free_slice(payload);
	sample_free(sample);
}

static int make_arena(void **state)
{
	(void)state;
	arena = arena_new(RECORD_ARENA_BYTES);
	return arena ? 0 : -1;
}

static int release_arena(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_has_its_type),
		cmocka_unit_test(headers_are_number_time_subject_and_node),
		cmocka_unit_test(without_stream_the_key_is_the_node),
		cmocka_unit_test(refuses_what_no_archiver_took),
	};

	return cmocka_run_group_tests(tests, make_arena, release_arena);
}
