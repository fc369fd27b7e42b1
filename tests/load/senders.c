/* senders.c -- requests go out, their answers come back or do not. */
#include "lib/clock.h"
#include "tests/load/load.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>

static struct user *sender_of(struct load *load, uint64_t number)
{
	struct plan plan = plan_of(&load->options, number);

	return &load->senders[plan.sender];
}

static void say(struct load *load, const char *what, const char *more,
	uint64_t number, enum kind kind, enum leg leg, unsigned status)
{
	char bytes[64], code[16] = "";
	struct text id = {bytes, 0, sizeof(bytes)};

	if (!events_wanted(load->events))
		return;
	call_id_put(&id, &load->options, number);
	if (status)
		snprintf(code, sizeof(code), " %u", status);
	events_say(load->events, "%s %s%s%.*s %u %s%s", what, more,
		*more ? " " : "", (int)id.size, bytes, leg_cseq(leg),
		leg_method(kind, leg), code);
}

static bool put_on_wire(
	struct load *load, struct exchange *exchange, enum leg leg)
{
	struct channel *channel = sender_of(load, exchange->number)->channel;
	char bytes[REQUEST_MOST];
	struct text text = {bytes, 0, sizeof(bytes)};

	request_put(&text, &load->options, exchange->number, leg,
		channel_name(channel),
		leg == LEG_FIRST ? NULL : exchange->call);
	return channel_send(channel, slice_make(bytes, text.size));
}

static void leg_start(
	struct load *load, struct exchange *exchange, enum leg leg)
{
	struct sent_leg *sent = &exchange->legs[leg];

	/* Said before it leaves: what was received has been sent. */
	say(load, "sent", kind_names[exchange->kind], exchange->number,
		exchange->kind, leg, 0);
	*sent = (struct sent_leg){
		.sent_us = clock_steady_us(), .state = LEG_OPEN};
	load->open++;
	load->counts.sent++;
	load->counts.sent_by_kind[exchange->kind]++;
	waiting_put(&load->waiting, 0, sent->sent_us, exchange->number, leg);
	if (!put_on_wire(load, exchange, leg)) {
		load->counts.not_sent++;
		sender_give_up(load, exchange, leg);
	}
}

void exchange_end(struct load *load, struct exchange *exchange)
{
	for (enum leg leg = LEG_FIRST; leg < LEG_ACK; leg++)
		if (exchange->legs[leg].state == LEG_OPEN)
			sender_give_up(load, exchange, leg);
	free(exchange->call);
	free(exchange->answer);
	exchange->call = NULL;
	exchange->answer = NULL;
	exchange->used = false;
}

void sender_start(struct load *load, uint64_t number)
{
	struct exchange *exchange =
		&load->exchanges[number & load->exchange_mask];

	if (exchange->used)
		exchange_end(load, exchange);
	*exchange = (struct exchange){.number = number,
		.used = true,
		.kind = plan_of(&load->options, number).kind};
	load->counts.exchanges++;
	leg_start(load, exchange, LEG_FIRST);
}

/* --- calls ---------------------------------------------------------------- */

/* The URI between < and >, or all before the first parameter. */
static struct slice uri_of(struct slice value)
{
	size_t open = slice_find(value, '<');
	struct slice rest = slice_from(value, open == SIZE_MAX ? 0 : open + 1);
	size_t end = slice_find(rest, open == SIZE_MAX ? ';' : '>');

	return slice_part(rest, 0, end);
}

/* Record-Route's values, the last first (RFC 3261 12.1.2). */
static void routes_put(struct text *text, struct slice head)
{
	struct slice line, name, value, uris[16];
	size_t at = 0, count = 0;

	while (header_next(head, &at, &line, &name, &value)) {
		if (!header_is(name, "Record-Route", 0))
			continue;
		while (count < 16 && slice_find(value, '<') != SIZE_MAX) {
			uris[count] = uri_of(value);
			value = slice_from(
				value, (size_t)(uris[count].at - value.at) +
					       uris[count].size);
			count++;
		}
	}
	while (count > 0) {
		text_word(text, "Route: <");
		text_put(text, uris[--count]);
		text_word(text, ">\r\n");
	}
}

/* One block, so that one free ends it. */
static struct call *call_new(const struct incoming *response)
{
	size_t room = response->head.size * 2 + 64;
	struct call *call = malloc(sizeof(*call) + room);
	struct text text = {(char *)(call + 1), 0, room};
	size_t at;

	if (!call)
		err(1, "memory");
	text_put(&text, uri_of(response->contact));
	call->target = slice_make(text.at, text.size);
	at = text.size;
	routes_put(&text, response->head);
	call->routes = slice_make(text.at + at, text.size - at);
	at = text.size;
	text_put(&text, response->to);
	call->to = slice_make(text.at + at, text.size - at);
	return call;
}

static void acknowledge(struct load *load, struct exchange *exchange)
{
	load->counts.acks++;
	say(load, "sent", kind_names[exchange->kind], exchange->number,
		exchange->kind, LEG_ACK, 0);
	(void)put_on_wire(load, exchange, LEG_ACK);
}

static void acknowledge_refusal(struct load *load, struct exchange *exchange,
	const struct incoming *response)
{
	struct channel *channel = sender_of(load, exchange->number)->channel;
	char bytes[REQUEST_MOST];
	struct text text = {bytes, 0, sizeof(bytes)};

	refusal_ack_put(&text, &load->options, exchange->number,
		channel_name(channel), response->to);
	(void)channel_send(channel, slice_make(bytes, text.size));
}

static void call_goes_on(struct load *load, struct exchange *exchange,
	enum leg after, const struct incoming *response)
{
	if (after == LEG_FIRST && (!response || response->status >= 300))
		return;
	if (after == LEG_FIRST) {
		exchange->call = call_new(response);
		acknowledge(load, exchange);
		leg_start(load, exchange, LEG_MESSAGE);
	} else if (after == LEG_MESSAGE) {
		leg_start(load, exchange, LEG_BYE);
	}
}

/* --- answers -------------------------------------------------------------- */

static void settle(struct load *load, struct exchange *exchange, enum leg leg,
	unsigned status)
{
	struct sent_leg *sent = &exchange->legs[leg];

	load->open--;
	load->counts.answered++;
	load->counts.statuses[exchange->kind][status]++;
	sent->state = LEG_ANSWERED;
	histogram_add(&load->answer_us[exchange->kind],
		clock_steady_us() - sent->sent_us);
	say(load, "answered", "", exchange->number, exchange->kind, leg,
		status);
}

/* A second final answer, or one that came after we gave up. */
static void repeated(struct load *load, struct exchange *exchange, enum leg leg,
	const struct incoming *response)
{
	bool late = exchange->legs[leg].state == LEG_UNANSWERED;

	if (late) {
		load->counts.answered_late++;
		exchange->legs[leg].state = LEG_ANSWERED;
		say(load, "late", "", exchange->number, exchange->kind, leg,
			response->status);
	}
	if (leg != LEG_FIRST || exchange->kind != KIND_DIALOG)
		return;
	if (response->status >= 300) {
		acknowledge_refusal(load, exchange, response);
	} else if (exchange->call) {
		(void)put_on_wire(load, exchange, LEG_ACK);
	} else if (late) {
		call_goes_on(load, exchange, leg, response);
	}
}

void sender_take(
	struct load *load, struct user *user, const struct incoming *response)
{
	struct exchange *exchange;
	enum leg leg = response->cseq == 2   ? LEG_MESSAGE
		       : response->cseq == 3 ? LEG_BYE
					     : LEG_FIRST;
	uint64_t number;

	(void)user;
	exchange = number_of(&load->options, response->branch, &number)
			   ? load_exchange(load, number)
			   : NULL;
	if (!exchange || exchange->legs[leg].state == LEG_IDLE) {
		load->counts.strangers++;
	} else if (response->status < 200) {
		exchange->legs[leg].provisional = true;
	} else if (exchange->legs[leg].state != LEG_OPEN) {
		repeated(load, exchange, leg, response);
	} else {
		settle(load, exchange, leg, response->status);
		if (exchange->kind == KIND_DIALOG) {
			if (leg == LEG_FIRST && response->status >= 300)
				acknowledge_refusal(load, exchange, response);
			call_goes_on(load, exchange, leg, response);
		}
	}
}

void sender_give_up(struct load *load, struct exchange *exchange, enum leg leg)
{
	exchange->legs[leg].state = LEG_UNANSWERED;
	load->open--;
	load->counts.unanswered++;
	say(load, "unanswered", "", exchange->number, exchange->kind, leg, 0);
}

/* After 0.5, 1.5, 3.5, 7.5, 11.5 ... s. An INVITE goes again when the time has
 * doubled, until something came (timer A); others each time (timer E). */
static bool goes_again(
	const struct load *load, const struct exchange *exchange, enum leg leg)
{
	const struct sent_leg *sent = &exchange->legs[leg];
	const unsigned doubled =
		1 << 1 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 6 | 1 << 10;

	if (!load->options.retransmit || load->options.tcp)
		return false;
	if (leg == LEG_FIRST && exchange->kind == KIND_DIALOG)
		return !sent->provisional && (doubled >> sent->ticks & 1);
	return true;
}

void sender_tick(struct load *load, struct exchange *exchange, enum leg leg)
{
	struct sent_leg *sent = &exchange->legs[leg];
	uint64_t now_us = clock_steady_us();
	unsigned queue;

	if (sent->state != LEG_OPEN)
		return;
	if (now_us >= sent->sent_us + LIFE_US) { /* timers B and F */
		sender_give_up(load, exchange, leg);
		if (exchange->kind == KIND_DIALOG)
			call_goes_on(load, exchange, leg, NULL);
		return;
	}
	sent->ticks++;
	if (goes_again(load, exchange, leg)) {
		load->counts.resent++;
		say(load, "resent", "", exchange->number, exchange->kind, leg,
			0);
		(void)put_on_wire(load, exchange, leg);
	}
	queue = sent->ticks >= 10 ? 0 : sent->provisional ? 3 : sent->ticks;
	waiting_put(&load->waiting, queue, now_us, exchange->number, leg);
}
