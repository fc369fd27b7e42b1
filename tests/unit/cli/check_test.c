/* check_test.c -- what `sipwarden check` says and how it exits. */
#include "cli/commands.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/check_test.XXXXXX";
static char *said, *complained;

static void put_file(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void remove_file(const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	(void)unlink(path);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	free(said);
	free(complained);
	remove_file("x.yaml");
	remove_file("users.yaml");
	remove_file("content.yaml");
	return rmdir(folder);
}

/* Runs the command with both outputs kept. */
static int run(command_fn *command, int argc, char **argv)
{
	FILE *out = stdout, *error = stderr;
	size_t size;
	int result;

	free(said);
	free(complained);
	said = complained = NULL;
	stdout = open_memstream(&said, &size);
	stderr = open_memstream(&complained, &size);
	result = command(argc, argv);
	(void)fclose(stdout);
	(void)fclose(stderr);
	stdout = out;
	stderr = error;
	return result;
}

static int check(const char *name)
{
	char path[128], word[] = "check";
	char *argv[] = {word, path, NULL};

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	return run(command_check, 2, argv);
}

#define CONFIGURATION                                                          \
	"server: {name: home1.example.com, domains: [example.com]}\n"          \
	"listen:\n"                                                            \
	"- {transport: udp, address: \"127.0.0.1:5060\"}\n"                    \
	"- {transport: tcp, address: \"[::1]:5060\", treat_as_server: true}\n" \
	"users: users.yaml\n"                                                  \
	"before_routing: [log]\n"                                              \
	"after_routing: []\n"

static void says_in_a_line_what_is_right(void **state)
{
	(void)state;
	put_file("x.yaml", CONFIGURATION);
	put_file("users.yaml",
		"users: [{address: a@example.com, home: home1.example.com}]\n");
	assert_int_equal(check("x.yaml"), COMMAND_OK);
	assert_string_equal(complained, "");
	assert_string_equal(strstr(said, "/x.yaml"),
		"/x.yaml: ok, home1.example.com (home) listens on udp "
		"127.0.0.1:5060, tcp [::1]:5060 (a server's door); 1 user; "
		"before routing: log; after routing: nothing; archive "
		"required; Kafka: none, the journal holds\n");
}

static void names_faults_and_what_to_do(void **state)
{
	(void)state;
	put_file("x.yaml", CONFIGURATION "unsen: flag\narchive: {hold: 3}\n");
	assert_int_equal(check("x.yaml"), COMMAND_CONFIGURATION);
	assert_string_equal(said, "");
	assert_non_null(strstr(complained, "/x.yaml:8:1: unsen is not known"));
	assert_non_null(strstr(complained, "/x.yaml:9:17: archive.hold: 3"));
	assert_non_null(strstr(complained, "\n2 faults; correct the "));
}

static void reads_the_users_too(void **state)
{
	(void)state;
	put_file("x.yaml", CONFIGURATION);
	put_file("users.yaml",
		"users: [{address: a@example.org, home: home9}]\n");
	assert_int_equal(check("x.yaml"), COMMAND_CONFIGURATION);
	assert_non_null(strstr(complained, "/users.yaml:1:19: example.org is "
					   "not among server.domains"));
	assert_non_null(strstr(complained, "/users.yaml:1:40: home9 is "));
	assert_non_null(strstr(complained, "\n2 faults in files that "));
	put_file("users.yaml", "users: 5\n");
	assert_int_equal(check("x.yaml"), COMMAND_CONFIGURATION);
	assert_non_null(strstr(complained, "/users.yaml:1:8: users must be"));
}

static void compiles_the_rules_too(void **state)
{
	(void)state;
	put_file("x.yaml", CONFIGURATION
		"stages: {content-filter: {rules: content.yaml}}\n");
	put_file("users.yaml", "users: []\n");
	put_file("content.yaml", "frobnicate: [\n");
	assert_int_equal(check("x.yaml"), COMMAND_CONFIGURATION);
	assert_non_null(strstr(complained, "/content.yaml:"));
	assert_non_null(strstr(complained, " in files that "));
}

static void refuses_a_wrong_command_line(void **state)
{
	char check_word[] = "check", option[] = "--fast",
	     defaults[] = "defaults";
	char *two[] = {check_word, option, NULL};
	char *three[] = {check_word, check_word, check_word, NULL};
	char *surplus[] = {defaults, check_word, NULL};

	(void)state;
	assert_int_equal(run(command_check, 2, two), COMMAND_USAGE);
	assert_int_equal(run(command_check, 3, three), COMMAND_USAGE);
	assert_non_null(strstr(complained, "usage: sipwarden check"));
	assert_int_equal(run(command_defaults, 2, surplus), COMMAND_USAGE);
	assert_int_equal(run(command_schema, 2, surplus), COMMAND_USAGE);
	assert_int_equal(run(command_manual, 2, surplus), COMMAND_USAGE);
	assert_string_equal(said, "");
}

static void prints_what_the_table_makes(void **state)
{
	char word[] = "x";
	char *argv[] = {word, NULL};

	(void)state;
	assert_int_equal(run(command_defaults, 1, argv), COMMAND_OK);
	assert_non_null(strstr(said, "\n  gather: 500us\n"));
	assert_int_equal(run(command_schema, 1, argv), COMMAND_OK);
	assert_non_null(strstr(said, "\"default\": \"500us\""));
	assert_int_equal(run(command_manual, 1, argv), COMMAND_OK);
	assert_non_null(strstr(said, "\nDefault: 500us.\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_in_a_line_what_is_right),
		cmocka_unit_test(names_faults_and_what_to_do),
		cmocka_unit_test(reads_the_users_too),
		cmocka_unit_test(compiles_the_rules_too),
		cmocka_unit_test(refuses_a_wrong_command_line),
		cmocka_unit_test(prints_what_the_table_makes),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
