/* registering.c -- receivers register, and again, whatever the servers do. */
#include "lib/clock.h"
#include "tests/load/load.h"

enum { LOOK_US = 20000, WINDOW = 64, TRY_US = 500000, TRIES = 10 };

static void ask(struct load *load, struct user *user, uint64_t now_us)
{
	char bytes[REQUEST_MOST];
	struct text text = {bytes, 0, sizeof(bytes)};

	if (!user->asking || user->tries == TRIES) {
		user->cseq++;
		user->tries = 0;
	}
	user->generation = channel_generation(user->channel);
	user->asking = true;
	user->next_us =
		now_us +
		((uint64_t)TRY_US << (user->tries < 3 ? user->tries : 3));
	user->tries++;
	register_put(&text, &load->options, user->number,
		channel_name(user->channel), user->cseq);
	(void)channel_send(user->channel, slice_make(bytes, text.size));
}

void registering_turn(struct load *load, uint64_t now_us)
{
	unsigned asking = 0;

	if (now_us < load->look_us)
		return;
	load->look_us = now_us + LOOK_US;
	for (unsigned i = 0; i < load->options.receiver_count; i++) {
		struct user *user = &load->receivers[i];
		bool moved =
			user->generation != channel_generation(user->channel);

		if ((moved || now_us >= user->next_us) && asking < WINDOW &&
			channel_ready(user->channel))
			ask(load, user, now_us);
		asking += user->asking;
	}
}

/* Not all at the same moment. */
static uint64_t next_time(const struct load *load, const struct user *user)
{
	double spread = 0.8 + 0.2 * (user->number * 37 % 101) / 100.0;

	return clock_steady_us() +
	       (uint64_t)(load->options.register_seconds * spread * 1e6);
}

void registering_take(
	struct load *load, struct user *user, const struct incoming *response)
{
	if (response->status < 200 || response->cseq != user->cseq ||
		!user->asking)
		return;
	user->asking = false;
	user->tries = 0;
	if (response->status >= 300) {
		load->counts.failed_registers++;
		user->next_us = clock_steady_us() + TRY_US;
		return;
	}
	load->registered += !user->registered;
	user->registered = true;
	user->next_us = next_time(load, user);
	/* The first time there is no need to wait for the next look. */
	load->look_us = 0;
}
