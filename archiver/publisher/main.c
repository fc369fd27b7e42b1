/* main.c -- sipwarden-publisher: carries the journal to Kafka. */
#include "archiver/journal/rest.h"
#include "archiver/publisher/position.h"
#include "archiver/publisher/publisher.h"
#include "lib/control.h"
#include "lib/log.h"
#include "lib/peers.h"
#include "lib/settings.h"
#include "lib/stats/names.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_USAGE = 64, EXIT_WRONG_CONFIGURATION = 78, STOP_SECONDS = 5 };

static const char usage[] =
	"usage: sipwarden-publisher --config FILE [--pass-damage "
	"SEGMENT:OFFSET]\n"
	"Carries the journal to Kafka, each record once.\n"
	"  --config FILE                 the configuration\n"
	"  --pass-damage SEGMENT:OFFSET  go on behind this damage in the "
	"journal\n"
	"  --help                        this text\n"
	"  --version                     name and version\n";

struct wish {
	const char *file;
	struct source_place pass;
};

static _Noreturn void refuse_usage(void)
{
	(void)fputs(usage, stderr);
	exit(EXIT_USAGE);
}

static struct source_place read_place(const char *text)
{
	struct source_place place;
	int end = 0;

	if (sscanf(text, "%" SCNu64 ":%" SCNu64 "%n", &place.segment,
		    &place.offset, &end) != 2 ||
		text[end] || !place.segment)
		refuse_usage();
	return place;
}

static struct wish read_options(int count, char **words)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"pass-damage", required_argument, NULL, 'p'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'}, {NULL, 0, NULL, 0}};
	struct wish wish = {0};
	int option;

	while ((option = getopt_long(count, words, "", options, NULL)) != -1) {
		if (option == 'c') {
			wish.file = optarg;
		} else if (option == 'p') {
			wish.pass = read_place(optarg);
		} else if (option == 'h') {
			(void)fputs(usage, stdout);
			exit(EXIT_SUCCESS);
		} else if (option == 'v') {
			(void)puts("sipwarden-publisher " SIPWARDEN_VERSION);
			exit(EXIT_SUCCESS);
		} else {
			refuse_usage();
		}
	}
	if (!wish.file || optind != count)
		refuse_usage();
	return wish;
}

/* The folder of our own below server.data. */
static void make_folder(const char *data, char folder[PATH_MAX])
{
	if (snprintf(folder, PATH_MAX, "%s/publisher", data) >= PATH_MAX)
		log_fatal("server.data is too long");
	if (mkdir(folder, 0750) && errno != EEXIST)
		log_fatal("The publisher's folder cannot be made: see that "
			  "server.data is there and writable folder=%s "
			  "reason=\"%s\"",
			folder, strerror(errno));
}

/* Two publishers of one node would fence each other in turn. */
static void lock_folder(const char *folder)
{
	char path[PATH_MAX + 8];
	int descriptor;

	(void)snprintf(path, sizeof(path), "%s/lock", folder);
	descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (descriptor < 0)
		log_fatal("The lock cannot be opened: see that the folder is "
			  "ours file=%s reason=\"%s\"",
			path, strerror(errno));
	if (flock(descriptor, LOCK_EX | LOCK_NB))
		log_fatal("Another publisher runs for this journal; stop it "
			  "first, or set server.data lock=%s",
			path);
	/* held open until we end */
}

struct work {
	struct publisher *publisher;
	int stop; /* eventfd */
	atomic_bool stopping;
};

/* Calls to Kafka block, so they have a thread that nobody waits for. */
static void *run(void *argument)
{
	struct work *work = argument;
	struct pollfd wanted[] = {
		{.fd = work->stop, .events = POLLIN}, {.events = POLLIN}};

	while (!atomic_load(&work->stopping)) {
		int wait = publisher_step(work->publisher);

		wanted[1].fd = publisher_descriptor(work->publisher);
		if (wait && poll(wanted, 2, wait) < 0 && errno != EINTR)
			log_fatal("Waiting failed reason=\"%s\"",
				strerror(errno));
	}
	publisher_finish(work->publisher);
	publisher_close(&work->publisher);
	return NULL;
}

/* True when the thread has ended in time. */
static bool ended(pthread_t thread)
{
	struct timespec end;

	(void)clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += STOP_SECONDS;
	return pthread_timedjoin_np(thread, NULL, &end) == 0;
}

static void wait_for_stop(void)
{
	sigset_t asked;
	int which;

	sigemptyset(&asked);
	sigaddset(&asked, SIGTERM);
	sigaddset(&asked, SIGINT);
	(void)sigwait(&asked, &which);
}

/* Before any thread begins, so that all of them inherit it. */
static void block_signals(void)
{
	sigset_t asked;

	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	sigemptyset(&asked);
	sigaddset(&asked, SIGTERM);
	sigaddset(&asked, SIGINT);
	(void)pthread_sigmask(SIG_BLOCK, &asked, NULL);
}

static void say_start(const struct settings *settings, const char *folder)
{
	struct position_name name = {
		settings->kafka.topic, .node = settings->archive.node};
	char file[PATH_MAX + 16];
	char after[24] = "unknown";
	uint64_t number;

	(void)snprintf(file, sizeof(file), "%s/position", folder);
	if (position_read(file, &name, &number) == 0)
		(void)snprintf(after, sizeof(after), "%" PRIu64, number);
	log_info("publishing topic=%s brokers=%s after=%s",
		settings->kafka.topic, settings->kafka.brokers, after);
}

/* By whoever is asked: calls to Kafka may take long. */
static void refresh(void *context)
{
	const struct publisher_options *options = context;
	struct journal_rest rest = journal_rest(options->journal,
		stats_value(options->stats, PUBLISHER_POSITION));

	stats_set(options->stats, 1, PUBLISHER_LAG_RECORDS, rest.records);
	stats_set(options->stats, 1, PUBLISHER_SPOOL_AGE, rest.age_s);
}

static void publish(const struct settings *settings, const char *folder,
	struct source_place pass)
{
	struct publisher_options options = {.brokers = settings->kafka.brokers,
		.topic = settings->kafka.topic,
		.node = settings->archive.node,
		.partitions = settings->kafka.partitions,
		.replication = settings->kafka.replication,
		.commit_ms = settings->kafka.commit_ms,
		.journal = settings->archive.journal,
		.folder = folder,
		.stats = stats_new(&stats_tables[CONTROL_PUBLISHER], 2),
		.pass = pass};
	const struct control_host host = {.context = &options,
		.stats = options.stats,
		.refresh = refresh};
	struct control *control;
	struct work work = {.stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
	char why[PUBLISHER_WHY_BYTES];
	pthread_t thread;

	if (work.stop < 0 || !options.stats)
		log_fatal("Out of descriptors or memory");
	if (publisher_open(&options, &work.publisher, why))
		log_fatal("Publishing cannot begin reason=\"%s\"", why);
	say_start(settings, folder);
	if (pthread_create(&thread, NULL, run, &work))
		log_fatal("No thread can be started");
	control = control_start(settings, CONTROL_PUBLISHER, &host);
	wait_for_stop();
	control_close(&control);
	atomic_store(&work.stopping, true);
	(void)eventfd_write(work.stop, 1);
	if (!ended(thread)) {
		/* A transaction is committed as a whole or not at all, and the
		 * next start asks Kafka which. */
		log_info("stopped, Kafka did not answer in time");
		_exit(EXIT_SUCCESS);
	}
	close(work.stop);
	stats_release(&options.stats);
}

int main(int count, char **words)
{
	struct wish wish = read_options(count, words);
	struct settings *settings = settings_read_or_exit(wish.file);
	char folder[PATH_MAX];

	log_open("sipwarden-publisher");
	(void)umask(027);
	if (!settings->kafka.brokers) {
		log_error("There is no archive.kafka in the configuration, so "
			  "there is nothing to publish to: set "
			  "archive.kafka.brokers, or do not start the "
			  "publisher file=%s",
			wish.file);
		return EXIT_WRONG_CONFIGURATION;
	}
	block_signals();
	make_folder(settings->server.data, folder);
	lock_folder(folder);
	peers_know(settings);
	privileges_drop(PROGRAM_PUBLISHER, settings);
	publish(settings, folder, wish.pass);
	settings_release(&settings);
	log_info("stopped");
	return EXIT_SUCCESS;
}
