/* bindings.h -- where the users are: addresses of record and their contacts.
 *
 * In memory, shared by the workers (locked inside), and through one writer
 * thread in SQLite, so that bindings survive a restart. A REGISTER waits for
 * the commit; many are batched into one.
 */
#ifndef PROXY_ROUTING_USER_SERVICES_BINDINGS_H
#define PROXY_ROUTING_USER_SERVICES_BINDINGS_H

#include "lib/arena.h"
#include "lib/settings.h"
#include "lib/slice.h"
#include "proxy/transports/transports.h"

#include <stdbool.h>
#include <stdint.h>

struct bindings;

/* A contact of a user, copied into the asker's arena. */
struct binding {
	struct slice contact;  /* URI as registered */
	struct slice instance; /* +sip.instance, absent: none */
	struct slice path;     /* Path values, absent: none */
	struct slice call_id;
	uint32_t cseq;
	uint32_t q_thousandths;
	uint64_t expires_at_ms; /* wall clock */
	uint64_t updated_ms;
	struct destination reach; /* where its REGISTER came from */
};

/* Opens (or makes) bindings.sqlite in server.data and reads what has not
 * expired. NULL: reason says what is wrong and what to do. */
struct bindings *bindings_open(const struct settings *settings,
	char reason[512]) __attribute__((warn_unused_result));
/* Writes what is pending, then closes. */
void bindings_close(struct bindings **bindings);

/* The contacts of an address of record that have not expired, best q first
 * (then the newest). */
size_t bindings_find(struct bindings *bindings, struct arena *arena,
	struct slice address_of_record, struct binding *found, size_t room);

/* One REGISTER's wishes, all or none (RFC 3261 10.3). */
struct bindings_change {
	struct slice address_of_record;
	struct binding *add; /* expires_at_ms 0: remove this contact */
	size_t count;
	bool remove_all; /* Contact: * with Expires: 0 */
	uint64_t now_ms;
	/* Called on the writer's thread when committed (0) or not (errno):
	 * hand over to your worker from there. */
	void (*done)(struct bindings_change *change, int result);
	void *context;
};
/* 0: done will be called. EINVAL: older CSeq of the same Call-ID (500 by RFC
 * 3261 10.3 (7)); E2BIG: more contacts than registrar.contacts; ENOBUFS: the
 * writer's queue is full (503). Slices must live until done. */
int bindings_apply(struct bindings *bindings, struct bindings_change *change)
	__attribute__((warn_unused_result));

/* Contacts that were reached over this connection are reached by their address
 * from now on. */
void bindings_connection_closed(
	struct bindings *bindings, const struct connection_name *connection);
size_t bindings_count(struct bindings *bindings);

#endif
