/* judged.h -- the closed list of what filter, scanner and archive look at.
 *
 * One walker makes it for all three, so none can see what another misses. An
 * entry is a run of text or bytes with a place; whether it is scanned is
 * decided on its bytes, never on the declared type. What cannot be looked into
 * stands in the list as JUDGED_UNSEEN with the reason and falls under the
 * setting `unseen`. What two readers could read in two ways is a fault: the
 * message is refused.
 */
#ifndef LIB_MIME_JUDGED_H
#define LIB_MIME_JUDGED_H

#include "lib/arena.h"
#include "lib/slice.h"

#include <stdbool.h>
#include <stddef.h>

enum judged_kind {
	JUDGED_TEXT,  /* header text, reason phrase, SDP line, URI header … */
	JUDGED_PART,  /* a leaf body part, decoded */
	JUDGED_UNSEEN /* something that we cannot look into */
};

struct judged {
	enum judged_kind kind;
	struct slice place;      /* "body", "body.2.1", "header Subject" … */
	struct slice media_type; /* declared, lower case; absent: none */
	struct slice file_name;  /* UTF-8; absent: none */
	struct slice raw;        /* as it stands in the message (borrowed) */
	struct slice decoded;    /* after transfer and content encoding */
	struct slice text;       /* valid UTF-8; absent when it is not text */
	bool editable;           /* raw, decoded and text are the same bytes */
	bool scan;               /* its bytes are not short plain text */
	const char *unseen;      /* JUDGED_UNSEEN: why; static */
};

/* An ambiguity or a broken limit. */
struct judged_fault {
	const char *text;   /* static, one phrase */
	struct slice place; /* as in struct judged */
	unsigned status;    /* SIP status it deserves: 400, 413, 415 */
};

struct judged_limits {
	unsigned depth;       /* nesting of parts */
	unsigned parts;       /* leaves and texts in all */
	size_t decoded_bytes; /* in all, all layers together */
	size_t text_limit;    /* plain text up to here is not scanned */
};

struct judged_list {
	struct arena *arena; /* borrowed: texts and decoded bytes live there */
	struct judged_limits limits;
	struct judged *entries;
	size_t count;
	size_t room;
	size_t decoded_bytes;
};

/* What the walker must know of a body: the values of its headers, unfolded;
 * absent when the header is absent. */
struct judged_body {
	struct slice bytes;
	struct slice content_type;
	struct slice transfer_encoding;
	struct slice content_encoding;
	struct slice disposition;
	struct slice place; /* "body" at the top */
};

void judged_start(struct judged_list *list, struct arena *arena,
	struct judged_limits limits);
/* Adds a text that is no body part. bytes may be in any character set: valid
 * UTF-8 is taken as it is, else ISO 8859-1 is assumed; RFC 2047 words are
 * decoded. False on a fault. */
bool judged_add_text(struct judged_list *list, struct slice place,
	struct slice bytes, struct judged_fault *fault)
	__attribute__((warn_unused_result));
/* Adds each leaf of a body, walking multipart, message/cpim, message/sip,
 * message/sipfrag, message/rfc822 … without recursion. False on a fault. */
bool judged_add_body(struct judged_list *list, const struct judged_body *body,
	struct judged_fault *fault) __attribute__((warn_unused_result));

#endif
