/* faults.c -- points at which a real program can be made to fail; preloaded by
 * tests.
 *
 * The environment's SIPWARDEN_FAULTS names a page that this library and the
 * test (fault_points.py) share for as long as the program runs: a plan, what
 *each of its rules has met, and by how much the wall clock is wrong. A plan is
 *lines
 *
 *	CALL:PART:WHEN:WHAT
 *
 * CALL  write pwrite writev fsync fdatasync truncate allocate rename open
 *       unlink send malloc fork connect accept memfd; disk (the first ten),
 *       step (all but malloc)
 * PART  of the path of what is called on ("" any; for malloc "own": called by
 *       the program itself, not by a library)
 * WHEN  3, 3+, 3-5, * or 0 (count only)
 * WHAT  errno's name, short, kill, kill-after, kill-half, delay=500 (ms)
 *
 * Standard output and error never fail. Nothing here allocates.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum call {
	CALL_WRITE,
	CALL_PWRITE,
	CALL_WRITEV,
	CALL_FSYNC,
	CALL_FDATASYNC,
	CALL_TRUNCATE,
	CALL_ALLOCATE,
	CALL_RENAME,
	CALL_OPEN,
	CALL_UNLINK,
	CALL_SEND,
	CALL_FORK,
	CALL_CONNECT,
	CALL_ACCEPT,
	CALL_MEMFD,
	CALL_MALLOC,
	CALLS,
	CALLS_DISK = CALL_UNLINK + 1,
	CALLS_STEP = CALL_MALLOC
};

static const char *const call_words[CALLS] = {"write", "pwrite", "writev",
	"fsync", "fdatasync", "truncate", "allocate", "rename", "open",
	"unlink", "send", "fork", "connect", "accept", "memfd", "malloc"};

enum what {
	WHAT_PASS,
	WHAT_FAIL,
	WHAT_SHORT,
	WHAT_KILL,
	WHAT_KILL_AFTER,
	WHAT_KILL_HALF,
	WHAT_DELAY
};

static const struct {
	const char *word;
	int error;
} errors[] = {{"EIO", EIO}, {"ENOSPC", ENOSPC}, {"EDQUOT", EDQUOT},
	{"ENOMEM", ENOMEM}, {"EAGAIN", EAGAIN}, {"EINTR", EINTR},
	{"EMFILE", EMFILE}, {"ENFILE", ENFILE}, {"EACCES", EACCES},
	{"EROFS", EROFS}, {"ENOBUFS", ENOBUFS}, {"EPIPE", EPIPE},
	{"ECONNREFUSED", ECONNREFUSED}, {"ECONNRESET", ECONNRESET},
	{"EPERM", EPERM}};

enum { RULES = 16, PART_BYTES = 96, PLAN_BYTES = 2016, PAGE_BYTES = 4096 };

/* As fault_points.py has it. */
struct page {
	atomic_uint generation; /* of the plan; 0: none */
	uint32_t zero;
	atomic_int_fast64_t clock_us; /* added to the wall clock */
	char plan[PLAN_BYTES];
	atomic_uint_fast64_t met[RULES];   /* calls that a rule matched */
	atomic_uint_fast64_t fired[RULES]; /* and those it made fail */
};

struct rule {
	uint32_t calls; /* bits */
	char part[PART_BYTES];
	uint64_t from, to; /* of what it meets, from 1 */
	enum what what;
	int error;
	long delay_ms;
};

static struct page *page;
static struct rule rules[RULES];
static size_t rule_count;
static unsigned rules_generation;
static uint32_t wanted; /* calls that any rule names */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uintptr_t own_from, own_to; /* the program's own code */
static int (*next_clock_gettime)(clockid_t, struct timespec *);

static uint32_t calls_named(const char *word, size_t size)
{
	if (size == 4 && memcmp(word, "disk", 4) == 0)
		return (1u << CALLS_DISK) - 1;
	if (size == 4 && memcmp(word, "step", 4) == 0)
		return (1u << CALLS_STEP) - 1;
	for (unsigned i = 0; i < CALLS; i++)
		if (strlen(call_words[i]) == size &&
			memcmp(call_words[i], word, size) == 0)
			return 1u << i;
	return 0;
}

static bool read_when(const char *word, struct rule *rule)
{
	char *end;

	if (*word == '*') {
		rule->from = 1;
		rule->to = UINT64_MAX;
		return true;
	}
	rule->from = rule->to = strtoull(word, &end, 10);
	if (*end == '+')
		rule->to = UINT64_MAX;
	if (*end == '-')
		rule->to = strtoull(end + 1, &end, 10);
	return *end == ':' || *end == '+';
}

static bool read_what(const char *word, struct rule *rule)
{
	static const struct {
		const char *word;
		enum what what;
	} whats[] = {{"short", WHAT_SHORT}, {"kill", WHAT_KILL},
		{"kill-after", WHAT_KILL_AFTER}, {"kill-half", WHAT_KILL_HALF}};

	for (size_t i = 0; i < sizeof(whats) / sizeof(whats[0]); i++)
		if (strcmp(whats[i].word, word) == 0) {
			rule->what = whats[i].what;
			return true;
		}
	if (strncmp(word, "delay=", 6) == 0) {
		rule->what = WHAT_DELAY;
		rule->delay_ms = strtol(word + 6, NULL, 10);
		return true;
	}
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strcmp(errors[i].word, word) == 0) {
			rule->what = WHAT_FAIL;
			rule->error = errors[i].error;
			return true;
		}
	return false;
}

static bool read_rule(char *line, struct rule *rule)
{
	char *part = strchr(line, ':');
	char *when = part ? strchr(part + 1, ':') : NULL;
	char *what = when ? strchr(when + 1, ':') : NULL;

	*rule = (struct rule){.calls = 0};
	if (!what || (size_t)(when - part) > PART_BYTES)
		return false;
	rule->calls = calls_named(line, (size_t)(part - line));
	memcpy(rule->part, part + 1, (size_t)(when - part - 1));
	return rule->calls && read_when(when + 1, rule) &&
	       read_what(what + 1, rule);
}

/* A plan that is not understood must not pass for one that found nothing. */
static void read_plan(void)
{
	char plan[PLAN_BYTES], *line, *rest = NULL;

	rules_generation = atomic_load(&page->generation);
	memcpy(plan, page->plan, sizeof(plan));
	plan[sizeof(plan) - 1] = '\0';
	rule_count = 0;
	wanted = 0;
	for (line = strtok_r(plan, "\n", &rest); line;
		line = strtok_r(NULL, "\n", &rest)) {
		if (rule_count == RULES || !read_rule(line, &rules[rule_count]))
			_exit(99);
		wanted |= rules[rule_count++].calls;
	}
}

static bool path_has(const char *path, int descriptor, const char *part)
{
	char link[40], found[PATH_MAX];
	ssize_t size;

	if (!*part)
		return true;
	if (path)
		return strstr(path, part) != NULL;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", descriptor);
	size = readlink(link, found, sizeof(found) - 1);
	if (size < 0)
		return false;
	found[size] = '\0';
	return strstr(found, part) != NULL;
}

struct fate {
	enum what what;
	int error;
	long delay_ms;
};

static void die(void)
{
	(void)kill(getpid(), SIGKILL);
	_exit(137);
}

static struct fate decide(
	enum call call, const char *path, int descriptor, bool own)
{
	struct fate fate = {.what = WHAT_PASS};

	for (size_t i = 0; i < rule_count; i++) {
		const struct rule *rule = &rules[i];
		uint64_t met;

		if (!(rule->calls & 1u << call))
			continue;
		if (call == CALL_MALLOC
				? *rule->part && !own
				: !path_has(path, descriptor, rule->part))
			continue;
		met = atomic_fetch_add(&page->met[i], 1) + 1;
		if (met < rule->from || met > rule->to || !rule->from ||
			fate.what != WHAT_PASS)
			continue;
		atomic_fetch_add(&page->fired[i], 1);
		fate = (struct fate){rule->what, rule->error, rule->delay_ms};
	}
	return fate;
}

/* Every point passes here. A death before the call and a delay are done;
 * WHAT_FAIL has set errno. */
static enum what meet(
	enum call call, const char *path, int descriptor, bool own)
{
	int before = errno;
	struct fate fate;

	if (!page || !atomic_load(&page->generation))
		return WHAT_PASS;
	pthread_mutex_lock(&lock);
	if (rules_generation != atomic_load(&page->generation))
		read_plan();
	if (wanted & 1u << call)
		fate = decide(call, path, descriptor, own);
	else
		fate = (struct fate){.what = WHAT_PASS};
	pthread_mutex_unlock(&lock);
	if (fate.what == WHAT_KILL)
		die();
	if (fate.what == WHAT_DELAY) {
		struct timespec time = {.tv_sec = fate.delay_ms / 1000,
			.tv_nsec = fate.delay_ms % 1000 * 1000000};

		(void)nanosleep(&time, NULL);
		fate.what = WHAT_PASS;
	}
	errno = fate.what == WHAT_FAIL ? fate.error : before;
	return fate.what;
}

/* With half of its bytes written. */
#define HALF(size) ((size) > 1 ? (size) / 2 : (size))

static bool dies_after(enum what what)
{
	return what == WHAT_KILL_AFTER || what == WHAT_KILL_HALF;
}

static size_t bytes_for(enum what what, size_t size)
{
	return what == WHAT_SHORT || what == WHAT_KILL_HALF ? HALF(size) : size;
}

static int own_code(struct dl_phdr_info *info, size_t size, void *context)
{
	(void)size;
	(void)context;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];

		if (part->p_type != PT_LOAD || !(part->p_flags & PF_X))
			continue;
		own_from = info->dlpi_addr + part->p_vaddr;
		own_to = own_from + part->p_memsz;
	}
	return 1; /* the program itself comes first */
}

__attribute__((constructor)) static void start(void)
{
	const char *path = getenv("SIPWARDEN_FAULTS");
	void *mapped;
	int file;

	next_clock_gettime = (int (*)(clockid_t, struct timespec *))dlsym(
		RTLD_NEXT, "clock_gettime");
	(void)dl_iterate_phdr(own_code, NULL);
	if (!path)
		return;
	file = open(path, O_RDWR | O_CLOEXEC);
	if (file < 0)
		_exit(99);
	mapped = mmap(
		NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (mapped == MAP_FAILED)
		_exit(99);
	close(file);
	page = mapped;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
/* The call that is interposed; found once. */
#define NEXT(name)                                                             \
	({                                                                     \
		static __typeof__(&name) found;                                \
		if (!found)                                                    \
			found = REAL(name);                                    \
		found;                                                         \
	})

/* A function that may fail before it is called, do half of its work, or be the
 * last that the program does. */
#define POINT(type, name, parameters, met, arguments)                          \
	type name parameters                                                   \
	{                                                                      \
		enum what what = met;                                          \
		type done;                                                     \
                                                                               \
		if (what == WHAT_FAIL)                                         \
			return -1;                                             \
		done = NEXT(name) arguments;                                   \
		if (dies_after(what))                                          \
			die();                                                 \
		return done;                                                   \
	}
#define ON_FILE(call) meet((call), NULL, file, false)
#define ON_PATH(call, path) meet((call), (path), -1, false)
/* Nothing is met on the standard files. */
#define ON_OTHER_FILE(call) (file > 2 ? ON_FILE(call) : WHAT_PASS)

POINT(ssize_t, write, (int file, const void *bytes, size_t size),
	ON_OTHER_FILE(CALL_WRITE), (file, bytes, bytes_for(what, size)))
POINT(ssize_t, pwrite, (int file, const void *bytes, size_t size, off_t offset),
	ON_FILE(CALL_PWRITE), (file, bytes, bytes_for(what, size), offset))
POINT(ssize_t, pwrite64,
	(int file, const void *bytes, size_t size, off64_t offset),
	ON_FILE(CALL_PWRITE), (file, bytes, bytes_for(what, size), offset))
POINT(ssize_t, writev, (int file, const struct iovec *parts, int count),
	ON_OTHER_FILE(CALL_WRITEV),
	(file, parts, (int)bytes_for(what, (size_t)count)))
POINT(int, fsync, (int file), ON_FILE(CALL_FSYNC), (file))
POINT(int, fdatasync, (int file), ON_FILE(CALL_FDATASYNC), (file))
POINT(int, ftruncate, (int file, off_t size), ON_FILE(CALL_TRUNCATE),
	(file, size))
POINT(int, ftruncate64, (int file, off64_t size), ON_FILE(CALL_TRUNCATE),
	(file, size))
POINT(int, rename, (const char *from, const char *to), ON_PATH(CALL_RENAME, to),
	(from, to))
POINT(int, unlink, (const char *path), ON_PATH(CALL_UNLINK, path), (path))
POINT(ssize_t, send, (int file, const void *bytes, size_t size, int flags),
	ON_FILE(CALL_SEND), (file, bytes, bytes_for(what, size), flags))
POINT(ssize_t, sendto,
	(int file, const void *bytes, size_t size, int flags,
		__CONST_SOCKADDR_ARG to, socklen_t to_size),
	ON_FILE(CALL_SEND),
	(file, bytes, bytes_for(what, size), flags, to, to_size))
POINT(int, sendmmsg,
	(int file, struct mmsghdr *messages, unsigned count, int flags),
	ON_FILE(CALL_SEND),
	(file, messages, (unsigned)bytes_for(what, count), flags))
POINT(int, connect, (int file, __CONST_SOCKADDR_ARG to, socklen_t to_size),
	ON_FILE(CALL_CONNECT), (file, to, to_size))
POINT(int, accept4,
	(int file, __SOCKADDR_ARG from, socklen_t *from_size, int flags),
	ON_FILE(CALL_ACCEPT), (file, from, from_size, flags))
POINT(int, accept, (int file, __SOCKADDR_ARG from, socklen_t *from_size),
	ON_FILE(CALL_ACCEPT), (file, from, from_size))
POINT(pid_t, fork, (void), ON_PATH(CALL_FORK, ""), ())
POINT(int, memfd_create, (const char *name, unsigned flags),
	ON_PATH(CALL_MEMFD, name), (name, flags))

ssize_t sendmsg(int file, const struct msghdr *message, int flags)
{
	enum what what = ON_FILE(CALL_SEND);
	struct msghdr less = *message;
	struct iovec first;
	ssize_t done;

	if (what == WHAT_FAIL)
		return -1;
	if (bytes_for(what, 2) == 1 && message->msg_iovlen) {
		first = message->msg_iov[0];
		first.iov_len = HALF(first.iov_len);
		less.msg_iov = &first;
		less.msg_iovlen = 1;
	}
	done = NEXT(sendmsg)(file, &less, flags);
	if (dies_after(what))
		die();
	return done;
}

/* Gives its error back instead of setting it. */
int posix_fallocate(int file, off_t offset, off_t size)
{
	enum what what = ON_FILE(CALL_ALLOCATE);
	int done;

	if (what == WHAT_FAIL)
		return errno;
	done = NEXT(posix_fallocate)(file, offset, size);
	if (dies_after(what))
		die();
	return done;
}

/* Only what makes files: to read one changes nothing. */
static int open_file(const char *path, int flags, mode_t mode)
{
	enum what what = flags & O_CREAT ? ON_PATH(CALL_OPEN, path) : WHAT_PASS;
	int done;

	if (what == WHAT_FAIL)
		return -1;
	done = NEXT(openat)(AT_FDCWD, path, flags, mode);
	if (dies_after(what))
		die();
	return done;
}

#define OPEN(name)                                                             \
	int name(const char *path, int flags, ...)                             \
	{                                                                      \
		va_list arguments;                                             \
		mode_t mode = 0;                                               \
                                                                               \
		va_start(arguments, flags);                                    \
		if (flags & (O_CREAT | __O_TMPFILE))                           \
			mode = va_arg(arguments, mode_t);                      \
		va_end(arguments);                                             \
		return open_file(path, flags, mode);                           \
	}

OPEN(open)
OPEN(open64)

int clock_gettime(clockid_t clock, struct timespec *time)
{
	int result = next_clock_gettime
			     ? next_clock_gettime(clock, time)
			     : (int)syscall(SYS_clock_gettime, clock, time);
	int64_t us = page ? atomic_load(&page->clock_us) : 0, total;

	if (result || !us ||
		(clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE))
		return result;
	total = (int64_t)time->tv_sec * 1000000 + time->tv_nsec / 1000 + us;
	time->tv_sec = total / 1000000;
	time->tv_nsec = total % 1000000 * 1000;
	return 0;
}

/* glibc's own, so that nothing has to be looked up before memory works. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

static bool has_memory(const void *caller)
{
	uintptr_t at = (uintptr_t)caller;

	return meet(CALL_MALLOC, NULL, -1, at >= own_from && at < own_to) !=
	       WHAT_FAIL;
}

void *malloc(size_t size)
{
	return has_memory(__builtin_return_address(0)) ? __libc_malloc(size)
						       : NULL;
}

void *calloc(size_t count, size_t size)
{
	return has_memory(__builtin_return_address(0))
		       ? __libc_calloc(count, size)
		       : NULL;
}

void *realloc(void *old, size_t size)
{
	return has_memory(__builtin_return_address(0))
		       ? __libc_realloc(old, size)
		       : NULL;
}
