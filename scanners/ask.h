/* ask.h -- has one file judged by the running scanner, for administrators. */
#ifndef SCANNERS_ASK_H
#define SCANNERS_ASK_H

#include "lib/settings.h"

enum { ASK_CLEAN = 0, ASK_INFECTED = 1, ASK_UNSCANNABLE = 2, ASK_FAILED = 3 };

/* Prints the verdict as one line; returns one of the above. */
int ask_scanner(const struct settings *settings, const char *path);

#endif
