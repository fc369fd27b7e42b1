/* message.h -- one SIP message: the bytes as received and an index of them.
 *
 * The bytes are never edited. One pass finds start line, headers and body and
 * refuses what two readers could read differently. Values are read on demand
 * (values.h, with libosip2 on the message's arena). Edits of content make a new
 * message (a version) over new bytes; edits of a hop are splices (edits.h).
 *
 * Counted: whoever keeps a message holds it. A message is immutable once
 * indexed, so it may be read by any worker; it is released by one at a time.
 */
#ifndef PROXY_PARSE_MESSAGE_H
#define PROXY_PARSE_MESSAGE_H

#include "lib/arena.h"
#include "lib/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* RFC 3261 20 and its extensions, as far as this program looks at them. The
 * compact forms (v, f, t, m, i, e, l, c, s, k, o …) map to the same ids. */
enum header_id {
	HEADER_OTHER,
	HEADER_ACCEPT,
	HEADER_ALLOW,
	HEADER_AUTHENTICATION_INFO,
	HEADER_AUTHORIZATION,
	HEADER_CALL_ID,
	HEADER_CALL_INFO,
	HEADER_CONTACT,
	HEADER_CONTENT_DISPOSITION,
	HEADER_CONTENT_ENCODING,
	HEADER_CONTENT_LENGTH,
	HEADER_CONTENT_TRANSFER_ENCODING,
	HEADER_CONTENT_TYPE,
	HEADER_CSEQ,
	HEADER_DATE,
	HEADER_EVENT,
	HEADER_EXPIRES,
	HEADER_FROM,
	HEADER_MAX_FORWARDS,
	HEADER_MIME_VERSION,
	HEADER_MS_TEXT_FORMAT,
	HEADER_PATH,
	HEADER_PROXY_AUTHENTICATE,
	HEADER_PROXY_AUTHORIZATION,
	HEADER_PROXY_REQUIRE,
	HEADER_RACK,
	HEADER_REASON,
	HEADER_RECORD_ROUTE,
	HEADER_REFER_TO,
	HEADER_REQUIRE,
	HEADER_RETRY_AFTER,
	HEADER_ROUTE,
	HEADER_RSEQ,
	HEADER_SUBJECT,
	HEADER_SUPPORTED,
	HEADER_TIMESTAMP,
	HEADER_TO,
	HEADER_UNSUPPORTED,
	HEADER_USER_AGENT,
	HEADER_VIA,
	HEADER_WARNING,
	HEADER_WWW_AUTHENTICATE,
	HEADER_IDS
};

enum method {
	METHOD_OTHER,
	METHOD_INVITE,
	METHOD_ACK,
	METHOD_BYE,
	METHOD_CANCEL,
	METHOD_REGISTER,
	METHOD_OPTIONS,
	METHOD_MESSAGE,
	METHOD_SUBSCRIBE,
	METHOD_NOTIFY,
	METHOD_PUBLISH,
	METHOD_SERVICE,
	METHOD_INFO,
	METHOD_UPDATE,
	METHOD_PRACK,
	METHOD_REFER
};
enum { METHOD_WORDS = METHOD_REFER + 1 };

struct header {
	enum header_id id;
	struct slice name;  /* as spelled */
	struct slice value; /* trimmed; folds still in it (see unfolded) */
	struct slice line;  /* the whole header, folds and last CRLF included */
	struct slice unfolded; /* value, or its copy without folds */
	bool folded;
};

/* The top Via, read while indexing (RFC 3261 18.2.1, 17.2.3). */
struct top_via {
	struct slice value;     /* the first Via value alone, as it stands */
	struct slice transport; /* UDP, TCP … */
	struct slice host;      /* without brackets */
	uint16_t port;          /* 0: not given */
	struct slice sent_by;   /* host[:port] as spelled */
	struct slice branch;    /* absent: RFC 2543 */
	bool rport;             /* the parameter is there (RFC 3581) */
	bool magic;             /* branch is z9hG4bK and something more */
};

struct message {
	struct arena *arena; /* owned; dies with the last reference */
	struct slice bytes;  /* as received: header part and body, cut at
				Content-Length */
	bool is_request;
	enum method method;       /* request: of the start line; response: of
				     CSeq */
	struct slice method_name; /* the same, as spelled */
	struct slice request_uri;
	unsigned status;     /* response */
	struct slice reason; /* response */
	struct header *headers;
	size_t header_count;
	struct slice body; /* size 0: none; at is where it would stand */

	/* Single headers, checked while indexing; absent when missing. */
	struct top_via via;
	size_t via_count; /* values, not headers */
	struct slice call_id;
	struct slice from, to;           /* whole values, unfolded */
	struct slice from_uri, to_uri;   /* without < > and parameters */
	struct slice from_tag, to_tag;   /* absent: none */
	struct slice from_name, to_name; /* display name as spelled, unquoted
					    only */
	uint32_t cseq;
	struct slice content_type; /* unfolded */
	int max_forwards;          /* -1: not there */
	int references;            /* private to message.c */
};

struct message_limits {
	size_t bytes;
	size_t headers;
	size_t line_bytes;
	size_t parameters;
};

/* Why a message cannot be taken. */
struct message_fault {
	unsigned status;    /* what RFC 4475 expects: 400, 505, 513 …; 0: say
			       nothing (no Via, no Call-ID …, a response) */
	const char *reason; /* static, one phrase, fit for a reason phrase */
	size_t offset;      /* where in the bytes */
};

/* Where the first message in a stream ends. */
enum frame_result {
	FRAME_WHOLE, /* *size bytes are one message */
	FRAME_PART,  /* more is needed */
	FRAME_BLANK, /* *size bytes of CRLF keep-alive to skip (two CRLF ask
			for one in return, RFC 5626 3.5.1) */
	FRAME_BROKEN /* cannot be framed: fault says why; close */
};
/* Looks for the end of the first message of a stream (RFC 3261 18.3). Exactly
 * one Content-Length is needed there (absent counts as broken, unless there is
 * no Content-Type either: then it is 0 and FRAME_WHOLE). Call again with the
 * same bytes and more behind them; *scanned (0 at the start of each message)
 * is private and spares looking twice. What another reader could frame in
 * another way (stray CR, LF, NUL, a name that is no token) is broken. */
enum frame_result message_frame(struct slice stream,
	const struct message_limits *limits, size_t *scanned, size_t *size,
	struct message_fault *fault);

/* Bytes that are no UTF-8 are refused in headers that have a grammar (Via,
 * From, To, Contact, Route, Content-Type …) and let be in all others: their
 * text is judged as ISO 8859-1 then.
 *
 * Indexes one message out of bytes (copied into the message's own arena,
 * without CRLFs that stand before it). datagram: a tail beyond Content-Length
 * is cut, a missing Content-Length means the rest; else both are faults. On a
 * fault *message may still be set (indexed as far as an answer needs: Via,
 * From, To, Call-ID, CSeq): then fault->status is to be answered; else *message
 * is NULL, fault->status is 0 and nothing can be said. 0, EBADMSG, ENOMEM. */
int message_index(struct slice bytes, bool datagram,
	const struct message_limits *limits, struct message **message,
	struct message_fault *fault) __attribute__((warn_unused_result));
struct message *message_hold(struct message *message);
/* Sets *message to NULL. */
void message_release(struct message **message);

/* The first header of this id behind `after` (NULL: from the top); NULL. */
const struct header *message_header(const struct message *message,
	enum header_id id, const struct header *after);
/* The same by name, any case and the compact form alike. */
const struct header *message_header_named(const struct message *message,
	struct slice name, const struct header *after);
/* The value with folds replaced by one SP (a copy only when folded). */
struct slice header_unfolded(
	const struct message *message, const struct header *header);
/* Walks the comma-separated values of a header (quotes and < > respected):
 * *rest starts as the value, unfolded or not. False at the end. */
bool header_next_value(struct slice *rest, struct slice *value);
/* The canonical name of an id ("Via"); the id of a name, or HEADER_OTHER. */
struct slice header_name(enum header_id id);
enum header_id header_id_of(struct slice name);
enum method method_of(struct slice name);

#endif
