/* compose.c -- `alice > INVITE bob`: what is left out is filled in as a user
 * agent would. */
#include "draft.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* What the composer works on. */
struct order {
	struct run *run;
	struct person *person;
	char **words;
	struct draft draft;
};

static const char *option(const struct order *order, const char *name)
{
	return step_option(order->run, order->words, name);
}

static bool has_word(const struct order *order, const char *word)
{
	for (char **next = order->words + 3; *next; next++)
		if (!strcmp(*next, word))
			return true;
	return false;
}

/* --- what was said before ------------------------------------------------- */

struct wanted {
	bool request;
	const char *method; /* NULL: any but ACK and CANCEL */
	unsigned least, most;
};

static bool is_wanted(const struct order *order, const struct message *message,
	const struct wanted *wanted)
{
	const char *call = option(order, "call");

	if (message->is_request != wanted->request)
		return false;
	if (call && !slice_equal(message->call_id, slice_of(call)))
		return false;
	if (wanted->method ? !slice_equal(message->method_name,
				     slice_of(wanted->method))
			   : message->method == METHOD_ACK ||
				     message->method == METHOD_CANCEL)
		return false;
	return message->is_request || (message->status >= wanted->least &&
					      message->status <= wanted->most);
}

static const struct message *last_in(const struct order *order,
	const struct heard *list, const struct wanted *wanted)
{
	const struct message *last = NULL;

	for (; list; list = list->next)
		if (is_wanted(order, list->message, wanted))
			last = list->message;
	return last;
}

static const struct message *must_have(const struct order *order,
	const struct message *message, const char *what)
{
	if (!message) {
		struct arena *arena = order->draft.arena;

		arena_release(&arena);
		run_fail(order->run, "%s has %s", order->person->name, what);
	}
	return message;
}

/* --- pieces --------------------------------------------------------------- */

static struct slice own_address(struct order *order)
{
	char text[ADDRESS_TEXT_SIZE];

	address_text(&order->person->address, text);
	return arena_copy(order->draft.arena, slice_of(text));
}

static void add(struct order *order, const char *name, struct slice value)
{
	draft_add(order->run, &order->draft, name, value);
}

static void add_via(struct order *order, const char *branch)
{
	struct person *person = order->person;
	struct arena *arena = order->draft.arena;
	struct slice made = slice_of(branch);

	if (!branch)
		made = arena_format(arena, "z9hG4bK-%s-%u", person->name,
			++person->branches);
	add(order, "Via",
		arena_format(arena, "SIP/2.0/%s %.*s;branch=%.*s",
			person->transport == TRANSPORT_UDP ? "UDP" : "TCP",
			SLICE_ARGS(own_address(order)), SLICE_ARGS(made)));
}

static void add_contact(struct order *order)
{
	struct person *person = order->person;
	const char *q = option(order, "q");

	add(order, "Contact",
		arena_format(order->draft.arena, "<sip:%s@%.*s%s>%s%s",
			person->user, SLICE_ARGS(own_address(order)),
			person->transport == TRANSPORT_UDP ? ""
							   : ";transport=tcp",
			q ? ";q=" : "", q ? q : ""));
}

static bool has_contact(struct slice method)
{
	static const char *const methods[] = {
		"INVITE", "REGISTER", "SUBSCRIBE", "NOTIFY", "REFER", "UPDATE"};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (slice_equal(method, slice_of(methods[i])))
			return true;
	return false;
}

static void start_request(struct order *order, struct slice uri)
{
	const char *own = option(order, "uri");

	if (own)
		uri = slice_of(own);
	order->draft.start = arena_format(order->draft.arena, "%s %.*s SIP/2.0",
		order->words[2], SLICE_ARGS(uri));
}

static void add_cseq(struct order *order, uint32_t number)
{
	const char *own = option(order, "cseq");

	if (own)
		number = (uint32_t)strtoul(own, NULL, 10);
	add(order, "CSeq",
		arena_format(
			order->draft.arena, "%u %s", number, order->words[2]));
}

static void send_draft(struct order *order)
{
	draft_send(order->run, order->person, &order->draft, order->words);
}

/* --- requests ------------------------------------------------------------- */

static const struct person *addressee(const struct order *order)
{
	const struct person *to =
		order->words[3] ? person_named(order->run, order->words[3])
				: NULL;

	if (to || !strcmp(order->words[2], "REGISTER"))
		return to ? to : order->person;
	if (!option(order, "uri"))
		(void)must_have(order, NULL, "nobody to send it to");
	return order->person;
}

/* Outside of dialogs. */
static void send_new(struct order *order)
{
	struct arena *arena = order->draft.arena;
	struct person *person = order->person;
	const struct person *to = addressee(order);
	const char *call = option(order, "call");
	const char *hops = option(order, "max-forwards");
	const char *from_tag = option(order, "from-tag");
	const char *to_tag = option(order, "to-tag");
	bool registers = !strcmp(order->words[2], "REGISTER");

	start_request(
		order, registers ? arena_format(arena, "sip:%s", person->domain)
				 : arena_format(arena, "sip:%s@%s", to->user,
					   to->domain));
	add_via(order, option(order, "branch"));
	add(order, "Max-Forwards", slice_of(hops ? hops : "70"));
	add(order, "From",
		arena_format(arena, "<sip:%s@%s>;tag=%s", person->user,
			person->domain, from_tag ? from_tag : person->name));
	add(order, "To",
		arena_format(arena, "<sip:%s@%s>%s%s", to->user, to->domain,
			to_tag ? ";tag=" : "", to_tag ? to_tag : ""));
	add(order, "Call-ID",
		call ? slice_of(call)
		     : arena_format(
			       arena, "%s-%u", person->name, ++person->calls));
	add_cseq(order, 1);
	if (has_contact(slice_of(order->words[2])))
		add_contact(order);
	send_draft(order);
}

/* CANCEL, and the ACK of a final answer other than 2xx: of the INVITE as it was
 * sent (RFC 3261 9.1, 17.1.1.3). */
static void send_of_invite(
	struct order *order, const struct message *invite, struct slice to)
{
	start_request(order, invite->request_uri);
	add(order, "Via", invite->via.value);
	add(order, "Max-Forwards", SLICE("70"));
	draft_copy(order->run, &order->draft, invite, HEADER_ROUTE);
	add(order, "From", invite->from);
	add(order, "To", to);
	add(order, "Call-ID", invite->call_id);
	add_cseq(order, invite->cseq);
	send_draft(order);
}

static struct slice contact_uri(
	const struct order *order, const struct message *message)
{
	const struct header *header =
		message_header(message, HEADER_CONTACT, NULL);
	size_t from, to;

	must_have(order, header ? message : NULL, "no Contact to go to");
	from = slice_find(header->value, '<');
	to = slice_find(header->value, '>');
	return slice_part(header->value, from + 1, to - from - 1);
}

/* The route set of RFC 3261 12.1: reversed for the caller. */
static void add_routes(
	struct order *order, const struct message *message, bool reversed)
{
	const struct header *header = NULL;
	struct slice all[16];
	size_t count = 0;

	while ((header =
			message_header(message, HEADER_RECORD_ROUTE, header))) {
		struct slice rest = header->value;

		while (count < 16 && header_next_value(&rest, &all[count]))
			count++;
	}
	for (size_t i = 0; i < count; i++)
		add(order, "Route", all[reversed ? count - 1 - i : i]);
}

static void send_within(struct order *order, const struct message *target,
	bool caller, struct slice from, struct slice to, uint32_t cseq)
{
	const char *hops = option(order, "max-forwards");

	start_request(order, contact_uri(order, target));
	add_via(order, option(order, "branch"));
	add(order, "Max-Forwards", slice_of(hops ? hops : "70"));
	add_routes(order, target, caller);
	add(order, "From", from);
	add(order, "To", to);
	add(order, "Call-ID", target->call_id);
	add_cseq(order, cseq);
	if (has_contact(slice_of(order->words[2])))
		add_contact(order);
	send_draft(order);
}

/* In the dialog that an INVITE of this person, or one to him, has made. */
static void send_in_dialog(struct order *order)
{
	const struct wanted success = {.method = "INVITE",
				    .least = 200,
				    .most = 299},
			    invite = {.request = true, .method = "INVITE"};
	const struct message *got =
		last_in(order, order->person->got, &success);
	const struct message *said =
		last_in(order, order->person->said, &success);
	bool ack = !strcmp(order->words[2], "ACK");

	if (got) {
		send_within(order, got, true, got->from, got->to,
			ack ? got->cseq : got->cseq + ++order->person->cseq);
		return;
	}
	must_have(order, said, "no dialog");
	send_within(order,
		must_have(order, last_in(order, order->person->got, &invite),
			"no INVITE"),
		false, said->to, said->from, ++order->person->cseq);
}

static void send_ack(struct order *order)
{
	const struct wanted any = {.method = "INVITE",
				    .least = 200,
				    .most = 699},
			    invite = {.request = true, .method = "INVITE"};
	const struct message *answer = must_have(order,
		last_in(order, order->person->got, &any), "got no answer");

	if (answer->status < 300) {
		send_in_dialog(order);
		return;
	}
	send_of_invite(order,
		must_have(order, last_in(order, order->person->said, &invite),
			"sent no INVITE"),
		answer->to);
}

static void send_request(struct order *order)
{
	const struct wanted invite = {.request = true, .method = "INVITE"};
	const struct message *sent;
	bool fresh = option(order, "branch") && option(order, "call") &&
		     option(order, "from-tag");

	if (!strcmp(order->words[2], "CANCEL") && !fresh) {
		sent = must_have(order,
			last_in(order, order->person->said, &invite),
			"sent no INVITE");
		send_of_invite(order, sent, sent->to);
	} else if (!strcmp(order->words[2], "ACK") && !fresh) {
		send_ack(order);
	} else if (!strcmp(order->words[2], "BYE") ||
		   has_word(order, "within")) {
		send_in_dialog(order);
	} else {
		send_new(order);
	}
}

/* --- answers -------------------------------------------------------------- */

static const char *method_word(const struct order *order)
{
	const char *word = order->words[3];

	return word && isupper((unsigned char)*word) && !strchr(word, '=')
		       ? word
		       : NULL;
}

static struct slice tagged_to(
	struct order *order, const struct message *request, unsigned status)
{
	const char *tag = option(order, "to-tag");

	if (request->to_tag.at || status == 100)
		return request->to;
	return arena_format(order->draft.arena, "%.*s;tag=%s",
		SLICE_ARGS(request->to), tag ? tag : order->person->name);
}

static void send_answer(struct order *order)
{
	const struct wanted wanted = {
		.request = true, .method = method_word(order)};
	const struct message *request = must_have(order,
		last_in(order, order->person->got, &wanted), "no request");
	unsigned status = (unsigned)strtoul(order->words[2], NULL, 10);
	const char *reason = option(order, "reason");

	order->draft.start = arena_format(order->draft.arena, "SIP/2.0 %u %s",
		status, reason ? reason : "Said");
	draft_copy(order->run, &order->draft, request, HEADER_VIA);
	draft_copy(order->run, &order->draft, request, HEADER_RECORD_ROUTE);
	add(order, "From", request->from);
	add(order, "To", tagged_to(order, request, status));
	add(order, "Call-ID", request->call_id);
	draft_copy(order->run, &order->draft, request, HEADER_CSEQ);
	if (has_contact(request->method_name) && status > 100 && status < 300)
		add_contact(order);
	send_draft(order);
}

/* --- the same, and other people's ----------------------------------------- */

static void send_again(struct order *order)
{
	bool answer = isdigit((unsigned char)*order->words[2]);
	unsigned status = (unsigned)strtoul(order->words[2], NULL, 10);
	const struct wanted wanted = {.request = !answer,
		.method = answer ? method_word(order) : order->words[2],
		.least = status,
		.most = status};
	const struct message *said =
		must_have(order, last_in(order, order->person->said, &wanted),
			"not said it before");
	struct message *held = message_hold((struct message *)said);

	draft_close(&order->draft);
	network_deliver(
		order->run, order->person, held->bytes.at, held->bytes.size);
	message_release(&held);
}

static void copy_headers(
	struct order *order, const struct message *from, enum header_id but)
{
	for (size_t i = 0; i < from->header_count; i++) {
		const struct header *header = &from->headers[i];
		struct slice name =
			arena_copy(order->draft.arena, header->name);

		if (header->id != but || header->id == HEADER_OTHER)
			add(order, name.at, header->value);
	}
}

/* As another proxy passes it on: its own Via above, or taken off. */
static void send_relay(struct order *order)
{
	const char *name = order->words[3] ? order->words[3] : "";
	bool answer = isdigit((unsigned char)*name);
	unsigned status = (unsigned)strtoul(name, NULL, 10);
	const struct wanted wanted = {.request = !answer,
		.method = answer ? NULL : name,
		.least = status,
		.most = status};
	const struct message *got = must_have(order,
		last_in(order, order->person->got, &wanted), "not got it");
	const struct header *via = message_header(got, HEADER_VIA, NULL);

	order->draft.body = got->body;
	if (answer) {
		order->draft.start = arena_format(
			order->draft.arena, "SIP/2.0 %u Relayed", got->status);
		while ((via = message_header(got, HEADER_VIA, via)))
			add(order, "Via", via->value);
		copy_headers(order, got, HEADER_VIA);
	} else {
		order->words[2] = order->words[3];
		start_request(order, got->request_uri);
		add_via(order, option(order, "branch"));
		add(order, "Max-Forwards",
			arena_format(order->draft.arena, "%d",
				got->max_forwards - 1));
		copy_headers(order, got, HEADER_MAX_FORWARDS);
	}
	send_draft(order);
}

void compose_and_send(struct run *run, struct person *person, char **words)
{
	struct order order = {.run = run, .person = person, .words = words};

	if (!words[2])
		run_fail(run, "NAME > METHOD or STATUS");
	draft_open(&order.draft);
	if (has_word(&order, "again"))
		send_again(&order);
	else if (!strcmp(words[2], "relay"))
		send_relay(&order);
	else if (isdigit((unsigned char)*words[2]))
		send_answer(&order);
	else
		send_request(&order);
}
