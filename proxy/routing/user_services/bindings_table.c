/* bindings_table.c -- users and their contacts in memory. */
#include "proxy/routing/user_services/bindings_table.h"

#include "proxy/hash_walk.h"
#include "proxy/parse/values.h"

#include <limits.h>
#include <stdlib.h>

enum { COMPARE_ARENA_BYTES = 64 * 1024 };

static struct slice keep(char **at, struct slice text)
{
	struct slice kept = {text.at ? *at : NULL, text.size};

	if (text.size)
		memcpy(*at, text.at, text.size);
	*at += text.size;
	return kept;
}

struct contact *contact_new(const struct binding *from)
{
	size_t size = from->contact.size + from->instance.size +
		      from->path.size + from->call_id.size;
	struct contact *contact = calloc(1, sizeof(*contact) + size);
	char *at;

	if (!contact)
		return NULL;
	at = contact->bytes;
	contact->binding = *from;
	contact->binding.contact = keep(&at, from->contact);
	contact->binding.instance = keep(&at, from->instance);
	contact->binding.path = keep(&at, from->path);
	contact->binding.call_id = keep(&at, from->call_id);
	return contact;
}

struct user_bindings *user_find(
	const struct bindings_table *table, struct slice address)
{
	struct user_bindings *user;

	HASH_FIND(hh, table->users, address.at, address.size, user);
	return user;
}

struct user_bindings *user_make(
	struct bindings_table *table, struct slice address)
{
	struct user_bindings *user = user_find(table, address);

	if (user)
		return user;
	user = calloc(1, sizeof(*user) + address.size);
	if (!user)
		return NULL;
	memcpy(user->address, address.at, address.size);
	user->size = address.size;
	HASH_ADD_KEYPTR(hh, table->users, user->address, user->size, user);
	return user;
}

static void by_contact_remove(
	struct bindings_table *table, struct contact *gone)
{
	struct contact *known;
	struct slice uri = gone->binding.contact;

	HASH_FIND(hh, table->by_contact, uri.at, uri.size, known);
	if (known == gone)
		HASH_DEL(table->by_contact, gone);
}

void by_contact_add(struct bindings_table *table, struct contact *added)
{
	struct contact *known;
	struct slice uri = added->binding.contact;

	HASH_FIND(hh, table->by_contact, uri.at, uri.size, known);
	if (known)
		HASH_DEL(table->by_contact, known);
	HASH_ADD_KEYPTR(hh, table->by_contact, added->binding.contact.at,
		added->binding.contact.size, added);
	added->counted = address_counts_take(
		table->hosts, &added->binding.reach.address, UINT_MAX);
}

void contact_drop(struct bindings_table *table, struct contact **place)
{
	struct contact *gone = *place;

	*place = gone->next;
	if (gone->counted)
		address_counts_give_back(
			table->hosts, &gone->binding.reach.address);
	by_contact_remove(table, gone);
	table->count--;
	free(gone);
}

void user_drop_if_empty(
	struct bindings_table *table, struct user_bindings *user)
{
	if (user->contacts)
		return;
	HASH_DEL(table->users, user);
	free(user);
}

/* RFC 3261 10.3 (7): the same contact by URI comparison, or the same instance
 * (RFC 5626). */
static bool is_same(const struct binding *a, const struct binding *b)
{
	struct arena *arena;
	struct uri one, other;
	bool same;

	if (slice_equal(a->contact, b->contact) ||
		(a->instance.size && slice_equal(a->instance, b->instance)))
		return true;
	arena = arena_new(COMPARE_ARENA_BYTES);
	same = arena && uri_read(arena, a->contact, &one) &&
	       uri_read(arena, b->contact, &other) && uri_equal(&one, &other);
	arena_release(&arena);
	return same;
}

struct contact **contact_place(
	struct user_bindings *user, const struct binding *wanted)
{
	struct contact **place = &user->contacts;

	while (*place && !is_same(&(*place)->binding, wanted))
		place = &(*place)->next;
	return place;
}

static size_t show_user(
	const struct user_bindings *user, bindings_fn *show, void *context)
{
	size_t shown = 0;

	for (const struct contact *contact = user->contacts; contact;
		contact = contact->next, shown++)
		show(context, slice_make(user->address, user->size),
			&contact->binding);
	return shown;
}

bool contacts_walk(const struct bindings_table *table, uint32_t *cursor,
	size_t most, bindings_fn *show, void *context)
{
	const UT_hash_table *users;
	size_t shown = 0;

	if (!table->users)
		return false;
	users = table->users->hh.tbl;
	*cursor &= users->num_buckets - 1;
	do {
		const UT_hash_handle *at = users->buckets[*cursor].hh_head;

		for (; at; at = at->hh_next)
			shown += show_user(
				(const void *)((const char *)at - users->hho),
				show, context);
		*cursor = hash_walk_next(*cursor, users->num_buckets);
	} while (*cursor && shown < most);
	return *cursor != 0;
}

bool is_older(const struct contact *known, struct slice call_id, uint32_t cseq)
{
	return slice_equal(known->binding.call_id, call_id) &&
	       cseq <= known->binding.cseq;
}
