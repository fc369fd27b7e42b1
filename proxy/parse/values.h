/* values.h -- single header values, read with libosip2 and checked first.
 *
 * Everything here lives on the arena that is given. A reader returns false on
 * anything that is not well-formed or that holds %00 in a user part.
 */
#ifndef PROXY_PARSE_VALUES_H
#define PROXY_PARSE_VALUES_H

#include "lib/arena.h"
#include "lib/settings.h"
#include "lib/slice.h"

#include <stdbool.h>
#include <stdint.h>

/* Gives libosip2 our allocators and silences its trace. Once, before threads.
 */
void values_start(void);

/* A SIP or SIPS URI (RFC 3261 19.1), or another absolute URI (scheme alone). */
struct uri {
	struct slice whole;
	struct slice scheme; /* lower case */
	bool sip;            /* sip or sips */
	struct slice user;   /* %-unescaped; absent: none */
	struct slice password;
	struct slice host; /* without brackets, as spelled */
	bool ipv6;         /* host was in brackets */
	uint16_t port;     /* 0: not given */
	struct slice transport, maddr, user_parameter; /* absent: none */
	bool lr;
	struct slice headers;    /* behind ?, still escaped; absent: none */
	struct slice parameters; /* all, from the first ; on */
};
bool uri_read(struct arena *arena, struct slice text, struct uri *uri)
	__attribute__((warn_unused_result));
/* user@host, host in lower case, without port and parameters: the address of
 * record (RFC 3261 10.3 (5)). Absent when the URI has none. */
struct slice uri_address_of_record(struct arena *arena, const struct uri *uri);
/* RFC 3261 19.1.4, all of it. */
bool uri_equal(const struct uri *a, const struct uri *b);
/* The named parameter (any case). True when it is there; value absent when it
 * has none. */
bool uri_parameter(
	const struct uri *uri, struct slice name, struct slice *value);

/* name-addr / addr-spec with header parameters: From, To, Contact, Route … */
struct name_address {
	struct slice display_name; /* unquoted, unescaped; absent: none */
	struct uri uri;
	struct slice parameters; /* of the header, from the first ; on */
	bool star;               /* Contact: * */
};
bool name_address_read(struct arena *arena, struct slice text,
	struct name_address *address) __attribute__((warn_unused_result));
/* A ;name=value of a header's parameters; quoted values unquoted on the
 * arena. */
bool parameter_find(struct arena *arena, struct slice parameters,
	struct slice name, struct slice *value);
/* The inside of a quoted string without its backslashes; absent when the arena
 * is spent. */
struct slice value_unescape(struct arena *arena, struct slice text);

/* One Via value (RFC 3261 20.42). */
struct via {
	struct slice transport, host, branch, received, maddr;
	uint16_t port, rport; /* 0: none */
	bool has_rport;
	struct slice sent_by;
};
bool via_read(struct arena *arena, struct slice text, struct via *via)
	__attribute__((warn_unused_result));

/* An IP literal host (IPv6 without brackets) and port as a socket address. */
bool address_of_host(struct slice host, uint16_t port, union address *address);

#endif
