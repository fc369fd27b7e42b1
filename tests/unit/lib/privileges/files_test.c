/* files_test.c -- what a list of places leaves open, in a process of its own.
 */
#include "lib/privileges/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATH_BYTES = 128, NOT_CONFINED = 200 };

struct house {
	char folder[32];
	char read[64], write[64], sockets[64], other[64], late[64];
};

static int set_up(void **state)
{
	struct house *house = calloc(1, sizeof(*house));

	strcpy(house->folder, "/tmp/files-test-XXXXXX");
	if (!mkdtemp(house->folder))
		return 1;
	(void)snprintf(house->read, 64, "%s/read", house->folder);
	(void)snprintf(house->write, 64, "%s/write", house->folder);
	(void)snprintf(house->sockets, 64, "%s/sockets", house->folder);
	(void)snprintf(house->other, 64, "%s/other", house->folder);
	(void)snprintf(house->late, 64, "%s/late", house->folder);
	*state = house;
	return mkdir(house->read, 0700) || mkdir(house->sockets, 0700) ||
	       mkdir(house->other, 0700);
}

static int tear_down(void **state)
{
	struct house *house = *state;
	char command[PATH_BYTES];

	(void)snprintf(command, sizeof(command), "rm -rf %s", house->folder);
	free(house);
	return system(command);
}

static int opened(const char *folder, const char *name, int flags)
{
	char path[PATH_BYTES];
	int descriptor;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	descriptor = open(path, flags, 0600);
	if (descriptor < 0)
		return errno;
	close(descriptor);
	return 0;
}

static int bound(const char *folder)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int made = socket(AF_UNIX, SOCK_STREAM, 0), error = 0;

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket",
		folder);
	if (bind(made, (struct sockaddr *)&address, sizeof(address)) < 0)
		error = errno;
	close(made);
	return error ? error : unlink(address.sun_path) < 0 ? errno : 0;
}

typedef int attempt_fn(const struct house *house);

static void expect(const struct house *house, attempt_fn *attempt, int error)
{
	const struct files_place places[] = {{house->read, FILES_READ},
		{house->write, FILES_WRITE}, {house->sockets, FILES_SOCKET},
		{"/nowhere/sockets", FILES_SOCKET}};
	const char *place;
	pid_t child = fork();
	int status;

	if (child == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
			files_confine(places, 4, false, &place) != 0)
			_exit(NOT_CONFINED);
		_exit(attempt(house));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), error);
}

static int read_there(const struct house *house)
{
	return opened(house->read, ".", O_RDONLY);
}

static int write_there(const struct house *house)
{
	return opened(house->read, "file", O_WRONLY | O_CREAT);
}

static int write_in_ours(const struct house *house)
{
	return opened(house->write, "file", O_RDWR | O_CREAT | O_TRUNC);
}

static int socket_in_ours(const struct house *house)
{
	return bound(house->write);
}

static int socket_there(const struct house *house)
{
	return bound(house->sockets);
}

static int file_among_sockets(const struct house *house)
{
	return opened(house->sockets, "file", O_WRONLY | O_CREAT);
}

static int read_elsewhere(const struct house *house)
{
	return opened(house->other, ".", O_RDONLY);
}

static int read_above(const struct house *house)
{
	return opened(house->folder, ".", O_RDONLY);
}

static int run_something(const struct house *house)
{
	(void)house;
	execl("/bin/true", "true", (char *)NULL);
	return errno;
}

static void places_open_what_they_say(void **state)
{
	const struct house *house = *state;

	expect(house, read_there, 0);
	expect(house, write_there, EACCES);
	expect(house, write_in_ours, 0);
	expect(house, socket_in_ours, EACCES);
	expect(house, socket_there, 0);
	expect(house, file_among_sockets, EACCES);
	expect(house, read_elsewhere, EACCES);
	expect(house, read_above, EACCES);
	expect(house, run_something, EACCES);
}

/* The archiver makes the journal while the store waits for it. */
static int read_what_came_late(const struct house *house)
{
	const struct files_place late[] = {{house->late, FILES_READ}};
	const char *place;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
		files_confine(late, 1, true, &place) != 0)
		return NOT_CONFINED;
	/* made by somebody who may */
	return mkdir(house->late, 0700) == 0
		       ? NOT_CONFINED
		       : opened(house->folder, ".", O_RDONLY);
}

static void what_is_above_stands_in_for_what_is_missing(void **state)
{
	const struct house *house = *state;
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(read_what_came_late(house));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void a_place_to_write_that_cannot_be_made_is_named(void **state)
{
	const struct files_place places[] = {{"/nowhere/at/all", FILES_WRITE}};
	const char *place;
	int root;

	(void)state;
	assert_int_equal(files_confine(places, 1, true, &place), ENOENT);
	assert_string_equal(place, places[0].path);
	root = open("/", O_RDONLY | O_DIRECTORY);
	assert_true(root >= 0); /* nothing was given up */
	close(root);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {TEST(places_open_what_they_say),
		TEST(what_is_above_stands_in_for_what_is_missing),
		TEST(a_place_to_write_that_cannot_be_made_is_named)};

	if (files_version() == FILES_NOT_THERE) {
		print_message("skipped: no Landlock in this kernel\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
