/* proxy.c -- the proxy of a scenario: a worker of the product, set up as its
 * main.c does, but for threads. */
#include "run.h"

#include "lib/clock.h"
#include "policies/content/content.h"
#include "proxy/authorization/client_counts.h"
#include "proxy/keys.h"
#include "proxy/routing/user_services/bindings.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { HANDOVER_ROOM = 64 };

/* Top-level keys and what they are where the scenario does not say. */
static const struct {
	const char *key, *value;
} defaults[] = {
	{"server", "\n"
		   "  name: home1.example.com\n"
		   "  role: home\n"
		   "  domains: [example.com]\n"
		   "  inside: [192.0.2.0/24]\n"
		   "  data: .\n"},
	{"listen", "\n"
		   "  - {transport: udp, address: \"192.0.2.100:5060\"}\n"
		   "  - {transport: tcp, address: \"192.0.2.100:5060\"}\n"},
	{"authentication", " none\n"},
	{"before_routing", " [log]\n"},
	{"after_routing", " [log]\n"},
	{"limits", " {client_requests: 1000}\n"},
};

static bool says(const char *config, const char *key)
{
	size_t size = strlen(key);
	const char *line = config;

	while (line && *line) {
		if (!strncmp(line, key, size) && line[size] == ':')
			return true;
		line = strchr(line, '\n');
		line += line != NULL;
	}
	return false;
}

static void write_file(struct run *run, const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	if (!file || fputs(text, file) < 0 || fclose(file) != 0)
		run_fail(run, "%s cannot be written", path);
}

static void write_config(struct run *run, const char *path)
{
	const char *own = run->config ? run->config : "";
	FILE *file = fopen(path, "w");

	if (!file)
		run_fail(run, "%s cannot be written", path);
	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
		if (!says(own, defaults[i].key))
			(void)fprintf(file, "%s:%s", defaults[i].key,
				defaults[i].value);
	if (run->rules && !says(own, "stages"))
		(void)fprintf(file,
			"stages: {content-filter: {rules: rules.yaml}}\n");
	(void)fprintf(file, "%s", own);
	if (fclose(file) != 0)
		run_fail(run, "%s cannot be written", path);
}

static void read_rules(struct run *run)
{
	const char *path = run->settings->content_filter.rules;
	struct content_fault faults[CONTENT_FAULTS];

	if (path && content_rules_read(path, &run->proxy.rules, faults))
		run_fail(run, "rules: %s", faults[0].text);
}

static void read_settings(struct run *run)
{
	struct settings_fault faults[SETTINGS_FAULTS];
	char path[128];

	if (run->rules) {
		(void)snprintf(
			path, sizeof(path), "%s/rules.yaml", run->folder);
		write_file(run, path, run->rules);
	}
	(void)snprintf(path, sizeof(path), "%s/sipwarden.yaml", run->folder);
	write_config(run, path);
	if (settings_read(path, &run->settings, faults))
		run_fail(run, "config: %s", faults[0].text);
}

void proxy_start(struct run *run)
{
	struct proxy *proxy = &run->proxy;
	char reason[512];

	if (!run->settings)
		read_settings(run);
	memset(proxy, 0, sizeof(*proxy));
	memset(&run->worker, 0, sizeof(run->worker));
	proxy->settings = run->settings;
	(void)snprintf(proxy->folder, sizeof(proxy->folder), "%s", run->folder);
	if (getrandom(proxy->boot, sizeof(proxy->boot), 0) !=
		(ssize_t)sizeof(proxy->boot))
		run_fail(run, "no random bytes");
	if (!keys_derive(proxy, reason))
		run_fail(run, "%s", reason);
	read_rules(run);
	proxy->worker_count = 1;
	proxy->workers = &run->worker;
	proxy->bindings = bindings_open(run->settings, 1, reason);
	if (!proxy->bindings)
		run_fail(run, "%s", reason);
	proxy->handover = handover_new(1, HANDOVER_ROOM);
	proxy->clients = client_counts_new();
	if (!proxy->handover || !proxy->clients)
		run_fail(run, "out of memory");
	if (!worker_start(&run->worker, proxy, 0, reason))
		run_fail(run, "%s", reason);
	uv_timer_stop(&run->worker.tick); /* the scenario tells the time */
	run->started = true;
	settle(run);
}

void proxy_kill(struct run *run)
{
	if (!run->started)
		return;
	run->started = false;
	worker_release(&run->worker);
	bindings_close(&run->proxy.bindings);
	handover_release(&run->proxy.handover);
	client_counts_release(&run->proxy.clients);
	content_rules_release(&run->proxy.rules);
	for (size_t i = 0; i < run->person_count; i++)
		run->people[i].generation++;
}
