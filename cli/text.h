/* text.h -- prints what strangers wrote, so that it cannot drive a terminal.
 *
 * Control characters, those that turn the direction of writing, and bytes that
 * are no UTF-8 are shown escaped (\x1b, \u{202e}).
 */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include "lib/slice.h"

#include <stdbool.h>
#include <stdio.h>

void text_print(FILE *file, struct slice text);
/* The same in lines of at most width columns, each behind indent spaces; line
 * breaks of the text are kept. Ends with a line break. */
void text_print_wrapped(
	FILE *file, struct slice text, unsigned indent, unsigned width);

/* A run of characters that are shown bold. */
struct text_mark {
	size_t start, size; /* in characters */
};
/* As text_print_wrapped, with marks, which are in order. */
void text_print_marked(FILE *file, struct slice text,
	const struct text_mark *marks, size_t count, unsigned indent,
	unsigned width, bool bold);

/* Columns of the terminal behind standard output; 80 without one. */
unsigned text_width(void);
/* Is standard output a terminal that understands bold? */
bool text_bold(void);

#endif
