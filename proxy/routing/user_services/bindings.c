/* bindings.c -- where the users are, in memory; one thread changes it.
 *
 * Workers read under the lock. Changes queue for the writer thread, which
 * checks each, writes it to SQLite and then to memory, commits many at once and
 * gives them back to their workers.
 */
#include "proxy/routing/user_services/bindings.h"

#include "lib/clock.h"
#include "lib/log.h"
#include "lib/privileges/privileges.h"
#include "proxy/routing/user_services/bindings_file.h"
#include "proxy/routing/user_services/bindings_table.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { QUEUE_MOST = 10000, BATCH_MOST = 500, EXPIRE_EVERY_S = 30 };

struct returned {
	uv_async_t wake;
	pthread_mutex_t lock;
	struct bindings_change *changes; /* oldest first */
	struct bindings_change **end;
	bool attached;
};

struct bindings {
	uint32_t contacts_most; /* of one user */
	uint32_t bindings_most; /* of all */
	pthread_rwlock_t lock;  /* table */
	struct bindings_table table;
	pthread_mutex_t queue_lock; /* queue, queued, stop */
	pthread_cond_t queue_filled;
	struct bindings_change *queue, **queue_end;
	size_t queued, queued_most;
	uint64_t turned_away;
	bool stop;
	pthread_t writer;
	struct bindings_file *file; /* the writer's alone */
	unsigned workers;
	struct returned *returned; /* owned, one per worker */
};

/* --- readers -------------------------------------------------------------- */

static struct binding copied(struct arena *arena, const struct binding *from)
{
	struct binding copy = *from;

	copy.contact = arena_copy(arena, from->contact);
	copy.instance = from->instance.at ? arena_copy(arena, from->instance)
					  : from->instance;
	copy.path = from->path.at ? arena_copy(arena, from->path) : from->path;
	copy.call_id = arena_copy(arena, from->call_id);
	return copy;
}

static int better_first(const void *a, const void *b)
{
	const struct binding *one = a, *other = b;

	if (one->q_thousandths != other->q_thousandths)
		return one->q_thousandths < other->q_thousandths ? 1 : -1;
	return (one->updated_ms < other->updated_ms) -
	       (one->updated_ms > other->updated_ms);
}

size_t bindings_find(struct bindings *bindings, struct arena *arena,
	struct slice address_of_record, struct binding *found, size_t room)
{
	uint64_t now_ms = clock_wall_us() / 1000;
	const struct user_bindings *user;
	size_t count = 0;

	pthread_rwlock_rdlock(&bindings->lock);
	user = user_find(&bindings->table, address_of_record);
	for (const struct contact *contact = user ? user->contacts : NULL;
		contact && count < room; contact = contact->next)
		if (contact->binding.expires_at_ms > now_ms)
			found[count++] = copied(arena, &contact->binding);
	pthread_rwlock_unlock(&bindings->lock);
	qsort(found, count, sizeof(*found), better_first);
	return count;
}

bool bindings_reach(struct bindings *bindings, struct slice contact,
	struct destination *reach)
{
	struct contact *known;

	pthread_rwlock_rdlock(&bindings->lock);
	HASH_FIND(hh, bindings->table.by_contact, contact.at, contact.size,
		known);
	if (known)
		*reach = known->binding.reach;
	pthread_rwlock_unlock(&bindings->lock);
	return known != NULL;
}

size_t bindings_count(struct bindings *bindings)
{
	size_t count;

	pthread_rwlock_rdlock(&bindings->lock);
	count = bindings->table.count;
	pthread_rwlock_unlock(&bindings->lock);
	return count;
}

/* --- the writer ----------------------------------------------------------- */

/* Only this thread changes the counts. When half is taken, nobody may have more
 * than an eighth: else one host that makes up names keeps all others out. */
static bool has_room(const struct bindings *bindings,
	const struct bindings_change *change, size_t more)
{
	const size_t most = bindings->bindings_most,
		     all = bindings->table.count + more;

	if (!more || (all <= most && (all <= most / 2 || change->of_server)))
		return true;
	return all <= most && address_counts_of(bindings->table.hosts,
				      &change->wanted[0].reach.address) +
					      more <=
				      most / 8;
}

/* All wishes are looked at before the first is granted. */
static int check(struct bindings *bindings,
	const struct bindings_change *change, struct user_bindings *user)
{
	size_t total = 0, known_here;

	for (struct contact *known = user ? user->contacts : NULL; known;
		known = known->next) {
		total++;
		if (change->remove_all &&
			is_older(known, change->call_id, change->cseq))
			return EINVAL;
	}
	known_here = total;
	for (size_t i = 0; i < change->count; i++) {
		const struct binding *wanted = &change->wanted[i];
		struct contact *known =
			user ? *contact_place(user, wanted) : NULL;

		if (known && is_older(known, wanted->call_id, wanted->cseq))
			return EINVAL;
		if (!known && wanted->expires_at_ms)
			total++;
	}
	if (total > bindings->contacts_most)
		return E2BIG;
	return has_room(bindings, change, total - known_here) ? 0 : ENOSPC;
}

static int remove_one(struct bindings *bindings, struct user_bindings *user,
	struct contact **place)
{
	int error = bindings_file_remove(bindings->file,
		slice_make(user->address, user->size),
		(*place)->binding.contact);

	if (error)
		return error;
	pthread_rwlock_wrlock(&bindings->lock);
	contact_drop(&bindings->table, place);
	pthread_rwlock_unlock(&bindings->lock);
	return 0;
}

static int put_one(struct bindings *bindings, struct user_bindings *user,
	const struct binding *wanted)
{
	struct contact **place = contact_place(user, wanted);
	struct contact *added = contact_new(wanted);
	int error = added ? 0 : ENOMEM;

	if (!error && *place)
		error = remove_one(bindings, user, place);
	if (!error)
		error = bindings_file_put(bindings->file,
			slice_make(user->address, user->size), wanted);
	if (error) {
		free(added);
		return error;
	}
	pthread_rwlock_wrlock(&bindings->lock);
	added->next = user->contacts;
	user->contacts = added;
	by_contact_add(&bindings->table, added);
	bindings->table.count++;
	pthread_rwlock_unlock(&bindings->lock);
	return 0;
}

static int grant(struct bindings *bindings,
	const struct bindings_change *change, struct user_bindings *user)
{
	int error = 0;

	while (!error && change->remove_all && user->contacts)
		error = remove_one(bindings, user, &user->contacts);
	for (size_t i = 0; !error && i < change->count; i++) {
		const struct binding *wanted = &change->wanted[i];
		struct contact **place = contact_place(user, wanted);

		if (wanted->expires_at_ms)
			error = put_one(bindings, user, wanted);
		else if (*place)
			error = remove_one(bindings, user, place);
	}
	return error;
}

static int apply(struct bindings *bindings, struct bindings_change *change)
{
	struct user_bindings *user =
		user_find(&bindings->table, change->address_of_record);
	int error = check(bindings, change, user);

	if (error)
		return error;
	pthread_rwlock_wrlock(&bindings->lock);
	user = user_make(&bindings->table, change->address_of_record);
	pthread_rwlock_unlock(&bindings->lock);
	if (!user)
		return ENOMEM;
	error = grant(bindings, change, user);
	pthread_rwlock_wrlock(&bindings->lock);
	user_drop_if_empty(&bindings->table, user);
	pthread_rwlock_unlock(&bindings->lock);
	return error;
}

static void give_back(struct bindings *bindings, struct bindings_change *change)
{
	struct returned *returned = &bindings->returned[change->worker];

	change->next = NULL;
	pthread_mutex_lock(&returned->lock);
	*returned->end = change;
	returned->end = &change->next;
	if (returned->attached)
		uv_async_send(&returned->wake);
	pthread_mutex_unlock(&returned->lock);
}

static void write_batch(
	struct bindings *bindings, struct bindings_change *batch)
{
	int error = bindings_file_begin(bindings->file);
	struct bindings_change *change, *next;

	for (change = batch; change; change = change->next)
		change->result = error ? error : apply(bindings, change);
	if (!error)
		error = bindings_file_commit(bindings->file);
	if (error)
		bindings_file_roll_back(bindings->file);
	for (change = batch; change; change = next) {
		next = change->next;
		if (error && !change->result)
			change->result = error;
		give_back(bindings, change);
	}
}

static void expire(struct bindings *bindings)
{
	uint64_t now_ms = clock_wall_us() / 1000;
	struct user_bindings *user, *next;

	if (bindings_file_expire(bindings->file, now_ms) != 0)
		return;
	pthread_rwlock_wrlock(&bindings->lock);
	HASH_ITER (hh, bindings->table.users, user, next) {
		struct contact **place = &user->contacts;

		while (*place)
			if ((*place)->binding.expires_at_ms <= now_ms)
				contact_drop(&bindings->table, place);
			else
				place = &(*place)->next;
		user_drop_if_empty(&bindings->table, user);
	}
	pthread_rwlock_unlock(&bindings->lock);
}

/* Waits for work or for the time to expire bindings. NULL: the latter, or the
 * end when *stop. */
static struct bindings_change *take_batch(struct bindings *bindings, bool *stop)
{
	struct bindings_change *batch = NULL, *last = NULL;
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += EXPIRE_EVERY_S;
	pthread_mutex_lock(&bindings->queue_lock);
	while (!bindings->queue && !bindings->stop)
		if (pthread_cond_timedwait(&bindings->queue_filled,
			    &bindings->queue_lock, &until) == ETIMEDOUT)
			break;
	for (size_t i = 0; i < BATCH_MOST && bindings->queue; i++) {
		last = bindings->queue;
		if (!batch)
			batch = last;
		bindings->queue = last->next;
		bindings->queued--;
	}
	if (last)
		last->next = NULL;
	if (!bindings->queue)
		bindings->queue_end = &bindings->queue;
	*stop = bindings->stop && !batch;
	pthread_mutex_unlock(&bindings->queue_lock);
	return batch;
}

static void *write_all(void *context)
{
	struct bindings *bindings = context;
	uint64_t expired_ms = clock_steady_ms();
	bool stop = false;

	while (!stop) {
		struct bindings_change *batch = take_batch(bindings, &stop);

		if (batch)
			write_batch(bindings, batch);
		if (clock_steady_ms() - expired_ms < EXPIRE_EVERY_S * 1000)
			continue;
		expire(bindings);
		expired_ms = clock_steady_ms();
	}
	return NULL;
}

/* --- workers -------------------------------------------------------------- */

static void take_returned(uv_async_t *wake)
{
	struct returned *returned = wake->data;
	struct bindings_change *change, *next;

	pthread_mutex_lock(&returned->lock);
	change = returned->changes;
	returned->changes = NULL;
	returned->end = &returned->changes;
	pthread_mutex_unlock(&returned->lock);
	for (; change; change = next) {
		next = change->next;
		if (change->abandoned)
			change->release(change);
		else
			change->done(change, change->result);
	}
}

int bindings_attach(struct bindings *bindings, unsigned worker, uv_loop_t *loop)
{
	struct returned *returned = &bindings->returned[worker];

	returned->wake.data = returned;
	if (uv_async_init(loop, &returned->wake, take_returned) != 0)
		return ENOMEM;
	returned->attached = true;
	return 0;
}

void bindings_detach(struct bindings *bindings, unsigned worker)
{
	struct returned *returned = &bindings->returned[worker];

	pthread_mutex_lock(&returned->lock);
	returned->attached = false;
	pthread_mutex_unlock(&returned->lock);
}

int bindings_apply(struct bindings *bindings, unsigned worker,
	struct bindings_change *change)
{
	int error = 0;

	change->worker = worker;
	change->next = NULL;
	pthread_mutex_lock(&bindings->queue_lock);
	if (bindings->queued >= QUEUE_MOST) {
		error = ENOBUFS;
		bindings->turned_away++;
	} else {
		*bindings->queue_end = change;
		bindings->queue_end = &change->next;
		if (++bindings->queued > bindings->queued_most)
			bindings->queued_most = bindings->queued;
		pthread_cond_signal(&bindings->queue_filled);
	}
	pthread_mutex_unlock(&bindings->queue_lock);
	return error;
}

struct bindings_load bindings_load(struct bindings *bindings)
{
	struct bindings_load load = {.limit = QUEUE_MOST};

	pthread_mutex_lock(&bindings->queue_lock);
	load.depth = bindings->queued;
	load.highest = bindings->queued_most;
	load.refused = bindings->turned_away;
	pthread_mutex_unlock(&bindings->queue_lock);
	return load;
}

bool bindings_walk(struct bindings *bindings, uint32_t *cursor, size_t most,
	bindings_fn *show, void *context)
{
	bool more;

	pthread_rwlock_rdlock(&bindings->lock);
	more = contacts_walk(&bindings->table, cursor, most, show, context);
	pthread_rwlock_unlock(&bindings->lock);
	return more;
}

void bindings_abandon(struct bindings_change *change)
{
	change->abandoned = true;
}

/* --- begin and end -------------------------------------------------------- */

static void take_stored(
	void *context, struct slice address, const struct binding *binding)
{
	struct bindings *bindings = context;
	struct user_bindings *user = user_make(&bindings->table, address);
	struct contact *contact = user ? contact_new(binding) : NULL;

	if (!contact)
		log_fatal("Out of memory while reading the bindings");
	contact->next = user->contacts;
	user->contacts = contact;
	by_contact_add(&bindings->table, contact);
	bindings->table.count++;
}

static struct bindings *allocate(
	const struct settings *settings, unsigned workers)
{
	struct bindings *bindings = calloc(1, sizeof(*bindings));

	if (!bindings)
		return NULL;
	bindings->contacts_most = settings->registrar.contacts;
	bindings->bindings_most = settings->registrar.bindings;
	bindings->workers = workers;
	bindings->queue_end = &bindings->queue;
	bindings->returned = calloc(workers, sizeof(struct returned));
	bindings->table.hosts = address_counts_new();
	if (!bindings->returned || !bindings->table.hosts) {
		free(bindings->returned);
		address_counts_release(&bindings->table.hosts);
		free(bindings);
		return NULL;
	}
	pthread_rwlock_init(&bindings->lock, NULL);
	pthread_mutex_init(&bindings->queue_lock, NULL);
	pthread_cond_init(&bindings->queue_filled, NULL);
	for (unsigned i = 0; i < workers; i++) {
		pthread_mutex_init(&bindings->returned[i].lock, NULL);
		bindings->returned[i].end = &bindings->returned[i].changes;
	}
	return bindings;
}

struct bindings *bindings_open(
	const struct settings *settings, unsigned workers, char reason[512])
{
	struct bindings *bindings = allocate(settings, workers);
	char folder[4000], path[4096];

	(void)snprintf(reason, 512, "out of memory at start");
	if (!bindings || !privileges_own_folder(settings, "proxy", folder,
				 sizeof(folder), reason))
		return NULL;
	(void)snprintf(path, sizeof(path), "%s/bindings.sqlite", folder);
	bindings->file = bindings_file_open(path, reason);
	if (!bindings->file)
		return NULL;
	if (bindings_file_read(bindings->file, clock_wall_us() / 1000,
		    take_stored, bindings) != 0 ||
		pthread_create(&bindings->writer, NULL, write_all, bindings) !=
			0) {
		(void)snprintf(reason, 512,
			"the bindings %.300s cannot be read; move the file "
			"away "
			"(users then register anew)",
			path);
		return NULL;
	}
	return bindings;
}

static void free_users(struct bindings *bindings)
{
	struct user_bindings *user, *next;

	HASH_ITER (hh, bindings->table.users, user, next) {
		while (user->contacts)
			contact_drop(&bindings->table, &user->contacts);
		user_drop_if_empty(&bindings->table, user);
	}
}

static void free_returned(struct returned *returned)
{
	struct bindings_change *change, *next;

	for (change = returned->changes; change; change = next) {
		next = change->next;
		change->release(change);
	}
	pthread_mutex_destroy(&returned->lock);
}

void bindings_close(struct bindings **bindings)
{
	struct bindings *old = *bindings;

	if (!old)
		return;
	pthread_mutex_lock(&old->queue_lock);
	old->stop = true;
	pthread_cond_signal(&old->queue_filled);
	pthread_mutex_unlock(&old->queue_lock);
	pthread_join(old->writer, NULL);
	free_users(old);
	address_counts_release(&old->table.hosts);
	for (unsigned i = 0; i < old->workers; i++)
		free_returned(&old->returned[i]);
	bindings_file_close(&old->file);
	pthread_rwlock_destroy(&old->lock);
	pthread_mutex_destroy(&old->queue_lock);
	pthread_cond_destroy(&old->queue_filled);
	free(old->returned);
	free(old);
	*bindings = NULL;
}
