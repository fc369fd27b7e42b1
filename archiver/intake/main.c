/* main.c -- sipwarden-archiver: takes records, keeps them, says so. */
#include "archiver/intake/intake.h"
#include "lib/control.h"
#include "lib/log.h"
#include "lib/peers.h"
#include "lib/settings.h"
#include "lib/stats/names.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/statvfs.h>

enum { EXIT_USAGE = 64 };

static const char usage[] =
	"usage: sipwarden-archiver --config FILE\n"
	"Takes records from the programs of this machine, writes them into "
	"the\n"
	"journal, and acknowledges them when they are on disk.\n"
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
			(void)puts("sipwarden-archiver " SIPWARDEN_VERSION);
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

/* Readable when we are asked to stop. */
static int stop_descriptor(void)
{
	sigset_t asked;
	int descriptor;

	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	sigemptyset(&asked);
	sigaddset(&asked, SIGTERM);
	sigaddset(&asked, SIGINT);
	sigprocmask(SIG_BLOCK, &asked, NULL);
	descriptor = signalfd(-1, &asked, SFD_CLOEXEC | SFD_NONBLOCK);
	if (descriptor < 0)
		log_fatal("Signals cannot be received");
	return descriptor;
}

/* By whoever is asked, for the intake's own thread waits for the disk. */
static void refresh(void *context)
{
	const struct intake_options *options = context;
	struct statvfs disk;

	if (statvfs(options->journal, &disk) == 0)
		stats_set(options->stats, 1, ARCHIVER_DISK_FREE,
			(uint64_t)disk.f_bavail * disk.f_frsize);
}

int main(int count, char **words)
{
	const char *file = read_options(count, words);
	struct settings *settings = settings_read_or_exit(file);
	struct intake_options options = {.socket = settings->archive.socket,
		.journal = settings->archive.journal,
		.program = "sipwarden-archiver",
		.version = SIPWARDEN_VERSION,
		.segment_bytes = settings->archive.segment_bytes,
		.reserve_bytes = settings->archive.reserve_bytes,
		.node = settings->archive.node,
		.gather_us = settings->archive.gather_us,
		.stats = stats_new(&stats_tables[CONTROL_ARCHIVER], 2)};
	const struct control_host host = {.context = &options,
		.stats = options.stats,
		.refresh = refresh};
	struct control *control;
	char why[INTAKE_WHY_BYTES];
	struct intake *intake;
	int stop;
	bool whole;

	log_open("sipwarden-archiver");
	if (!options.stats ||
		settings_digest(settings, options.configuration) != 0)
		log_fatal("Out of memory at start");
	stop = stop_descriptor();
	peers_know(settings);
	privileges_drop(PROGRAM_ARCHIVER, settings);
	if (intake_open(&options, &intake, why))
		log_fatal("%s", why);
	control = control_start(settings, CONTROL_ARCHIVER, &host);
	whole = intake_run(intake, stop);
	control_close(&control);
	intake_close(&intake);
	stats_release(&options.stats);
	settings_release(&settings);
	if (!whole)
		log_fatal("Stopped while the disk took no records; what was "
			  "not acknowledged stays with its makers");
	log_info("stopped");
	return EXIT_SUCCESS;
}
