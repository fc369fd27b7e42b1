/* names.c -- the name of each count and level, by program. */
#include "lib/stats/names.h"

#define ROW(constant, name, kind, text) {name, STATS_##kind, text},
static const struct stats_name proxy[] = {STATS_PROXY(ROW)};
static const struct stats_name scanner[] = {STATS_SCANNER(ROW)};
static const struct stats_name archiver[] = {STATS_ARCHIVER(ROW)};
static const struct stats_name publisher[] = {STATS_PUBLISHER(ROW)};
static const struct stats_name store[] = {STATS_STORE(ROW)};

#define TABLE(names)                                                           \
	{                                                                      \
#names, names, sizeof(names) / sizeof((names)[0])              \
	}
const struct stats_table stats_tables[STATS_TABLES] = {TABLE(proxy),
	TABLE(scanner), TABLE(archiver), TABLE(publisher), TABLE(store)};
