/* defaults.c -- the table of settings as defaults, JSON Schema and manual. */
#include "cli/commands.h"

#include "lib/settings/print.h"

#include <string.h>

int command_defaults(int argc, char **argv)
{
	int result = command_without_arguments(argc, argv);

	if (result != COMMAND_OK)
		return result;
	settings_print_defaults(stdout);
	return command_finish_output();
}

int command_schema(int argc, char **argv)
{
	int result = command_without_arguments(argc, argv);
	int error;

	if (result != COMMAND_OK)
		return result;
	error = settings_print_schema(stdout);
	if (error) {
		(void)fprintf(
			stderr, "sipwarden: the schema: %s\n", strerror(error));
		return COMMAND_FAILED;
	}
	return command_finish_output();
}

int command_manual(int argc, char **argv)
{
	int result = command_without_arguments(argc, argv);

	if (result != COMMAND_OK)
		return result;
	settings_print_manual(stdout);
	return command_finish_output();
}
