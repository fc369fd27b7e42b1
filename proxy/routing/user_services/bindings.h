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

/* Opens (or makes) bindings.sqlite in the proxy's folder and reads what has not
 * expired. NULL: reason says what is wrong and what to do. */
struct bindings *bindings_open(const struct settings *settings,
	unsigned workers, char reason[512]) __attribute__((warn_unused_result));
/* Writes what is pending, then closes. */
void bindings_close(struct bindings **bindings);

/* The contacts of an address of record that have not expired, best q first
 * (then the newest). */
size_t bindings_find(struct bindings *bindings, struct arena *arena,
	struct slice address_of_record, struct binding *found, size_t room);

/* Where the REGISTER of a contact came from; false when there is none. For
 * requests within a dialog, which name the contact alone. */
bool bindings_reach(struct bindings *bindings, struct slice contact,
	struct destination *reach);

/* One REGISTER's wishes, all or none (RFC 3261 10.3). Lives, with all it points
 * to, until done. */
struct bindings_change {
	struct slice address_of_record;
	struct binding *wanted; /* expires_at_ms 0: remove this contact */
	size_t count;
	bool remove_all;      /* Contact: * with Expires: 0 */
	bool of_server;       /* its source speaks for many users */
	struct slice call_id; /* of the REGISTER, for remove_all */
	uint32_t cseq;
	uint64_t now_ms;
	/* On the worker's loop. 0: committed. EINVAL: older than what is
	 * there (RFC 3261 10.3 (7)). E2BIG: more contacts than
	 * registrar.contacts. ENOSPC: more than registrar.bindings,
	 * or than the source's share. Else the
	 * data base failed. */
	void (*done)(struct bindings_change *change, int result);
	void *context;
	bool abandoned; /* nobody waits: set by bindings_abandon */
	struct bindings_change *next; /* private */
	unsigned worker;              /* private */
	int result;                   /* private */
	void (*release)(struct bindings_change *change);
};
/* Each worker before its loop runs. 0 or errno. */
int bindings_attach(struct bindings *bindings, unsigned worker, uv_loop_t *loop)
	__attribute__((warn_unused_result));
void bindings_detach(struct bindings *bindings, unsigned worker);
/* 0: done will be called on this worker's loop; ENOBUFS: the queue is full. */
int bindings_apply(struct bindings *bindings, unsigned worker,
	struct bindings_change *change) __attribute__((warn_unused_result));
/* done is not called any more; release is, when the writer has let go of it. */
void bindings_abandon(struct bindings_change *change);

size_t bindings_count(struct bindings *bindings);

/* The queue of REGISTERs that wait for the disk. */
struct bindings_load {
	size_t limit, depth, highest;
	uint64_t refused;
};
struct bindings_load bindings_load(struct bindings *bindings);

/* Shows the contacts of whole buckets of users until there are `most` of them.
 * *cursor: 0 at first, moved on; false when that was the last piece. Others
 * may read the bindings meanwhile, and none can be changed: be quick. */
typedef void bindings_fn(void *context, struct slice address_of_record,
	const struct binding *binding);
bool bindings_walk(struct bindings *bindings, uint32_t *cursor, size_t most,
	bindings_fn *show, void *context);

#endif
