/* bindings_test.c -- bindings are found, refreshed, replaced, and survive. */
#include "proxy/routing/user_services/bindings.h"

#include "lib/clock.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/* A server's bindings with one worker's loop, in a folder of its own. */
enum { BINDINGS = 16 };

struct house {
	char folder[64];
	struct settings settings;
	uv_loop_t loop;
	struct bindings *bindings;
	struct arena *arena;
};

static void open_bindings(struct house *house)
{
	char reason[512] = "";

	assert_int_equal(uv_loop_init(&house->loop), 0);
	house->bindings = bindings_open(&house->settings, 1, reason);
	if (!house->bindings)
		fail_msg("%s", reason);
	assert_int_equal(bindings_attach(house->bindings, 0, &house->loop), 0);
}

static void close_handle(uv_handle_t *handle, void *context)
{
	(void)context;
	uv_close(handle, NULL);
}

static void close_bindings(struct house *house)
{
	bindings_detach(house->bindings, 0);
	uv_walk(&house->loop, close_handle, NULL);
	uv_run(&house->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&house->loop), 0);
	bindings_close(&house->bindings);
}

static int set_up(void **state)
{
	struct house *house = calloc(1, sizeof(*house));

	(void)snprintf(
		house->folder, sizeof(house->folder), "/tmp/bindings-XXXXXX");
	if (!mkdtemp(house->folder))
		return 1;
	house->settings.server.data = house->folder;
	house->settings.registrar.contacts = 3;
	house->settings.registrar.bindings = BINDINGS;
	house->arena = arena_new(1 << 20);
	open_bindings(house);
	*state = house;
	return 0;
}

static int tear_down(void **state)
{
	static const char *const files[] = {"", "-wal", "-shm"};
	struct house *house = *state;
	char path[128];

	close_bindings(house);
	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(path, sizeof(path), "%s/proxy/bindings.sqlite%s",
			house->folder, files[i]);
		(void)unlink(path);
	}
	(void)snprintf(path, sizeof(path), "%s/proxy", house->folder);
	(void)rmdir(path);
	(void)rmdir(house->folder);
	arena_release(&house->arena);
	free(house);
	return 0;
}

static void done(struct bindings_change *change, int result)
{
	*(int *)change->context = result;
}

enum { PENDING = -1 };

/* Applies one change and waits for the writer. */
static int apply(struct house *house, struct bindings_change change)
{
	int result = PENDING;

	if (!change.address_of_record.at)
		change.address_of_record = SLICE("bob@example.com");
	change.now_ms = clock_wall_us() / 1000;
	change.done = done;
	change.context = &result;
	assert_int_equal(bindings_apply(house->bindings, 0, &change), 0);
	while (result == PENDING)
		uv_run(&house->loop, UV_RUN_ONCE);
	return result;
}

static struct binding contact(
	const char *uri, const char *call_id, uint32_t cseq, uint64_t seconds)
{
	struct binding binding = {.contact = slice_of(uri),
		.call_id = slice_of(call_id),
		.cseq = cseq,
		.q_thousandths = 1000,
		.updated_ms = clock_wall_us() / 1000};

	if (seconds)
		binding.expires_at_ms = clock_wall_us() / 1000 + seconds * 1000;
	assert_true(address_parse("127.0.0.1:5070", &binding.reach.address));
	binding.reach.transport = TRANSPORT_UDP;
	return binding;
}

static int put(struct house *house, struct binding binding)
{
	return apply(house,
		(struct bindings_change){.wanted = &binding, .count = 1});
}

static size_t find(struct house *house, struct binding *found)
{
	return bindings_find(house->bindings, house->arena,
		SLICE("bob@example.com"), found, 8);
}

static void finds_what_was_registered(void **state)
{
	struct house *house = *state;
	struct binding found[8];

	assert_int_equal(find(house, found), 0);
	assert_int_equal(
		put(house, contact("sip:bob@127.0.0.1:5070", "a", 1, 60)), 0);
	assert_int_equal(find(house, found), 1);
	assert_true(
		slice_equal(found[0].contact, SLICE("sip:bob@127.0.0.1:5070")));
	assert_int_equal(bindings_count(house->bindings), 1);
}

static void takes_the_same_contact_in_another_spelling_for_the_same(
	void **state)
{
	struct house *house = *state;
	struct binding found[8];

	assert_int_equal(
		put(house, contact("sip:bob@Example.COM:5070", "a", 1, 60)), 0);
	assert_int_equal(
		put(house, contact("sip:bob@example.com:5070", "a", 2, 60)), 0);
	assert_int_equal(find(house, found), 1);
	assert_int_equal(found[0].cseq, 2);
}

static void refuses_what_is_older(void **state)
{
	struct house *house = *state;
	struct binding found[8];

	assert_int_equal(put(house, contact("sip:b@h", "a", 5, 60)), 0);
	assert_int_equal(put(house, contact("sip:b@h", "a", 5, 60)), EINVAL);
	assert_int_equal(put(house, contact("sip:b@h", "a", 4, 0)), EINVAL);
	assert_int_equal(put(house, contact("sip:b@h", "other", 1, 60)), 0);
	assert_int_equal(find(house, found), 1);
	assert_int_equal(found[0].cseq, 1);
}

static void takes_all_or_none(void **state)
{
	struct house *house = *state;
	struct binding found[8];
	struct binding four[4] = {contact("sip:b@1", "a", 1, 60),
		contact("sip:b@2", "a", 1, 60), contact("sip:b@3", "a", 1, 60),
		contact("sip:b@4", "a", 1, 60)};

	assert_int_equal(apply(house, (struct bindings_change){.wanted = four,
					      .count = 4}),
		E2BIG);
	assert_int_equal(find(house, found), 0);
	assert_int_equal(apply(house, (struct bindings_change){.wanted = four,
					      .count = 3}),
		0);
	assert_int_equal(find(house, found), 3);
}

static void removes_one_and_all(void **state)
{
	struct house *house = *state;
	struct binding found[8];

	assert_int_equal(put(house, contact("sip:b@1", "a", 1, 60)), 0);
	assert_int_equal(put(house, contact("sip:b@2", "a", 1, 60)), 0);
	assert_int_equal(put(house, contact("sip:b@1", "a", 2, 0)), 0);
	assert_int_equal(find(house, found), 1);
	assert_int_equal(
		apply(house, (struct bindings_change){.remove_all = true,
				     .call_id = SLICE("a"),
				     .cseq = 3}),
		0);
	assert_int_equal(find(house, found), 0);
	assert_int_equal(bindings_count(house->bindings), 0);
}

static void orders_by_q_and_knows_where_a_contact_is(void **state)
{
	struct house *house = *state;
	struct binding found[8], less = contact("sip:b@1", "a", 1, 60);
	struct destination reach = {.transport = TRANSPORT_UDP};

	less.q_thousandths = 300;
	assert_int_equal(put(house, less), 0);
	assert_int_equal(put(house, contact("sip:b@2", "a", 1, 60)), 0);
	assert_int_equal(find(house, found), 2);
	assert_true(slice_equal(found[0].contact, SLICE("sip:b@2")));
	assert_true(bindings_reach(house->bindings, SLICE("sip:b@1"), &reach));
	assert_false(bindings_reach(house->bindings, SLICE("sip:b@9"), &reach));
}

static int put_for(struct house *house, struct slice user, struct binding one,
	bool of_server)
{
	return apply(house, (struct bindings_change){.address_of_record = user,
				    .wanted = &one,
				    .of_server = of_server,
				    .count = 1});
}

static void has_a_limit_for_all_users(void **state)
{
	struct house *house = *state;
	struct binding one = contact("sip:u@1", "a", 1, 60);
	char name[2] = "a";

	for (; name[0] < 'a' + BINDINGS; name[0]++)
		assert_int_equal(put_for(house, slice_of(name), one, true), 0);
	assert_int_equal(put_for(house, SLICE("z"), one, true), ENOSPC);
	/* Renewals and what goes have their way. */
	one.cseq++;
	assert_int_equal(put_for(house, SLICE("a"), one, false), 0);
	assert_int_equal(bindings_count(house->bindings), BINDINGS);
	one.cseq++;
	one.expires_at_ms = 0;
	assert_int_equal(put_for(house, SLICE("a"), one, false), 0);
	one = contact("sip:u@1", "a", 1, 60);
	assert_int_equal(put_for(house, SLICE("z"), one, true), 0);
}

/* Any number of names may be made up. */
static void one_host_cannot_take_all(void **state)
{
	struct house *house = *state;
	struct binding one = contact("sip:u@1", "a", 1, 60);
	char name[2] = "a";

	for (; name[0] < 'a' + BINDINGS / 2; name[0]++)
		assert_int_equal(put_for(house, slice_of(name), one, false), 0);
	assert_int_equal(put_for(house, SLICE("x"), one, false), ENOSPC);
	assert_true(address_parse("127.0.0.2:5070", &one.reach.address));
	assert_int_equal(put_for(house, SLICE("x"), one, false), 0);
	assert_int_equal(put_for(house, SLICE("y"), one, false), 0);
	assert_int_equal(put_for(house, SLICE("z"), one, false), ENOSPC);
}

static void survives_a_restart(void **state)
{
	struct house *house = *state;
	struct binding found[8];

	assert_int_equal(put(house, contact("sip:b@1", "a", 1, 60)), 0);
	assert_int_equal(put(house, contact("sip:b@2", "a", 7, 60)), 0);
	assert_int_equal(put(house, contact("sip:b@1", "a", 2, 0)), 0);
	close_bindings(house);
	open_bindings(house);
	assert_int_equal(find(house, found), 1);
	assert_true(slice_equal(found[0].contact, SLICE("sip:b@2")));
	assert_int_equal(found[0].cseq, 7);
	assert_int_equal(found[0].reach.connection.generation, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(finds_what_was_registered),
		TEST(takes_the_same_contact_in_another_spelling_for_the_same),
		TEST(refuses_what_is_older),
		TEST(takes_all_or_none),
		TEST(removes_one_and_all),
		TEST(orders_by_q_and_knows_where_a_contact_is),
		TEST(has_a_limit_for_all_users),
		TEST(one_host_cannot_take_all),
		TEST(survives_a_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
