/* settings_fuzz.c -- any bytes as a configuration and as a users file. */
#include "lib/settings/settings.h"
#include "lib/users.h"

#include "lib/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* libfyaml 0.7.12 loses a buffer on some texts that are not YAML; a program
 * that meets one says so and ends. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libfyaml";
}

static struct settings_fault faults[SETTINGS_FAULTS];

/* A fault is one printable line that begins with the file's name. */
static void check_faults(size_t count)
{
	must(count <= SETTINGS_FAULTS);
	for (size_t i = 0; i < count; i++) {
		must(strncmp(faults[i].text, "/nowhere/f:", 11) == 0);
		for (const char *c = faults[i].text; *c; c++)
			must((unsigned char)*c >= 0x20 && *c != 0x7f);
	}
}

static void check_settings(const struct settings *settings)
{
	must(settings->server.name && settings->server.domain_count);
	must(settings->listener_count);
	for (size_t i = 0; i < settings->listener_count; i++)
		must(settings->listeners[i].address.any.sa_family);
	for (size_t i = 0; i < settings->internal_server_count; i++)
		must(settings->internal_servers[i].name);
	for (size_t i = 0; i < settings->route_count; i++)
		must(settings->routes[i].address.any.sa_family);
	must(settings->before_routing_count <= STAGE_NAMES);
	must(settings->archive.journal && settings->store.index);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct slice text = slice_make(bytes, size);
	struct settings *settings;
	struct users *users;
	size_t count =
		settings_read_memory("/nowhere/f", text, &settings, faults);

	check_faults(count);
	must((count == 0) == (settings != NULL));
	if (settings)
		check_settings(settings);
	count = users_read_memory("/nowhere/f", text, &users, faults);
	check_faults(count);
	must((count == 0) == (users != NULL));
	for (size_t i = 0; users && i < users_count(users); i++)
		must(users_find(users, slice_of(users_at(users, i)->address)) ==
			users_at(users, i));
	if (users && settings)
		check_faults(users_check(users, settings, faults));
	settings_release(&settings);
	users_release(&users);
	return 0;
}
