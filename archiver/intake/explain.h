/* explain.h -- why an archiver cannot start, and what to do about it. */
#ifndef ARCHIVER_INTAKE_EXPLAIN_H
#define ARCHIVER_INTAKE_EXPLAIN_H

/* Each writes one sentence into INTAKE_WHY_BYTES and returns the error. */
int explain_journal(int error, const char *folder, char *why);
int explain_socket(int error, const char *path, char *why);

#endif
