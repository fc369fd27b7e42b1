/* scanner.c -- the parent: takes jobs from askers and has them judged. */
#include "scanners/scanner.h"

#include "lib/clock.h"
#include "lib/control.h"
#include "lib/log.h"
#include "lib/stats/names.h"
#include "scanners/askers.h"
#include "scanners/generation.h"
#include "scanners/loader.h"
#include "scanners/measures.h"
#include "scanners/virus/signatures.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	SCANNER_RETIRED = 4,     /* generations that still finish something */
	SCANNER_LOOK_MS = 2000,  /* how often the folder is looked at */
	SCANNER_AGAIN_MS = 1000, /* after a loader that died */
	SCANNER_PATH_BYTES = 2048
};

struct scanner {
	const struct settings *settings; /* borrowed */
	struct loop *loop;
	struct queue *queue;
	struct askers *askers;
	struct generation *current;                  /* NULL: none yet */
	struct generation *coming;                   /* NULL: none loads */
	struct generation *retired[SCANNER_RETIRED]; /* with holes */
	uint32_t workers;
	bool stopping;
	bool started;  /* the ready line was written */
	bool load_now; /* whether the folder has changed or not */
	bool said_broken;
	int signals;
	struct watch signal_watch;
	uint64_t look_at_ms;
	uint64_t tried, seen; /* prints of the signature folder */
	struct stats *stats;
	struct control *control; /* NULL: nobody can ask */
	struct watch control_watch;
	uint64_t loaded_ms;  /* steady: when current took over */
	uint64_t wanted;     /* loads that a reload asked for */
	uint64_t loads;      /* the last of them that has begun */
	uint64_t loads_done; /* the last of them that is over */
	char load_fault[512];
};

bool scanner_generation(const struct scanner *scanner, uint64_t *generation,
	uint32_t *signatures)
{
	if (!scanner->current)
		return false;
	*generation = generation_id(scanner->current);
	*signatures = generation_signatures(scanner->current);
	return true;
}

static void tell_unjudged(const struct scanner *scanner, struct job *job,
	enum scan_outcome outcome, const char *why)
{
	struct verdict verdict = {.outcome = outcome};

	if (scanner->current)
		verdict.generation = generation_id(scanner->current);
	verdict_name(verdict.name, slice_of(why));
	measures_judged(scanner->stats, &verdict);
	askers_tell(job, &verdict);
}

void scanner_take(struct scanner *scanner, struct job *job)
{
	struct job *loser;

	if (!scanner->current) {
		tell_unjudged(scanner, job, SCAN_FAILED, "not ready");
		return;
	}
	loser = queue_add(scanner->queue, job);
	measures_taken(scanner->stats, queue_waiting(scanner->queue));
	if (loser) {
		measures_refused(scanner->stats);
		tell_unjudged(scanner, loser, SCAN_BUSY, "queue full");
	}
}

void scanner_drop(struct scanner *scanner, struct job *job)
{
	if (job->descriptor < 0)
		return; /* runs; its verdict will find nobody */
	queue_remove(scanner->queue, job);
	job_free(job);
}

static void judged(void *owner, struct job *job, const struct verdict *verdict)
{
	struct scanner *scanner = owner;

	queue_end(scanner->queue, job);
	measures_judged(scanner->stats, verdict);
	askers_tell(job, verdict);
}

static uint64_t kill_time(const struct scanner *scanner, const struct job *job)
{
	const uint64_t limit =
		clock_steady_ms() + scanner->settings->scanner.time_ms;

	return job->answer_by_ms < limit ? job->answer_by_ms : limit;
}

static void hand_out(struct scanner *scanner)
{
	struct job *job;

	while (scanner->current && generation_has_idle(scanner->current) &&
		(job = queue_next(scanner->queue)))
		if (generation_give(
			    scanner->current, job, kill_time(scanner, job)))
			queue_start(scanner->queue, job);
}

static void say_changed_state(struct scanner *scanner)
{
	const struct generation *current = scanner->current;

	log_info("%s signatures=%" PRIu32 " generation=%016" PRIx64
		 " workers=%" PRIu32 " folder=%s %s",
		scanner->started ? "new signatures" : "ready",
		generation_signatures(current), generation_id(current),
		scanner->workers, scanner->settings->scanner.signatures,
		scanner->started ? "event=signatures-new"
				 : "event=scanner-ready");
	if (generation_complaints(current))
		log_error("some signatures are not in use, mend or remove "
			  "their file event=signatures-partly folder=%s "
			  "reason=\"%s\"",
			scanner->settings->scanner.signatures,
			generation_text(current));
	scanner->started = true;
}

static void retire(struct scanner *scanner, struct generation *generation)
{
	generation_retire(generation);
	for (size_t i = 0; i < SCANNER_RETIRED; i++)
		if (!scanner->retired[i]) {
			scanner->retired[i] = generation;
			return;
		}
	log_panic("no place for a retired generation");
}

static void take_over(struct scanner *scanner)
{
	if (scanner->current)
		retire(scanner, scanner->current);
	scanner->current = scanner->coming;
	scanner->coming = NULL;
	scanner->said_broken = false;
	scanner->loaded_ms = clock_steady_ms();
	say_changed_state(scanner);
	askers_hello(scanner->askers);
}

/* A YARA file that does not parse loads "successfully", with fewer rules. */
static bool is_worse(const struct generation *a, const struct generation *b)
{
	return generation_complaints(a) > generation_complaints(b) ||
	       (generation_complaints(a) &&
		       generation_signatures(a) < generation_signatures(b));
}

static void look_again_soon(struct scanner *scanner)
{
	scanner->load_now = true;
	scanner->look_at_ms = clock_steady_ms() + SCANNER_AGAIN_MS;
}

/* Without signatures nothing is judged: then it is tried again and again, but
 * said once. */
static void say_broken(struct scanner *scanner, const char *reason)
{
	const char *folder = scanner->settings->scanner.signatures;

	if (!scanner->started) {
		askers_free(&scanner->askers);
		log_fatal("signatures cannot be used, run freshclam or set "
			  "scanner.signatures to a folder with signature files "
			  "folder=%s reason=\"%s\"",
			folder, reason);
	}
	if (!scanner->current)
		look_again_soon(scanner);
	if (scanner->current || !scanner->said_broken)
		log_error("new signatures are not used%s; mend or remove the "
			  "file and they are taken event=signatures-refused "
			  "folder=%s reason=\"%s\"",
			scanner->current ? ", the old ones stay"
					 : " and there are no old ones",
			folder, reason);
	scanner->said_broken = true;
}

/* A load is over: those who asked for it learn what came of it. */
static void load_over(struct scanner *scanner, const char *fault)
{
	scanner->loads_done = scanner->loads;
	(void)snprintf(
		scanner->load_fault, sizeof(scanner->load_fault), "%s", fault);
	measures_loaded(scanner->stats, !*fault);
}

static void coming_broken(struct scanner *scanner, const char *why)
{
	load_over(scanner, why);
	say_broken(scanner, why);
}

static void coming_changed(struct scanner *scanner)
{
	struct generation *coming = scanner->coming;

	switch (generation_state(coming)) {
	case GENERATION_LOADING:
		return;
	case GENERATION_READY:
		if (!scanner->current || !is_worse(coming, scanner->current)) {
			take_over(scanner);
			load_over(scanner, "");
			return;
		}
		coming_broken(scanner, generation_text(coming));
		break;
	case GENERATION_BROKEN:
		coming_broken(scanner, generation_text(coming));
		break;
	case GENERATION_DEAD:
		coming_broken(scanner, "the process that loaded them died");
		break;
	case GENERATION_AGAIN:
		look_again_soon(scanner);
		break;
	case GENERATION_SAME:
		load_over(scanner, "");
		break;
	}
	generation_free(&scanner->coming);
}

static void changed(void *owner)
{
	struct scanner *scanner = owner;

	if (scanner->current &&
		generation_state(scanner->current) == GENERATION_DEAD) {
		log_error("the process that holds the signatures died, they "
			  "are loaded anew event=loader-died");
		generation_free(&scanner->current);
		look_again_soon(scanner);
	}
}

static void load(struct scanner *scanner)
{
	const struct generation_listener listener = {
		.owner = scanner, .judged = judged, .changed = changed};
	const uint64_t in_use =
		scanner->current ? generation_id(scanner->current) : 0;

	scanner->load_now = false;
	scanner->loads = scanner->wanted;
	/* one more than asked for: the queue's stand-by */
	scanner->coming = generation_new(scanner->loop, scanner->settings,
		in_use, scanner->workers + 1, &listener);
	if (!scanner->coming)
		coming_broken(scanner, strerror(errno));
}

static bool may_load(const struct scanner *scanner)
{
	bool place = false;

	for (size_t i = 0; i < SCANNER_RETIRED; i++)
		place |= !scanner->retired[i];
	return place && !scanner->coming;
}

/* Files come one by one: the folder is read when it has been still for one
 * look. */
static void look(struct scanner *scanner, uint64_t now_ms)
{
	uint64_t print = 0;
	bool settled;

	if (scanner->look_at_ms > now_ms || !may_load(scanner))
		return;
	scanner->look_at_ms = now_ms + SCANNER_LOOK_MS;
	if (signatures_print(scanner->settings->scanner.signatures, &print))
		print = 0; /* a folder that is gone is a change too */
	settled = print != scanner->tried && print == scanner->seen;
	scanner->seen = print;
	if (!settled && !scanner->load_now)
		return;
	scanner->tried = print;
	load(scanner);
}

static void tend_generations(
	struct scanner *scanner, uint64_t now_ms, uint64_t *next_ms)
{
	if (scanner->coming)
		coming_changed(scanner);
	if (scanner->current)
		generation_tend(scanner->current, now_ms, next_ms);
	for (size_t i = 0; i < SCANNER_RETIRED; i++) {
		if (!scanner->retired[i])
			continue;
		generation_tend(scanner->retired[i], now_ms, next_ms);
		if (!generation_is_busy(scanner->retired[i]))
			generation_free(&scanner->retired[i]);
	}
}

/* All that time and events have made due; returns when to come again. */
static uint64_t tend(struct scanner *scanner)
{
	const uint64_t now_ms = clock_steady_ms();
	uint64_t next_ms;
	struct job *job;

	look(scanner, now_ms);
	next_ms = scanner->look_at_ms > now_ms ? scanner->look_at_ms
					       : now_ms + SCANNER_LOOK_MS;
	tend_generations(scanner, now_ms, &next_ms);
	while ((job = queue_expired(scanner->queue, now_ms, &next_ms))) {
		queue_remove(scanner->queue, job);
		measures_expired(scanner->stats);
		tell_unjudged(scanner, job, SCAN_BUSY, "queue");
	}
	hand_out(scanner);
	if (askers_read_on(scanner->askers))
		next_ms = now_ms;
	return next_ms;
}

/* A loader's pid may be another's from here on. */
static void reap(struct scanner *scanner)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) {
		generation_forget(scanner->coming, pid);
		generation_forget(scanner->current, pid);
		for (size_t i = 0; i < SCANNER_RETIRED; i++)
			generation_forget(scanner->retired[i], pid);
	}
}

static void signal_came(void *owner)
{
	struct scanner *scanner = owner;
	struct signalfd_siginfo signal;

	while (read(scanner->signals, &signal, sizeof(signal)) ==
		(ssize_t)sizeof(signal)) {
		if (signal.ssi_signo == SIGCHLD) {
			reap(scanner);
		} else if (signal.ssi_signo == SIGHUP) {
			scanner->load_now = true;
			scanner->look_at_ms = 0;
		} else {
			scanner->stopping = true;
		}
	}
}

static void watch_signals(struct scanner *scanner)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGCHLD);
	must(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	scanner->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	scanner->signal_watch = (struct watch){signal_came, scanner};
	if (scanner->signals < 0 || loop_watch(scanner->loop, scanner->signals,
					    &scanner->signal_watch) != 0)
		log_fatal(
			"signals cannot be watched error=%s", strerror(errno));
}

/* Each waiting job is a descriptor. */
static void raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static void make_scratch(const struct settings *settings)
{
	char path[SCANNER_PATH_BYTES];
	int error;

	loader_scratch(settings, path, sizeof(path));
	error = mkdir(path, 0700) < 0 && errno != EEXIST ? errno : 0;
	if (!error)
		error = loader_empty(path);
	if (error)
		log_fatal("folder for unpacking cannot be used, give it to "
			  "this user path=%s error=%s",
			path, strerror(error));
}

static void open_askers(struct scanner *scanner)
{
	const char *path = scanner->settings->scanner.socket;
	int error = askers_new(scanner->loop, scanner, path, &scanner->askers);

	if (error == EADDRINUSE)
		log_fatal("another scanner answers there, stop it or set "
			  "another scanner.socket path=%s",
			path);
	if (error)
		log_fatal("cannot listen, make the folder and give it to this "
			  "user path=%s error=%s",
			path, strerror(error));
}

static void refresh(void *context)
{
	struct scanner *scanner = context;

	stats_set(scanner->stats, 0, SCANNER_WORKERS, scanner->workers);
	measures_now(scanner->stats, scanner->settings, scanner->queue,
		scanner->current, scanner->loaded_ms);
}

static void put_generation(void *context, json_t *done)
{
	const struct scanner *scanner = context;
	char text[24] = "none";

	if (scanner->current)
		(void)snprintf(text, sizeof(text), "%016" PRIx64,
			generation_id(scanner->current));
	(void)json_object_set_new(done, "generation", json_string(text));
	(void)json_object_set_new(done, "signatures",
		json_integer(scanner->current
				     ? generation_signatures(scanner->current)
				     : 0));
}

/* {"do":"reload"} begins a load and is given a ticket; with the ticket it is
 * asked whether that is over. One that runs already may have read the folder
 * before it was changed, so another follows it. */
static void reload(
	void *context, const json_t *request, struct control_reply *reply)
{
	struct scanner *scanner = context;
	json_int_t ticket =
		json_integer_value(json_object_get(request, "ticket"));
	bool loading;
	json_t *done;

	if (ticket <= 0) {
		ticket = (json_int_t)++scanner->wanted;
		scanner->load_now = true;
		scanner->look_at_ms = 0;
	}
	loading = (uint64_t)ticket > scanner->loads_done;
	done = json_pack("{s:I,s:b,s:s}", "ticket", ticket, "loading", loading,
		"fault", loading ? "" : scanner->load_fault);
	put_generation(scanner, done);
	control_done(reply, done);
}

static void control_ready(void *owner)
{
	struct scanner *scanner = owner;

	control_turn(scanner->control);
}

static void start_control(struct scanner *scanner)
{
	static const struct control_command commands[] = {{"reload", reload}};
	const struct control_host host = {.context = scanner,
		.stats = scanner->stats,
		.refresh = refresh,
		.more = put_generation,
		.commands = commands,
		.command_count = 1};

	scanner->control =
		control_open(scanner->settings, CONTROL_SCANNER, &host);
	if (!scanner->control)
		return;
	scanner->control_watch = (struct watch){control_ready, scanner};
	if (loop_watch(scanner->loop, control_descriptor(scanner->control),
		    &scanner->control_watch) != 0)
		control_close(&scanner->control);
}

static void start(struct scanner *scanner, const struct settings *settings)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	scanner->settings = settings;
	scanner->workers = settings->scanner.workers
				   ? settings->scanner.workers
				   : (uint32_t)(cores > 0 ? cores : 1);
	raise_descriptors();
	scanner->loop = loop_new();
	scanner->queue = queue_new(settings->scanner.queue, scanner->workers);
	scanner->stats = stats_new(&stats_tables[CONTROL_SCANNER], 1);
	if (!scanner->loop || !scanner->queue || !scanner->stats)
		log_fatal("memory is short");
	watch_signals(scanner);
	open_askers(scanner);
	make_scratch(settings);
	scanner->load_now = true;
	start_control(scanner);
}

static void stop_generation(struct generation **generation)
{
	if (*generation)
		generation_stop(*generation);
	generation_free(generation);
}

static void stop_generations(struct scanner *scanner)
{
	stop_generation(&scanner->coming);
	stop_generation(&scanner->current);
	for (size_t i = 0; i < SCANNER_RETIRED; i++)
		stop_generation(&scanner->retired[i]);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		continue;
}

static void stop(struct scanner *scanner)
{
	char path[SCANNER_PATH_BYTES];
	struct job *job;

	while ((job = queue_any(scanner->queue))) {
		queue_remove(scanner->queue, job);
		tell_unjudged(scanner, job, SCAN_FAILED, "stopping");
	}
	if (scanner->control)
		loop_forget(
			scanner->loop, control_descriptor(scanner->control));
	control_close(&scanner->control);
	stop_generations(scanner);
	askers_free(&scanner->askers);
	queue_free(&scanner->queue);
	loop_forget(scanner->loop, scanner->signals);
	close(scanner->signals);
	loop_free(&scanner->loop);
	stats_release(&scanner->stats);
	loader_scratch(scanner->settings, path, sizeof(path));
	if (loader_empty(path) != 0)
		log_warn("folder for unpacking is not empty path=%s", path);
	log_info("stopped");
}

void scanner_run(const struct settings *settings)
{
	struct scanner scanner = {0};

	start(&scanner, settings);
	while (!scanner.stopping)
		loop_once(scanner.loop, tend(&scanner));
	stop(&scanner);
}
