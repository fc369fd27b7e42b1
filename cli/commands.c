/* commands.c -- what several commands do alike. */
#include "cli/commands.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int command_without_arguments(int argc, char **argv)
{
	if (argc <= 1)
		return COMMAND_OK;
	(void)fprintf(stderr,
		"sipwarden %s takes no arguments; \"%s\" is one\n", argv[0],
		argv[1]);
	return COMMAND_USAGE;
}

int command_finish_output(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return COMMAND_OK;
	(void)fprintf(stderr,
		"sipwarden: the output could not be written: "
		"%s\n",
		strerror(errno));
	return COMMAND_FAILED;
}
