/* commands.h -- the commands of `sipwarden`, one function each. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

/* What a command returns and the program exits with. */
enum {
	COMMAND_OK = 0,
	COMMAND_FAILED = 1,        /* what was asked for was not done */
	COMMAND_USAGE = 2,         /* the command line makes no sense */
	COMMAND_CONFIGURATION = 78 /* EX_CONFIG */
};

/* Where the configuration is when the command line does not say. */
#define COMMAND_CONFIGURATION_FILE "/etc/sipwarden/sipwarden.yaml"

/* argv[0] is the command's own name. */
typedef int command_fn(int argc, char **argv);

command_fn command_check;
command_fn command_defaults;
command_fn command_schema;
command_fn command_manual;
command_fn command_rules;
command_fn command_search;
command_fn command_show;
command_fn command_verify;
command_fn command_stats;
command_fn command_dump;
command_fn command_reload;

/* For a command that takes no arguments: COMMAND_OK when there are none, else
 * says so on standard error and returns COMMAND_USAGE. */
int command_without_arguments(int argc, char **argv);
/* Flushes standard output: COMMAND_OK, or COMMAND_FAILED with a sentence when
 * not all of it could be written. */
int command_finish_output(void);

#endif
