/* calls.c -- what a program may ask of the kernel (seccomp). */
#include "lib/privileges/calls.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Names that this machine's architecture or libseccomp does not know are
 * passed over: they are then not allowed. */
static const char *const always[] = {
	/* descriptors and files */
	"read", "write", "readv", "writev", "pread64", "pwrite64", "preadv",
	"pwritev", "preadv2", "pwritev2", "lseek", "_llseek", "close",
	"close_range", "dup", "dup2", "dup3", "fcntl", "fcntl64", "fstat",
	"fstat64", "stat", "stat64", "lstat", "lstat64", "newfstatat",
	"fstatat64", "statx", "access", "faccessat", "faccessat2", "open",
	"openat", "openat2", "getdents", "getdents64", "readlink", "readlinkat",
	"getcwd", "statfs", "statfs64", "fstatfs", "fstatfs64", "fadvise64",
	"readahead", "flock", "ftruncate", "ftruncate64", "truncate", "fsync",
	"fdatasync", "sync_file_range", "fallocate", "rename", "renameat",
	"renameat2", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir", "chmod",
	"fchmod", "fchmodat", "fchown", "utimes", "utimensat", "umask",
	"copy_file_range", "sendfile",
	/* memory */
	"munmap", "mremap", "madvise", "brk", "msync", "mincore", "mlock",
	"mlock2", "munlock", "membarrier", "memfd_create",
	/* time */
	"clock_gettime", "clock_gettime64", "clock_getres", "clock_nanosleep",
	"nanosleep", "gettimeofday", "time", "times", "timerfd_create",
	"timerfd_settime", "timerfd_gettime", "alarm", "setitimer", "getitimer",
	/* threads, and ends */
	"futex", "futex_waitv", "set_robust_list", "get_robust_list", "rseq",
	"set_tid_address", "sched_yield", "sched_getaffinity", "sched_getparam",
	"sched_getscheduler", "getcpu", "gettid", "exit", "exit_group",
	"restart_syscall",
	/* signals */
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigreturn",
	"rt_sigpending", "rt_sigtimedwait", "rt_sigsuspend", "sigaltstack",
	"signalfd", "signalfd4", "pause",
	/* waiting */
	"poll", "ppoll", "select", "_newselect", "pselect6", "epoll_create",
	"epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait",
	"epoll_pwait2", "eventfd", "eventfd2", "pipe", "pipe2", "inotify_init1",
	"inotify_add_watch", "inotify_rm_watch",
	/* who and where we are */
	"getpid", "getppid", "getuid", "geteuid", "getgid", "getegid",
	"getresuid", "getresgid", "getgroups", "getpgrp", "getpgid", "getsid",
	"getrlimit", "ugetrlimit", "prlimit64", "getrusage", "uname", "sysinfo",
	"getrandom", "capget",
	/* descriptors from and to our own, over sockets that are there */
	"sendto", "recvfrom", "sendmsg", "recvmsg", "sendmmsg", "recvmmsg",
	"getsockopt", "setsockopt", "getsockname", "getpeername", "shutdown",
	NULL};

static const char *const local[] = {
	"bind", "connect", "listen", "accept", "accept4", NULL};

/* A child confines itself further. */
static const char *const children[] = {"wait4", "waitid", "kill", "tgkill",
	"setrlimit", "seccomp", "landlock_create_ruleset", "landlock_add_rule",
	"landlock_restrict_self", "capset", NULL};

static const char *const deadly[] = {"execve", "execveat", "ptrace",
	"process_vm_readv", "process_vm_writev", "bpf", "mount", "umount2",
	"move_mount", "open_tree", "fsopen", "fsconfig", "fsmount", "fspick",
	"mount_setattr", "pivot_root", "chroot", "kexec_load",
	"kexec_file_load", "init_module", "finit_module", "delete_module",
	"add_key", "keyctl", "request_key", "setuid", "setgid", "setreuid",
	"setregid", "setresuid", "setresgid", "setfsuid", "setfsgid",
	"setgroups", "unshare", "setns", "userfaultfd", "perf_event_open",
	"open_by_handle_at", "pidfd_getfd", "personality", "reboot", "swapon",
	"swapoff", "iopl", "ioperm", "settimeofday", "clock_settime",
	"clock_adjtime", "adjtimex", "acct", "quotactl", "syslog",
	"sethostname", "setdomainname", NULL};

static const int control_options[] = {PR_SET_NAME, PR_GET_NAME,
	PR_SET_PDEATHSIG, PR_GET_DUMPABLE, PR_GET_NO_NEW_PRIVS,
	PR_CAPBSET_READ};
/* What a child confines itself with, and no way back from any. */
static const int child_options[] = {PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS,
	PR_CAPBSET_DROP, PR_CAP_AMBIENT, PR_GET_SECCOMP};
static const unsigned long device_requests[] = {
	FIONBIO, FIONREAD, FIOCLEX, FIONCLEX, TCGETS};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

bool calls_can_be_filtered(void)
{
	return prctl(PR_GET_SECCOMP) >= 0;
}

static int add_names(
	scmp_filter_ctx filter, uint32_t action, const char *const *names)
{
	int error = 0;

	for (; *names && !error; names++) {
		int number = seccomp_syscall_resolve_name(*names);

		if (number != __NR_SCMP_ERROR)
			error = seccomp_rule_add(filter, action, number, 0);
	}
	return error;
}

static int allow_value(
	scmp_filter_ctx filter, int number, unsigned argument, uint64_t value)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1,
		SCMP_CMP64(argument, SCMP_CMP_EQ, value, 0));
}

/* No memory is written and run: not at once, and not one after the other. */
static int add_memory(scmp_filter_ctx filter)
{
	static const char *const maps[] = {"mmap", "mmap2"};
	int error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect),
		1, SCMP_CMP64(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));

	for (size_t i = 0; i < COUNT(maps) && !error; i++) {
		int map = seccomp_syscall_resolve_name(maps[i]);

		error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, map, 1,
			SCMP_CMP64(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
		if (!error) /* a library that is loaded late */
			error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, map, 2,
				SCMP_CMP64(2, SCMP_CMP_MASKED_EQ,
					PROT_EXEC | PROT_WRITE, PROT_EXEC),
				SCMP_CMP64(3, SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS,
					0));
	}
	return error;
}

static int add_options(scmp_filter_ctx filter, bool more)
{
	int error = 0;

	for (size_t i = 0; i < COUNT(control_options) && !error; i++)
		error = allow_value(filter, SCMP_SYS(prctl), 0,
			(uint64_t)control_options[i]);
	for (size_t i = 0; more && i < COUNT(child_options) && !error; i++)
		error = allow_value(
			filter, SCMP_SYS(prctl), 0, (uint64_t)child_options[i]);
	for (size_t i = 0; i < COUNT(device_requests) && !error; i++)
		error = allow_value(
			filter, SCMP_SYS(ioctl), 1, device_requests[i]);
	return error;
}

/* A thread is a clone that shares all; clone3 cannot be looked into, and
 * without it the C library takes clone. */
static int add_local(scmp_filter_ctx filter)
{
	int error = add_names(filter, SCMP_ACT_ALLOW, local);

	if (!error)
		error = seccomp_rule_add(filter, SCMP_ACT_ALLOW,
			SCMP_SYS(clone), 1,
			SCMP_CMP64(0, SCMP_CMP_MASKED_EQ, CLONE_THREAD,
				CLONE_THREAD));
	if (!error)
		error = allow_value(filter, SCMP_SYS(socket), 0, AF_UNIX);
	return error ? error
		     : allow_value(filter, SCMP_SYS(socketpair), 0, AF_UNIX);
}

/* Children, in no name space of their own. */
static int add_children(scmp_filter_ctx filter)
{
	const uint64_t spaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS |
				CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |
				CLONE_NEWNET;
	int error = add_names(filter, SCMP_ACT_ALLOW, children);

	return error ? error
		     : seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone),
			       1, SCMP_CMP64(0, SCMP_CMP_MASKED_EQ, spaces, 0));
}

static int add_network(scmp_filter_ctx filter)
{
	static const int families[] = {AF_INET, AF_INET6, AF_NETLINK};
	int error = 0;

	for (size_t i = 0; i < COUNT(families) && !error; i++)
		error = allow_value(
			filter, SCMP_SYS(socket), 0, (uint64_t)families[i]);
	return error;
}

/* Of signals, those to ourselves alone. */
static int add_signals(scmp_filter_ctx filter)
{
	const uint64_t ourselves = (uint64_t)getpid();
	int error = allow_value(filter, SCMP_SYS(kill), 0, ourselves);

	return error ? error
		     : allow_value(filter, SCMP_SYS(tgkill), 0, ourselves);
}

static int fill(scmp_filter_ctx filter, unsigned rights)
{
	int error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);

	if (!error)
		error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (!error)
		error = add_names(filter, SCMP_ACT_ALLOW, always);
	if (!error)
		error = add_names(filter, SCMP_ACT_KILL_PROCESS, deadly);
	if (!error)
		error = add_memory(filter);
	if (!error && !(rights & CALLS_CHILDREN))
		error = add_signals(filter);
	if (!error)
		error = add_options(filter, rights & CALLS_CHILDREN);
	if (!error && rights & CALLS_LOCAL)
		error = add_local(filter);
	if (!error && rights & CALLS_NETWORK)
		error = add_network(filter);
	if (!error && rights & CALLS_CHILDREN)
		error = add_children(filter);
	return error;
}

int calls_confine(unsigned rights)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int error = filter ? fill(filter, rights) : -ENOMEM;

	if (!error)
		error = seccomp_load(filter);
	seccomp_release(filter);
	return -error;
}
