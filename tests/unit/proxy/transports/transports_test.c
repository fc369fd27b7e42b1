/* transports_test.c -- what cannot be listened on is said in a sentence; which
 * addresses are ours; one owner for a Call-ID in all workers. */
#include "tests/unit/proxy/transports/house.h"

static void ignore_arrived(void *context, struct message *message,
	const struct arrival *arrival, const struct message_fault *fault)
{
	(void)context;
	(void)arrival;
	(void)fault;
	message_release(&message);
}

static void ignore_failed(void *context, uint64_t token, int error)
{
	(void)context;
	(void)token;
	(void)error;
}

static void ignore_closed(
	void *context, const struct connection_name *connection)
{
	(void)context;
	(void)connection;
}

static const struct transports_host ignoring = {.arrived = ignore_arrived,
	.send_failed = ignore_failed,
	.connection_closed = ignore_closed};

/* Starts one worker, which must not succeed, and lets its loop end. */
static int start_and_fail(
	const struct settings *settings, unsigned worker, char reason[256])
{
	struct handover *handover = handover_new(2, 8);
	struct transports *transports = NULL;
	uv_loop_t loop;
	int error;

	assert_int_equal(uv_loop_init(&loop), 0);
	error = transports_start(&loop, worker, 2, settings, handover,
		&ignoring, &transports, reason);
	assert_null(transports);
	handover_detach(handover, worker);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	handover_release(&handover);
	return error;
}

static void port_in_use_is_said(void **state)
{
	static const struct {
		enum transport transport;
		const char *word, *host, *advice;
	} cases[] = {
		{TRANSPORT_UDP, "udp", "127.0.0.1", "ss -lnup"},
		{TRANSPORT_TCP, "tcp", "127.0.0.1", "ss -lntp"},
		{TRANSPORT_UDP, "udp", "::1", "ss -lnup"},
		{TRANSPORT_TCP, "tcp", "::1", "ss -lntp"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct house *house = house_new();
		bool udp = cases[i].transport == TRANSPORT_UDP;
		union address taken;
		int one = 1, thief, other;
		char reason[256], wanted[256], text[ADDRESS_TEXT_SIZE];

		/* A first listener is well, the second is not. */
		house_listen(house, cases[i].transport, cases[i].host);
		house_listen(house, cases[i].transport, cases[i].host);
		thief = house_socket(
			cases[i].host, udp ? SOCK_DGRAM : SOCK_STREAM, &taken);
		close(thief);
		/* It would share its port, as a second sipwarden would. */
		thief = socket(
			taken.any.sa_family, udp ? SOCK_DGRAM : SOCK_STREAM, 0);
		assert_int_equal(setsockopt(thief, SOL_SOCKET, SO_REUSEPORT,
					 &one, sizeof(one)),
			0);
		assert_int_equal(
			bind(thief, &taken.any, house_address_size(&taken)), 0);
		if (!udp)
			assert_int_equal(listen(thief, 1), 0);
		house->listeners[1].address = taken;
		assert_int_equal(start_and_fail(&house->settings, 0, reason),
			EADDRINUSE);
		address_text(&taken, text);
		(void)snprintf(wanted, sizeof(wanted),
			"cannot listen on %s %s: address already in use; "
			"another program has it (see: %s), or choose another "
			"port in listen:",
			cases[i].word, text, cases[i].advice);
		assert_string_equal(reason, wanted);
		/* Nothing of the failed start is left on the first one. */
		other = socket(
			taken.any.sa_family, udp ? SOCK_DGRAM : SOCK_STREAM, 0);
		assert_int_equal(bind(other, &house->listeners[0].address.any,
					 house_address_size(
						 &house->listeners[0].address)),
			0);
		close(other);
		close(thief);
		free(house);
	}
}

/* A worker that does not probe finds out at the third. */
static void failed_start_closes_what_it_opened(void **state)
{
	struct house *house = house_new();
	char reason[256];
	int other;

	(void)state;
	house_listen(house, TRANSPORT_UDP, "127.0.0.1");
	house_listen(house, TRANSPORT_TCP, "127.0.0.1");
	house_listen(house, TRANSPORT_UDP, "127.0.0.1");
	house->listeners[2].address = house->listeners[0].address;
	house->listeners[2].transport = TRANSPORT_TLS;
	assert_int_equal(
		start_and_fail(&house->settings, 1, reason), EPROTONOSUPPORT);
	assert_non_null(strstr(reason, "cannot listen on tls 127.0.0.1:"));
	assert_non_null(strstr(reason, "not supported yet"));
	for (int i = 0; i < 2; i++) {
		union address *address = &house->listeners[i].address;

		other = socket(AF_INET, i == 0 ? SOCK_DGRAM : SOCK_STREAM, 0);
		assert_int_equal(
			bind(other, &address->any, house_address_size(address)),
			0);
		close(other);
	}
	free(house);
}

static void foreign_address_is_said(void **state)
{
	struct house *house = house_new();
	char reason[256];

	(void)state;
	house_listen(house, TRANSPORT_UDP, "127.0.0.1");
	house->listeners[0].address = house_address("203.0.113.9", 5060);
	assert_int_equal(
		start_and_fail(&house->settings, 0, reason), EADDRNOTAVAIL);
	assert_string_equal(reason,
		"cannot listen on udp 203.0.113.9:5060: this machine does not "
		"have that address (see: ip address); choose another in "
		"listen:");
	free(house);
}

struct question {
	union address address;
	bool ours;
};

static void ask_is_ours(struct house_worker *worker, void *context)
{
	struct question *question = context;

	question->ours =
		transports_is_ours(worker->transports, &question->address);
}

static void our_addresses_are_known(void **state)
{
	struct house *house = house_new();
	unsigned one, any, six;
	struct {
		const char *host;
		unsigned port;
		bool ours;
	} cases[16];
	size_t count = 0;

	(void)state;
	one = house_port(house_listen(house, TRANSPORT_UDP, "127.0.0.7"));
	any = house_port(house_listen(house, TRANSPORT_TCP, "0.0.0.0"));
	six = house_port(house_listen(house, TRANSPORT_UDP, "::1"));
	cases[count].host = "127.0.0.7";
	cases[count].port = one;
	cases[count++].ours = true;
	cases[count].host = "127.0.0.8"; /* not on this port */
	cases[count].port = one;
	cases[count++].ours = false;
	cases[count].host = "127.0.0.8"; /* on the wildcard's */
	cases[count].port = any;
	cases[count++].ours = true;
	cases[count].host = "127.0.0.1"; /* any port */
	cases[count].port = 0;
	cases[count++].ours = true;
	cases[count].host = "203.0.113.9"; /* not of this machine */
	cases[count].port = any;
	cases[count++].ours = false;
	cases[count].host = "203.0.113.9";
	cases[count].port = 0;
	cases[count++].ours = false;
	cases[count].host = "::1";
	cases[count].port = six;
	cases[count++].ours = true;
	cases[count].host = "::1"; /* 0.0.0.0 is IPv4 alone */
	cases[count].port = any;
	cases[count++].ours = any == six;
	cases[count].host = "2001:db8::1";
	cases[count].port = 0;
	cases[count++].ours = false;
	house_start(house);
	for (size_t i = 0; i < count; i++) {
		struct question question = {
			.address = house_address(cases[i].host, cases[i].port)};

		house_run(house, 1, ask_is_ours, &question);
		if (question.ours != cases[i].ours)
			fail_msg("%s port %u", cases[i].host, cases[i].port);
	}
	house_stop(house);
}

static void owner_is_the_same_in_all_workers(void **state)
{
	struct house *house = house_new();
	unsigned owned[HOUSE_WORKERS] = {0};

	(void)state;
	house_listen(house, TRANSPORT_UDP, "127.0.0.1");
	house_start(house);
	for (int i = 0; i < 1000; i++) {
		char call_id[32];
		unsigned owner;

		(void)snprintf(call_id, sizeof(call_id), "%d@example", i);
		owner = transports_owner(
			house->workers[0].transports, slice_of(call_id));
		assert_true(owner < HOUSE_WORKERS);
		assert_int_equal(transports_owner(house->workers[1].transports,
					 slice_of(call_id)),
			owner);
		owned[owner]++;
	}
	/* A fair coin stays within these by all human measure. */
	assert_in_range(owned[0], 350, 650);
	house_stop(house);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(port_in_use_is_said),
		cmocka_unit_test(failed_start_closes_what_it_opened),
		cmocka_unit_test(foreign_address_is_said),
		cmocka_unit_test(our_addresses_are_known),
		cmocka_unit_test(owner_is_the_same_in_all_workers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
