/* library.h -- libosip2 made harmless, and asked for a second opinion. */
#ifndef PROXY_PARSE_LIBRARY_H
#define PROXY_PARSE_LIBRARY_H

#include "lib/arena.h"
#include "proxy/parse/values.h"

#include <stdbool.h>

/* Between the two, whatever libosip2 allocates on this thread comes from the
 * arena and goes with it; its free functions need not be called. Not to be
 * nested. Outside of them it comes from malloc. */
void library_enter(struct arena *arena);
void library_leave(void);
/* libosip2 finds the same user, password, host and port in this SIP URI. It
 * has at most 8 KB, 64 parameters and 64 headers. */
bool library_reads_the_same(struct arena *arena, const struct uri *uri);

#endif
