/* loader.c -- the process that holds one generation of signatures. */
#include "scanners/loader.h"

#include "lib/frame.h"
#include "lib/log.h"
#include "scanners/inside.h"
#include "scanners/virus/signatures.h"
#include "scanners/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	LOADER_CHILDREN = 1024, /* the dying included */
	LOADER_LINK = 3,        /* where the link stands in each child */
	LOADER_TREE_DESCRIPTORS = 16,
	LOADER_PATH_BYTES = 4096
};

struct child {
	pid_t pid; /* 0: none */
	uint32_t slot;
	uint32_t serial; /* names its scratch folder */
	bool replaced;   /* killed or on its way out; waits to be reaped */
};

struct loader {
	const struct settings *settings;
	struct frame_link *link; /* owned */
	struct engine *engine;   /* owned */
	int deaths;              /* signalfd of SIGCHLD */
	uint32_t serials;
	char scratch[LOADER_PATH_BYTES / 2];
	struct child children[LOADER_CHILDREN];
};

void loader_scratch(const struct settings *settings, char *path, size_t size)
{
	(void)snprintf(path, size, "%s/scanner", settings->server.data);
}

static int remove_one(const char *path, const struct stat *status, int kind,
	struct FTW *place)
{
	(void)status;
	(void)kind;
	if (place->level > 0 && remove(path) < 0)
		return errno;
	return 0;
}

int loader_empty(const char *path)
{
	int error = nftw(path, remove_one, LOADER_TREE_DESCRIPTORS,
		FTW_DEPTH | FTW_PHYS | FTW_MOUNT);

	return error < 0 ? errno : error;
}

static void child_scratch(
	const struct loader *loader, uint32_t serial, char *path, size_t size)
{
	(void)snprintf(
		path, size, "%s/%d.%u", loader->scratch, (int)getpid(), serial);
}

static void remove_scratch(const struct loader *loader, uint32_t serial)
{
	char path[LOADER_PATH_BYTES];

	child_scratch(loader, serial, path, sizeof(path));
	if (loader_empty(path) != 0 || rmdir(path) < 0)
		log_warn("scratch folder stays path=%s", path);
}

static void reap(struct loader *loader, struct child *child)
{
	child->pid = 0;
	remove_scratch(loader, child->serial);
}

static void reap_dead(struct loader *loader)
{
	struct signalfd_siginfo information;
	pid_t pid;

	while (read(loader->deaths, &information, sizeof(information)) > 0)
		continue;
	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		for (size_t i = 0; i < LOADER_CHILDREN; i++)
			if (loader->children[i].pid == pid)
				reap(loader, &loader->children[i]);
}

/* The pid is ours until we wait for it, so it cannot be another's. */
static void kill_slot(struct loader *loader, uint32_t slot)
{
	for (size_t i = 0; i < LOADER_CHILDREN; i++) {
		struct child *child = &loader->children[i];

		if (child->pid && child->slot == slot && !child->replaced) {
			child->replaced = true;
			(void)kill(child->pid, SIGKILL);
		}
	}
}

static struct child *free_child(struct loader *loader)
{
	for (size_t i = 0; i < LOADER_CHILDREN; i++)
		if (!loader->children[i].pid)
			return &loader->children[i];
	return NULL;
}

/* Whoever is our parent now was so when we were forked, or we end. */
static void die_with(int parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(1);
}

/* Leaves standard input, output, error and the link; returns the link. */
static int keep_only(int link)
{
	if (link != LOADER_LINK && dup2(link, LOADER_LINK) < 0)
		_exit(1);
	if (close_range(LOADER_LINK + 1, ~0u, 0) < 0)
		_exit(1);
	return LOADER_LINK;
}

static noreturn void become_worker(
	struct loader *loader, int link, int parent, const char *path)
{
	die_with(parent);
	(void)prctl(PR_SET_NAME, "scanner-worker");
	worker_run(keep_only(link), loader->engine, path, loader->settings);
}

/* Nothing is said about a failure but that the link closes. */
static void make_worker(struct loader *loader, uint32_t slot, int link)
{
	struct child *child;
	char path[LOADER_PATH_BYTES];
	const int parent = getpid();

	kill_slot(loader, slot);
	child = free_child(loader);
	if (!child)
		return;
	*child = (struct child){.slot = slot, .serial = ++loader->serials};
	child_scratch(loader, child->serial, path, sizeof(path));
	if (mkdir(path, 0700) < 0)
		return;
	child->pid = fork();
	if (child->pid == 0)
		become_worker(loader, link, parent, path);
	if (child->pid < 0)
		reap(loader, child);
}

static void obey(struct loader *loader, const struct frame *frame)
{
	uint32_t slot;

	must(frame->payload.size == sizeof(slot));
	memcpy(&slot, frame->payload.at, sizeof(slot));
	if (frame->type == INSIDE_WORKER && frame->descriptor >= 0)
		make_worker(loader, slot, frame->descriptor);
	else if (frame->type == INSIDE_KILL)
		kill_slot(loader, slot);
	if (frame->descriptor >= 0)
		close(frame->descriptor);
}

static noreturn void end(struct loader *loader)
{
	for (size_t i = 0; i < LOADER_CHILDREN; i++)
		if (loader->children[i].pid)
			(void)kill(loader->children[i].pid, SIGKILL);
	for (size_t i = 0; i < LOADER_CHILDREN; i++)
		if (loader->children[i].pid) {
			(void)waitpid(loader->children[i].pid, NULL, 0);
			reap(loader, &loader->children[i]);
		}
	_exit(0);
}

static noreturn void serve(struct loader *loader)
{
	struct pollfd waiting[2] = {
		{.fd = frame_link_descriptor(loader->link), .events = POLLIN},
		{.fd = loader->deaths, .events = POLLIN},
	};
	struct frame frame;
	int error = 0;

	while (!error || error == EAGAIN) {
		if (error == EAGAIN && poll(waiting, 2, -1) < 0 &&
			errno != EINTR)
			break;
		reap_dead(loader);
		error = frame_receive(loader->link, &frame);
		if (!error)
			obey(loader, &frame);
	}
	end(loader);
}

static noreturn void say_and_end(
	struct loader *loader, enum inside_frame type, const char *text)
{
	(void)!frame_send(loader->link, type, slice_of(text));
	_exit(0);
}

static const char *plain_fault(int error)
{
	if (error == ENOENT)
		return "there is no such folder";
	if (error == ENODATA)
		return "there is no signature file in it";
	return strerror(error);
}

static void load(struct loader *loader, uint64_t in_use)
{
	const struct settings *settings = loader->settings;
	const char *folder = settings->scanner.signatures;
	const struct engine_limits limits = {
		.scan_bytes = settings->scanner.scan_bytes,
		.file_bytes = settings->scanner.file_bytes,
		.depth = settings->scanner.depth,
		.files = settings->scanner.files,
		.time_ms = settings->scanner.time_ms,
	};
	struct inside_ready ready = {0};
	struct engine_report report;
	uint64_t before = 0, after = 0;
	int error = signatures_print(folder, &before);

	if (!error)
		error = signatures_generation(folder, &ready.generation);
	if (error)
		say_and_end(loader, INSIDE_BROKEN, plain_fault(error));
	if (ready.generation == in_use)
		say_and_end(loader, INSIDE_SAME, "");
	error = engine_load(
		folder, loader->scratch, &limits, &loader->engine, &report);
	if (signatures_print(folder, &after) != 0 || after != before)
		say_and_end(loader, INSIDE_AGAIN, "");
	if (error)
		say_and_end(loader, INSIDE_BROKEN,
			error == EINVAL ? report.text : strerror(error));
	ready.signatures = report.signatures;
	ready.complaints = report.complaints;
	if (frame_send_pieces(loader->link, INSIDE_READY,
		    (const struct slice[]){slice_make(&ready, sizeof(ready)),
			    slice_of(report.text)},
		    2, FRAME_NO_DESCRIPTOR) != 0)
		_exit(1);
}

static void block_signals(void)
{
	sigset_t signals;

	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigaddset(&signals, SIGINT);
	(void)sigaddset(&signals, SIGHUP);
	(void)sigaddset(&signals, SIGCHLD);
	(void)sigprocmask(SIG_SETMASK, &signals, NULL);
}

static int watch_deaths(void)
{
	sigset_t signals;

	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGCHLD);
	return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

noreturn void loader_run(
	int link, int parent, uint64_t in_use, const struct settings *settings)
{
	struct loader *loader = calloc(1, sizeof(*loader));

	die_with(parent);
	(void)prctl(PR_SET_NAME, "scanner-loader");
	if (!loader)
		_exit(1);
	loader->settings = settings;
	loader_scratch(settings, loader->scratch, sizeof(loader->scratch));
	loader->link = frame_link_new(keep_only(link),
		(struct frame_limits){.payload_bytes = INSIDE_PAYLOAD_BYTES,
			.queued_bytes = INSIDE_QUEUE_BYTES,
			.descriptors = true});
	/* the parent decides when to stop: a terminal's Ctrl-C reaches us all
	 */
	block_signals();
	loader->deaths = watch_deaths();
	if (!loader->link || loader->deaths < 0 || !engine_start())
		_exit(1);
	must(fcntl(LOADER_LINK, F_SETFL, O_NONBLOCK) == 0);
	load(loader, in_use);
	serve(loader);
}
