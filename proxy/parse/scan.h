/* scan.h -- how the bytes of header values are classed and walked.
 *
 * Everything here reads runs of bytes that somebody else owns, in one pass,
 * without memory. Values may be unfolded or not: SP, HT, CR and LF are all
 * white space here (message.c has seen to it that CR and LF are folds).
 */
#ifndef PROXY_PARSE_SCAN_H
#define PROXY_PARSE_SCAN_H

#include "lib/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	SCAN_TOKEN = 1,   /* RFC 3261 25.1 token */
	SCAN_CONTROL = 2, /* below 0x20 but HT, and 0x7f */
	SCAN_SPACE = 4,   /* SP HT CR LF */
	SCAN_USER = 8,    /* unreserved or user-unreserved or : (userinfo) */
	SCAN_SCHEME = 16, /* alphanum + - . */
	SCAN_HOST = 32,   /* alphanum - . _ */
	SCAN_URIC = 64,   /* anything a URI may hold, % and [ ] included */
	SCAN_STOP = 128   /* " < > , ; \ in an unquoted display name, and : */
};
extern const unsigned char scan_classes[256];

static inline bool scan_is(char byte, unsigned classes)
{
	return scan_classes[(unsigned char)byte] & classes;
}
/* How many bytes from the front are of these classes. */
size_t scan_span(struct slice text, unsigned classes);
/* Not empty and all of these classes. */
bool scan_all(struct slice text, unsigned classes);
/* How many bytes from the front are surely 0x20 to 0x7e; looked at in words,
 * so there may be up to seven more. */
size_t scan_plain(struct slice text);
bool scan_is_utf8(struct slice text);
/* The value of a hex digit, or -1. */
int scan_hex(char digit);
/* Each % is followed by two hex digits that are not 00. */
bool scan_escapes_are_sound(struct slice text);
/* Offset behind the quote that closes text (which begins with the opening
 * one), or SIZE_MAX when none does. */
size_t scan_quoted(struct slice text);

/* token SLASH token: moves text behind it. */
bool scan_media_type(struct slice *text);

/* One ;name=value; rest begins with the semicolon or is empty. */
struct parameter {
	struct slice whole; /* from the semicolon to the end of the value */
	struct slice name;
	struct slice value; /* absent: none; with its quotes */
};
enum scan_step { SCAN_END, SCAN_ITEM, SCAN_BROKEN };
enum scan_step scan_parameter(struct slice *rest, struct parameter *parameter);

/* A name-addr or addr-spec with its parameters (RFC 3261 20.10). */
struct address_parts {
	struct slice name; /* without the outer quotes; absent: none */
	bool quoted;
	struct slice uri;
	struct slice parameters; /* from the first ; on */
	struct slice tag;        /* absent: none */
};
/* NULL, or a phrase that says what is wrong. limit: of parameters. */
const char *scan_address(
	struct slice text, size_t limit, struct address_parts *parts);

/* One Via value (RFC 3261 20.42). */
struct via_parts {
	struct slice version;
	struct slice transport;
	struct slice host; /* without brackets */
	bool ipv6;
	uint16_t port; /* 0: not given */
	struct slice sent_by;
	struct slice parameters;
	struct slice branch, received, maddr; /* absent: none */
	bool has_rport;
	uint16_t rport; /* 0: no value */
};
/* NULL, or a phrase. sent_by is set when it could be read, whatever stands
 * behind it. */
const char *scan_via(struct slice text, size_t limit, struct via_parts *parts);

/* host or host:port at the front of text: moves text behind it. White space
 * around the colon is allowed where spaces is set (RFC 3261 25.1 COLON). */
bool scan_host(struct slice *text, bool spaces, struct slice *host, bool *ipv6,
	uint16_t *port);
/* What every URI must hold to: a scheme, no byte outside the grammar, sound
 * escapes, for sip and sips one @ at most and a host. NULL or a phrase. */
const char *scan_uri(struct slice text);

#endif
