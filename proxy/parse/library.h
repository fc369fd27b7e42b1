/* library.h -- the arena that libosip2 takes its memory from. */
#ifndef PROXY_PARSE_LIBRARY_H
#define PROXY_PARSE_LIBRARY_H

#include "lib/arena.h"

/* Between the two, whatever libosip2 allocates on this thread comes from the
 * arena and goes with it; its free functions need not be called. Not to be
 * nested. Outside of them it comes from malloc. */
void library_enter(struct arena *arena);
void library_leave(void);

#endif
