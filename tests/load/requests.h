/* requests.h -- the bytes of each request: seed and number decide them all. */
#ifndef TESTS_LOAD_REQUESTS_H
#define TESTS_LOAD_REQUESTS_H

#include "tests/load/options.h"
#include "tests/load/text.h"

enum { REQUEST_MOST = 48 * 1024 };

/* One exchange: a request, or a call with what is said in it. */
struct plan {
	enum kind kind;
	uint32_t sender, receiver;
	uint64_t random; /* decides its content */
};

/* A request of an exchange. */
enum leg { LEG_FIRST, LEG_MESSAGE, LEG_BYE, LEG_ACK, LEGS };

/* What only the servers know of a call: part of requests within it. */
struct call {
	struct slice target, routes, to; /* URI, header lines, value of To */
};

struct plan plan_of(const struct options *options, uint64_t number);
const char *leg_method(enum kind kind, enum leg leg);
uint32_t leg_cseq(enum leg leg);
void call_id_put(
	struct text *text, const struct options *options, uint64_t number);
/* The number in a Call-ID or branch of ours; false for a stranger's. */
bool number_of(
	const struct options *options, struct slice text, uint64_t *number);
/* own: the sender's host and port. call: for legs within one, else NULL. */
void request_put(struct text *text, const struct options *options,
	uint64_t number, enum leg leg, const char *own,
	const struct call *call);
/* The ACK of a refused INVITE (RFC 3261 17.1.1.3). */
void refusal_ack_put(struct text *text, const struct options *options,
	uint64_t number, const char *own, struct slice to);
void register_put(struct text *text, const struct options *options,
	unsigned receiver, const char *own, uint32_t cseq);

#endif
