/* sight.h -- what bytes are, by looking at them. */
#ifndef LIB_MIME_SIGHT_H
#define LIB_MIME_SIGHT_H

#include "lib/slice.h"

#include <stdbool.h>

/* True when bytes must be scanned: they are not valid UTF-8 without controls,
 * longer than text_limit, hold a long run of base64, or look like a program, a
 * document, a page, a script or a mail. Empty: false. */
bool sight_needs_scan(struct slice bytes, size_t text_limit);
/* True for UTF-8 without NUL and controls but HT, LF, CR. */
bool sight_is_text(struct slice bytes);
/* True when no control but HT, LF, FF, CR and ESC is among the bytes: it may be
 * a text in some character set of eight bits. */
bool sight_may_be_text(struct slice bytes);
/* Why a text cannot be looked into (end-to-end encrypted), or NULL. */
const char *sight_unseen(struct slice text);

#endif
