/* check.c -- tells what is wrong with a configuration and its files. */
#include "cli/commands.h"

#include "lib/settings/settings.h"
#include "lib/users.h"
#include "policies/content/content.h"

#include <stdio.h>
#include <string.h>

/* What the files are that the configuration names. */
struct named {
	size_t users;
	size_t rules;
};

/* Prints faults as lines; returns their number. */
static size_t print_faults(const struct settings_fault *faults, size_t count)
{
	for (size_t i = 0; i < count; i++)
		(void)fprintf(stderr, "%s\n", faults[i].text);
	return count;
}

static size_t check_users(const struct settings *settings, struct named *named)
{
	static struct settings_fault faults[SETTINGS_FAULTS];
	struct users *users;
	size_t count;

	if (!settings->users)
		return 0;
	count = users_read(settings->users, &users, faults);
	if (count)
		return print_faults(faults, count);
	named->users = users_count(users);
	count = users_check(users, settings, faults);
	users_release(&users);
	return print_faults(faults, count);
}

static size_t check_rules(const struct settings *settings, struct named *named)
{
	static struct content_fault faults[CONTENT_FAULTS];
	struct content_rules *rules;
	size_t count;

	if (!settings->content_filter.rules)
		return 0;
	count = content_rules_read(
		settings->content_filter.rules, &rules, faults);
	for (size_t i = 0; i < count && i < CONTENT_FAULTS; i++)
		(void)fprintf(stderr, "%s\n", faults[i].text);
	if (count)
		return count;
	named->rules = content_rules_count(rules);
	content_rules_release(&rules);
	return 0;
}

static void print_chain(const char *label, const enum stage_name *stages,
	size_t count, const struct named *named)
{
	(void)printf("; %s: ", label);
	for (size_t i = 0; i < count; i++) {
		(void)printf("%s%s", i ? ", " : "", stage_word(stages[i]));
		if (stages[i] == STAGE_CONTENT_FILTER)
			(void)printf(" (%zu rule%s)", named->rules,
				named->rules == 1 ? "" : "s");
	}
	if (count == 0)
		(void)printf("nothing");
}

static void print_summary(const char *path, const struct settings *settings,
	const struct named *named)
{
	(void)printf("%s: ok, %s (%s) listens on", path, settings->server.name,
		role_word(settings->server.role));
	for (size_t i = 0; i < settings->listener_count; i++) {
		const struct listener_settings *listener =
			&settings->listeners[i];
		char address[ADDRESS_TEXT_SIZE];

		address_text(&listener->address, address);
		(void)printf("%s %s %s%s", i ? "," : "",
			transport_word(listener->transport), address,
			listener->treat_as_server ? " (a server's door)" : "");
	}
	(void)printf(
		"; %zu user%s", named->users, named->users == 1 ? "" : "s");
	print_chain("before routing", settings->before_routing,
		settings->before_routing_count, named);
	print_chain("after routing", settings->after_routing,
		settings->after_routing_count, named);
	(void)printf("; archive %s; Kafka: %s\n",
		settings->archive.required ? "required" : "not required",
		settings->kafka.brokers ? settings->kafka.brokers
					: "none, the journal holds");
}

static void print_warnings(const char *path, const struct settings *settings)
{
	static struct settings_fault warnings[SETTINGS_FAULTS];
	size_t count = settings_warnings(settings, warnings);

	for (size_t i = 0; i < count; i++)
		(void)fprintf(
			stderr, "%s: warning: %s\n", path, warnings[i].text);
}

int command_check(int argc, char **argv)
{
	static struct settings_fault faults[SETTINGS_FAULTS];
	const char *path = argc > 1 ? argv[1] : COMMAND_CONFIGURATION_FILE;
	struct settings *settings;
	struct named named = {0, 0};
	size_t count;

	if (argc > 2 || path[0] == '-') {
		(void)fprintf(stderr, "usage: sipwarden check [FILE]\n");
		return COMMAND_USAGE;
	}
	count = settings_read(path, &settings, faults);
	if (count) {
		settings_print_faults(path, faults, count);
		return COMMAND_CONFIGURATION;
	}
	count = check_users(settings, &named) + check_rules(settings, &named);
	if (count)
		(void)fprintf(stderr,
			"%zu fault%s in files that %s names; correct them and "
			"check again\n",
			count, count == 1 ? "" : "s", path);
	else
		print_summary(path, settings, &named);
	print_warnings(path, settings);
	settings_release(&settings);
	return count ? COMMAND_CONFIGURATION : command_finish_output();
}
