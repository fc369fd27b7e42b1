/* main.c -- sipwarden-scanner: judges files by ClamAV for the proxies. */
#include "lib/log.h"
#include "lib/peers.h"
#include "lib/settings.h"
#include "scanners/ask.h"
#include "scanners/scanner.h"

#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

static const char usage[] =
	"usage: sipwarden-scanner [--config FILE] [--scan FILE]\n"
	"  --config FILE  the configuration, /etc/sipwarden/sipwarden.yaml\n"
	"                 when absent\n"
	"  --scan FILE    has one file judged by the running scanner; exits\n"
	"                 with 0 clean, 1 infected, 2 unscannable, 3 failed\n"
	"  --version      prints the version\n";

static const struct option options[] = {
	{"config", required_argument, NULL, 'c'},
	{"scan", required_argument, NULL, 's'},
	{"version", no_argument, NULL, 'v'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

/* No network for what reads hostile bytes; only root may take it away so, for
 * others the list of system calls and the service manager do. */
static void leave_network(void)
{
	if (geteuid() == 0)
		(void)!unshare(CLONE_NEWNET);
}

int main(int count, char **arguments)
{
	const char *config = "/etc/sipwarden/sipwarden.yaml";
	const char *file = NULL;
	struct settings *settings;
	int option, status = EXIT_SUCCESS;

	log_open("sipwarden-scanner");
	while ((option = getopt_long(count, arguments, "", options, NULL)) !=
		-1) {
		switch (option) {
		case 'c':
			config = optarg;
			break;
		case 's':
			file = optarg;
			break;
		case 'v':
			puts("sipwarden-scanner " SIPWARDEN_VERSION);
			return EXIT_SUCCESS;
		case 'h':
			(void)fputs(usage, stdout);
			return EXIT_SUCCESS;
		default:
			(void)fputs(usage, stderr);
			return EX_USAGE;
		}
	}
	if (optind < count) {
		(void)fputs(usage, stderr);
		return EX_USAGE;
	}
	settings = settings_read_or_exit(config);
	peers_know(settings);
	if (file) {
		status = ask_scanner(settings, file);
	} else {
		leave_network();
		privileges_drop(PROGRAM_SCANNER, settings);
		scanner_run(settings);
	}
	settings_release(&settings);
	return status;
}
