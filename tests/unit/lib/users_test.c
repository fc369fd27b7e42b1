/* users_test.c -- the users file: what is read, found and refused. */
#include "lib/users.h"

#include "lib/settings/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct settings_fault faults[SETTINGS_FAULTS];

static size_t read_text(const char *text, struct users **users)
{
	return users_read_memory("u.yaml", slice_of(text), users, faults);
}

#define TWO                                                                    \
	"users:\n"                                                             \
	"  - {address: alice@Example.com, home: Home1.example.com,\n"          \
	"     name: Alice A.}\n"                                               \
	"  - {address: \"sip:%62ob@example.com\", home: home2.example.com}\n"

static const struct {
	const char *address;
	const char *found; /* NULL: nobody */
} look_ups[] = {
	{"alice@example.com", "alice@example.com"},
	{"alice@EXAMPLE.com", "alice@example.com"},
	{"sip:alice@example.com", "alice@example.com"},
	{"SIPS:alice@example.com", "alice@example.com"},
	{"%61lice@example.com", "alice@example.com"},
	{"bob@example.com", "bob@example.com"},
	/* RFC 3261 19.1.4: the user part is compared with case. */
	{"Alice@example.com", NULL},
	{"alice@example.org", NULL},
	{"alice@example.com.", NULL},
	{"alice@example.com:5060", NULL},
	{"alice@example.com;a=b", NULL},
	{"alice:secret@example.com", NULL},
	{"alice%00@example.com", NULL},
	{"alice%4@example.com", NULL},
	{"alice", NULL},
	{"@example.com", NULL},
	{"alice@", NULL},
	{"tel:alice@example.com", NULL},
	{"a@b@example.com", NULL},
	{"", NULL},
};

static void finds_users(void **state)
{
	struct users *users;

	(void)state;
	assert_int_equal(read_text(TWO, &users), 0);
	assert_int_equal(users_count(users), 2);
	assert_string_equal(users_at(users, 0)->home, "home1.example.com");
	assert_string_equal(users_at(users, 0)->name, "Alice A.");
	assert_null(users_at(users, 1)->name);
	for (size_t i = 0; i < sizeof(look_ups) / sizeof(look_ups[0]); i++) {
		const struct user *user =
			users_find(users, slice_of(look_ups[i].address));

		if ((user != NULL) != (look_ups[i].found != NULL))
			fail_msg("\"%s\"", look_ups[i].address);
		if (user)
			assert_string_equal(user->address, look_ups[i].found);
	}
	users_release(&users);
	assert_null(users);
}

static void an_absent_slice_is_nobody(void **state)
{
	struct users *users;

	(void)state;
	assert_int_equal(read_text("users: []\n", &users), 0);
	assert_int_equal(users_count(users), 0);
	assert_null(users_find(users, (struct slice){NULL, 0}));
	assert_null(users_find(users, SLICE("alice@example.com")));
	users_release(&users);
}

static void lives_while_somebody_holds_it(void **state)
{
	struct users *users, *held;

	(void)state;
	assert_int_equal(read_text(TWO, &users), 0);
	held = users_hold(users);
	users_release(&users);
	assert_non_null(users_find(held, SLICE("bob@example.com")));
	users_release(&held);
}

/* What is normal stays as it is, so an escaped escape is none. */
static void keeps_what_is_normal(void **state)
{
	static const struct {
		const char *address, *normal;
	} cases[] = {
		{"sip:%61lice@EXAMPLE.com", "alice@example.com"},
		{"%2561lice@example.com", "%2561lice@example.com"},
		{"50%25@example.com", "50%25@example.com"},
		{"%%3631@example.com", ""},
		{"50%@example.com", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char normal[USER_ADDRESS_SIZE] = "", again[USER_ADDRESS_SIZE];
		size_t size = user_address_normalize(
			slice_of(cases[i].address), normal);

		normal[size] = '\0';
		assert_string_equal(normal, cases[i].normal);
		assert_int_equal(
			user_address_normalize(slice_of(normal), again), size);
	}
}

static void normalizes_within_its_room(void **state)
{
	char normal[USER_ADDRESS_SIZE], address[USER_ADDRESS_SIZE + 16];

	(void)state;
	memset(address, 'a', sizeof(address));
	memcpy(address + USER_ADDRESS_SIZE - 7, "@b.Com", 6);
	assert_int_equal(
		user_address_normalize(
			slice_make(address, USER_ADDRESS_SIZE - 1), normal),
		USER_ADDRESS_SIZE - 1);
	assert_string_equal(normal + USER_ADDRESS_SIZE - 7, "@b.com");
	memcpy(address + USER_ADDRESS_SIZE - 7, "a@b.Com", 7);
	assert_int_equal(
		user_address_normalize(
			slice_make(address, USER_ADDRESS_SIZE), normal),
		0);
}

enum { MANY = 20000 };

static void finds_each_of_many(void **state)
{
	size_t size = (size_t)MANY * 48 + 16;
	char *text = malloc(size);
	size_t used;
	struct users *users;

	(void)state;
	assert_non_null(text);
	used = (size_t)snprintf(text, size, "users:\n");
	for (int i = 0; i < MANY; i++)
		used += (size_t)snprintf(text + used, size - used,
			"- {address: u%d@a.example, home: h%d}\n", i, i % 7);
	assert_int_equal(read_text(text, &users), 0);
	for (int i = 0; i < MANY; i++) {
		char address[64];
		const struct user *user;

		(void)snprintf(address, sizeof(address), "u%d@a.example", i);
		user = users_find(users, slice_of(address));
		assert_ptr_equal(user, users_at(users, (size_t)i));
		assert_string_equal(user->address, address);
	}
	assert_null(users_find(users, SLICE("u20000@a.example")));
	users_release(&users);
	free(text);
}

static const struct {
	const char *text;
	const char *faults[4];
} fault_cases[] = {
	{"", {"u.yaml:1:1: no users; the file begins with `users:` and a "
	      "list"}},
	{"- a\n", {"u.yaml:1:1: no users; the file begins with `users:` and a "
		   "list"}},
	{"users: 5\n", {"u.yaml:1:8: users must be a list of at most 1000000 "
			"users"}},
	{"users: []\nuser: []\n",
		{"u.yaml:2:1: user is not known; the file has one list, "
		 "users"}},
	{"users: [alice]\n",
		{"u.yaml:1:9: each user is a mapping such as {address: "
		 "alice@example.com, home: home1.example.com}"}},
	{"users:\n- {adress: a@b, home: h}\n- {address: a@b, home: h}\n"
	 "- {address: a@B, home: a b}\n",
		{"u.yaml:2:3: address is missing; each user has an address "
		 "and a home",
			"u.yaml:2:4: adress is not known; did you mean "
			"address?",
			"u.yaml:4:13: a@b stands in line 3 already",
			"u.yaml:4:24: \"a b\" is not the name of a server"}},
	{"users:\n- {address: a, home:, frobnicate: x}\n",
		{"u.yaml:2:13: \"a\" is not an address such as "
		 "alice@example.com",
			"u.yaml:2:16: home has no value",
			"u.yaml:2:23: frobnicate is not known; a user has "
			"address, home and name"}},
};

static void names_every_fault(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(fault_cases) / sizeof(fault_cases[0]);
		i++) {
		struct users *users;
		size_t count = read_text(fault_cases[i].text, &users);

		assert_null(users);
		for (size_t j = 0; j < count; j++) {
			assert_non_null(fault_cases[i].faults[j]);
			assert_string_equal(
				faults[j].text, fault_cases[i].faults[j]);
		}
		assert_true(count == 4 || !fault_cases[i].faults[count]);
	}
}

static void fit_the_configuration(void **state)
{
	static const char configuration[] =
		"server: {name: home1.example.com, domains: [example.com]}\n"
		"listen: [{transport: udp, address: \"127.0.0.1:5060\"}]\n"
		"internal_servers:\n"
		"- {name: home2.example.com, address: \"127.0.0.1:5061\"}\n";
	struct settings *settings;
	struct users *users;

	(void)state;
	assert_int_equal(settings_read_memory("x.yaml", slice_of(configuration),
				 &settings, faults),
		0);
	assert_int_equal(read_text(TWO, &users), 0);
	assert_int_equal(users_check(users, settings, faults), 0);
	users_release(&users);
	assert_int_equal(
		read_text("users:\n- {address: a@b, home: home3}\n", &users),
		0);
	assert_int_equal(users_check(users, settings, faults), 2);
	assert_string_equal(faults[0].text,
		"u.yaml:2:13: b is not among server.domains of x.yaml");
	assert_string_equal(faults[1].text,
		"u.yaml:2:24: home3 is neither server.name nor an internal "
		"server of x.yaml");
	users_release(&users);
	settings_release(&settings);
}

static void says_that_a_file_is_away(void **state)
{
	struct users *users;

	(void)state;
	assert_int_equal(users_read("/nowhere/u.yaml", &users, faults), 1);
	assert_null(users);
	assert_string_equal(faults[0].text,
		"/nowhere/u.yaml:1:1: the users file cannot be read: No such "
		"file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_users),
		cmocka_unit_test(an_absent_slice_is_nobody),
		cmocka_unit_test(lives_while_somebody_holds_it),
		cmocka_unit_test(keeps_what_is_normal),
		cmocka_unit_test(normalizes_within_its_room),
		cmocka_unit_test(finds_each_of_many),
		cmocka_unit_test(names_every_fault),
		cmocka_unit_test(fit_the_configuration),
		cmocka_unit_test(says_that_a_file_is_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
