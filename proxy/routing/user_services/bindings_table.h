/* bindings_table.h -- users and their contacts in memory; whoever calls has the
 * lock of bindings.c. */
#ifndef PROXY_ROUTING_USER_SERVICES_BINDINGS_TABLE_H
#define PROXY_ROUTING_USER_SERVICES_BINDINGS_TABLE_H

#include "lib/map.h"
#include "proxy/routing/user_services/bindings.h"
#include "proxy/transports/address_counts.h"

/* A contact with everything it points to in one piece of memory. */
struct contact {
	UT_hash_handle hh; /* by its URI, over all users; the newest */
	struct contact *next;
	bool counted; /* among those of its host */
	struct binding binding;
	char bytes[];
};

struct user_bindings {
	UT_hash_handle hh;
	struct contact *contacts; /* owned */
	size_t size;
	char address[];
};

struct bindings_table {
	struct user_bindings *users;  /* owned, by address */
	struct contact *by_contact;   /* borrowed, by URI */
	size_t count;                 /* of contacts */
	struct address_counts *hosts; /* owned; where they registered from */
};

/* A copy that owns all it points to; in no table yet. NULL: memory. */
struct contact *contact_new(const struct binding *from);
struct user_bindings *user_find(
	const struct bindings_table *table, struct slice address);
/* Makes him where he is not there. NULL: memory. */
struct user_bindings *user_make(
	struct bindings_table *table, struct slice address);
void user_drop_if_empty(
	struct bindings_table *table, struct user_bindings *user);
/* The contact is found by its URI from now on, the newest of that URI first. */
void by_contact_add(struct bindings_table *table, struct contact *added);
/* Takes it out of the table and frees it. */
void contact_drop(struct bindings_table *table, struct contact **place);
/* Where the contact that is the same one stands, or the end of the list (RFC
 * 3261 10.3 (7), RFC 5626). */
struct contact **contact_place(
	struct user_bindings *user, const struct binding *wanted);
/* As bindings_walk. */
bool contacts_walk(const struct bindings_table *table, uint32_t *cursor,
	size_t most, bindings_fn *show, void *context);
/* True when a REGISTER with this Call-ID and CSeq is no newer than the contact.
 */
bool is_older(const struct contact *known, struct slice call_id, uint32_t cseq);

#endif
