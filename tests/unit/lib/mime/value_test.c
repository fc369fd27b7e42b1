/* value_test.c -- values with parameters are read in one way or refused. */
#include "lib/mime/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

/* What is read, as main|name=value|…, or NULL: refused. */
static const struct {
	const char *text;
	const char *read;
} cases[] = {
	{"text/plain", "text/plain"},
	{" Text/PLAIN ", "text/plain"},
	{"text/plain;", "text/plain"},
	{"a;b=c", "a|b=c"},
	{"a ; B = c ; d=\"e;f\"", "a|b=c|d=e;f"},
	{"a;\r\n b=c", "a|b=c"},
	{"a;b=\"\"", "a|b="},
	{"a;b=\"c\\\"d\\\\e\"", "a|b=c\"d\\e"},
	{"a;b=WAAt/+==", "a|b=WAAt/+=="},
	{"a;b=\xE4", "a|b=\xC3\xA4"},
	{"a;b*=utf-8'en'c%20d", "a|b=c d"},
	{"a;b*=iso-8859-1''%E4", "a|b=\xC3\xA4"},
	{"a;b*=''%41", "a|b=A"},
	{"a;b*0=c;b*1=d", "a|b=cd"},
	{"a;b*1*=%41;b*0*=utf-8''c;b*2=%41", "a|b=cA%41"},
	{"a;filename=c;filename*=utf-8''d", "a|filename=c|filename=d"},
	{"", NULL},
	{";b=c", NULL},
	{"a b", NULL},
	{"a,b", NULL},
	{"a(x)", NULL},
	{"a;b", NULL},
	{"a;b=", NULL},
	{"a;=c", NULL},
	{"a;b=c d", NULL},
	{"a;b=c,d", NULL},
	{"a;b=(c)", NULL},
	{"a;b=c\"d\"", NULL},
	{"a;b=\"c", NULL},
	{"a;b=\"c\\", NULL},
	{"a;b=\"c\"d", NULL},
	{"a;b=\"c\x01\"", NULL},
	{"a;b=c;B=d", NULL},
	{"a;b=c;b*=utf-8''d", NULL},
	{"a;b*=utf-8''c;b*0=d", NULL},
	{"a;b*=c", NULL},
	{"a;b*=x-none''c", NULL},
	{"a;b*=utf-16be''%00", NULL},
	{"a;b*0=c;b*0*=d", NULL},
	{"a;b*1=c", NULL},
	{"a;b*0=c;b*2=d", NULL},
	{"a;b*01=c", NULL},
	{"a;b*99=c", NULL},
	{"a;b*-1=c", NULL},
	{"a;b**=c", NULL},
	{"a;b*0=c;b*1*=d", NULL},
};

static struct slice written(struct arena *arena, const struct value *value)
{
	struct slice text = value->main;

	for (size_t i = 0; i < value->count; i++)
		text = arena_format(arena, "%.*s|%.*s=%.*s", SLICE_ARGS(text),
			SLICE_ARGS(value->parameters[i].name),
			SLICE_ARGS(value->parameters[i].value));
	return text;
}

static void values_are_read_in_one_way(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct arena *arena = arena_new(1 << 20);
		struct value value;
		const char *wrong =
			value_read(&value, arena, slice_of(cases[i].text));

		if (!wrong != !!cases[i].read)
			fail_msg("%s: %s", cases[i].text, wrong ? wrong : "");
		if (!wrong && !slice_equal(written(arena, &value),
				      slice_of(cases[i].read)))
			fail_msg("%s: %.*s", cases[i].text,
				SLICE_ARGS(written(arena, &value)));
		arena_release(&arena);
	}
}

static void number_of_parameters_is_limited(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	struct value value;
	char text[1024] = "a";
	int size = 1;

	(void)state;
	for (int i = 0; i < VALUE_PARAMETERS_MAX; i++)
		size += snprintf(
			text + size, sizeof(text) - (size_t)size, ";p%d=x", i);
	assert_null(value_read(&value, arena, slice_of(text)));
	assert_int_equal(value.count, VALUE_PARAMETERS_MAX);
	(void)snprintf(text + size, sizeof(text) - (size_t)size, ";q=x");
	assert_non_null(value_read(&value, arena, slice_of(text)));
	arena_release(&arena);
}

static void extended_form_is_found_first(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	const struct value_parameter *found;
	struct value value;

	(void)state;
	assert_null(value_read(&value, arena,
		SLICE("a;filename*=utf-8''d;filename=\"c\\x\"")));
	found = value_find(&value, SLICE("filename"));
	assert_non_null(found);
	assert_true(found->extended);
	assert_true(value.parameters[1].escaped);
	assert_null(value_find(&value, SLICE("name")));
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_read_in_one_way),
		cmocka_unit_test(number_of_parameters_is_limited),
		cmocka_unit_test(extended_form_is_found_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
