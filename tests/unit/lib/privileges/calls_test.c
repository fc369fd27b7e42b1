/* calls_test.c -- what a filter allows, in a process of its own each time. */
#include "lib/privileges/calls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOT_CONFINED = 200 };

typedef long attempt_fn(void);

/* What waitpid says of a child that confined itself and made the attempt: it
 * exits with errno, or 0. */
static int status_of(unsigned rights, attempt_fn *attempt)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
			calls_confine(rights) != 0)
			syscall(SYS_exit_group, NOT_CONFINED);
		syscall(SYS_exit_group, attempt() < 0 ? errno : 0);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void expect(unsigned rights, attempt_fn *attempt, int error)
{
	int status = status_of(rights, attempt);

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), error);
}

static void expect_death(unsigned rights, attempt_fn *attempt)
{
	int status = status_of(rights, attempt);

	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSYS);
}

static long local_socket(void)
{
	return syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
}

static long network_socket(void)
{
	return syscall(SYS_socket, AF_INET, SOCK_DGRAM, 0);
}

static long packet_socket(void)
{
	return syscall(SYS_socket, AF_PACKET, SOCK_RAW, 0);
}

static long process(void)
{
	long child = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (child == 0)
		syscall(SYS_exit_group, 0);
	return child;
}

static long process_with_users(void)
{
	return syscall(SYS_clone, SIGCHLD | CLONE_NEWUSER, 0, 0, 0, 0);
}

static long newer_process(void)
{
	return syscall(SYS_clone3, NULL, 0);
}

static long map(int protection, int flags)
{
	return syscall(SYS_mmap, NULL, 4096, protection, flags, -1, 0);
}

static long memory(void)
{
	return map(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
}

static long code_at_once(void)
{
	return map(PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS);
}

static long empty_code(void)
{
	return map(PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS);
}

static long code_afterwards(void)
{
	static _Alignas(4096) char page[4096];

	return syscall(SYS_mprotect, page, sizeof(page), PROT_READ | PROT_EXEC);
}

static long signal_to_ourselves(void)
{
	return syscall(SYS_kill, getpid(), 0);
}

static long signal_to_another(void)
{
	return syscall(SYS_kill, getppid(), 0);
}

static long typed_input(void)
{
	return syscall(SYS_ioctl, STDIN_FILENO, TIOCSTI, "x");
}

static long new_program(void)
{
	return syscall(SYS_execve, "/bin/true", NULL, NULL);
}

static long other_user(void)
{
	return syscall(SYS_setuid, 0);
}

static long trace(void)
{
	return syscall(SYS_ptrace, 0, 0, 0, 0);
}

static long unknown_call(void)
{
	return syscall(1023);
}

static void sockets_are_of_the_families_that_are_needed(void **state)
{
	(void)state;
	expect(0, local_socket, ENOSYS);
	expect(CALLS_LOCAL, local_socket, 0);
	expect(CALLS_LOCAL, network_socket, ENOSYS);
	expect(CALLS_LOCAL | CALLS_NETWORK, network_socket, 0);
	expect(CALLS_LOCAL | CALLS_NETWORK, packet_socket, ENOSYS);
}

static void processes_are_made_by_who_needs_them(void **state)
{
	(void)state;
	expect(CALLS_LOCAL, process, ENOSYS);
	expect(CALLS_LOCAL | CALLS_CHILDREN, process, 0);
	expect(CALLS_LOCAL | CALLS_CHILDREN, process_with_users, ENOSYS);
	expect(CALLS_LOCAL | CALLS_CHILDREN, newer_process, ENOSYS);
}

static void what_was_written_is_not_run(void **state)
{
	(void)state;
	expect(0, memory, 0);
	expect(0, code_at_once, ENOSYS);
	expect(0, empty_code, ENOSYS);
	expect(0, code_afterwards, ENOSYS);
}

static void signals_go_to_ourselves(void **state)
{
	(void)state;
	expect(CALLS_LOCAL, signal_to_ourselves, 0);
	expect(CALLS_LOCAL, signal_to_another, ENOSYS);
	expect(CALLS_CHILDREN, signal_to_another, 0);
}

static void nobody_types_for_us(void **state)
{
	(void)state;
	expect(CALLS_LOCAL | CALLS_NETWORK | CALLS_CHILDREN, typed_input,
		ENOSYS);
}

static void what_an_intruder_asks_for_is_deadly(void **state)
{
	const unsigned all = CALLS_LOCAL | CALLS_NETWORK | CALLS_CHILDREN;

	(void)state;
	expect_death(all, new_program);
	expect_death(all, other_user);
	expect_death(all, trace);
	expect(all, unknown_call, ENOSYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sockets_are_of_the_families_that_are_needed),
		cmocka_unit_test(processes_are_made_by_who_needs_them),
		cmocka_unit_test(what_was_written_is_not_run),
		cmocka_unit_test(signals_go_to_ourselves),
		cmocka_unit_test(nobody_types_for_us),
		cmocka_unit_test(what_an_intruder_asks_for_is_deadly)};

	if (!calls_can_be_filtered()) {
		print_message("skipped: no seccomp in this kernel\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
