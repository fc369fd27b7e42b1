/* main.c -- sipwarden-store: keeps the index of the journal, answers. */
#include "archiver/journal/rest.h"
#include "archiver/store/indexer.h"
#include "archiver/store/service.h"
#include "lib/clock.h"
#include "lib/control.h"
#include "lib/log.h"
#include "lib/peers.h"
#include "lib/record/number.h"
#include "lib/settings.h"
#include "lib/stats/names.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { EXIT_USAGE = 64, LONGEST_WAIT_MS = 1000, BEHIND_LIMIT = 1000000 };

static const char usage[] =
	"usage: sipwarden-store --config FILE\n"
	"Reads the journal, keeps an index of it, and answers the command "
	"line.\n"
	"  --config FILE  the configuration\n"
	"  --help         this text\n"
	"  --version      name and version\n";

static const char *read_options(int count, char **words)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'}, {NULL, 0, NULL, 0}};
	const char *file = NULL;
	int option;

	while ((option = getopt_long(count, words, "", options, NULL)) != -1) {
		if (option == 'c') {
			file = optarg;
		} else if (option == 'h') {
			(void)fputs(usage, stdout);
			exit(EXIT_SUCCESS);
		} else if (option == 'v') {
			puts("sipwarden-store " SIPWARDEN_VERSION);
			exit(EXIT_SUCCESS);
		} else {
			(void)fputs(usage, stderr);
			exit(EXIT_USAGE);
		}
	}
	if (!file || optind != count) {
		(void)fputs(usage, stderr);
		exit(EXIT_USAGE);
	}
	return file;
}

static int stop_descriptor(void)
{
	sigset_t asked;
	int descriptor;

	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	sigemptyset(&asked);
	sigaddset(&asked, SIGTERM);
	sigaddset(&asked, SIGINT);
	/* before any thread begins, so that all of them inherit it */
	sigprocmask(SIG_BLOCK, &asked, NULL);
	descriptor = signalfd(-1, &asked, SFD_CLOEXEC | SFD_NONBLOCK);
	if (descriptor < 0)
		log_fatal("Signals cannot be received reason=\"%s\"",
			strerror(errno));
	return descriptor;
}

/* Changes with each start of the machine. Without one (no /proc) every start
 * of the store is taken for one, which costs a rebuild and no more. */
static void read_boot(char boot[64])
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");

	(void)snprintf(
		boot, 64, "unknown %llu", (unsigned long long)clock_wall_us());
	if (!file)
		return;
	if (fgets(boot, 64, file))
		boot[strcspn(boot, "\n")] = '\0';
	(void)fclose(file);
}

static void say_start(const struct index *index, const char *journal)
{
	uint64_t position = index_position(index);
	uint64_t behind = indexer_behind(index, journal, BEHIND_LIMIT);
	char at[CLOCK_TEXT_SIZE] = "none";

	if (position)
		clock_text(record_number_wall_us(position), at);
	log_info("index at record %llu of %s, %llu%s behind journal=%s",
		(unsigned long long)position, at, (unsigned long long)behind,
		behind == BEHIND_LIMIT ? " or more" : "", journal);
}

static void run(struct indexer *indexer, int stop)
{
	struct pollfd wanted[] = {
		{.fd = stop, .events = POLLIN}, {.events = POLLIN}};

	while (!(wanted[0].revents & POLLIN)) {
		int wait = indexer_step(indexer);

		if (wait < 0 || wait > LONGEST_WAIT_MS)
			wait = LONGEST_WAIT_MS;
		wanted[1].fd = indexer_descriptor(indexer);
		wanted[0].revents = 0;
		if (poll(wanted, 2, wait) < 0 && errno != EINTR)
			log_fatal("Waiting failed reason=\"%s\"",
				strerror(errno));
	}
}

static struct service *begin_service(const struct settings *settings,
	struct index *index, struct audit *audit)
{
	struct service_options options = {.socket = settings->store.socket,
		.journal = settings->archive.journal,
		.index = index,
		.audit = audit};
	struct service *service;
	int error = service_open(&options, &service);

	if (error == EADDRINUSE)
		log_fatal("Another store answers at socket=%s; stop it first, "
			  "or set store.socket",
			settings->store.socket);
	if (error)
		log_fatal("The socket cannot be opened: see that its folder "
			  "is there and ours socket=%s reason=\"%s\"",
			settings->store.socket, strerror(error));
	return service;
}

static struct index *begin_index(const struct settings *settings)
{
	struct index *index;
	char boot[64];
	int error;

	read_boot(boot);
	error = index_open(
		settings->store.index, boot, settings->store.quiet_s, &index);
	if (error == EBUSY)
		log_fatal("Another store works on the index; stop it first, "
			  "or set store.index folder=%s",
			settings->store.index);
	if (error)
		log_fatal("The index cannot be opened: see that its folder is "
			  "there and ours folder=%s reason=\"%s\"",
			settings->store.index, strerror(error));
	return index;
}

/* What the thread that is asked looks at; any may. */
struct looked_at {
	const struct settings *settings;
	const struct index *index;
	struct stats *stats;
};

static void refresh(void *context)
{
	const struct looked_at *at = context;
	uint64_t position = index_position(at->index);
	struct journal_rest rest =
		journal_rest(at->settings->archive.journal, position);
	struct statvfs disk;

	stats_set(at->stats, 0, STORE_WATERMARK, position);
	stats_set(at->stats, 0, STORE_PENDING, index_pending(at->index));
	stats_set(at->stats, 0, STORE_BEHIND, rest.records);
	stats_set(at->stats, 0, STORE_BEHIND_AGE, rest.age_s);
	if (statvfs(at->settings->store.index, &disk) == 0)
		stats_set(at->stats, 0, STORE_DISK_FREE,
			(uint64_t)disk.f_bavail * disk.f_frsize);
}

static struct control *begin_control(struct looked_at *at)
{
	struct control_host host = {.context = at, .refresh = refresh};

	at->stats = stats_new(&stats_tables[CONTROL_STORE], 1);
	if (!at->stats)
		log_fatal("Out of memory");
	host.stats = at->stats;
	return control_start(at->settings, CONTROL_STORE, &host);
}

int main(int count, char **words)
{
	struct settings *settings =
		settings_read_or_exit(read_options(count, words));
	struct index *index;
	struct indexer *indexer;
	struct audit *audit;
	struct service *service;
	struct looked_at at = {.settings = settings};
	struct control *control;
	int stop, error;

	log_open("sipwarden-store");
	(void)umask(027);
	stop = stop_descriptor();
	peers_know(settings);
	privileges_drop(PROGRAM_STORE, settings);
	index = begin_index(settings);
	audit = audit_new(settings->archive.socket, settings->server.name);
	if (!audit)
		log_fatal("Out of memory");
	service = begin_service(settings, index, audit);
	say_start(index, settings->archive.journal);
	error = indexer_open(index, settings->archive.journal, &indexer);
	if (error)
		log_fatal("The journal cannot be opened folder=%s "
			  "reason=\"%s\"",
			settings->archive.journal, strerror(error));
	at.index = index;
	control = begin_control(&at);
	run(indexer, stop);
	control_close(&control);
	stats_release(&at.stats);
	service_close(&service);
	indexer_close(&indexer);
	index_close(&index);
	audit_release(&audit);
	settings_release(&settings);
	close(stop);
	log_info("stopped");
	return EXIT_SUCCESS;
}
