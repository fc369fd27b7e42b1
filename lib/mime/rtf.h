/* rtf.h -- what rich text shows. */
#ifndef LIB_MIME_RTF_H
#define LIB_MIME_RTF_H

#include "lib/arena.h"
#include "lib/slice.h"

#include <stdbool.h>

bool rtf_looks_so(struct slice text);
/* Text without control words, hidden text and tables of fonts and colours;
 * \'hh read in the code page of the document, \u as Unicode. text and shown
 * are valid UTF-8. False when the arena is spent. */
bool rtf_show(struct arena *arena, struct slice text, struct slice *shown)
	__attribute__((warn_unused_result));

#endif
