/* load.h -- the load generator's state: users, exchanges, counts. */
#ifndef TESTS_LOAD_LOAD_H
#define TESTS_LOAD_LOAD_H

#include "tests/load/channels.h"
#include "tests/load/events.h"
#include "tests/load/histogram.h"
#include "tests/load/reading.h"
#include "tests/load/requests.h"
#include "tests/load/waiting.h"

enum { STATUSES = 700, LIFE_US = 32 * 1000 * 1000 };

enum leg_state { LEG_IDLE, LEG_OPEN, LEG_ANSWERED, LEG_UNANSWERED };

struct sent_leg {
	uint64_t sent_us;
	uint8_t state, ticks;
	bool provisional;
};

/* What is remembered of one exchange: by the sender, and, since both live
 * here, by the receiver too. */
struct exchange {
	uint64_t number;
	bool used, acknowledged;
	uint8_t answer_ticks;
	enum kind kind;
	struct sent_leg legs[LEG_ACK]; /* of requests that get an answer */
	uint32_t received[LEGS];       /* hash of the first copy's branch, 0 */
	struct call *call;             /* owned; within its own block */
	struct answer *answer;         /* owned; the 200 to an INVITE */
};

struct answer {
	struct path path;
	size_t size;
	char bytes[];
};

struct user {
	bool receives;
	unsigned number;
	struct channel *channel;
	/* a receiver's registration */
	bool registered, asking;
	unsigned generation, tries;
	uint32_t cseq;
	uint64_t next_us;
};

struct counts {
	uint64_t exchanges, sent, resent, acks, not_sent, answered, unanswered;
	uint64_t answered_late, received, received_twice, received_again;
	uint64_t to_senders, strangers, late_registers, failed_registers;
	uint64_t sent_by_kind[KINDS], received_by_kind[KINDS];
	uint64_t statuses[KINDS][STATUSES];
};

struct load {
	struct options options;
	struct channels *channels; /* owned */
	struct events *events;     /* owned */
	struct user *senders, *receivers;
	struct exchange *exchanges; /* a ring by number */
	uint64_t exchange_mask;
	struct waiting waiting;
	uint64_t open; /* requests that wait for an answer */
	unsigned registered;
	uint64_t look_us; /* next time for registrations */
	uint64_t start_us, end_us;
	struct counts counts;
	struct histogram answer_us[KINDS], receive_us[KINDS], late_us;
};

/* The exchange of that number while it is remembered, else NULL. */
struct exchange *load_exchange(struct load *load, uint64_t number);

/* senders.c */
void sender_start(struct load *load, uint64_t number);
void sender_take(
	struct load *load, struct user *user, const struct incoming *response);
/* Its time has come: sends again, or gives it up. */
void sender_tick(struct load *load, struct exchange *exchange, enum leg leg);
void sender_give_up(struct load *load, struct exchange *exchange, enum leg leg);
/* Forgets an exchange that is still open. */
void exchange_end(struct load *load, struct exchange *exchange);

/* receivers.c */
void receiver_take(struct load *load, struct user *user,
	const struct path *path, const struct incoming *request);
void receiver_tick(struct load *load, struct exchange *exchange);

/* registering.c */
void registering_turn(struct load *load, uint64_t now_us);
void registering_take(
	struct load *load, struct user *user, const struct incoming *response);

/* report.c */
void report(struct load *load);

#endif
