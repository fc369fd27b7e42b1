/* udp_test.c -- datagrams: each Call-ID has one owner, answers leave from where
 * they were asked, what is too long is said so. */
#include "tests/unit/proxy/transports/house.h"

static void send_datagram(
	int from, const union address *to, const char *text, size_t size)
{
	assert_int_equal(
		sendto(from, text, size, 0, &to->any, house_address_size(to)),
		(int)size);
}

static void send_request(int from, const union address *to, const char *call_id)
{
	char text[2048];

	send_datagram(
		from, to, text, house_request(text, sizeof(text), call_id, 10));
}

static void same_call_id_has_one_owner_and_is_answered(void **state)
{
	enum { SOCKETS = 8, CALLS = 16 };
	struct house *house = house_new();
	union address *server = house_listen(house, TRANSPORT_UDP, "127.0.0.1");
	union address mine;
	int sockets[SOCKETS];
	int owner[CALLS];
	bool used[HOUSE_WORKERS] = {false};
	char call_id[32], answer[512];

	(void)state;
	house->echo = true;
	house_start(house);
	for (int i = 0; i < SOCKETS; i++) {
		sockets[i] = house_socket("127.0.0.1", SOCK_DGRAM, &mine);
		for (int call = 0; call < CALLS; call++) {
			(void)snprintf(
				call_id, sizeof(call_id), "call-%d", call);
			send_request(sockets[i], server, call_id);
		}
		for (int call = 0; call < CALLS; call++) {
			ssize_t size =
				recv(sockets[i], answer, sizeof(answer), 0);

			assert_true(size > 12);
			assert_memory_equal(answer, "SIP/2.0 200 ", 12);
		}
	}
	house_wait(house, &house->sighting_count, SOCKETS * CALLS);
	memset(owner, -1, sizeof(owner));
	for (size_t i = 0; i < SOCKETS * CALLS; i++) {
		struct sighting seen = house_seen(house, i);
		int call = atoi(seen.call_id + strlen("call-"));

		if (owner[call] < 0)
			owner[call] = (int)seen.worker;
		assert_int_equal(owner[call], seen.worker);
		assert_int_equal(seen.fault, 0);
		assert_int_equal(seen.arrival.transport, TRANSPORT_UDP);
		assert_int_equal(seen.arrival.connection.generation, 0);
		assert_true(address_equal(&seen.arrival.local, server));
		used[seen.worker] = true;
	}
	/* By a random key: all 16 to one worker is 1 in 32,768. */
	assert_true(used[0] && used[1]);
	for (int i = 0; i < SOCKETS; i++)
		close(sockets[i]);
	house_stop(house);
}

static void ipv6_is_carried(void **state)
{
	struct house *house = house_new();
	union address *server = house_listen(house, TRANSPORT_UDP, "::1");
	union address mine;
	int client = house_socket("::1", SOCK_DGRAM, &mine);
	struct sighting seen;
	char answer[512];

	(void)state;
	house->echo = true;
	house_start(house);
	send_request(client, server, "six");
	assert_true(recv(client, answer, sizeof(answer), 0) > 0);
	seen = house_seen(house, 0);
	assert_true(address_equal(&seen.arrival.source, &mine));
	assert_true(address_equal(&seen.arrival.local, server));
	close(client);
	house_stop(house);
}

static void wildcard_answers_from_where_it_was_asked(void **state)
{
	static const struct {
		const char *listen, *client, *asked;
	} cases[] = {
		{"0.0.0.0", "127.0.0.1", "127.0.0.2"},
		{"0.0.0.0", "127.0.0.1", "127.0.0.77"},
		{"::", "::1", "::1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct house *house = house_new();
		union address *server =
			house_listen(house, TRANSPORT_UDP, cases[i].listen);
		union address asked =
			house_address(cases[i].asked, house_port(server));
		union address mine, from;
		socklen_t size = sizeof(from);
		int client = house_socket(cases[i].client, SOCK_DGRAM, &mine);
		struct sighting seen;
		char answer[512];

		house->echo = true;
		house_start(house);
		send_request(client, &asked, "any");
		assert_true(recvfrom(client, answer, sizeof(answer), 0,
				    &from.any, &size) > 0);
		seen = house_seen(house, 0);
		assert_true(address_equal(&seen.arrival.local, &asked));
		assert_true(address_equal(&from, &asked));
		close(client);
		house_stop(house);
	}
}

static void too_long_is_faulted_513(void **state)
{
	struct house *house = house_new();
	union address *server = house_listen(house, TRANSPORT_UDP, "127.0.0.1");
	union address mine;
	int client = house_socket("127.0.0.1", SOCK_DGRAM, &mine);
	char text[8192];
	size_t size = house_request(text, sizeof(text), "long", 4000);

	(void)state;
	house->settings.limits.message_bytes = 2048;
	house_start(house);
	send_datagram(client, server, text, size);
	assert_int_equal(house_seen(house, 0).fault, 513);
	assert_string_equal(house_seen(house, 0).call_id, "long");
	/* As long as allowed is no fault. */
	size = house_request(text, sizeof(text), "fits", 1000);
	size = house_request(text, sizeof(text), "fits", 1000 + 2048 - size);
	assert_int_equal(size, 2048);
	send_datagram(client, server, text, size);
	assert_int_equal(house_seen(house, 1).fault, 0);
	assert_int_equal(house_seen(house, 1).size, 2048);
	close(client);
	house_stop(house);
}

static void noise_is_counted_and_not_answered(void **state)
{
	static const char *const alive[] = {"\r\n\r\n", "\r\n", ""};
	static const char *const noise[] = {"hello", "GET / HTTP/1.0\r\n\r\n",
		"\x16\x03\x01\x02", "SIP/2.0 200 OK\r\n\r\n"};
	struct house *house = house_new();
	union address *server = house_listen(house, TRANSPORT_UDP, "127.0.0.1");
	union address mine;
	int client = house_socket("127.0.0.1", SOCK_DGRAM, &mine);

	(void)state;
	house_start(house);
	for (size_t i = 0; i < sizeof(alive) / sizeof(alive[0]); i++)
		send_datagram(client, server, alive[i], strlen(alive[i]));
	for (size_t i = 0; i < sizeof(noise) / sizeof(noise[0]); i++)
		send_datagram(client, server, noise[i], strlen(noise[i]));
	HOUSE_WAIT_COUNT(house, keep_alives, 3);
	HOUSE_WAIT_COUNT(house, malformed, 4);
	/* Behind them a message is still seen, as the first and only one. */
	send_request(client, server, "after");
	assert_string_equal(house_seen(house, 0).call_id, "after");
	HOUSE_WAIT_COUNT(house, received, 1);
	close(client);
	house_stop(house);
}

struct burst {
	struct destination to;
	size_t count, refused;
	const char *giant;
	int giant_error;
};

/* One datagram that the system refuses stands in the middle. */
static void send_burst(struct house_worker *worker, void *context)
{
	struct burst *burst = context;

	for (size_t i = 0; i < burst->count; i++) {
		char text[24];
		int size = snprintf(text, sizeof(text), "%zu", i);

		if (i == burst->count / 2)
			burst->giant_error =
				transports_send(worker->transports, &burst->to,
					slice_make(burst->giant, 70000), 4711);
		if (transports_send(worker->transports, &burst->to,
			    slice_make(text, (size_t)size), i + 10000) != 0)
			burst->refused++;
	}
}

static void many_leave_in_order_and_one_fails_alone(void **state)
{
	struct house *house = house_new();
	struct burst burst = {.count = 200};
	int peer;

	(void)state;
	house_listen(house, TRANSPORT_UDP, "127.0.0.1");
	peer = house_socket("127.0.0.1", SOCK_DGRAM, &burst.to.address);
	burst.giant = calloc(1, 70000);
	house_start(house);
	house_run(house, 1, send_burst, &burst);
	assert_int_equal(burst.refused, 0);
	assert_int_equal(burst.giant_error, 0);
	for (size_t i = 0; i < burst.count; i++) {
		char text[24] = "", wanted[24];

		assert_true(recv(peer, text, sizeof(text) - 1, 0) > 0);
		(void)snprintf(wanted, sizeof(wanted), "%zu", i);
		assert_string_equal(text, wanted);
	}
	assert_int_equal(house_failed(house, 0).token, 4711);
	assert_int_equal(house_failed(house, 0).error, EMSGSIZE);
	assert_int_equal(house_failed(house, 0).worker, 1);
	assert_int_equal(house_counts(house, 1).sent, burst.count);
	assert_int_equal(house_counts(house, 1).send_failed, 1);
	free((void *)(uintptr_t)burst.giant);
	close(peer);
	house_stop(house);
}

static void destination_must_fit_its_listener(void **state)
{
	struct house *house = house_new();
	struct destination to = {.address = house_address("::1", 9)};

	(void)state;
	house_listen(house, TRANSPORT_UDP, "127.0.0.1");
	house_listen(house, TRANSPORT_TCP, "127.0.0.1");
	house_start(house);
	assert_int_equal(
		house_send(house, 0, &to, SLICE("x"), 1), EAFNOSUPPORT);
	to.address = house_address("127.0.0.1", 9);
	to.listener = 1;
	assert_int_equal(house_send(house, 0, &to, SLICE("x"), 1), EINVAL);
	to.listener = 2;
	assert_int_equal(house_send(house, 0, &to, SLICE("x"), 1), EINVAL);
	to.listener = 0;
	to.transport = TRANSPORT_TLS;
	assert_int_equal(
		house_send(house, 0, &to, SLICE("x"), 1), EPROTONOSUPPORT);
	house_stop(house);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_call_id_has_one_owner_and_is_answered),
		cmocka_unit_test(ipv6_is_carried),
		cmocka_unit_test(wildcard_answers_from_where_it_was_asked),
		cmocka_unit_test(too_long_is_faulted_513),
		cmocka_unit_test(noise_is_counted_and_not_answered),
		cmocka_unit_test(many_leave_in_order_and_one_fails_alone),
		cmocka_unit_test(destination_must_fit_its_listener),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
