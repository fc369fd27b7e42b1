/* peers_test.c -- who is believed at the other end of a local socket. */
#include "lib/peers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROXY = 64101, STORE = 64105, STRANGER = 64106 };

struct meeting {
	char folder[32], path[64];
	int listener;
};

static void open_meeting(struct meeting *meeting)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	strcpy(meeting->folder, "/tmp/peers-test-XXXXXX");
	assert_non_null(mkdtemp(meeting->folder));
	assert_int_equal(chmod(meeting->folder, 0755), 0);
	(void)snprintf(meeting->path, sizeof(meeting->path), "%s/socket",
		meeting->folder);
	strcpy(address.sun_path, meeting->path);
	meeting->listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(meeting->listener, (struct sockaddr *)&address,
				 sizeof(address)),
		0);
	assert_int_equal(chmod(meeting->path, 0777), 0);
	assert_int_equal(listen(meeting->listener, 4), 0);
}

static void close_meeting(struct meeting *meeting)
{
	close(meeting->listener);
	unlink(meeting->path);
	rmdir(meeting->folder);
}

/* The listener's end of a connection made by this user. */
static int call_as(struct meeting *meeting, uid_t user)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	pid_t child = fork();
	int status, descriptor;

	strcpy(address.sun_path, meeting->path);
	if (child == 0) {
		int made = socket(AF_UNIX, SOCK_STREAM, 0);

		if (setgid(user) != 0 || setuid(user) != 0 ||
			connect(made, (struct sockaddr *)&address,
				sizeof(address)) != 0)
			_exit(1);
		_exit(0);
	}
	descriptor = accept(meeting->listener, NULL, NULL);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_true(descriptor >= 0);
	return descriptor;
}

static bool is(struct meeting *meeting, uid_t user, unsigned expected)
{
	char who[PEER_TEXT_BYTES], begins[PEER_TEXT_BYTES];
	int descriptor = call_as(meeting, user);
	bool believed = peer_is(descriptor, expected, who);

	(void)snprintf(
		begins, sizeof(begins), "user=%u process=", (unsigned)user);
	assert_memory_equal(who, begins, strlen(begins));
	close(descriptor);
	return believed;
}

static void our_own_user_is_always_believed(void **state)
{
	char who[PEER_TEXT_BYTES];
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_true(peer_is(ends[0], 0, who));
	close(ends[0]);
	close(ends[1]);
	assert_false(peer_is(ends[0], ~0u, who));
	assert_string_equal(who, "user=unknown");
}

static void others_are_who_the_settings_name(void **state)
{
	struct settings settings = {0};
	struct meeting meeting;

	(void)state;
	if (geteuid() != 0) {
		print_message("only root can call as another user\n");
		skip();
	}
	open_meeting(&meeting);
	assert_false(is(&meeting, PROXY, PEER(PROGRAM_PROXY)));
	settings.program_users.proxy = "64101";
	settings.program_users.store = "64105";
	settings.program_users.scanner = "no-such-user-anywhere";
	settings.program_users.archiver = "root"; /* a name, and our own */
	peers_know(&settings);
	assert_true(is(&meeting, PROXY, PEER(PROGRAM_PROXY)));
	assert_true(
		is(&meeting, STORE, PEER(PROGRAM_PROXY) | PEER(PROGRAM_STORE)));
	assert_false(is(&meeting, STORE, PEER(PROGRAM_PROXY)));
	assert_false(is(&meeting, STRANGER, (1u << PROGRAMS) - 1));
	/* a program is no person, whatever group it is in */
	assert_false(is(&meeting, PROXY, PEER_PEOPLE));
	assert_false(is(&meeting, STRANGER, PEER_PEOPLE));
	close_meeting(&meeting);
	settings = (struct settings){0};
	peers_know(&settings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(our_own_user_is_always_believed),
		cmocka_unit_test(others_are_who_the_settings_name)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
