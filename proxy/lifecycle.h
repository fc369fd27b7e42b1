/* lifecycle.h -- the order in which a message passes through the proxy.
 *
 * A request goes down the table (there is nothing to choose on its way). A
 * response comes back up: the chain after routing in reverse, the choice, the
 * chain before routing in reverse; then archiving and forward as a request.
 * docs/life-of-a-message.md tells the story; the check `layout` keeps table,
 * folders and documents in agreement.
 */
#ifndef PROXY_LIFECYCLE_H
#define PROXY_LIFECYCLE_H

/* STEP(constant, folder, what it settles) */
#define LIFECYCLE(STEP)                                                        \
	STEP(TRANSPORTS, transports,                                           \
		"bytes in; framing; who is at the other end")                  \
	STEP(PARSE, parse,                                                     \
		"is it SIP, within limits, readable in one way only")          \
	STEP(TRANSACTIONS, transactions,                                       \
		"retransmission? a response to what?")                         \
	STEP(AUTHORIZATION, authorization,                                     \
		"server, gateway or client; what it may bring")                \
	STEP(IDENTITY, identity, "who is it, and how do we know")              \
	STEP(BEFORE_ROUTING, stages, "ordered stages, once")                   \
	STEP(ROUTING, routing, "answered here, or to which targets")           \
	STEP(AFTER_ROUTING, stages, "ordered stages, for each branch")         \
	STEP(CHOICE, forward, "which answer goes upstream, and when")          \
	STEP(ARCHIVING, archiving, "one record, durable where it must be")     \
	STEP(FORWARD, forward, "to the next hop; or the answer")

#define LIFECYCLE_CONSTANT(constant, folder, what) LIFECYCLE_##constant,
enum lifecycle_step { LIFECYCLE(LIFECYCLE_CONSTANT) LIFECYCLE_STEPS };
#undef LIFECYCLE_CONSTANT

/* What a step says when it returns. */
enum progress {
	PROGRESS_NEXT, /* go on with the next step */
	PROGRESS_WAIT, /* passage_resume will call the same step again */
	PROGRESS_DONE  /* this message goes no further (answered, dropped) */
};

struct passage;
typedef enum progress lifecycle_fn(struct passage *passage);

/* The steps, each a chapter file proxy/<step>.c. */
lifecycle_fn authorization_step, identity_step, before_routing_step,
	routing_step, after_routing_step, choice_step, archiving_step,
	forward_step;

/* "before-routing" …: for trail, log and documents. */
const char *lifecycle_word(enum lifecycle_step step);

#endif
