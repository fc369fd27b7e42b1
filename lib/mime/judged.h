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
	JUDGED_TEXT, /* header text, reason phrase, SDP line, URI header … */
	JUDGED_PART, /* a leaf body part, decoded */
	JUDGED_UNSEEN, /* something that we cannot look into; what can be seen
			* of it (decoded, text, scan) is given all the same */
	JUDGED_WHOLE   /* a container with something to scan, behind the head
			* of a mail: for the scanner's own MIME reader */
};

/* One entry is one reading. What can be read in several harmless ways (a
 * reader that shows encoded words and one that does not, markup with and
 * without its tags) has an entry of kind JUDGED_TEXT for each further reading,
 * with the same place: a judge looks at text of every entry, and scans decoded
 * of every entry with scan, whatever their kinds. */
struct judged {
	enum judged_kind kind;
	struct slice place;      /* "body", "body.2.1", "header Subject" … */
	struct slice media_type; /* declared, lower case; absent: none */
	struct slice file_name;  /* UTF-8; absent: none */
	struct slice raw;        /* as it stands in the message (borrowed) */
	struct slice decoded;    /* after transfer and content encoding */
	struct slice text;       /* valid UTF-8 without NUL; absent: no text */
	bool editable;           /* text is raw itself, and its only reading
				  * but for those without its markup */
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

/* list is emptied; arena is borrowed until the list is no longer used. */
void judged_start(struct judged_list *list, struct arena *arena,
	struct judged_limits limits);
/* Adds a text that is no body part, an unfolded header value for instance.
 * Valid UTF-8 is taken as it is, else ISO 8859-1 is assumed for what is not.
 * Further readings: RFC 2047 words decoded, quoted pairs undone, percent
 * escapes decoded, all of these. An empty text is not added. */
bool judged_add_text(struct judged_list *list, struct slice place,
	struct slice bytes, struct judged_fault *fault)
	__attribute__((warn_unused_result));
/* Adds each leaf of a body, walking multipart, message/cpim, message/sip,
 * message/sipfrag, message/rfc822 … without recursion. An empty body adds
 * nothing but what its headers say. False on a fault. */
bool judged_add_body(struct judged_list *list, const struct judged_body *body,
	struct judged_fault *fault) __attribute__((warn_unused_result));
/* Adds a URI as a text, and each header within it (RFC 3261 19.1.1): body= as
 * a body of the type that its Content-Type= names. False on a fault. */
bool judged_add_uri(struct judged_list *list, struct slice place,
	struct slice uri, struct judged_fault *fault)
	__attribute__((warn_unused_result));
/* Adds a value of From, Contact, Refer-To, Call-Info …: the whole as a text,
 * and the headers within each of its URIs. False on a fault. */
bool judged_add_address(struct judged_list *list, struct slice place,
	struct slice value, struct judged_fault *fault)
	__attribute__((warn_unused_result));
/* Adds what a value of the header ms-text-format carries: its ms-body, decoded,
 * as a body of the type that it names; without one, the value as a text. False
 * on a fault. */
bool judged_add_ms_text(struct judged_list *list, struct slice place,
	struct slice value, struct judged_fault *fault)
	__attribute__((warn_unused_result));

#endif
