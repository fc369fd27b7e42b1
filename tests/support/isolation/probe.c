/* probe.c -- makes a running program attempt what it may not, and tell.
 *
 * Preloaded into a program of ours. SIGUSR1 has it try what SIPWARDEN_PROBE
 * lists, separated by commas, and write a line for each to standard error:
 * "probe PID ATTEMPT ERRNO". SIGUSR2 has it do what SIPWARDEN_PROBE_DEADLY
 * names, which should end it. Signals reach it after it has confined itself,
 * and its children inherit all of this.
 *
 *   read:PATH write:PATH   open a file or folder; create one
 *   socket:N               open a socket of family N
 *   code                   get memory that may be written and run
 *   fork                   make a process
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ATTEMPTS = 64, TEXT_BYTES = 256 };

static char attempts[ATTEMPTS][TEXT_BYTES];
static char deadly[TEXT_BYTES];
static int count;

static const char *after(const char *text, const char *beginning)
{
	size_t size = strlen(beginning);

	return strncmp(text, beginning, size) == 0 ? text + size : NULL;
}

static int outcome(long result)
{
	return result < 0 ? errno : 0;
}

static int opened(const char *path, int flags)
{
	long result = syscall(SYS_openat, AT_FDCWD, path, flags, 0600);

	if (result < 0)
		return errno;
	syscall(SYS_close, result);
	return 0;
}

static int mapped(void)
{
	void *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return map == MAP_FAILED ? errno : 0;
}

static int forked(void)
{
	long child = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (child == 0)
		_exit(0);
	return outcome(child);
}

static int attempt(const char *what)
{
	const char *rest;

	if ((rest = after(what, "read:")))
		return opened(rest, O_RDONLY);
	if ((rest = after(what, "write:")))
		return opened(rest, O_WRONLY | O_CREAT);
	if ((rest = after(what, "socket:")))
		return outcome(syscall(
			SYS_socket, atoi(rest), SOCK_STREAM | SOCK_CLOEXEC, 0));
	if (strcmp(what, "code") == 0)
		return mapped();
	if (strcmp(what, "fork") == 0)
		return forked();
	return -1;
}

static void say(const char *what, int number)
{
	char line[TEXT_BYTES * 2];
	int size = snprintf(line, sizeof(line), "probe %d %s %d\n",
		(int)syscall(SYS_getpid), what, number);

	(void)!write(STDERR_FILENO, line, (size_t)size);
}

static void try_all(int signal)
{
	int kept = errno;

	(void)signal;
	for (int i = 0; i < count; i++)
		say(attempts[i], attempt(attempts[i]));
	say("done", 0);
	errno = kept;
}

static void die(int signal)
{
	static char *const words[] = {"true", NULL};

	(void)signal;
	if (strcmp(deadly, "execve") == 0)
		syscall(SYS_execve, "/bin/true", words, words + 1);
	else if (strcmp(deadly, "ptrace") == 0)
		syscall(SYS_ptrace, 0, 0, 0, 0);
	else if (strcmp(deadly, "unshare") == 0)
		syscall(SYS_unshare, CLONE_NEWUSER);
	else if (strcmp(deadly, "setuid") == 0)
		syscall(SYS_setuid, 0);
	else if (strcmp(deadly, "process_vm_readv") == 0)
		syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0);
	say(deadly, errno);
}

__attribute__((constructor)) static void prepare(void)
{
	struct sigaction tries = {
		.sa_handler = try_all, .sa_flags = SA_RESTART};
	struct sigaction dies = {.sa_handler = die, .sa_flags = SA_RESTART};
	const char *wanted = getenv("SIPWARDEN_PROBE");
	const char *last = getenv("SIPWARDEN_PROBE_DEADLY");

	while (wanted && *wanted && count < ATTEMPTS) {
		size_t size = strcspn(wanted, ",");

		(void)snprintf(attempts[count++], TEXT_BYTES, "%.*s", (int)size,
			wanted);
		wanted += size + (wanted[size] == ',');
	}
	if (last)
		(void)snprintf(deadly, sizeof(deadly), "%s", last);
	(void)sigaction(SIGUSR1, &tries, NULL);
	(void)sigaction(SIGUSR2, &dies, NULL);
}
