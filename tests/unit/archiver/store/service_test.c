/* service_test.c -- questions over the socket, with a real archiver behind:
 * each is on record before its answer, or is not answered.
 */
#include "archiver/store/service.h"

#include "archiver/intake/intake.h"
#include "lib/frame.h"
#include "lib/query_protocol.h"
#include "tests/unit/archiver/store/made_journal.h"

#include <jansson.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

#define PEOPLE                                                                 \
	.from = "sip:alice@example.com", .to = "sip:bob@example.com",          \
	.direction = SIPWARDEN__RECORD__DIRECTION__DIRECTION_INTERNAL

static const struct made table[] = {
	{.id = "1", .stream = "s", .text = "lunch at noon?", PEOPLE},
	{.at_s = 1, .id = "2", .stream = "s", .text = "lunch it is", PEOPLE},
};

/* The programs of one machine, as threads. */
struct house {
	struct made_folders folders;
	char archiver_socket[96], store_socket[96];
	struct intake *intake;
	struct index *index;
	struct indexer *indexer;
	struct audit *audit;
	struct service *service;
	pthread_t archiver, store;
	int stop_archiver[2];
	bool archiver_runs;
	atomic_bool stop_store;
};

static struct house house;

static void *run_archiver(void *context)
{
	(void)context;
	if (!intake_run(house.intake, house.stop_archiver[0]))
		abort();
	return NULL;
}

static void *run_store(void *context)
{
	(void)context;
	while (!atomic_load(&house.stop_store)) {
		struct pollfd wanted = {.fd = indexer_descriptor(house.indexer),
			.events = POLLIN};
		int wait = indexer_step(house.indexer);

		(void)poll(&wanted, 1, wait < 0 || wait > 20 ? 20 : wait);
	}
	return NULL;
}

static void begin_archiver(void)
{
	static struct intake_options options;
	char why[INTAKE_WHY_BYTES];

	options = (struct intake_options){.socket = house.archiver_socket,
		.journal = house.folders.journal,
		.program = "test",
		.version = "0",
		.segment_bytes = 1024 * 1024,
		.node = 1,
		.gather_us = 100};
	if (intake_open(&options, &house.intake, why))
		fail_msg("%s", why);
	assert_int_equal(pipe(house.stop_archiver), 0);
	assert_int_equal(
		pthread_create(&house.archiver, NULL, run_archiver, NULL), 0);
	house.archiver_runs = true;
}

static void end_archiver(void)
{
	if (!house.archiver_runs)
		return;
	assert_int_equal(write(house.stop_archiver[1], "x", 1), 1);
	pthread_join(house.archiver, NULL);
	intake_close(&house.intake);
	close(house.stop_archiver[0]);
	close(house.stop_archiver[1]);
	house.archiver_runs = false;
}

static int set_up(void **state)
{
	struct service_options options;
	uint64_t numbers[2];

	(void)state;
	memset(&house, 0, sizeof(house));
	made_folders(&house.folders);
	made_journal(&house.folders, table, 2, numbers);
	(void)snprintf(house.archiver_socket, sizeof(house.archiver_socket),
		"%s/archiver", house.folders.root);
	(void)snprintf(house.store_socket, sizeof(house.store_socket),
		"%s/store", house.folders.root);
	begin_archiver();
	house.index = made_index(&house.folders);
	assert_int_equal(indexer_open(house.index, house.folders.journal,
				 &house.indexer),
		0);
	house.audit = audit_new(house.archiver_socket, "home1");
	assert_non_null(house.audit);
	options = (struct service_options){.socket = house.store_socket,
		.journal = house.folders.journal,
		.index = house.index,
		.audit = house.audit};
	assert_int_equal(service_open(&options, &house.service), 0);
	assert_int_equal(
		pthread_create(&house.store, NULL, run_store, NULL), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	service_close(&house.service);
	atomic_store(&house.stop_store, true);
	pthread_join(house.store, NULL);
	indexer_close(&house.indexer);
	index_close(&house.index);
	audit_release(&house.audit);
	end_archiver();
	made_remove(&house.folders);
	return 0;
}

static struct frame_link *connect_store(void)
{
	struct frame_limits limits = {.payload_bytes = QUERY_ROW_BYTES,
		.queued_bytes = QUERY_QUEUE_BYTES};
	struct frame_link *link;
	int descriptor;

	assert_int_equal(frame_connect(house.store_socket, &descriptor), 0);
	link = frame_link_new(descriptor, limits);
	assert_non_null(link);
	return link;
}

/* Sends a request and receives all of its answer: the type of the last frame,
 * what it said, and how many rows came before it. */
static uint32_t ask(struct frame_link *link, const char *request, size_t *rows,
	json_t **last)
{
	struct frame frame;

	*rows = 0;
	assert_int_equal(frame_send(link, QUERY_REQUEST, slice_of(request)), 0);
	for (;; ++*rows) {
		assert_int_equal(frame_receive(link, &frame), 0);
		if (frame.type != QUERY_ROW)
			break;
	}
	*last = json_loadb(frame.payload.at, frame.payload.size, 0, NULL);
	assert_true(json_is_object(*last));
	return frame.type;
}

static json_int_t number_in(const json_t *value, const char *name)
{
	return json_integer_value(json_object_get(value, name));
}

/* The audit records in the journal, as "action:detail" lines. */
static void read_audit(char *out, size_t room)
{
	struct journal_reader *reader;
	struct journal_entry entry;
	struct journal_fault fault;
	size_t used = 0;

	*out = '\0';
	assert_int_equal(
		journal_reader_open(house.folders.journal, 0, &reader), 0);
	while (journal_reader_next(reader, &entry, &fault) == 0) {
		Sipwarden__Record__Record *record =
			sipwarden__record__record__unpack(NULL,
				entry.payload.size,
				(const uint8_t *)entry.payload.at);
		Sipwarden__Record__Audit *audit;

		assert_non_null(record);
		if (record->kind == SIPWARDEN__RECORD__KIND__KIND_AUDIT) {
			audit = sipwarden__record__audit__unpack(NULL,
				record->metadata->data.len,
				record->metadata->data.data);
			assert_non_null(audit);
			assert_int_equal(audit->uid, geteuid());
			assert_true(strlen(audit->actor) > 0);
			used += (size_t)snprintf(out + used, room - used,
				"%s:%s\n", audit->action, audit->detail);
			sipwarden__record__audit__free_unpacked(audit, NULL);
		}
		sipwarden__record__record__free_unpacked(record, NULL);
	}
	journal_reader_close(&reader);
}

static void questions_are_answered_and_on_record(void **state)
{
	struct frame_link *link = connect_store();
	char audit[1000];
	json_t *last;
	size_t rows;

	(void)state;
	assert_int_equal(ask(link, "{\"do\":\"search\",\"query\":\"lunch\"}",
				 &rows, &last),
		QUERY_DONE);
	assert_int_equal(rows, 2);
	assert_int_equal(number_in(last, "messages"), 2);
	assert_int_equal(number_in(last, "conversations"), 1);
	json_decref(last);
	assert_int_equal(ask(link,
				 "{\"do\":\"search\",\"query\":\"noon\","
				 "\"limit\":5}",
				 &rows, &last),
		QUERY_DONE);
	assert_int_equal(rows, 1);
	json_decref(last);
	assert_int_equal(
		ask(link, "{\"do\":\"show\",\"conversation\":1}", &rows, &last),
		QUERY_DONE);
	assert_int_equal(rows, 2);
	json_decref(last);
	/* two messages, a boot, four questions: this one is counted too */
	assert_int_equal(
		ask(link, "{\"do\":\"verify\"}", &rows, &last), QUERY_DONE);
	assert_int_equal(rows, 0);
	assert_int_equal(number_in(last, "faults"), 0);
	assert_int_equal(number_in(last, "records"), 7);
	assert_int_equal(number_in(last, "compared"), 7);
	json_decref(last);
	assert_int_equal(
		ask(link, "{\"do\":\"stats\"}", &rows, &last), QUERY_DONE);
	assert_int_equal(number_in(last, "records"), 7);
	json_decref(last);
	read_audit(audit, sizeof(audit));
	assert_string_equal(audit, "search:lunch\n"
				   "search:{\"limit\":5,\"query\":\"noon\"}\n"
				   "show:{\"conversation\":1}\n"
				   "verify:{}\n");
	frame_link_close(&link);
}

static const struct {
	const char *request, *says;
} bad[] = {
	{"", "no JSON object"},
	{"[]", "no JSON object"},
	{"{\"do\":\"drop\"}", "search, show, verify and stats"},
	{"{}", "search, show, verify and stats"},
	{"{\"do\":\"search\"}", "column 1"},
	{"{\"do\":\"search\",\"query\":7}", "column 1"},
	{"{\"do\":\"show\",\"conversation\":-1}", "no conversation 0"},
	{"{\"do\":\"show\",\"conversation\":99}", "no conversation 99"},
};

static void bad_questions_get_a_sentence(void **state)
{
	struct frame_link *link = connect_store();

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		json_t *last;
		size_t rows;

		assert_int_equal(
			ask(link, bad[i].request, &rows, &last), QUERY_ERROR);
		assert_non_null(strstr(
			json_string_value(json_object_get(last, "error")),
			bad[i].says));
		json_decref(last);
	}
	frame_link_close(&link);
}

static void without_the_archiver_nothing_is_answered(void **state)
{
	struct frame_link *link = connect_store();
	json_t *last;
	size_t rows;

	(void)state;
	end_archiver();
	assert_int_equal(ask(link, "{\"do\":\"search\",\"query\":\"lunch\"}",
				 &rows, &last),
		QUERY_ERROR);
	assert_int_equal(rows, 0);
	assert_non_null(
		strstr(json_string_value(json_object_get(last, "error")),
			"start sipwarden-archiver"));
	json_decref(last);
	begin_archiver();
	assert_int_equal(ask(link, "{\"do\":\"search\",\"query\":\"lunch\"}",
				 &rows, &last),
		QUERY_DONE);
	assert_int_equal(rows, 2);
	json_decref(last);
	frame_link_close(&link);
}

/* One who holds a connection and says nothing is in nobody's way, also when
 * the service ends; more than there are places are told so. */
static void many_may_ask(void **state)
{
	struct frame_link *links[SERVICE_ASKERS + 1];
	struct frame frame;
	json_t *last;
	size_t rows;

	(void)state;
	for (int i = 0; i < SERVICE_ASKERS; i++) {
		links[i] = connect_store();
		assert_int_equal(
			ask(links[i], "{\"do\":\"stats\"}", &rows, &last),
			QUERY_DONE);
		json_decref(last);
	}
	links[SERVICE_ASKERS] = connect_store();
	assert_int_equal(frame_receive(links[SERVICE_ASKERS], &frame), 0);
	assert_int_equal(frame.type, QUERY_ERROR);
	frame_link_close(&links[SERVICE_ASKERS]);
	service_close(&house.service);
	for (int i = 0; i < SERVICE_ASKERS; i++) {
		assert_int_equal(frame_receive(links[i], &frame), ECONNRESET);
		frame_link_close(&links[i]);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(questions_are_answered_and_on_record),
		TEST(bad_questions_get_a_sentence),
		TEST(without_the_archiver_nothing_is_answered),
		TEST(many_may_ask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
