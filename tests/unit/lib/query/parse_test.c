/* parse_test.c -- queries are read with their precedence, or refused with the
 * column and what was expected. */
#include "lib/query/query.h"

#include "lib/query_protocol.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const char *const field_names[] = {"",
	"from:", "to:", "participants:", "filename:", "kind:", "direction:",
	"verdict:", "rule:", "method:", "node:", "has:", "sent:"};

static size_t write_step(const struct query_step *step, char *out, size_t room)
{
	switch (step->kind) {
	case QUERY_WORDS:
		return (size_t)snprintf(out, room, "%s%s[%.*s]%s",
			step->negated ? "-" : "", field_names[step->field],
			SLICE_ARGS(step->text), step->prefix ? "*" : "");
	case QUERY_NEAR:
		return (size_t)snprintf(out, room, "near%u[%.*s|%.*s]",
			step->distance, SLICE_ARGS(step->text),
			SLICE_ARGS(step->other));
	case QUERY_RANGE:
		return (size_t)snprintf(out, room, "range");
	case QUERY_NOT:
		return (size_t)snprintf(out, room, "NOT");
	case QUERY_AND:
		return (size_t)snprintf(out, room, "AND");
	case QUERY_OR:
		return (size_t)snprintf(out, room, "OR");
	}
	return 0;
}

static void write_steps(const struct query *query, char *out, size_t room)
{
	size_t count, used = 0;
	const struct query_step *steps = query_steps(query, &count);

	for (size_t i = 0; i < count; i++) {
		if (i)
			out[used++] = ' ';
		used += write_step(&steps[i], out + used, room - used);
	}
}

static const struct {
	const char *text, *steps;
} good[] = {
	{"lunch", "[lunch]"},
	{"lunch noon", "[lunch] [noon] AND"},
	{"lunch AND noon", "[lunch] [noon] AND"},
	{"a OR b c", "[a] [b] [c] AND OR"},
	{"a b OR c", "[a] [b] AND [c] OR"},
	{"(a OR b) c", "[a] [b] OR [c] AND"},
	{"a NOT b", "[a] -[b] NOT AND"},
	{"NOT a b", "-[a] NOT [b] AND"},
	{"-a", "-[a] NOT"},
	{"-(a b)", "-[a] -[b] AND NOT"},
	{"NOT NOT a", "[a]"},
	{"-(a -b)", "-[a] [b] NOT AND NOT"},
	{"and or not", "[and] [or] AND [not] AND"},
	{"\"AND\"", "[AND]"},
	{"\"lunch at noon\"", "[lunch at noon]"},
	{"well-known", "[well-known]"},
	{"lun*", "[lun]*"},
	{"\"lunch no\"*", "[lunch no]*"},
	{"a NEAR b", "near8[a|b]"},
	{"a NEAR(3) \"b c\" d", "near3[a|b c] [d] AND"},
	{"a NEAR(n=3) b", "near3[a|b]"},
	{"From:alice", "from:[alice]"},
	{"from:\"Sara Davis\" x", "from:[Sara Davis] [x] AND"},
	{"-from:ali*", "-from:[ali]* NOT"},
	{"participants:example.com", "participants:[example.com]"},
	{"kind:im direction:INBOUND", "kind:[im] direction:[INBOUND] AND"},
	{"verdict:403 OR rule:falcon-names",
		"verdict:[403] rule:[falcon-names] OR"},
	{"has:attachment", "has:[attachment]"},
	{"sent:2026-11-01..2026-11-22", "range"},
	{"sent>=2026-11 sent<2027", "range range AND"},
	{"悬空　中", "[悬空] [中] AND"},
	{"lunch(noon)", "[lunch] [noon] AND"},
};

static void good_queries_become_steps(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct query *query;
		struct query_fault fault = {.text = ""};
		char out[400] = "";

		if (query_parse(slice_of(good[i].text), &query, &fault))
			fail_msg("%s: %s", good[i].text, fault.text);
		write_steps(query, out, sizeof(out));
		assert_string_equal(out, good[i].steps);
		query_release(&query);
	}
}

static const struct {
	const char *text;
	size_t column;
	const char *says;
} bad[] = {
	{"", 1, "expected a word"},
	{"   ", 4, "expected a word"},
	{"a AND", 6, "expected a word"},
	{"a AND OR b", 7, "operator stands here"},
	{"OR a", 1, "operator stands here"},
	{"(a", 1, "'(' is not closed"},
	{"a)", 2, "closes nothing"},
	{"()", 2, "expected a word"},
	{"a \"b", 3, "not closed"},
	{"é \"b", 3, "not closed"},
	{"\"\"", 1, "between the quotes"},
	{"a ?!", 3, "expected letters or digits, found '?!'"},
	{"*", 1, "must follow"},
	{"a*b", 2, "at the end of a word"},
	{"cat.*", 5, "must follow"},
	{"NOT", 4, "expected a word"},
	{"subjekt:x", 1, "'subjekt' is no field"},
	{"http://x", 1, "'http' is no field"},
	{"from: alice", 6, "directly behind 'from'"},
	{"from>alice", 5, "expected ':'"},
	{"kind:chat", 6, "kind is one of im"},
	{"direction:in", 11, "direction is one of internal"},
	{"has:pictures", 5, "has is one of attachment"},
	{"sent:yesterday", 6, "expected a date"},
	{"sent:2026-02-30", 6, "expected a date"},
	{"sent:2026-11-01..x", 18, "expected a date"},
	{"sent:..", 6, "expected a date beside"},
	{"sent>", 6, "directly behind 'sent'"},
	{"a NEAR(x) b", 7, "expected a number"},
	{"a NEAR from:b", 8, "word or a phrase behind NEAR"},
	{"from:a NEAR b", 8, "between two words"},
	{"a NEAR b NEAR c", 10, "between two words"},
	{"(a) NEAR b OR", 14, "expected a word"},
	{"((((((((((((((a))))))))))))))", 13, "at most 12 deep"},
};

static void bad_queries_name_the_column(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct query *query;
		struct query_fault fault = {.text = ""};

		if (query_parse(slice_of(bad[i].text), &query, &fault) !=
			EINVAL)
			fail_msg("taken: %s", bad[i].text);
		assert_null(query);
		if (!strstr(fault.text, bad[i].says) ||
			fault.column != bad[i].column)
			fail_msg("%s: %zu: %s", bad[i].text, fault.column,
				fault.text);
	}
}

static void long_queries_are_refused(void **state)
{
	static char text[QUERY_TEXT_BYTES + 1];
	struct query *query;
	struct query_fault fault;

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 2 ? ' ' : 'a';
	assert_int_equal(
		query_parse(slice_make(text, sizeof(text)), &query, &fault),
		EINVAL);
	assert_non_null(strstr(fault.text, "bytes"));
	assert_int_equal(
		query_parse(slice_make(text, sizeof(text) - 1), &query, &fault),
		EINVAL);
	assert_non_null(strstr(fault.text, "at most 400 words"));
	assert_int_equal(fault.column, 801);
	assert_int_equal(query_parse(slice_make(text, 800), &query, &fault), 0);
	query_release(&query);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_queries_become_steps),
		cmocka_unit_test(bad_queries_name_the_column),
		cmocka_unit_test(long_queries_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
