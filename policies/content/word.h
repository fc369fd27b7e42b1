/* word.h -- where words begin and end in a folded text. */
#ifndef POLICIES_CONTENT_WORD_H
#define POLICIES_CONTENT_WORD_H

#include "lib/slice.h"

#include <stdbool.h>
#include <stddef.h>

/* Does no word run over the place before `at`? Letters and digits make words;
 * in scripts written without spaces (Chinese, Japanese, Korean, Thai …) each
 * letter is a word. text is valid UTF-8, at a border of its code points. */
bool word_border(struct slice text, size_t at);
/* The end of the word that runs over the place before `at`; at if none does. */
size_t word_end(struct slice text, size_t at);

#endif
