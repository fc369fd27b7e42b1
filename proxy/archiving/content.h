/* content.h -- the content part of a record: bytes, texts, attachments. */
#ifndef PROXY_ARCHIVING_CONTENT_H
#define PROXY_ARCHIVING_CONTENT_H

#include "lib/record/record.pb-c.h"
#include "proxy/passage.h"

#include <stdbool.h>

/* Bytes as received (credentials replaced by their digest), later versions,
 * what was decoded of the newest version, and each file with its verdict. */
bool content_fill(struct passage *passage, Sipwarden__Record__Content *content)
	__attribute__((warn_unused_result));
/* A terminated copy in valid UTF-8 without NUL: each other byte becomes U+FFFD;
 * absent when the arena is spent. */
struct slice content_utf8(struct arena *arena, struct slice text);

#endif
