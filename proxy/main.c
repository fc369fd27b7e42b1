/* main.c -- sipwarden-proxy: reads its configuration, starts workers, waits. */
#include "lib/clock.h"
#include "lib/control.h"
#include "lib/log.h"
#include "lib/peers.h"
#include "lib/stats/names.h"
#include "policies/content/content.h"
#include "proxy/authorization/client_counts.h"
#include "proxy/dump.h"
#include "proxy/keys.h"
#include "proxy/measures.h"
#include "proxy/parse/values.h"
#include "proxy/reload.h"
#include "proxy/routing/user_services/bindings.h"
#include "proxy/stages/chain.h"
#include "proxy/worker.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HANDOVER_ROOM = 4096 };

static const char help[] =
	"Usage: sipwarden-proxy --config FILE\n"
	"\n"
	"The SIP proxy: takes messages, runs them through the stages, records\n"
	"and forwards them. FILE is the configuration (sipwarden.yaml(5)).\n"
	"\n"
	"  -c, --config FILE   the configuration; default\n"
	"                      /etc/sipwarden/sipwarden.yaml\n"
	"  -h, --help          this text\n"
	"  -V, --version       the version\n"
	"\n"
	"SIGTERM stops it once what it has accepted is settled. SIGHUP, and\n"
	"`sipwarden reload`, read content rules and users anew.\n";

static const char *options_read(int argc, char **argv)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'}, {0}};
	const char *config = "/etc/sipwarden/sipwarden.yaml";
	int option;

	while ((option = getopt_long(argc, argv, "c:hV", options, NULL)) != -1)
		switch (option) {
		case 'c':
			config = optarg;
			break;
		case 'h':
			(void)fputs(help, stdout);
			exit(0);
		case 'V':
			puts("sipwarden-proxy " SIPWARDEN_VERSION);
			exit(0);
		default:
			(void)fputs("Try: sipwarden-proxy --help\n", stderr);
			exit(2);
		}
	if (optind != argc) {
		(void)fprintf(stderr,
			"sipwarden-proxy: %s is not understood\n%s",
			argv[optind], "Try: sipwarden-proxy --help\n");
		exit(2);
	}
	return config;
}

static void load_users(struct proxy *proxy)
{
	const char *path = proxy->settings->users;
	struct settings_fault faults[SETTINGS_FAULTS];
	struct users *users = NULL;
	size_t count;

	if (!path)
		return;
	count = users_read(path, &users, faults);
	for (size_t i = 0; i < count && i < SETTINGS_FAULTS; i++)
		log_error("%s", faults[i].text);
	if (count)
		log_fatal("The users file has %zu fault%s; mend it and start "
			  "again file=%s",
			count, count == 1 ? "" : "s", path);
	proxy->users = users;
}

static void load_rules(struct proxy *proxy)
{
	const char *path = proxy->settings->content_filter.rules;
	struct content_fault faults[CONTENT_FAULTS];
	size_t count;

	if (!path)
		return;
	count = content_rules_read(path, &proxy->rules, faults);
	for (size_t i = 0; i < count && i < CONTENT_FAULTS; i++)
		log_error("%s", faults[i].text);
	if (count)
		log_fatal("The content rules have %zu fault%s; mend them and "
			  "start again file=%s",
			count, count == 1 ? "" : "s", path);
}

/* Each worker has sockets, connections and two links: what the limits allow
 * must fit into the descriptors that we may have, or fewer are allowed. */
static void raise_descriptors(const struct proxy *proxy)
{
	const uint64_t wanted =
		transports_descriptors(proxy->settings, proxy->worker_count);
	struct transports_room room;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= wanted)
		return;
	room = transports_room(proxy->settings, proxy->worker_count);
	log_warn("Fewer descriptors than limits.connections needs: each worker "
		 "accepts and opens fewer connections; raise LimitNOFILE= of "
		 "the unit have=%llu wanted=%llu limits.connections=%u "
		 "accept=%zu open=%zu",
		(unsigned long long)limit.rlim_cur, (unsigned long long)wanted,
		proxy->settings->limits.connections, room.accept, room.open);
}

static unsigned worker_count(const struct settings *settings)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (settings->server.workers)
		return settings->server.workers;
	return cores > 0 ? (unsigned)cores : 1;
}

static void make_folder(struct proxy *proxy)
{
	const char *data = proxy->settings->server.data;
	char reason[512];

	if (!privileges_own_folder(proxy->settings, "proxy", proxy->folder,
		    sizeof(proxy->folder), reason))
		log_fatal("%s server.data=%s", reason, data);
	if (access(proxy->folder, W_OK | X_OK) < 0)
		log_fatal("The proxy's folder cannot be written to: %s; give "
			  "it to the proxy's user folder=%s",
			strerror(errno), proxy->folder);
}

static void set_up(struct proxy *proxy)
{
	char reason[512];

	values_start();
	make_folder(proxy);
	if (getrandom(proxy->boot, sizeof(proxy->boot), 0) !=
		(ssize_t)sizeof(proxy->boot))
		log_fatal("No random bytes: %s", strerror(errno));
	proxy->last_run = last_run_read(proxy->folder);
	if (!keys_derive(proxy, reason))
		log_fatal("%s", reason);
	load_users(proxy);
	load_rules(proxy);
	proxy->worker_count = worker_count(proxy->settings);
	raise_descriptors(proxy);
	peers_know(proxy->settings);
	privileges_drop(PROGRAM_PROXY, proxy->settings);
	proxy->bindings =
		bindings_open(proxy->settings, proxy->worker_count, reason);
	if (!proxy->bindings)
		log_fatal("%s", reason);
	proxy->handover = handover_new(proxy->worker_count, HANDOVER_ROOM);
	proxy->clients = client_counts_new();
	proxy->workers = calloc(proxy->worker_count, sizeof(struct worker));
	pthread_mutex_init(&proxy->reloading, NULL);
	proxy->stats = stats_new(
		&stats_tables[CONTROL_PROXY], proxy->worker_count + 1);
	if (!proxy->stats || !proxy->handover || !proxy->clients ||
		!proxy->workers)
		log_fatal("Out of memory at start");
}

/* A run before that took records along shows in the archive as a gap. */
static void remember_run(const struct proxy *proxy)
{
	const char *folder = proxy->folder;
	int error = last_run_write(folder, proxy->boot, &proxy->last_run);

	if (error)
		log_error("It cannot be noted that the proxy runs: %s; should "
			  "it be killed while the archiver is away, nothing "
			  "tells of it folder=%s",
			strerror(error), folder);
	if (proxy->last_run.found)
		log_warn("The run before ended without a word; the archive "
			 "tells a gap where it may have lost records");
}

static void start_workers(struct proxy *proxy)
{
	char reason[256];

	for (unsigned i = 0; i < proxy->worker_count; i++)
		if (!worker_start(&proxy->workers[i], proxy, i, reason))
			log_fatal("%s", reason);
	remember_run(proxy);
	for (unsigned i = 0; i < proxy->worker_count; i++)
		if (uv_thread_create(&proxy->workers[i].thread, worker_loop,
			    &proxy->workers[i]) != 0)
			log_fatal("A worker's thread cannot be started");
}

/* "Ready" means that whom we need has been asked for, too: what comes at once
 * would be refused without a scanner. */
static void wait_until_begun(const struct proxy *proxy)
{
	enum { LONGEST_MS = 2000 };

	for (unsigned i = 0, ms = 0; i < proxy->worker_count; i++)
		for (; !proxy->workers[i].began && ms < LONGEST_MS; ms++)
			uv_sleep(1);
}

static void stop_workers(struct proxy *proxy)
{
	bool whole = true;

	for (unsigned i = 0; i < proxy->worker_count; i++)
		worker_stop(&proxy->workers[i]);
	for (unsigned i = 0; i < proxy->worker_count; i++)
		uv_thread_join(&proxy->workers[i].thread);
	for (unsigned i = 0; i < proxy->worker_count; i++)
		whole &= worker_left_nothing(&proxy->workers[i]);
	if (whole)
		last_run_forget(proxy->folder);
	for (unsigned i = 0; i < proxy->worker_count; i++)
		worker_release(&proxy->workers[i]);
}

static void say_ready(const struct proxy *proxy)
{
	const struct settings *settings = proxy->settings;

	settings_log_warnings(settings);
	for (size_t i = 0; i < settings->listener_count; i++)
		log_info("listening transport=%s address=%s",
			transport_word(settings->listeners[i].transport),
			settings->listeners[i].address_text);
	log_info("ready server=%s role=%s workers=%u rules=%zu",
		settings->server.name, role_word(settings->server.role),
		proxy->worker_count,
		proxy->rules ? content_rules_count(proxy->rules) : 0);
}

static struct control *start_control(struct proxy *proxy)
{
	static const struct control_command commands[] = {
		{"reload", reload_answer}, {"dump", dump_answer}};
	const struct control_host host = {.context = proxy,
		.stats = proxy->stats,
		.refresh = measures_refresh,
		.more = measures_more,
		.commands = commands,
		.command_count = sizeof(commands) / sizeof(commands[0])};

	return control_start(proxy->settings, CONTROL_PROXY, &host);
}

/* Signals are taken by this thread alone; the workers block them. The exit's
 * status. */
static int wait_for_stop(struct proxy *proxy, const sigset_t *signals)
{
	int signal = 0;

	while (sigwait(signals, &signal) == 0 && signal == SIGHUP)
		reload_asked(proxy);
	log_info("stopping signal=%d", signal);
	return signal == CHAIN_GONE_SIGNAL ? CHAIN_GONE_STATUS : 0;
}

int main(int argc, char **argv)
{
	struct proxy proxy = {0};
	struct settings *settings;
	struct control *control;
	sigset_t signals;
	int status;

	log_open("sipwarden-proxy");
	settings = settings_read_or_exit(options_read(argc, argv));
	proxy.settings = settings;
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, CHAIN_GONE_SIGNAL);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	set_up(&proxy);
	start_workers(&proxy);
	wait_until_begun(&proxy);
	say_ready(&proxy);
	control = start_control(&proxy);
	status = wait_for_stop(&proxy, &signals);
	control_close(&control);
	stop_workers(&proxy);
	bindings_close(&proxy.bindings);
	handover_release(&proxy.handover);
	client_counts_release(&proxy.clients);
	content_rules_release(&proxy.rules);
	users_release(&proxy.users);
	free(proxy.workers);
	stats_release(&proxy.stats);
	pthread_mutex_destroy(&proxy.reloading);
	settings_release(&settings);
	keys_wipe(&proxy);
	log_info("stopped");
	return status;
}
