/* users.c -- who our users are, and which server is home to each. */
#include "lib/users.h"

#include "lib/log.h"
#include "lib/settings/file.h"
#include "lib/settings/nearest.h"
#include "lib/settings/reader.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
	USERS_FILE_BYTES = 128 * 1024 * 1024,
	USERS_MOST = 1000000,
	USERS_TABLE_LEAST = 16
};
#define USERS_MEMORY_BYTES ((size_t)2 * 1024 * 1024 * 1024)

struct entry {
	struct user user;
	struct place address_place, home_place;
};

struct users {
	atomic_uint references;
	struct arena *arena; /* owned: all texts, entries and slots */
	const char *file;
	struct entry *entries;
	size_t count;
	uint32_t *slots; /* index of an entry + 1, or 0 */
	size_t slot_mask;
};

/* ---- addresses */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool user_byte_is_valid(char c)
{
	return (unsigned char)c > 0x20 && c != 0x7f && !strchr("\"<>:@", c);
}

/* The byte that %HH stands for; -1: text does not begin with one. */
static int escaped_byte(struct slice text)
{
	int high = text.size > 2 ? hex_digit(text.at[1]) : -1;
	int low = text.size > 2 ? hex_digit(text.at[2]) : -1;

	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* Undoes %-escapes but that of % itself, which would make another escape of
 * what follows; 0 when a byte has no place in a user part. */
static size_t copy_user(struct slice user, char *out)
{
	size_t used = 0;

	for (size_t i = 0; i < user.size; i++) {
		int byte = (unsigned char)user.at[i];

		if (byte == '%') {
			byte = escaped_byte(slice_from(user, i));
			if (byte < 0)
				return 0;
			i += 2;
		}
		if (!user_byte_is_valid((char)byte))
			return 0;
		out[used++] = (char)byte;
		if (byte == '%') {
			out[used++] = '2';
			out[used++] = '5';
		}
	}
	return used;
}

size_t user_address_normalize(
	struct slice address, char normal[USER_ADDRESS_SIZE])
{
	struct slice user, host = address;
	size_t size;

	if (slice_starts_nocase(host, SLICE("sip:")))
		host = slice_from(host, 4);
	else if (slice_starts_nocase(host, SLICE("sips:")))
		host = slice_from(host, 5);
	if (host.size >= USER_ADDRESS_SIZE || !slice_cut(&host, '@', &user) ||
		!host_is_valid(host))
		return 0;
	size = copy_user(user, normal);
	if (!size)
		return 0;
	normal[size++] = '@';
	for (size_t i = 0; i < host.size; i++) {
		char c = host.at[i];

		normal[size++] =
			c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
	}
	normal[size] = '\0';
	return size;
}

/* ---- the table: open addressing, at most half full */

/* FNV-1a. The administrator chooses what stands in the table, so nobody else
 * can make its chains long. */
static size_t address_hash(const char *address)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *address; address++)
		hash = (hash ^ (unsigned char)*address) *
		       UINT64_C(0x100000001b3);
	return (size_t)(hash ^ (hash >> 32));
}

/* The slot that holds this address, or the empty one where it belongs. */
static uint32_t *find_slot(const struct users *users, const char *normal)
{
	size_t at = address_hash(normal) & users->slot_mask;

	while (users->slots[at] &&
		strcmp(users->entries[users->slots[at] - 1].user.address,
			normal) != 0)
		at = (at + 1) & users->slot_mask;
	return &users->slots[at];
}

const struct user *users_find(const struct users *users, struct slice address)
{
	char normal[USER_ADDRESS_SIZE];
	uint32_t index;

	if (!user_address_normalize(address, normal))
		return NULL;
	index = *find_slot(users, normal);
	return index ? &users->entries[index - 1].user : NULL;
}

size_t users_count(const struct users *users)
{
	return users->count;
}

const struct user *users_at(const struct users *users, size_t index)
{
	must(index < users->count);
	return &users->entries[index].user;
}

/* ---- reading */

struct users_reader {
	struct users *users;
	struct faults *faults;
};

static const char *lower_host(struct users *users, const char *text)
{
	struct slice copy = arena_copy(users->arena, slice_of(text));

	for (char *c = (char *)(uintptr_t)copy.at; c && *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c + ('a' - 'A'));
	return copy.at;
}

static void memory_fault(struct users_reader *reader)
{
	fault_add(reader->faults, (struct place){1, 1},
		"the file is larger than memory allows for it");
}

static const char *const keys[] = {"address", "home", "name"};
enum { USER_KEYS = sizeof(keys) / sizeof(keys[0]) };

static bool key_is_known(const char *key)
{
	for (size_t i = 0; i < USER_KEYS; i++)
		if (strcmp(keys[i], key) == 0)
			return true;
	return false;
}

static void refuse_unknown_keys(
	struct users_reader *reader, const struct tree *item)
{
	for (const struct tree *entry = item->first; entry;
		entry = entry->next) {
		struct nearest nearest = {NULL, 0};

		if (key_is_known(entry->key))
			continue;
		for (size_t i = 0; i < USER_KEYS; i++)
			nearest_try(&nearest, entry->key, keys[i]);
		if (nearest.word)
			fault_add(reader->faults, entry->key_place,
				"%.60s is not known; did you mean %s?",
				entry->key, nearest.word);
		else
			fault_add(reader->faults, entry->key_place,
				"%.60s is not known; a user has address, home "
				"and name",
				entry->key);
	}
}

/* The scalar under this key; NULL, with a fault when it must be there. */
static const struct tree *text_of(struct users_reader *reader,
	const struct tree *item, const char *key, bool required)
{
	const struct tree *node = tree_entry(item, key);

	if (!node && required)
		fault_add(reader->faults, item->place,
			"%s is missing; each user has an address and a home",
			key);
	if (!node || node->spoiled)
		return NULL;
	if (node->kind == TREE_SCALAR && !tree_is_nothing(node) && *node->text)
		return node;
	fault_add(reader->faults, node->place, "%s has no value", key);
	return NULL;
}

static void take_address(struct users_reader *reader, const struct tree *node,
	struct entry *entry)
{
	char normal[USER_ADDRESS_SIZE];
	uint32_t *slot;

	if (!user_address_normalize(slice_of(node->text), normal)) {
		fault_add(reader->faults, node->place,
			"\"%.60s\" is not an address such as "
			"alice@example.com",
			node->text);
		return;
	}
	entry->address_place = node->place;
	slot = find_slot(reader->users, normal);
	if (*slot) {
		fault_add(reader->faults, node->place,
			"%.100s stands in line %u already", normal,
			reader->users->entries[*slot - 1].address_place.line);
		return;
	}
	entry->user.address =
		arena_copy(reader->users->arena, slice_of(normal)).at;
	if (entry->user.address)
		*slot = (uint32_t)reader->users->count + 1;
	else
		memory_fault(reader);
}

static void take_home(struct users_reader *reader, const struct tree *node,
	struct entry *entry)
{
	if (!host_is_valid(slice_of(node->text))) {
		fault_add(reader->faults, node->place,
			"\"%.60s\" is not the name of a server", node->text);
		return;
	}
	entry->home_place = node->place;
	entry->user.home = lower_host(reader->users, node->text);
	if (!entry->user.home)
		memory_fault(reader);
}

static void take_user(struct users_reader *reader, const struct tree *item)
{
	struct users *users = reader->users;
	struct entry *entry = &users->entries[users->count];
	const struct tree *node;

	if (item->kind != TREE_MAPPING) {
		if (!item->spoiled)
			fault_add(reader->faults, item->place,
				"each user is a mapping such as {address: "
				"alice@example.com, home: home1.example.com}");
		return;
	}
	refuse_unknown_keys(reader, item);
	if ((node = text_of(reader, item, "address", true)))
		take_address(reader, node, entry);
	if ((node = text_of(reader, item, "home", true)))
		take_home(reader, node, entry);
	if ((node = text_of(reader, item, "name", false))) {
		entry->user.name =
			arena_copy(users->arena, slice_of(node->text)).at;
		if (!entry->user.name)
			memory_fault(reader);
	}
	/* What the slots name must have an address; faults end it all anyway.
	 */
	if (entry->user.address)
		users->count++;
}

static bool make_room(struct users *users, size_t count)
{
	size_t slots = USERS_TABLE_LEAST;

	while (slots < count * 2)
		slots *= 2;
	users->slot_mask = slots - 1;
	users->slots =
		arena_take_array(users->arena, slots, sizeof(*users->slots));
	users->entries = arena_take_array(
		users->arena, count + 1, sizeof(*users->entries));
	return users->slots && users->entries;
}

static void take_list(struct users_reader *reader, const struct tree *list)
{
	if (list->kind != TREE_SEQUENCE || list->count > USERS_MOST) {
		fault_add(reader->faults, list->place,
			"users must be a list of at most %d users", USERS_MOST);
		return;
	}
	if (!make_room(reader->users, list->count)) {
		memory_fault(reader);
		return;
	}
	for (const struct tree *item = list->first; item; item = item->next)
		take_user(reader, item);
}

static void take_root(struct users_reader *reader, const struct tree *root)
{
	const struct tree *list = NULL;

	if (root->kind == TREE_MAPPING) {
		list = tree_entry(root, "users");
		for (const struct tree *entry = root->first; entry;
			entry = entry->next)
			if (strcmp(entry->key, "users") != 0)
				fault_add(reader->faults, entry->key_place,
					"%.60s is not known; the file has one "
					"list, users",
					entry->key);
	}
	if (list)
		take_list(reader, list);
	else
		fault_add(reader->faults, root->place,
			"no users; the file begins with `users:` and a list");
}

static struct users *users_new(const char *path)
{
	struct users *users = calloc(1, sizeof(*users));

	if (!users)
		return NULL;
	atomic_init(&users->references, 1);
	users->arena = arena_new(USERS_MEMORY_BYTES);
	if (users->arena)
		users->file = arena_copy(users->arena, slice_of(path)).at;
	if (!users->file || !make_room(users, 0))
		users_release(&users);
	return users;
}

size_t users_read_memory(const char *path, struct slice text,
	struct users **users, struct settings_fault faults[SETTINGS_FAULTS])
{
	struct faults found = {.file = path, .out = faults};
	struct users_reader reader = {users_new(path), &found};
	struct arena *arena = arena_new(USERS_MEMORY_BYTES);
	const struct tree *root = NULL;

	*users = NULL;
	if (reader.users && arena)
		root = tree_read(arena, text, &found);
	else
		memory_fault(&reader);
	if (root)
		take_root(&reader, root);
	arena_release(&arena);
	if (found.count)
		users_release(&reader.users);
	*users = reader.users;
	return found.count;
}

size_t users_read(const char *path, struct users **users,
	struct settings_fault faults[SETTINGS_FAULTS])
{
	struct faults found = {.file = path, .out = faults};
	struct slice text;
	size_t count;
	int error = file_read(path, USERS_FILE_BYTES, &text);

	*users = NULL;
	if (error) {
		fault_add(&found, (struct place){1, 1},
			"the users file cannot be read: %s", strerror(error));
		return found.count;
	}
	count = users_read_memory(path, text, users, faults);
	file_forget(&text);
	return count;
}

struct users *users_hold(struct users *users)
{
	atomic_fetch_add(&users->references, 1);
	return users;
}

void users_release(struct users **users)
{
	if (*users && atomic_fetch_sub(&(*users)->references, 1) == 1) {
		arena_release(&(*users)->arena);
		free(*users);
	}
	*users = NULL;
}

/* ---- users against the configuration */

static bool domain_is_ours(const struct settings *settings, const char *domain)
{
	for (size_t i = 0; i < settings->server.domain_count; i++)
		if (strcmp(settings->server.domains[i], domain) == 0)
			return true;
	return false;
}

static bool server_is_known(const struct settings *settings, const char *name)
{
	if (strcmp(settings->server.name, name) == 0)
		return true;
	for (size_t i = 0; i < settings->internal_server_count; i++)
		if (strcmp(settings->internal_servers[i].name, name) == 0)
			return true;
	return false;
}

size_t users_check(const struct users *users, const struct settings *settings,
	struct settings_fault faults[SETTINGS_FAULTS])
{
	struct faults found = {.file = users->file, .out = faults};

	for (size_t i = 0; i < users->count; i++) {
		const struct entry *entry = &users->entries[i];
		const char *domain = strchr(entry->user.address, '@') + 1;

		if (!domain_is_ours(settings, domain))
			fault_add(&found, entry->address_place,
				"%.100s is not among server.domains of %.100s",
				domain, settings->file);
		if (!server_is_known(settings, entry->user.home))
			fault_add(&found, entry->home_place,
				"%.100s is neither server.name nor an internal "
				"server of %.100s",
				entry->user.home, settings->file);
	}
	return found.count;
}
