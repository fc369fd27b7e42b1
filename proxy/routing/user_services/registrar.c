/* registrar.c -- REGISTER: RFC 3261 10.3, and the front-end's redirect. */
#include "lib/clock.h"
#include "proxy/parse/values.h"
#include "proxy/routing/routing.h"
#include "proxy/routing/user_services/bindings.h"
#include "proxy/routing/user_services/user_services.h"
#include "proxy/worker.h"

#include <errno.h>
#include <stdlib.h>

enum { CONTACTS_MOST = 32, REGISTRATION_ARENA_BYTES = 512 * 1024 };

/* A REGISTER that waits for the writer; lives on when its passage goes. */
struct registration {
	struct bindings_change change;
	struct arena *arena; /* owned */
	struct passage *passage;
	bool done;
	int result;
};

static void registration_release(struct bindings_change *change)
{
	struct registration *registration = (struct registration *)change;

	arena_release(&registration->arena);
	free(registration);
}

static void refuse(struct passage *passage, unsigned status, const char *reason)
{
	passage_answer(passage, status, slice_of(reason), slice_of(NULL));
}

/* The home server's address stands as host and as maddr, so that old clients
 * and new ones find it. */
static void redirect(struct passage *passage, const struct user *user,
	const struct internal_server_settings *home)
{
	char address[ADDRESS_TEXT_SIZE], host[ADDRESS_TEXT_SIZE];
	struct slice name = slice_of(user->address), user_part, contact;

	address_text(&home->address, address);
	address_host_text(&home->address, host);
	(void)slice_cut(&name, '@', &user_part);
	contact = arena_format(passage->arena,
		"Contact: <sip:%.*s@%s;transport=%s;maddr=%s>\r\n",
		SLICE_ARGS(user_part), address, transport_word(home->transport),
		host);
	passage_answer(passage, 301, slice_of("Moved Permanently"), contact);
}

/* Nobody proves who he is, so where he is must do. */
static bool may_register(const struct passage *passage)
{
	const struct settings *settings = passage->worker->proxy->settings;

	return passage->source.inside ||
	       passage->source.class == PEER_GATEWAY ||
	       (settings->server.role == ROLE_HOME &&
		       settings->registrar.from_outside);
}

/* False: the request has been answered. */
static bool is_home_here(struct passage *passage, struct slice address)
{
	const struct worker *worker = passage->worker;
	const struct settings *settings = worker->proxy->settings;
	const struct user *user =
		worker->users ? users_find(worker->users, address) : NULL;
	const struct internal_server_settings *home;

	if (!may_register(passage)) {
		refuse(passage, 403, "Register from inside");
		return false;
	}
	if (worker->users && !user) {
		refuse(passage, 404, "Not Found");
		return false;
	}
	if (settings->server.role == ROLE_HOME &&
		(!user || slice_equal_nocase(slice_of(user->home),
				  slice_of(settings->server.name))))
		return true;
	home = user ? internal_server_named(settings, slice_of(user->home))
		    : NULL;
	if (home)
		redirect(passage, user, home);
	else
		refuse(passage, 404, "No home server for this user");
	return false;
}

static uint32_t default_expires(
	const struct settings *settings, const struct message *message)
{
	const struct header *header =
		message_header(message, HEADER_EXPIRES, NULL);
	uint64_t seconds;

	if (header && slice_to_number(
			      slice_trim(header->value), UINT32_MAX, &seconds))
		return (uint32_t)seconds;
	return settings->registrar.default_expires_s;
}

static uint32_t thousandths(struct slice q)
{
	uint32_t value = 0, place = 1000;

	for (size_t i = 0; i < q.size && place; i++) {
		if (q.at[i] == '.')
			continue;
		if (q.at[i] < '0' || q.at[i] > '9')
			return 1000;
		value += (uint32_t)(q.at[i] - '0') * place;
		place /= 10;
	}
	return value > 1000 ? 1000 : value;
}

static struct destination reach_of(const struct passage *passage)
{
	return (struct destination){.transport = passage->arrival.transport,
		.address = passage->arrival.source,
		.listener = passage->arrival.listener,
		.connection = passage->arrival.connection};
}

enum read_contact { CONTACT_TAKEN, CONTACT_BAD, CONTACT_TOO_BRIEF };

static enum read_contact read_contact(struct registration *registration,
	struct passage *passage, struct slice text, struct binding *binding)
{
	const struct settings *settings = passage->worker->proxy->settings;
	const struct message *message = passage_message(passage);
	struct arena *arena = registration->arena;
	struct name_address contact;
	struct slice value;
	uint64_t seconds = default_expires(settings, message);

	if (!name_address_read(arena, text, &contact) || contact.star ||
		!contact.uri.sip)
		return CONTACT_BAD;
	if (parameter_find(
		    arena, contact.parameters, SLICE("expires"), &value) &&
		!slice_to_number(value, UINT32_MAX, &seconds))
		seconds = default_expires(settings, message);
	if (seconds && seconds < settings->registrar.minimum_expires_s)
		return CONTACT_TOO_BRIEF;
	if (seconds > settings->registrar.maximum_expires_s)
		seconds = settings->registrar.maximum_expires_s;
	*binding = (struct binding){
		.contact = arena_copy(arena, contact.uri.whole),
		.call_id = arena_copy(arena, message->call_id),
		.cseq = message->cseq,
		.q_thousandths = 1000,
		.updated_ms = registration->change.now_ms,
		.reach = reach_of(passage)};
	if (seconds)
		binding->expires_at_ms =
			registration->change.now_ms + seconds * 1000;
	if (parameter_find(arena, contact.parameters, SLICE("q"), &value))
		binding->q_thousandths = thousandths(value);
	if (parameter_find(
		    arena, contact.parameters, SLICE("+sip.instance"), &value))
		binding->instance = arena_copy(arena, value);
	return CONTACT_TAKEN;
}

static bool is_star(struct slice value)
{
	return slice_equal(slice_trim(value), SLICE("*"));
}

/* False: the request has been answered. */
static bool read_contacts(
	struct registration *registration, struct passage *passage)
{
	const struct settings *settings = passage->worker->proxy->settings;
	const struct message *message = passage_message(passage);
	struct bindings_change *change = &registration->change;
	const struct header *header = NULL;

	while ((header = message_header(message, HEADER_CONTACT, header))) {
		struct slice rest = header_unfolded(message, header), value;

		while (header_next_value(&rest, &value)) {
			enum read_contact read = CONTACT_BAD;

			if (is_star(value)) {
				change->remove_all = true;
				continue;
			}
			if (change->count < CONTACTS_MOST)
				read = read_contact(registration, passage,
					value, &change->wanted[change->count]);
			if (read == CONTACT_TOO_BRIEF) {
				passage_answer(passage, 423,
					slice_of("Interval Too Brief"),
					arena_format(passage->arena,
						"Min-Expires: %u\r\n",
						settings->registrar
							.minimum_expires_s));
				return false;
			}
			if (read == CONTACT_BAD) {
				refuse(passage, 400, "Bad Contact");
				return false;
			}
			change->count++;
		}
	}
	if (change->remove_all &&
		(change->count || default_expires(settings, message) != 0)) {
		refuse(passage, 400, "Bad use of Contact: *");
		return false;
	}
	return true;
}

static void written(struct bindings_change *change, int result)
{
	struct registration *registration = (struct registration *)change;

	registration->done = true;
	registration->result = result;
	passage_resume(registration->passage);
}

/* RFC 3261 10.3 (8): all bindings, with what is left of their time. The Expires
 * header is for clients that read no parameter. */
static void answer_bindings(struct passage *passage, struct slice address)
{
	struct binding found[CONTACTS_MOST];
	uint64_t now = clock_wall_us() / 1000, longest = 0;
	size_t count = bindings_find(passage->worker->proxy->bindings,
		passage->arena, address, found, CONTACTS_MOST);
	struct slice lines = SLICE("");

	for (size_t i = 0; i < count; i++) {
		uint64_t left =
			found[i].expires_at_ms > now
				? (found[i].expires_at_ms - now + 999) / 1000
				: 0;

		if (left > longest)
			longest = left;
		lines = arena_format(passage->arena,
			"%.*sContact: <%.*s>;expires=%llu\r\n",
			SLICE_ARGS(lines), SLICE_ARGS(found[i].contact),
			(unsigned long long)left);
	}
	lines = arena_format(passage->arena, "%.*sExpires: %llu\r\n",
		SLICE_ARGS(lines), (unsigned long long)longest);
	passage_answer(passage, 200, slice_of("OK"), lines);
}

static void answer_result(
	struct passage *passage, struct slice address, int result)
{
	switch (result) {
	case 0:
		answer_bindings(passage, address);
		break;
	case EINVAL:
		refuse(passage, 500, "CSeq is older than the one before");
		break;
	case E2BIG:
		refuse(passage, 403, "Too many contacts");
		break;
	default:
		passage_answer(passage, 503, slice_of("Service Unavailable"),
			slice_of("Retry-After: 5\r\n"));
		break;
	}
}

static struct registration *registration_new(
	struct passage *passage, struct slice address)
{
	struct registration *registration = calloc(1, sizeof(*registration));

	if (!registration)
		return NULL;
	registration->arena = arena_new(REGISTRATION_ARENA_BYTES);
	if (!registration->arena) {
		free(registration);
		return NULL;
	}
	registration->passage = passage;
	registration->change = (struct bindings_change){
		.address_of_record = arena_copy(registration->arena, address),
		.wanted = arena_take_array(registration->arena, CONTACTS_MOST,
			sizeof(struct binding)),
		.of_server = passage->source.class != PEER_CLIENT,
		.now_ms = clock_wall_us() / 1000,
		.done = written,
		.release = registration_release};
	return registration;
}

static enum progress begin(struct passage *passage, struct slice address)
{
	struct registration *registration = registration_new(passage, address);
	const struct message *message = passage_message(passage);
	int error;

	if (!registration) {
		answer_result(passage, address, ENOMEM);
		return PROGRESS_NEXT;
	}
	registration->change.call_id =
		arena_copy(registration->arena, message->call_id);
	registration->change.cseq = message->cseq;
	if (!read_contacts(registration, passage)) {
		registration_release(&registration->change);
		return PROGRESS_NEXT;
	}
	if (!registration->change.count && !registration->change.remove_all) {
		registration_release(&registration->change);
		answer_bindings(passage, address);
		return PROGRESS_NEXT;
	}
	error = arena_spent(registration->arena)
			? ENOMEM
			: bindings_apply(passage->worker->proxy->bindings,
				  passage->worker->index,
				  &registration->change);
	if (error) {
		registration_release(&registration->change);
		answer_result(passage, address, error);
		return PROGRESS_NEXT;
	}
	passage->registration = registration;
	return PROGRESS_WAIT;
}

enum progress registrar_step(struct passage *passage)
{
	struct registration *registration = passage->registration;
	const struct message *message = passage_message(passage);
	struct slice address = {NULL, 0};
	struct uri to;

	if (uri_read(passage->arena, message->to_uri, &to) && to.sip)
		address = uri_address_of_record(passage->arena, &to);
	if (!address.at ||
		!domain_is_ours(passage->worker->proxy->settings, to.host)) {
		refuse(passage, 404, "Not Found");
		return PROGRESS_NEXT;
	}
	if (registration) {
		int result = registration->result;

		passage->registration = NULL;
		registration_release(&registration->change);
		answer_result(passage, address, result);
		return PROGRESS_NEXT;
	}
	if (!is_home_here(passage, address))
		return PROGRESS_NEXT;
	return begin(passage, address);
}

void registrar_forget(struct passage *passage)
{
	struct registration *registration = passage->registration;

	if (!registration)
		return;
	passage->registration = NULL;
	bindings_abandon(&registration->change);
}
