/* main.c -- sipwarden-load: SIP users who send at a fixed rate, whatever comes
 * back, and say what became of each message. */
#include "lib/clock.h"
#include "tests/load/load.h"

#include <err.h>
#include <stdlib.h>

enum {
	TICK_US = 250,
	IDLE_US = 10000,
	BURST = 64,
	REGISTER_US = 60 * 1000 * 1000,
	SETTLE_US = 200 * 1000,
	REMEMBERED_SECONDS = 36
};

struct exchange *load_exchange(struct load *load, uint64_t number)
{
	struct exchange *exchange =
		&load->exchanges[number & load->exchange_mask];

	return exchange->used && exchange->number == number ? exchange : NULL;
}

static void take(
	void *context, void *owner, const struct path *path, struct slice bytes)
{
	struct load *load = context;
	struct user *user = owner;
	struct incoming incoming;

	if (!incoming_read(bytes, &incoming))
		return;
	if (!incoming.status)
		receiver_take(load, user, path, &incoming);
	else if (slice_equal(incoming.method, SLICE("REGISTER")))
		registering_take(load, user, &incoming);
	else
		sender_take(load, user, &incoming);
}

static struct user *users_open(struct load *load, bool receive)
{
	const struct options *options = &load->options;
	unsigned count =
		receive ? options->receiver_count : options->sender_count;
	const struct endpoints *own =
		receive ? &options->receivers : &options->senders;
	const struct endpoints *servers =
		receive ? &options->servers : &options->doors;
	struct user *users = calloc(count, sizeof(*users));

	if (!users)
		err(1, "memory");
	for (unsigned i = 0; i < count; i++) {
		struct endpoint at = own->list[i % own->count];

		if (receive && options->receiver_port)
			endpoint_set_port(&at, options->receiver_port + i);
		users[i].receives = receive;
		users[i].number = i;
		users[i].channel = channel_open(load->channels, options->tcp,
			&at, &servers->list[i % servers->count], &users[i]);
	}
	return users;
}

static void exchanges_open(struct load *load)
{
	double wanted =
		load->options.rate * (load->options.seconds < REMEMBERED_SECONDS
						     ? load->options.seconds
						     : REMEMBERED_SECONDS);
	uint64_t count = 1024;

	while ((double)count < wanted + 1)
		count *= 2;
	load->exchange_mask = count - 1;
	load->exchanges = calloc(count, sizeof(*load->exchanges));
	if (!load->exchanges)
		err(1, "memory");
}

static void look_at_waiting(struct load *load)
{
	uint64_t now_us = clock_steady_us();
	struct waiting_entry entry;

	while (waiting_take(&load->waiting, now_us, &entry)) {
		struct exchange *exchange = load_exchange(load, entry.number);

		if (exchange && entry.what == LEG_ACK)
			receiver_tick(load, exchange);
		else if (exchange)
			sender_tick(load, exchange, entry.what);
	}
}

static void turn(struct load *load, uint64_t wait_us)
{
	channels_turn(load->channels, wait_us);
	look_at_waiting(load);
	if (load->options.registers)
		registering_turn(load, clock_steady_us());
	events_flush(load->events, false);
}

static bool register_all(struct load *load)
{
	uint64_t end_us = clock_steady_us() + REGISTER_US;

	while (load->registered < load->options.receiver_count &&
		clock_steady_us() < end_us && !channels_stops(load->channels))
		turn(load, IDLE_US / 10);
	return load->registered == load->options.receiver_count;
}

/* By the clock alone: what comes back neither hastens nor holds it. */
static void send_due(struct load *load, uint64_t now_us)
{
	double rate = load->options.rate;
	uint64_t due =
		(uint64_t)((double)(now_us - load->start_us) / 1e6 * rate) + 1;
	uint64_t most = (uint64_t)(load->options.seconds * rate + 0.5);

	if (due > most)
		due = most;
	for (unsigned i = 0; i < BURST && load->counts.exchanges < due; i++) {
		uint64_t number = load->counts.exchanges;
		uint64_t planned = load->start_us +
				   (uint64_t)((double)number / rate * 1e6);

		histogram_add(&load->late_us,
			now_us > planned ? now_us - planned : 0);
		sender_start(load, number);
	}
}

static uint64_t until_next(const struct load *load)
{
	uint64_t next_us =
		load->start_us + (uint64_t)((double)load->counts.exchanges /
					    load->options.rate * 1e6);
	uint64_t now_us = clock_steady_us();
	uint64_t wait_us = next_us > now_us ? next_us - now_us : 0;

	if (now_us > next_us + TICK_US)
		return 0;
	return wait_us < TICK_US   ? TICK_US
	       : wait_us > IDLE_US ? IDLE_US
				   : wait_us;
}

static void send_all(struct load *load)
{
	uint64_t most =
		(uint64_t)(load->options.seconds * load->options.rate + 0.5);

	load->start_us = clock_steady_us();
	while (load->counts.exchanges < most &&
		!channels_stops(load->channels)) {
		send_due(load, clock_steady_us());
		turn(load, until_next(load));
	}
	load->end_us = clock_steady_us();
}

static void drain(struct load *load)
{
	uint64_t now_us = clock_steady_us();
	uint64_t end_us =
		now_us + (uint64_t)(load->options.drain_seconds * 1e6);

	while (load->open && now_us < end_us &&
		channels_stops(load->channels) < 2) {
		turn(load, IDLE_US);
		now_us = clock_steady_us();
	}
	/* What is on its way after the last answer: ACKs, second copies. */
	end_us = now_us + SETTLE_US;
	while (clock_steady_us() < end_us)
		turn(load, IDLE_US);
}

static void finish(struct load *load)
{
	for (uint64_t i = 0; i <= load->exchange_mask; i++)
		if (load->exchanges[i].used)
			exchange_end(load, &load->exchanges[i]);
	report(load);
	channels_release(&load->channels);
	events_close(&load->events);
	waiting_release(&load->waiting);
	options_release(&load->options);
	free(load->senders);
	free(load->receivers);
	free(load->exchanges);
	free(load);
}

int main(int count, char **arguments)
{
	struct load *load = calloc(1, sizeof(*load));

	if (!load)
		err(1, "memory");
	options_read(&load->options, count, arguments);
	load->events = events_open(load->options.log);
	load->channels = channels_new(take, load);
	load->receivers = users_open(load, true);
	load->senders = users_open(load, false);
	exchanges_open(load);
	if (load->options.registers && !register_all(load))
		errx(1,
			"%u of %u receivers could register; does the server "
			"run, and does it know the users r0, r1, ...?",
			load->registered, load->options.receiver_count);
	send_all(load);
	drain(load);
	finish(load);
	return 0;
}
