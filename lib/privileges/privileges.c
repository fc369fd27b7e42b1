/* privileges.c -- what each program may do, and that it may do nothing else. */
#include "lib/privileges/privileges.h"

#include "lib/log.h"
#include "lib/privileges/calls.h"
#include "lib/privileges/capabilities.h"
#include "lib/privileges/files.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a row of the table may name. */
enum where {
	NOWHERE,
	LIBRARIES, /* those that load late, and their tables */
	SYSTEM,    /* names of users and hosts */
	SETTINGS,  /* the folders of configuration, users and rules */
	OWN,       /* the program's own folder below server.data */
	JOURNAL,
	INDEX,
	SIGNATURES,
	SOCKET, /* the folder of its own socket */
	SCRATCH /* one worker's */
};

enum { ROW_PLACES = 6, MOST_PLACES = 32, DESCRIPTION_BYTES = 160 };

struct row {
	const char *name, *folder;
	unsigned rights;
	bool keys; /* nobody may look into its memory */
	struct {
		enum where where;
		enum files_access access;
	} places[ROW_PLACES];
};

static const struct row rows[PROGRAMS] = {
	[PROGRAM_PROXY] = {"sipwarden-proxy", "proxy",
		CALLS_LOCAL | CALLS_NETWORK, .keys = true,
		{{LIBRARIES, FILES_READ}, {SYSTEM, FILES_READ},
			{SETTINGS, FILES_READ}, {OWN, FILES_WRITE},
			{SOCKET, FILES_SOCKET}}},
	[PROGRAM_SCANNER] = {"sipwarden-scanner", "scanner",
		CALLS_LOCAL | CALLS_CHILDREN, .keys = false,
		{{LIBRARIES, FILES_READ}, {SYSTEM, FILES_READ},
			{SETTINGS, FILES_READ}, {SIGNATURES, FILES_READ},
			{OWN, FILES_WRITE}, {SOCKET, FILES_SOCKET}}},
	[PROGRAM_SCANNER_WORKER] = {"scanner-worker", "scanner", 0,
		.keys = true,
		{{LIBRARIES, FILES_READ}, {SCRATCH, FILES_WRITE}}},
	[PROGRAM_ARCHIVER] = {"sipwarden-archiver", "archiver", CALLS_LOCAL,
		.keys = false,
		{{LIBRARIES, FILES_READ}, {SYSTEM, FILES_READ},
			{SETTINGS, FILES_READ}, {JOURNAL, FILES_WRITE},
			{SOCKET, FILES_SOCKET}}},
	[PROGRAM_PUBLISHER] = {"sipwarden-publisher", "publisher",
		CALLS_LOCAL | CALLS_NETWORK, .keys = false,
		{{LIBRARIES, FILES_READ}, {SYSTEM, FILES_READ},
			{SETTINGS, FILES_READ}, {JOURNAL, FILES_READ},
			{OWN, FILES_WRITE}, {SOCKET, FILES_SOCKET}}},
	[PROGRAM_STORE] = {"sipwarden-store", "store", CALLS_LOCAL,
		.keys = false,
		{{LIBRARIES, FILES_READ}, {SYSTEM, FILES_READ},
			{SETTINGS, FILES_READ}, {JOURNAL, FILES_READ},
			{INDEX, FILES_WRITE}, {SOCKET, FILES_SOCKET}}},
};

/* Folders, for what stands in them is replaced by renaming; which of it a
 * program may read is for the modes to say. */
static const char *const library_places[] = {"/usr/lib", "/usr/lib64", "/lib",
	"/lib64", "/usr/share", "/usr/local/lib", "/dev/null", "/dev/urandom",
	NULL};
static const char *const system_places[] = {"/etc", "/run/systemd/resolve",
	"/run/resolvconf", "/proc", "/sys/devices/system/cpu", NULL};

struct places {
	struct files_place list[MOST_PLACES];
	char texts[MOST_PLACES][PATH_MAX];
	size_t count;
};

static void add(
	struct places *places, enum files_access access, const char *path)
{
	char *text = places->texts[places->count];

	must(places->count < MOST_PLACES);
	if (!path || snprintf(text, PATH_MAX, "%s", path) >= PATH_MAX)
		return;
	places->list[places->count++] =
		(struct files_place){.path = text, .access = access};
}

static void add_folder_of(
	struct places *places, enum files_access access, const char *file)
{
	char folder[PATH_MAX];
	char *slash;

	if (!file || snprintf(folder, sizeof(folder), "%s", file) >= PATH_MAX)
		return;
	slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder] = '\0';
	add(places, access, slash ? folder : ".");
}

static void add_those_there(struct places *places, const char *const *paths)
{
	for (; *paths; paths++)
		if (access(*paths, F_OK) == 0)
			add(places, FILES_READ, *paths);
}

static void add_own(struct places *places, const struct settings *settings,
	const char *folder)
{
	char path[PATH_MAX], reason[512];

	/* what cannot be made is said by who opens it */
	if (privileges_own_folder(settings, folder, path, sizeof(path), reason))
		add(places, FILES_WRITE, path);
}

static const char *socket_of(
	enum program program, const struct settings *settings)
{
	switch (program) {
	case PROGRAM_SCANNER:
		return settings->scanner.socket;
	case PROGRAM_ARCHIVER:
		return settings->archive.socket;
	case PROGRAM_PUBLISHER:
		return settings->kafka.socket;
	case PROGRAM_STORE:
		return settings->store.socket;
	case PROGRAM_PROXY:
		return settings->server.socket;
	case PROGRAM_SCANNER_WORKER:
		break;
	}
	return NULL;
}

static void add_place(struct places *places, enum program program,
	const struct settings *settings, size_t place, const char *scratch)
{
	const enum files_access access = rows[program].places[place].access;

	switch (rows[program].places[place].where) {
	case NOWHERE:
		break;
	case LIBRARIES:
		add_those_there(places, library_places);
		break;
	case SYSTEM:
		add_those_there(places, system_places);
		break;
	case SETTINGS:
		add_folder_of(places, access, settings->file);
		add_folder_of(places, access, settings->users);
		add_folder_of(places, access, settings->content_filter.rules);
		break;
	case OWN:
		add_own(places, settings, rows[program].folder);
		break;
	case JOURNAL:
		add(places, access, settings->archive.journal);
		break;
	case INDEX:
		add(places, access, settings->store.index);
		break;
	case SIGNATURES:
		add(places, access, settings->scanner.signatures);
		break;
	case SOCKET:
		add_folder_of(places, access, socket_of(program, settings));
		break;
	case SCRATCH:
		add(places, access, scratch);
		break;
	}
}

#ifdef SIPWARDEN_INSTRUMENTED
/* Sanitizers and coverage open files, read maps and begin threads of their
 * own. */
static const bool instrumented = true;
#else
static const bool instrumented = false;
#endif

/* 0, or errno with what was being confined in *what. */
static int confine(enum program program, const struct settings *settings,
	const char *scratch, char what[PATH_MAX])
{
	const struct row *row = &rows[program];
	struct places *places = calloc(1, sizeof(*places));
	const char *place = "files";
	int error = places ? 0 : ENOMEM;

	for (size_t i = 0; i < ROW_PLACES && !error; i++)
		add_place(places, program, settings, i, scratch);
	if (!error && files_version() != FILES_NOT_THERE)
		error = files_confine(places->list, places->count,
			row->rights & CALLS_NETWORK, &place);
	(void)snprintf(what, PATH_MAX, "%s", place);
	free(places);
	if (error)
		return error;
	(void)snprintf(what, PATH_MAX, "system calls");
	return calls_can_be_filtered() ? calls_confine(row->rights) : 0;
}

static int end_dumps(const struct row *row)
{
	const struct rlimit none = {0, 0};

	if (setrlimit(RLIMIT_CORE, &none) < 0 ||
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return errno;
	return row->keys && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? errno : 0;
}

/* What the kernel confines, it confines for the calling thread alone. */
static bool has_one_thread(void)
{
	DIR *tasks = opendir("/proc/self/task");
	size_t count = 0;

	if (!tasks)
		return true;
	while (readdir(tasks))
		count++;
	(void)closedir(tasks);
	return count == 3; /* with "." and ".." */
}

/* Asked before: afterwards nobody may ask. */
static void describe(bool sandboxed, char text[DESCRIPTION_BYTES])
{
	const int version = files_version();

	if (!sandboxed)
		(void)snprintf(text, DESCRIPTION_BYTES,
			"files=\"as the user may\" calls=\"as the user may\"");
	else if (version == FILES_NOT_THERE)
		(void)snprintf(text, DESCRIPTION_BYTES,
			"files=\"as the user may, no Landlock in this "
			"kernel\" calls=\"%s\"",
			calls_can_be_filtered() ? "by list (seccomp)"
						: "no seccomp in this kernel");
	else
		(void)snprintf(text, DESCRIPTION_BYTES,
			"files=\"by list (Landlock %d)\" calls=\"%s\"", version,
			calls_can_be_filtered() ? "by list (seccomp)"
						: "no seccomp in this kernel");
}

void privileges_drop(enum program program, const struct settings *settings)
{
	const struct row *row = &rows[program];
	const bool sandboxed = settings->server.sandbox && !instrumented;
	char what[PATH_MAX] = "capabilities and dumps";
	char description[DESCRIPTION_BYTES];
	int error = capabilities_drop();

	must(!sandboxed || has_one_thread());
	describe(sandboxed, description);
	if (!error)
		error = end_dumps(row);
	if (!error && sandboxed)
		error = confine(program, settings, NULL, what);
	if (error)
		log_fatal("Rights cannot be given up: %s; mend that, or set "
			  "server.sandbox: false what=\"%s\"",
			strerror(error), what);
	log_info("confined user=%u capabilities=none dumps=%s %s",
		(unsigned)geteuid(), row->keys ? "none" : "\"no core\"",
		description);
	if (!settings->server.sandbox)
		log_warn("server.sandbox is false: this program may do what "
			 "its user may");
}

bool privileges_drop_worker(
	const struct settings *settings, const char *scratch)
{
	const bool sandboxed = settings->server.sandbox && !instrumented;
	char what[PATH_MAX];

	return end_dumps(&rows[PROGRAM_SCANNER_WORKER]) == 0 &&
	       (!sandboxed || confine(PROGRAM_SCANNER_WORKER, settings, scratch,
				      what) == 0);
}

bool privileges_own_folder(const struct settings *settings, const char *name,
	char *path, size_t size, char reason[512])
{
	if (snprintf(path, size, "%s/%s", settings->server.data, name) >=
		(int)size) {
		(void)snprintf(reason, 512, "server.data is too long");
		return false;
	}
	(void)mkdir(settings->server.data, 0750);
	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return true;
	(void)snprintf(reason, 512,
		"the folder %.200s cannot be made: %s; make it and give it to "
		"this program's user",
		path, strerror(errno));
	return false;
}

void privileges_guard_secret(void *secret, size_t size)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	const uintptr_t first = (uintptr_t)secret & ~(page - 1);
	const uintptr_t end =
		((uintptr_t)secret + size + page - 1) & ~(page - 1);

	/* either is more than is needed: nothing dumps us */
	(void)!mlock((void *)first, end - first);
	(void)!madvise((void *)first, end - first, MADV_DONTDUMP);
}
