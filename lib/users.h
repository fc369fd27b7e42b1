/* users.h -- who our users are, and which server is home to each.
 *
 *   users:
 *     - {address: alice@example.com, home: home1.example.com, name: Alice A.}
 *
 * An address of record is compared as RFC 3261 19.1.4 and 10.3 say: the user
 * part with case, its %-escapes undone; the domain without case.
 */
#ifndef LIB_USERS_H
#define LIB_USERS_H

#include "lib/settings.h"
#include "lib/slice.h"

struct user {
	const char *address; /* normalized: alice@example.com */
	const char *home;    /* name of a server, in lower case */
	const char *name;    /* for people to read; NULL: none */
};

struct users; /* counted, never changes: any thread may read it */

/* Reads a users file. Returns the number of faults, as settings_read does; on
 * 0 the caller owns one reference. */
size_t users_read(const char *path, struct users **users,
	struct settings_fault faults[SETTINGS_FAULTS])
	__attribute__((warn_unused_result));
/* The same of text that is in memory already; path is for messages. */
size_t users_read_memory(const char *path, struct slice text,
	struct users **users, struct settings_fault faults[SETTINGS_FAULTS])
	__attribute__((warn_unused_result));
struct users *users_hold(struct users *users);
/* Sets *users to NULL. */
void users_release(struct users **users);

/* Faults of users that do not fit the configuration: a domain that is not
 * ours, a home that is neither this server nor an internal one. */
size_t users_check(const struct users *users, const struct settings *settings,
	struct settings_fault faults[SETTINGS_FAULTS])
	__attribute__((warn_unused_result));

size_t users_count(const struct users *users);
/* In the order of the file; index below users_count. */
const struct user *users_at(const struct users *users, size_t index);
/* The user with this address (alice@example.com or sip:alice@example.com, no
 * parameters), or NULL. Takes the same time for any number of users. */
const struct user *users_find(const struct users *users, struct slice address);

enum { USER_ADDRESS_SIZE = 384 };
/* Writes the normalized form, ended by NUL, and returns its length; 0 when it
 * is not user@host or too long. */
size_t user_address_normalize(
	struct slice address, char normal[USER_ADDRESS_SIZE]);

#endif
