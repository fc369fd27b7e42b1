/* judged_test.c -- texts that are no body parts, each reading of them. */
#include "tests/unit/lib/mime/judging.h"

static void start(struct judging *judging)
{
	judging_start(judging);
}

static void add(struct judging *judging, struct slice text)
{
	assert_true(judged_add_text(&judging->list, SLICE("header Subject"),
		text, &judging->fault));
	judging_check(judging);
}

static const struct {
	const char *text;
	const char *readings[6]; /* all of them, in order */
} cases[] = {
	{"", {NULL}},
	{"plain", {"plain", NULL}},
	{"100% sure", {"100% sure", NULL}},
	{"=?utf-8?Q?a?=", {"=?utf-8?Q?a?=", "a", NULL}},
	{"a\\b", {"a\\b", "ab", NULL}},
	{"a%41", {"a%41", "aA", NULL}},
	{"a%00b", {"a%00b", "ab", NULL}},
	{"a%E4", {"a%E4", "a\xC3\xA4", NULL}},
	{"=?utf-8?Q?a?= \\b%41",
		{"=?utf-8?Q?a?= \\b%41", "a \\b%41", "=?utf-8?Q?a?= b%41",
			"=?utf-8?Q?a?= \\bA", "a bA", NULL}},
	{"a\xE4", {"a\xC3\xA4", "a", NULL}},
};

static void each_reading_of_a_text_is_added(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct judging judging;
		size_t count = 0;

		start(&judging);
		add(&judging, slice_of(cases[i].text));
		for (; cases[i].readings[count]; count++) {
			assert_true(count < judging.list.count);
			if (!slice_equal(judging.list.entries[count].text,
				    slice_of(cases[i].readings[count])))
				fail_msg("%s: %.*s", cases[i].text,
					SLICE_ARGS(judging.list.entries[count]
							   .text));
		}
		assert_int_equal(judging.list.count, count);
		judging_end(&judging);
	}
}

static void only_the_text_itself_is_editable(void **state)
{
	const struct slice text = SLICE("a%41");
	struct judging judging;

	(void)state;
	start(&judging);
	add(&judging, text);
	assert_true(judging.list.entries[0].editable);
	assert_ptr_equal(judging.list.entries[0].text.at, text.at);
	assert_false(judging.list.entries[1].editable);
	assert_ptr_equal(judging.list.entries[1].raw.at, text.at);
	judging_end(&judging);
}

static void list_grows_up_to_its_limit(void **state)
{
	struct judging judging;

	(void)state;
	start(&judging);
	for (unsigned i = 0; i < judging_limits.parts; i++)
		add(&judging, SLICE("a"));
	assert_false(judged_add_text(
		&judging.list, SLICE("x"), SLICE("a"), &judging.fault));
	assert_int_equal(judging.fault.status, 413);
	assert_int_equal(judging.list.count, judging_limits.parts);
	judging_end(&judging);
}

static void text_of_ms_text_format_stands_as_base64(void **state)
{
	const struct slice value =
		SLICE("text/plain; charset=UTF-8;ms-body=aGVsbG8=");
	struct judging judging;
	const struct judged *entry;

	(void)state;
	start(&judging);
	assert_true(judged_add_ms_text(&judging.list,
		SLICE("header ms-text-format"), value, &judging.fault));
	assert_int_equal(judging.list.count, 1);
	entry = &judging.list.entries[0];
	assert_int_equal(entry->kind, JUDGED_PART);
	assert_true(slice_equal(entry->text, SLICE("hello")));
	assert_true(slice_equal(entry->raw, SLICE("aGVsbG8=")));
	assert_false(entry->editable);
	judging_end(&judging);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_reading_of_a_text_is_added),
		cmocka_unit_test(only_the_text_itself_is_editable),
		cmocka_unit_test(list_grows_up_to_its_limit),
		cmocka_unit_test(text_of_ms_text_format_stands_as_base64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
