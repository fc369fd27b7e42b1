/* walk_test.c -- entries come in order, with places, without copies. */
#include "tests/unit/lib/mime/judging.h"

static bool judge(struct judging *judging, const char *type, struct slice bytes)
{
	const struct judged_body body = {.bytes = bytes,
		.content_type = slice_of(type),
		.place = SLICE("body")};

	judging_start(judging);
	return judged_add_body(&judging->list, &body, &judging->fault);
}

static void plain_text_is_not_copied(void **state)
{
	const struct slice bytes = SLICE("gr\xC3\xBC\xC3\x9F dich");
	struct judging judging;
	const struct judged *entry;

	(void)state;
	assert_true(judge(&judging, "text/plain; charset=UTF-8", bytes));
	assert_int_equal(judging.list.count, 1);
	entry = &judging.list.entries[0];
	assert_int_equal(entry->kind, JUDGED_PART);
	assert_ptr_equal(entry->raw.at, bytes.at);
	assert_ptr_equal(entry->decoded.at, bytes.at);
	assert_ptr_equal(entry->text.at, bytes.at);
	assert_int_equal(entry->text.size, bytes.size);
	assert_true(entry->editable);
	assert_false(entry->scan);
	assert_int_equal(judging.list.decoded_bytes, 0);
	assert_true(slice_equal(entry->media_type, SLICE("text/plain")));
	assert_true(slice_equal(entry->place, SLICE("body")));
	judging_end(&judging);
}

static void parts_come_in_order_with_places(void **state)
{
	static const char *const places[] = {
		"body.1", "body.2.1", "body.2.2", "body.3"};
	static const char *const texts[] = {"one", "two", "three", "four"};
	struct judging judging;

	(void)state;
	assert_true(judge(&judging, "multipart/mixed;boundary=a",
		SLICE("--a\r\n\r\none\r\n"
		      "--a\r\nContent-Type: multipart/mixed;boundary=b\r\n\r\n"
		      "--b\r\n\r\ntwo\r\n--b\r\n\r\nthree\r\n--b--\r\n"
		      "--a\r\n\r\nfour\r\n--a--\r\n")));
	assert_int_equal(judging.list.count, 4);
	for (size_t i = 0; i < 4; i++) {
		const struct judged *entry = &judging.list.entries[i];

		assert_true(slice_equal(entry->place, slice_of(places[i])));
		assert_true(slice_equal(entry->text, slice_of(texts[i])));
		assert_true(entry->editable);
	}
	judging_end(&judging);
}

static void decoded_part_is_not_editable(void **state)
{
	const struct slice bytes =
		SLICE("--a\r\nContent-Transfer-Encoding: base64\r\n\r\n"
		      "aGk=\r\n--a--");
	struct judging judging;
	const struct judged *entry;

	(void)state;
	assert_true(judge(&judging, "multipart/mixed;boundary=a", bytes));
	assert_int_equal(judging.list.count, 1);
	entry = &judging.list.entries[0];
	assert_false(entry->editable);
	assert_true(slice_equal(entry->raw, SLICE("aGk=")));
	assert_true(entry->raw.at > bytes.at &&
		    entry->raw.at < bytes.at + bytes.size);
	assert_true(slice_equal(entry->decoded, SLICE("hi")));
	assert_int_equal(judging.list.decoded_bytes, 2);
	judging_end(&judging);
}

static void text_read_in_two_ways_is_not_editable(void **state)
{
	struct judging judging;

	(void)state;
	assert_true(judge(
		&judging, "text/plain;charset=iso-8859-1", SLICE("\xC3\xA9")));
	assert_int_equal(judging.list.count, 2);
	assert_false(judging.list.entries[0].editable);
	assert_false(judging.list.entries[1].editable);
	judging_end(&judging);

	/* The first is the bytes themselves, but not the only one. */
	assert_true(judge(&judging, "text/html",
		SLICE("<meta charset=utf-7>fal+AGM-on")));
	assert_false(judging.list.entries[0].editable);
	judging_end(&judging);
}

static void container_to_scan_is_given_as_a_mail(void **state)
{
	static const char body[] = "--a\r\n\r\nMZ\x01\r\n--a--";
	struct judging judging;
	const struct judged *entry;

	(void)state;
	assert_true(judge(&judging, "multipart/mixed;boundary=a",
		slice_make(body, sizeof(body) - 1)));
	assert_int_equal(judging.list.count, 2);
	entry = &judging.list.entries[1];
	assert_int_equal(entry->kind, JUDGED_WHOLE);
	assert_true(entry->scan);
	assert_null(entry->text.at);
	assert_true(slice_equal(entry->decoded,
		SLICE("MIME-Version: 1.0\r\n"
		      "Content-Type: multipart/mixed;boundary=a\r\n\r\n"
		      "--a\r\n\r\nMZ\x01\r\n--a--")));
	judging_end(&judging);
}

static void file_name_and_type_are_given(void **state)
{
	const struct judged_body body = {.bytes = SLICE("x"),
		.content_type = SLICE("Application/X-Y;name=b"),
		.disposition = SLICE("attachment;filename=\"a.zip\""),
		.place = SLICE("body")};
	struct judging judging;
	const struct judged *entry;

	(void)state;
	judging_start(&judging);
	assert_true(judged_add_body(&judging.list, &body, &judging.fault));
	entry = &judging.list.entries[judging.list.count - 1];
	assert_true(slice_equal(entry->file_name, SLICE("a.zip")));
	assert_true(slice_equal(entry->media_type, SLICE("application/x-y")));
	assert_true(entry->scan);
	assert_true(judging_sees(&judging, SLICE("b")));
	judging_end(&judging);
}

static void fault_names_the_part(void **state)
{
	struct judging judging;

	(void)state;
	assert_false(judge(&judging, "multipart/mixed;boundary=a",
		SLICE("--a\r\n\r\none\r\n--a\r\n"
		      "Content-Type: text/plain;charset=\r\n\r\nx\r\n"
		      "--a--")));
	assert_true(slice_equal(judging.fault.place, SLICE("body.2")));
	judging_end(&judging);
}

static void decoded_bytes_are_summed_up(void **state)
{
	static const char body[] =
		"--a\r\nContent-Transfer-Encoding: base64\r\n\r\nYWJj\r\n"
		"--a\r\nContent-Transfer-Encoding: base64\r\n\r\nYWJj\r\n--a--";
	struct judged_limits limits = judging_limits;
	const struct judged_body whole = {
		.bytes = slice_make(body, sizeof(body) - 1),
		.content_type = SLICE("multipart/mixed;boundary=a"),
		.place = SLICE("body")};
	struct judging judging;

	(void)state;
	for (limits.decoded_bytes = 5; limits.decoded_bytes <= 6;
		limits.decoded_bytes++) {
		judging_start(&judging);
		judged_start(&judging.list, judging.arena, limits);
		assert_int_equal(
			judged_add_body(&judging.list, &whole, &judging.fault),
			limits.decoded_bytes == 6);
		if (limits.decoded_bytes < 6)
			assert_int_equal(judging.fault.status, 413);
		judging_end(&judging);
	}
}

static void spent_arena_is_a_fault(void **state)
{
	static const char body[] = "--a\r\nSubject: =?utf-8?Q?a?=\r\n"
				   "Content-Type: text/html;charset=utf-16\r\n"
				   "Content-Transfer-Encoding: base64\r\n\r\n"
				   "PABiAD4AYQAmACMANgA1ADsA\r\n--a--";
	const struct judged_body whole = {
		.bytes = slice_make(body, sizeof(body) - 1),
		.content_type = SLICE("multipart/mixed;boundary=a"),
		.place = SLICE("body")};
	size_t limit = 0;
	bool done = false;

	(void)state;
	/* Memory ends at each place in turn. */
	for (; !done && limit < 65536; limit += 16) {
		struct judging judging;

		judging_start(&judging);
		arena_release(&judging.arena);
		judging.arena = arena_new(limit);
		judged_start(&judging.list, judging.arena, judging_limits);
		done = judged_add_body(&judging.list, &whole, &judging.fault);
		assert_int_equal(done, !arena_spent(judging.arena));
		if (!done)
			assert_non_null(judging.fault.text);
		judging_check(&judging);
		judging_end(&judging);
	}
	assert_true(done);
}

static void uri_within_a_header_is_not_editable(void **state)
{
	const struct slice value = SLICE("<sip:a@x?body=hi>");
	struct judging judging;

	(void)state;
	judging_start(&judging);
	assert_true(judged_add_address(&judging.list, SLICE("header Refer-To"),
		value, &judging.fault));
	assert_int_equal(judging.list.count, 2);
	assert_true(judging.list.entries[0].editable);
	assert_false(judging.list.entries[1].editable);
	assert_true(slice_equal(
		judging.list.entries[1].raw, SLICE("sip:a@x?body=hi")));
	judging_end(&judging);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_text_is_not_copied),
		cmocka_unit_test(parts_come_in_order_with_places),
		cmocka_unit_test(decoded_part_is_not_editable),
		cmocka_unit_test(text_read_in_two_ways_is_not_editable),
		cmocka_unit_test(container_to_scan_is_given_as_a_mail),
		cmocka_unit_test(file_name_and_type_are_given),
		cmocka_unit_test(fault_names_the_part),
		cmocka_unit_test(decoded_bytes_are_summed_up),
		cmocka_unit_test(spent_arena_is_a_fault),
		cmocka_unit_test(uri_within_a_header_is_not_editable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
