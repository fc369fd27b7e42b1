/* markup.h -- what HTML and XML show. */
#ifndef LIB_MIME_MARKUP_H
#define LIB_MIME_MARKUP_H

#include "lib/arena.h"
#include "lib/slice.h"

#include <stdbool.h>

/* Text without tags, comments, scripts and styles, its character references
 * decoded; a tag that breaks the line becomes LF. xml: CDATA sections are text
 * (in HTML they are not shown). False when the arena is spent. */
bool markup_show(struct arena *arena, struct slice text, bool xml,
	struct slice *shown) __attribute__((warn_unused_result));
/* Only decodes the character references, so that values of attributes can be
 * read too. False when the arena is spent. */
bool markup_decode(struct arena *arena, struct slice text,
	struct slice *decoded) __attribute__((warn_unused_result));
/* The character set that the bytes name themselves, in an XML declaration or
 * an HTML meta element; absent when there is none. */
struct slice markup_charset(struct slice bytes);

#endif
