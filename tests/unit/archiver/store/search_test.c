/* search_test.c -- queries find the messages that they should, no others. */
#include "archiver/store/search.h"

#include "tests/unit/archiver/store/made_journal.h"

#define INTERNAL SIPWARDEN__RECORD__DIRECTION__DIRECTION_INTERNAL
#define INBOUND SIPWARDEN__RECORD__DIRECTION__DIRECTION_INBOUND
enum { HOUR = 3600, DAY = 24 * HOUR };

/* The letter of a row is its place: a is the first. */
static const struct made table[] = {
	/* a */ {.id = "1",
		.stream = "alice-bob",
		.from = "sip:alice@example.com",
		.to = "sip:bob@example.com",
		.text = "Lunch at noon?",
		.direction = INTERNAL},
	/* b */
	{.at_s = 1,
		.id = "1r",
		.stream = "alice-bob",
		.status = 200,
		.from = "sip:alice@example.com",
		.to = "sip:bob@example.com",
		.direction = INTERNAL},
	/* c: seen at the front-end, then d at home */
	{.at_s = 10,
		.id = "2",
		.stream = "eve-bob",
		.node = "fe1",
		.from = "sip:eve@outside.net",
		.to = "sip:bob@example.com",
		.text = "See you at the fair, lunch included",
		.direction = INBOUND},
	/* d */
	{.at_s = 10.2,
		.id = "2",
		.stream = "eve-bob",
		.node = "home1",
		.from = "sip:eve@outside.net",
		.to = "sip:bob@example.com",
		.text = "See you at the fair, lunch included",
		.direction = INTERNAL},
	/* e */
	{.at_s = 20,
		.id = "3",
		.stream = "eve-bob",
		.node = "fe1",
		.from = "sip:eve@outside.net",
		.to = "sip:bob@example.com",
		.text = "falcon price list",
		.direction = INBOUND,
		.stage = "content-filter",
		.verdict = "answer",
		.rule = "falcon-names",
		.answer = 403},
	/* f */
	{.at_s = 30,
		.id = "4",
		.stream = "bob-alice",
		.from = "sip:bob@example.com",
		.to = "sip:alice@example.com",
		.text = "the report",
		.direction = INTERNAL,
		.stage = "virus-scan",
		.verdict = "answer",
		.rule = "Eicar-Test-Signature",
		.answer = 403,
		.file = "report 2026.zip",
		.threat = "Eicar-Test-Signature"},
	/* g */
	{.at_s = 2 * HOUR,
		.id = "5",
		.stream = "alice-bob",
		.from = "sip:alice@example.com",
		.to = "sip:bob@example.com",
		.text = "明天在悬空中见面",
		.direction = INTERNAL},
	/* h */
	{.at_s = DAY,
		.id = "6",
		.stream = "alice-bob",
		.from = "sip:alice@example.com",
		.to = "sip:bob@example.com.evil.org",
		.text = "noon, then lunch",
		.direction = INTERNAL},
	/* i: in the next month */
	{.at_s = 10 * DAY,
		.id = "7",
		.stream = "alice-bob",
		.from = "sip:alice@example.com",
		.to = "sip:bob@example.com",
		.text = "Advent CAFÉ \"quoted\" \x01"
			"kind=im AND or",
		.direction = INTERNAL},
	/* j */
	{.at_s = 10 * DAY + 1,
		.id = "8",
		.stream = "call",
		.method = "INVITE",
		.from = "sip:alice@example.com",
		.to = "sip:bob@example.com",
		.direction = INTERNAL},
	/* k */
	{.at_s = 10 * DAY + 2,
		.id = "9",
		.from = "sip:carol@example.com",
		.to = "sip:bob@example.com",
		.method = "REGISTER",
		.direction = INTERNAL},
};
enum { ROWS = sizeof(table) / sizeof(table[0]) };

static struct made_folders folders;
static uint64_t numbers[ROWS];
static struct index *made;
static const atomic_bool running = false;

struct found {
	char letters[64];
	json_t *last; /* owned */
};

static int keep_row(void *context, const json_t *row)
{
	struct found *found = context;
	uint64_t number =
		(uint64_t)json_integer_value(json_object_get(row, "record"));
	size_t size = strlen(found->letters);

	for (size_t i = 0; i < ROWS; i++)
		if (numbers[i] == number)
			found->letters[size++] = (char)('a' + i);
	found->letters[size] = '\0';
	json_decref(found->last);
	found->last = json_deep_copy(row);
	return 0;
}

static int ask(const struct search_request *request, struct found *found,
	json_t **done, char *sentence)
{
	struct library *library = library_open(made, folders.journal, &running);
	struct answer answer = {keep_row, found};
	int error;

	assert_non_null(library);
	error = search_run(library, request, &answer, done, sentence);
	library_close(&library);
	return error;
}

/* Newest first. */
static const struct {
	const char *query, *finds;
} queries[] = {
	{"lunch", "hca"},
	{"LUNCH", "hca"},
	{"lunch noon", "ha"},
	{"lunch AND noon", "ha"},
	{"\"lunch at noon\"", "a"},
	{"\"noon then lunch\"", "h"},
	{"\"noon lunch\"", ""},
	{"lunch OR falcon", "heca"},
	{"lunch NOT noon", "c"},
	{"lunch -fair", "ha"},
	{"-lunch", "igfe"},
	{"NOT lunch", "igfe"},
	{"NOT (lunch OR falcon)", "igf"},
	{"-lunch -falcon", "igf"},
	{"NOT lunch OR noon", "ihgfea"},
	{"(lunch OR falcon) from:eve", "ec"},
	{"lun*", "hca"},
	{"\"at no\"*", "a"},
	{"noon NEAR(1) lunch", "ha"},
	{"noon NEAR(0) lunch", ""},
	{"lunch NEAR(1) noon", "ha"},
	{"cafe", "i"},
	{"Café", "i"},
	{"悬空", "g"},
	{"空", "g"},
	{"在悬空", "g"},
	{"空悬", ""},
	{"明天 见面", "g"},
	{"\"quoted\"", "i"},
	{"or", "i"},
	{"kind:im quoted", "i"},
	{"from:alice", "ihga"},
	{"from:alice@example.com", "ihga"},
	{"from:sip:alice@example.com", "ihga"},
	{"from:ALICE@EXAMPLE.COM", "ihga"},
	{"from:ali*", "ihga"},
	{"from:\"sara davis\"", "ihgfeca"},
	{"to:alice", "f"},
	{"participants:bob", "ihgfeca"},
	{"participants:outside.net", "ec"},
	{"participants:@outside.net", "ec"},
	{"to:example.com", "igfeca"},
	{"to:example.com.evil.org", "h"},
	{"to:evil.org", ""},
	{"direction:inbound", "ec"},
	{"direction:internal from:eve", "c"},
	{"verdict:blocked", "e"},
	{"verdict:infected", "f"},
	{"verdict:403", "fe"},
	{"-verdict:403", "ihgca"},
	{"rule:falcon-names", "e"},
	{"rule:falcon*", "e"},
	{"rule:eicar-test-signature", "f"},
	{"has:attachment", "f"},
	{"filename:report", "f"},
	{"filename:\"report 2026\"", "f"},
	{"2026", "f"},
	{"node:fe1", "ec"},
	{"kind:call", "j"},
	{"kind:registration", "k"},
	{"kind:answer", ""}, /* b is plain: 200 and nothing in it */
	{"kind:im", "ihgfeca"},
	{"kind:file", "f"},
	{"method:INVITE from:alice", "j"},
	{"sent:2026-11-22", "gfeca"},
	{"sent:2026-11-23", "h"},
	{"sent:2026-11", "hgfeca"},
	{"sent:2026-12", "i"},
	{"sent:2026", "ihgfeca"},
	{"sent:2027", ""},
	{"sent>=2026-11-23", "ih"},
	{"sent>2026-11-23", "i"},
	{"sent<2026-11-23", "gfeca"},
	{"sent<=2026-11-23", "hgfeca"},
	{"sent:2026-11-22T12:00:20Z", "e"},
	{"sent:2026-11-22T13:00:20+01:00", "e"},
	{"sent:2026-11-23..2026-12-01", "h"},
	{"sent:2026-11-23..", "ih"},
	{"lunch sent:2026-11-22", "ca"},
	{"lunch -sent:2026-11-22", "h"},
	{"falcon OR sent:2026-12", "ie"},
	{"NOT (falcon OR sent:2026-12)", "hgfca"},
	{"-(lunch sent:2026-11-22) -kind:call kind:im", "ihgfe"},
	{"lunch OR (sent:2026-12 -quoted)", "hca"},
	{"sent:2026-11-22 sent:2026-11-23", ""},
};

static void queries_find_what_they_should(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		struct search_request request = {
			.query = slice_of(queries[i].query)};
		struct found found = {.letters = ""};
		char sentence[LIBRARY_SENTENCE_BYTES];
		json_t *done;

		if (ask(&request, &found, &done, sentence))
			fail_msg("%s: %s", queries[i].query, sentence);
		if (strcmp(found.letters, queries[i].finds) != 0)
			fail_msg("%s: found \"%s\", not \"%s\"",
				queries[i].query, found.letters,
				queries[i].finds);
		assert_int_equal(
			json_integer_value(json_object_get(done, "messages")),
			strlen(queries[i].finds));
		json_decref(done);
		json_decref(found.last);
	}
}

static void a_limit_says_that_there_is_more(void **state)
{
	struct search_request request = {.query = SLICE("lunch"), .limit = 2};
	struct found found = {.letters = ""};
	char sentence[LIBRARY_SENTENCE_BYTES];
	json_t *done;

	(void)state;
	assert_int_equal(ask(&request, &found, &done, sentence), 0);
	assert_string_equal(found.letters, "hc");
	assert_true(json_is_true(json_object_get(done, "more")));
	json_decref(done);
	request.before = numbers[2];
	found.letters[0] = '\0';
	assert_int_equal(ask(&request, &found, &done, sentence), 0);
	assert_string_equal(found.letters, "a");
	assert_true(json_is_false(json_object_get(done, "more")));
	json_decref(done);
	json_decref(found.last);
}

static void a_row_tells_the_message(void **state)
{
	struct search_request request = {.query = SLICE("fair")};
	struct found found = {.letters = ""};
	char sentence[LIBRARY_SENTENCE_BYTES], *text;
	json_t *done;

	(void)state;
	assert_int_equal(ask(&request, &found, &done, sentence), 0);
	json_object_del(found.last, "record");
	text = json_dumps(found.last, JSON_SORT_KEYS | JSON_COMPACT);
	assert_string_equal(text,
		"{\"at\":\"2026-11-22T12:00:10.000000Z\",\"conversation\":2,"
		"\"cut\":false,\"direction\":\"inbound\","
		"\"disposition\":\"forward\",\"files\":[],"
		"\"from\":\"eve@outside.net\",\"kind\":\"im\","
		"\"marks\":[[15,4]],\"method\":\"MESSAGE\",\"observations\":2,"
		"\"participants\":[\"eve@outside.net\",\"bob@example.com\"],"
		"\"same_text_as\":0,\"status\":0,"
		"\"text\":\"See you at the fair, lunch included\","
		"\"to\":\"bob@example.com\",\"verdict\":\"passed\"}");
	assert_int_equal(
		json_integer_value(json_object_get(done, "conversations")), 1);
	free(text);
	json_decref(done);
	json_decref(found.last);
}

static void a_bad_query_is_a_sentence(void **state)
{
	struct search_request request = {.query = SLICE("a OR")};
	struct found found = {.letters = ""};
	char sentence[LIBRARY_SENTENCE_BYTES];
	json_t *done;

	(void)state;
	assert_int_equal(ask(&request, &found, &done, sentence), EINVAL);
	assert_string_equal(sentence,
		"The query cannot be read at column 5: expected a word, a "
		"phrase, a field or '('.");
}

/* Long chains and deep parentheses must not exhaust the parsers of SQLite. */
static void the_largest_queries_run(void **state)
{
	static const char *const joins[] = {" ", " OR ", " -", " OR -",
		" OR sent:2026 OR ", " OR sent:2026 ", " OR -sent:2026 "};
	static const char open[] = "a OR -(b sent:2026 OR (c -(d OR (e ";

	(void)state;
	for (size_t i = 0; i < sizeof(joins) / sizeof(joins[0]); i++) {
		struct found found = {.letters = ""};
		char text[8192] = "x", sentence[LIBRARY_SENTENCE_BYTES];
		size_t terms = strstr(joins[i], "sent") ? 199 : 399;
		size_t used = 1;
		struct search_request request;
		json_t *done;

		for (size_t j = 0; j < terms; j++)
			used += (size_t)snprintf(text + used,
				sizeof(text) - used, "%sw%zu", joins[i], j);
		request = (struct search_request){
			.query = slice_make(text, used)};
		if (ask(&request, &found, &done, sentence))
			fail_msg("%s: %s", joins[i], sentence);
		json_decref(done);
		json_decref(found.last);
	}
	{
		struct found found = {.letters = ""};
		char text[600], sentence[LIBRARY_SENTENCE_BYTES];
		struct search_request request;
		json_t *done;

		(void)snprintf(text, sizeof(text),
			"%s%s%sx from:y participants:z))))))))))))", open, open,
			open);
		request = (struct search_request){.query = slice_of(text)};
		if (ask(&request, &found, &done, sentence))
			fail_msg("%s: %s", text, sentence);
		json_decref(done);
		json_decref(found.last);
	}
}

static int set_up(void **state)
{
	(void)state;
	made_folders(&folders);
	made_journal(&folders, table, ROWS, numbers);
	made = made_index(&folders);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	index_close(&made);
	made_remove(&folders);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queries_find_what_they_should),
		cmocka_unit_test(a_limit_says_that_there_is_more),
		cmocka_unit_test(a_row_tells_the_message),
		cmocka_unit_test(a_bad_query_is_a_sentence),
		cmocka_unit_test(the_largest_queries_run),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
