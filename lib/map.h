/* map.h -- hash tables (uthash), which end the program in a sentence when they
 * find no memory.
 */
#ifndef LIB_MAP_H
#define LIB_MAP_H

#include "lib/log.h"

#define uthash_fatal(reason) log_fatal("A table finds no memory: " reason)
#include <uthash.h>

#endif
