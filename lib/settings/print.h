/* print.h -- the table in the forms that people and editors read. */
#ifndef LIB_SETTINGS_PRINT_H
#define LIB_SETTINGS_PRINT_H

#include "lib/settings/table.h"

#include <stdio.h>

/* A configuration with every setting at its default and a remark on each;
 * what has no default stands as a comment with an example. */
void settings_print_defaults(FILE *out);
/* sipwarden.yaml(5), in man macros. */
void settings_print_manual(FILE *out);
/* A JSON Schema (2020-12) that editors complete and check a file by. 0 or
 * ENOMEM. */
int settings_print_schema(FILE *out) __attribute__((warn_unused_result));

/* Writes text in lines of at most width columns, each begun by prefix. */
void print_wrapped(
	FILE *out, const char *prefix, const char *text, size_t width);

/* Walks the rows in order and names the sections that begin with each: for
 * row i, calls enter for each section that row i-1 was not in (outermost
 * first), then row. */
typedef void section_fn(void *arg, const char *name, size_t depth);
typedef void row_fn(void *arg, const struct setting *setting, size_t depth);
void settings_walk(section_fn *enter, row_fn *row, void *arg);

#endif
