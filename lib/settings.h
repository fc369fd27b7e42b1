/* settings.h -- the configuration: one file for all programs, every key typed.
 *
 * lib/settings/table.c holds one row per key (name, type, default, bounds, one
 * sentence). The parser, `sipwarden check`, `--print-defaults`, the manual and
 * the JSON Schema are made from these rows.
 */
#ifndef LIB_SETTINGS_H
#define LIB_SETTINGS_H

#include "lib/slice.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum server_role { ROLE_HOME, ROLE_FRONT_END, ROLE_PERIMETER };
enum transport { TRANSPORT_UDP, TRANSPORT_TCP, TRANSPORT_TLS, TRANSPORT_WSS };
enum on_failure { ON_FAILURE_REFUSE, ON_FAILURE_CONTINUE };
enum unseen { UNSEEN_REFUSE, UNSEEN_FLAG };
enum stage_name { STAGE_LOG, STAGE_CONTENT_FILTER, STAGE_VIRUS_SCAN };
enum { STAGE_NAMES = 3 };

/* An IPv4 or IPv6 address with port. */
union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_storage storage;
};

struct network {
	union address address;
	unsigned prefix_bits;
};

struct listener_settings {
	enum transport transport;
	union address address;
	const char *address_text; /* as written, for messages */
	/* host, or host:port; NULL: the address. A wildcard address has
	 * server.name here when nothing is written. */
	const char *advertise;
	bool treat_as_server;
};

struct internal_server_settings {
	const char *name;
	enum transport transport;
	union address address;
	enum server_role role;
};

struct route_settings {
	const char *to;           /* user@host; either part may be * */
	const char *next_hop;     /* a SIP URI with an IP address */
	enum transport transport; /* of next_hop */
	union address address;    /* of next_hop */
	bool treat_as_server;
	bool from_outside; /* strangers may use it */
};

struct stage_settings {
	enum on_failure on_failure;
	uint32_t deadline_ms;
	bool critical;
};

struct settings {
	const char *file;  /* its path */
	struct slice text; /* its bytes */
	struct {
		const char *name;
		enum server_role role;
		const char **domains;
		size_t domain_count;
		const char *data; /* folder */
		const char *deployment_key;
		struct network *inside;
		size_t inside_count;
		uint32_t workers;   /* 0: one per core */
		const char *socket; /* of the proxy's control, for stats */
		bool sandbox;       /* see lib/privileges */
	} server;
	struct { /* names or numbers of users; see lib/peers.h */
		const char *proxy, *scanner, *archiver, *publisher, *store;
	} program_users;
	struct listener_settings *listeners;
	size_t listener_count;
	const char *users; /* file; NULL: none */
	/* authentication: only `none` exists yet; false when not written */
	bool authentication_written;
	struct internal_server_settings *internal_servers;
	size_t internal_server_count;
	struct route_settings *routes;
	size_t route_count;
	enum stage_name before_routing[STAGE_NAMES];
	size_t before_routing_count;
	enum stage_name after_routing[STAGE_NAMES];
	size_t after_routing_count;
	struct stage_settings stages[STAGE_NAMES];
	struct {
		const char *rules; /* file; NULL: no rules */
	} content_filter;
	struct {
		const char *socket;  /* of sipwarden-scanner */
		uint32_t text_limit; /* bytes of plain text not scanned */
	} virus_scan;
	enum unseen unseen;
	struct {
		uint32_t message_bytes;
		uint32_t headers;
		uint32_t line_bytes;
		uint32_t parameters;
		uint32_t client_requests;     /* outstanding, per client */
		uint32_t connections;         /* per worker */
		uint32_t address_connections; /* of one client address */
		uint32_t transactions;        /* per worker */
		uint32_t mime_depth;
		uint32_t mime_parts;
		uint32_t non_invite_ms; /* life of a non-INVITE: 20 s */
		uint32_t timer_c_ms;    /* 180 s */
		uint32_t t1_ms;         /* RFC 3261 17.1.1.1: 500 ms */
	} limits;
	struct {
		uint32_t default_expires_s, minimum_expires_s,
			maximum_expires_s;
		uint32_t contacts; /* per user */
		uint32_t bindings; /* of all users */
		bool from_outside; /* whoever it comes from may register */
		bool third_party;  /* contacts elsewhere are reached there */
	} registrar;
	struct {
		bool record; /* false: a plain relay, nothing is kept */
		bool required;
		uint32_t node;       /* 0..4095 */
		const char *socket;  /* of sipwarden-archiver */
		const char *journal; /* folder */
		uint32_t gather_us;
		uint64_t segment_bytes;
		uint32_t hold_ms; /* archiver away: how long a message waits */
		uint64_t reserve_bytes; /* disk kept free for the journal */
	} archive;
	struct {
		const char *brokers; /* NULL: no Kafka */
		const char *topic;
		uint32_t partitions;
		uint32_t replication;
		uint32_t commit_ms;
		const char *socket; /* of the publisher, for stats */
	} kafka;
	struct {
		const char *socket; /* of sipwarden-store */
		const char *index;  /* folder */
		uint32_t quiet_s;   /* silence that ends a conversation */
	} store;
	struct {
		const char *socket;     /* where it listens */
		const char *signatures; /* folder */
		uint32_t workers;       /* 0: one per core */
		uint32_t queue;         /* jobs waiting */
		uint32_t time_ms;       /* one job */
		uint64_t memory_bytes;  /* one worker, beyond signatures */
		uint64_t file_bytes;
		uint64_t scan_bytes; /* unpacked, in all */
		uint32_t depth;
		uint32_t files;
	} scanner;
};

/* What is wrong, and where. */
struct settings_fault {
	char text[512]; /* "file:line:column: sentence" */
};

enum { SETTINGS_FAULTS = 64 };

/* Reads and checks a file. On success *settings is owned by the caller. On
 * failure returns the number of faults, sorted by place (all of them at once,
 * those of the first places when there are more than SETTINGS_FAULTS). Relative
 * paths are taken from the file's folder. */
size_t settings_read(const char *path, struct settings **settings,
	struct settings_fault faults[SETTINGS_FAULTS])
	__attribute__((warn_unused_result));
void settings_release(struct settings **settings);

/* What may be meant as it stands, but should be known: sentences without a
 * place. Returns how many. */
size_t settings_warnings(const struct settings *settings,
	struct settings_fault warnings[SETTINGS_FAULTS]);
/* The same as lines of the log. */
void settings_log_warnings(const struct settings *settings);

/* SHA-256 of the file's bytes, as records name a configuration. In a file of
 * its own: the scanner, which must not link OpenSSL, reads settings too. 0 or
 * ENOMEM. */
int settings_digest(const struct settings *settings, unsigned char digest[32])
	__attribute__((warn_unused_result));

/* Reads the file or ends the program: every fault as one line on standard
 * error, then what to do, exit 78 (EX_CONFIG). */
struct settings *settings_read_or_exit(const char *path);

const char *transport_word(enum transport transport);
const char *role_word(enum server_role role);
const char *stage_word(enum stage_name stage);

/* "127.0.0.1:5060", "[::1]:5060". */
enum { ADDRESS_TEXT_SIZE = 64 };
void address_text(const union address *address, char text[ADDRESS_TEXT_SIZE]);
/* The address without port and brackets: "127.0.0.1", "::1". */
void address_host_text(
	const union address *address, char text[ADDRESS_TEXT_SIZE]);
uint16_t address_port(const union address *address);
void address_set_port(union address *address, uint16_t port);
/* Reads the same forms; false when it is not one. */
bool address_parse(const char *text, union address *address);
bool address_equal(const union address *a, const union address *b);
/* Without the port. An IPv4-mapped IPv6 address equals its IPv4 form. */
bool address_same_host(const union address *a, const union address *b);
bool network_contains(const struct network *network, const union address *a);

#endif
