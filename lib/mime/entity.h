/* entity.h -- a head of headers and what stands behind it. */
#ifndef LIB_MIME_ENTITY_H
#define LIB_MIME_ENTITY_H

#include "lib/arena.h"
#include "lib/slice.h"

enum entity_kind {
	ENTITY_PART, /* of a multipart, or inside message/cpim */
	ENTITY_MAIL, /* message/rfc822 */
	ENTITY_SIP,  /* message/sip, message/sipfrag: start line, short names */
	ENTITY_CPIM  /* the outer head of message/cpim */
};

/* Values are unfolded, absent when the header is absent. */
struct entity {
	struct slice head; /* as it stands, without the blank line */
	struct slice body; /* absent: no blank line */
	struct slice content_type;
	struct slice transfer_encoding;
	struct slice content_encoding;
	struct slice disposition;
	struct slice length;
	struct slice others; /* the other lines, unfolded, each ended by LF */
};

/* Returns NULL, or the phrase of what is wrong: repeated headers, folding or
 * line ends that readers take in two ways, lengths that disagree. Borrows from
 * bytes; what must be made lives in the arena. */
const char *entity_read(struct entity *entity, struct arena *arena,
	enum entity_kind kind, struct slice bytes)
	__attribute__((warn_unused_result));

#endif
