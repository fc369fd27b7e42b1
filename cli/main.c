/* main.c -- `sipwarden`: one table of commands. */
#include "cli/commands.h"

#include "lib/log.h"
#include "lib/settings/nearest.h"

#include <stdio.h>
#include <string.h>

/* One line each, in the order in which help shows them. */
static const struct command {
	const char *name, *arguments, *line;
	command_fn *run;
} commands[] = {
	{"search", "[--config FILE] [--json] [--limit N] QUERY...",
		"find messages in the archive", command_search},
	{"show", "[--config FILE] [--json] CONVERSATION",
		"print a conversation as a transcript", command_show},
	{"verify", "[--config FILE] [--json] [--journal FOLDER]",
		"prove that the archive is whole", command_verify},
	{"stats", "[--config FILE] [--json] [--watch SECONDS] | --names",
		"ask every program how it does", command_stats},
	{"dump",
		"[--config FILE] [--json] [--limit N] "
		"bindings|transactions|connections",
		"show what the proxy has under way", command_dump},
	{"reload", "[--config FILE] [--json]",
		"take rules, users and signatures anew", command_reload},
	{"check", "[FILE]", "tell what is wrong with a configuration",
		command_check},
	{"defaults", "", "print every setting at its default",
		command_defaults},
	{"schema", "", "print the configuration's JSON Schema", command_schema},
	{"manual", "", "print the manual page sipwarden.yaml(5)",
		command_manual},
	{"rules", "FILE [--try TEXT] [--direction WORD] [--fixed]",
		"check a content rule file; show what it makes of a text",
		command_rules},
};
enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static int print_help(void)
{
	(void)printf("usage: sipwarden COMMAND [ARGUMENTS]\n\n");
	for (size_t i = 0; i < COMMANDS; i++)
		(void)printf(
			"  %-10s %s\n", commands[i].name, commands[i].line);
	(void)printf("  %-10s %s\n\n", "help",
		"[COMMAND] this, or what a "
		"command takes");
	(void)printf("--version prints the version. Exit status: %d done, %d "
		     "not done, %d wrong command line,\n%d wrong "
		     "configuration.\n",
		COMMAND_OK, COMMAND_FAILED, COMMAND_USAGE,
		COMMAND_CONFIGURATION);
	return command_finish_output();
}

static int refuse_command(const char *name)
{
	struct nearest nearest = {NULL, 0};

	for (size_t i = 0; i < COMMANDS; i++)
		nearest_try(&nearest, name, commands[i].name);
	nearest_try(&nearest, name, "help");
	if (nearest.word)
		(void)fprintf(stderr,
			"sipwarden: no command \"%s\"; did you mean %s?\n",
			name, nearest.word);
	else
		(void)fprintf(stderr,
			"sipwarden: no command \"%s\"; `sipwarden help` lists "
			"them\n",
			name);
	return COMMAND_USAGE;
}

/* name: of a command, or NULL for all of them. */
static int help(const char *name)
{
	const struct command *command;

	if (!name)
		return print_help();
	command = command_find(name);
	if (!command)
		return refuse_command(name);
	(void)printf("usage: sipwarden %s%s%s\n\n%s\n", command->name,
		*command->arguments ? " " : "", command->arguments,
		command->line);
	return command_finish_output();
}

/* Options that stand for a command. */
static const char *command_of_option(const char *word)
{
	static const char *const options[][2] = {
		{"--help", "help"},
		{"-h", "help"},
		{"--print-defaults", "defaults"},
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (strcmp(options[i][0], word) == 0)
			return options[i][1];
	return word;
}

int main(int argc, char **argv)
{
	const struct command *command;
	const char *name;

	log_open("sipwarden");
	if (argc < 2) {
		(void)fprintf(stderr, "sipwarden: which command? `sipwarden "
				      "help` lists them\n");
		return COMMAND_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		(void)printf("sipwarden %s\n", SIPWARDEN_VERSION);
		return command_finish_output();
	}
	name = command_of_option(argv[1]);
	if (strcmp(name, "help") == 0)
		return help(argv[2]); /* NULL ends argv */
	command = command_find(name);
	if (!command)
		return refuse_command(name);
	if (argc > 2 && strcmp(argv[2], "--help") == 0)
		return help(name);
	return command->run(argc - 1, argv + 1);
}
