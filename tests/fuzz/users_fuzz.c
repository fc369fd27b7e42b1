/* users_fuzz.c -- any bytes as a users file, and any text as an address. */
#include "lib/log.h"
#include "lib/users.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* libfyaml 0.7.12 loses a buffer on some texts that are not YAML; a program
 * that meets one says so and ends. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libfyaml";
}

static struct settings_fault faults[SETTINGS_FAULTS];

static void check_users(const struct users *users)
{
	for (size_t i = 0; i < users_count(users); i++) {
		const struct user *user = users_at(users, i);
		char again[USER_ADDRESS_SIZE];

		must(user->address && user->home);
		must(users_find(users, slice_of(user->address)) == user);
		must(user_address_normalize(slice_of(user->address), again));
		must(strcmp(again, user->address) == 0);
	}
}

/* The normal form of the normal form is itself. */
static void normalize(struct slice text)
{
	char normal[USER_ADDRESS_SIZE], again[USER_ADDRESS_SIZE];
	size_t size = user_address_normalize(text, normal);

	must(size < USER_ADDRESS_SIZE);
	if (!size)
		return;
	must(strlen(normal) == size);
	must(user_address_normalize(slice_of(normal), again) == size);
	must(strcmp(normal, again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct slice text = slice_make(bytes, size);
	struct users *users;
	size_t count = users_read_memory("/nowhere/f", text, &users, faults);

	must(count <= SETTINGS_FAULTS && (count == 0) == (users != NULL));
	for (size_t i = 0; i < count; i++)
		must(strncmp(faults[i].text, "/nowhere/f:", 11) == 0);
	if (users) {
		check_users(users);
		(void)users_find(users, text);
	}
	users_release(&users);
	normalize(text);
	return 0;
}
