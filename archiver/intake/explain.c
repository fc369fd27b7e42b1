/* explain.c -- why an archiver cannot start, and what to do about it. */
#include "archiver/intake/explain.h"

#include "archiver/intake/intake.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>

int explain_journal(int error, const char *folder, char *why)
{
	const char *advice = "look at the folder and its disk";

	if (error == EBUSY)
		advice = "another archiver works there; stop it first, or set "
			 "another archive.journal";
	else if (error == ENOENT)
		advice = "the folder above it does not exist; make it, or set "
			 "another archive.journal";
	else if (error == EACCES || error == EPERM)
		advice = "give the archiver's user the folder, mode 0750";
	else if (error == ENOSPC)
		advice = "the disk is full; make room for at least one segment";
	(void)snprintf(why, INTAKE_WHY_BYTES,
		"The journal %s cannot be opened: %s; %s", folder,
		strerror(error), advice);
	return error;
}

int explain_socket(int error, const char *path, char *why)
{
	char copy[INTAKE_WHY_BYTES];

	(void)snprintf(copy, sizeof(copy), "%s", path);
	if (error == ENOENT)
		(void)snprintf(why, INTAKE_WHY_BYTES,
			"The folder %s of the archiver's socket does not exist;"
			" make it with mode 0750 for the archiver's user, or"
			" set another archive.socket",
			dirname(copy));
	else if (error == EADDRINUSE)
		(void)snprintf(why, INTAKE_WHY_BYTES,
			"Another archiver answers at %s; stop it first, or set"
			" another archive.socket",
			path);
	else
		(void)snprintf(why, INTAKE_WHY_BYTES,
			"The socket %s cannot be made: %s; look at its folder,"
			" or set another archive.socket",
			path, strerror(error));
	return error;
}
