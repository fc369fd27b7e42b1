/* table.c -- every setting: one row each, from which all else is made. */
#include "lib/settings/table.h"

#include "lib/log.h"
#include "lib/settings.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
/* Names of types and members cannot stand in parentheses, and the size of a
 * pointer is meant where the member is one. */
/* NOLINTBEGIN(bugprone-macro-parentheses,bugprone-sizeof-expression) */
#define TO(type, member)                                                       \
	.offset = offsetof(type, member), .size = sizeof(((type *)0)->member)
#define KEPT(member) TO(struct settings, member)
#define COUNTED(member) .count_offset = offsetof(struct settings, member)

static const struct setting_word transports[] = {
	{"udp", TRANSPORT_UDP},
	{"tcp", TRANSPORT_TCP},
	{"tls", TRANSPORT_TLS},
	{"wss", TRANSPORT_WSS},
	{NULL, 0},
};

static const struct setting_word roles[] = {
	{"home", ROLE_HOME},
	{"front-end", ROLE_FRONT_END},
	{"perimeter", ROLE_PERIMETER},
	{NULL, 0},
};

/* As booleans. */
static const struct setting_word admissions[] = {
	{"refuse", 0},
	{"allow", 1},
	{NULL, 0},
};

static const struct setting_word authentications[] = {{"none", 1}, {NULL, 0}};

static const struct setting_word unseen_words[] = {
	{"refuse", UNSEEN_REFUSE},
	{"flag", UNSEEN_FLAG},
	{NULL, 0},
};

static const struct setting_word on_failure_words[] = {
	{"refuse", ON_FAILURE_REFUSE},
	{"continue", ON_FAILURE_CONTINUE},
	{NULL, 0},
};

#define LISTENER(member) TO(struct listener_settings, member)
static const struct setting listener_rows[] = {
	{"transport", SETTING_WORD, LISTENER(transport), .words = transports,
		.required = true, .example = "udp",
		.text = "What is spoken at this address. This version "
			"listens on udp and tcp."},
	{"address", SETTING_ADDRESS, LISTENER(address), .required = true,
		.example = "\"0.0.0.0:5060\"",
		.text = "The IP address and port to listen on; IPv6 in "
			"brackets, as in \"[::]:5060\"."},
	{"advertise", SETTING_ADVERTISED, LISTENER(advertise),
		.example = "home1.example.com",
		.text = "The host, or host:port, that others reach this "
			"listener by: it is written into Via and "
			"Record-Route. Where it is absent the address is "
			"written, and server.name for 0.0.0.0 and [::]."},
	{"treat_as_server", SETTING_BOOLEAN, LISTENER(treat_as_server),
		.standard = "false",
		.text = "Whoever connects here is trusted as a server is: a "
			"gateway's door."},
	{"certificate", SETTING_FILE, .example = "home1.pem",
		.text = "Certificate chain (PEM) of a tls or wss listener; "
			"not used by this version."},
	{"key", SETTING_FILE, .example = "home1.key",
		.text = "Private key (PEM) of a tls or wss listener; not "
			"used by this version."},
};
static const struct setting_table listener_table = {
	listener_rows, COUNT(listener_rows), sizeof(struct listener_settings)};

#define SERVER(member) TO(struct internal_server_settings, member)
static const struct setting internal_server_rows[] = {
	{"name", SETTING_HOST, SERVER(name), .required = true,
		.example = "home2.example.com",
		.text = "The server's name, as its own server.name and the "
			"users' homes say it."},
	{"address", SETTING_ADDRESS, SERVER(address), .required = true,
		.example = "\"10.0.0.2:5060\"",
		.text = "Where it listens. What comes from this IP address "
			"is trusted as coming from it."},
	{"transport", SETTING_WORD, SERVER(transport), .words = transports,
		.standard = "tcp", .text = "How it is spoken to: udp or tcp."},
	{"role", SETTING_WORD, SERVER(role), .words = roles, .standard = "home",
		.text = "What it is: home or front-end."},
};
static const struct setting_table internal_server_table = {internal_server_rows,
	COUNT(internal_server_rows), sizeof(struct internal_server_settings)};

#define ROUTE(member) TO(struct route_settings, member)
static const struct setting route_rows[] = {
	{"to", SETTING_PATTERN, ROUTE(to), .required = true,
		.example = "\"*@pstn.example.com\"",
		.text = "Whom it is for: user@host, where either part may be "
			"* for any."},
	{"next_hop", SETTING_NEXT_HOP, ROUTE(next_hop), .required = true,
		.example = "\"sip:127.0.0.1:5090;transport=udp\"",
		.text = "Where to send it: a SIP URI with an IP address."},
	{"treat_as_server", SETTING_BOOLEAN, ROUTE(treat_as_server),
		.standard = "false",
		.text = "What comes from there is trusted as a server's."},
	{"from_outside", SETTING_WORD, ROUTE(from_outside), .words = admissions,
		.standard = "refuse",
		.text = "Who may use it. refuse: our own people (inside), "
			"our home servers and gateways; others are answered "
			"403. allow: everybody, which makes a relay of it."},
};
static const struct setting_table route_table = {
	route_rows, COUNT(route_rows), sizeof(struct route_settings)};

#define STAGE(name, word, time)                                                \
	{"stages." word ".on_failure", SETTING_WORD,                           \
		KEPT(stages[name].on_failure), .words = on_failure_words,      \
		.standard = "refuse",                                          \
		.text = "What becomes of a message that the stage could not "  \
			"judge because something of ours is missing or late: " \
			"refuse or continue. What cannot be judged by its "    \
			"nature is refused in any case."},                     \
		{"stages." word ".deadline", SETTING_DURATION,                 \
			KEPT(stages[name].deadline_ms), .unit = UNIT_MS,       \
			.standard = time, .minimum = "10ms", .maximum = "15s", \
			.text = "How long the stage may take for one "         \
				"message."},                                   \
	{                                                                      \
		"stages." word ".critical", SETTING_BOOLEAN,                   \
			KEPT(stages[name].critical),                           \
			.standard = "false",                                   \
			.text = "Stop the server when the stage is gone, "     \
				"instead of going on by on_failure."           \
	}

#define PROGRAM_USER(program)                                                  \
	{                                                                      \
		"program_users." #program, SETTING_TEXT,                       \
			KEPT(program_users.program),                           \
			.standard = "sipwarden-" #program,                     \
			.text = "The user, by name or number, that "           \
				"sipwarden-" #program " runs as: the others "  \
				"believe their socket's other end only if it " \
				"is that user, or their own."                  \
	}

static const struct setting rows[] = {
	{"server.name", SETTING_HOST, KEPT(server.name), .required = true,
		.example = "home1.example.com",
		.text = "The host name of this server, unique among ours."},
	{"server.role", SETTING_WORD, KEPT(server.role), .words = roles,
		.standard = "home",
		.text = "home: users register here; front-end: outside "
			"traffic comes in here and goes on to the home "
			"servers. perimeter is kept for a later version."},
	{"server.domains", SETTING_HOSTS, KEPT(server.domains),
		COUNTED(server.domain_count), .required = true,
		.example = "[example.com]",
		.text = "The domains whose users are ours."},
	{"server.data", SETTING_FOLDER, KEPT(server.data),
		.standard = "/var/lib/sipwarden",
		.text = "The folder for what must outlive a restart. Other "
			"paths may begin with " SETTINGS_DATA "."},
	{"server.deployment_key", SETTING_SECRET, KEPT(server.deployment_key),
		.example = "deployment.key",
		.text = "A file of secret bytes, the same on all our "
			"servers. The proxy's user alone needs to read it, "
			"and it is refused when everybody may."},
	{"server.inside", SETTING_NETWORKS, KEPT(server.inside),
		COUNTED(server.inside_count),
		.standard = "[127.0.0.0/8, ::1/128]",
		.text = "The networks of our own people, as in "
			"[10.0.0.0/8, \"fd00::/8\"]: from there users "
			"register and use the static routes. Where it is "
			"absent, this machine alone."},
	{"server.workers", SETTING_NUMBER, KEPT(server.workers),
		.standard = "0", .minimum = "0", .maximum = "256",
		.text = "Threads of the proxy; 0 means one per core."},
	{"server.sandbox", SETTING_BOOLEAN, KEPT(server.sandbox),
		.standard = "true",
		.text = "Each program keeps from the kernel only the files "
			"and system calls that it needs (Landlock, seccomp), "
			"as far as the kernel has them. false is for "
			"debuggers."},
	{"server.socket", SETTING_SOCKET, KEPT(server.socket),
		.standard = "/run/sipwarden-proxy/socket",
		.text = "Where the proxy is asked for its statistics and told "
			"to reload."},

	PROGRAM_USER(proxy),
	PROGRAM_USER(scanner),
	PROGRAM_USER(archiver),
	PROGRAM_USER(publisher),
	PROGRAM_USER(store),

	{"listen", SETTING_LIST, KEPT(listeners), COUNTED(listener_count),
		.items = &listener_table, .required = true,
		.text = "Where SIP is taken in, one entry per door."},
	{"users", SETTING_FILE, KEPT(users), .example = "users.yaml",
		.text = "The file that names each user and the home server "
			"that serves them."},
	{"authentication", SETTING_WORD, KEPT(authentication_written),
		.words = authentications, .example = "none",
		.text = "How users prove who they are. This version knows "
			"none; it must be written out as soon as a listener "
			"is not on loopback."},
	{"internal_servers", SETTING_LIST, KEPT(internal_servers),
		COUNTED(internal_server_count), .items = &internal_server_table,
		.standard = "[]", .text = "Our other servers."},
	{"routes", SETTING_LIST, KEPT(routes), COUNTED(route_count),
		.items = &route_table, .standard = "[]",
		.text = "Static routes, tried in this order."},
	{"before_routing", SETTING_STAGES, KEPT(before_routing),
		COUNTED(before_routing_count), .standard = SETTINGS_ALL_STAGES,
		.text = "The stages that a message passes before it is "
			"routed, in this order."},
	{"after_routing", SETTING_STAGES, KEPT(after_routing),
		COUNTED(after_routing_count), .standard = SETTINGS_ALL_STAGES,
		.text = "The stages that it passes after routing, once for "
			"each place it goes to."},

	STAGE(STAGE_LOG, "log", "1s"),
	{"stages.content-filter.rules", SETTING_FILE,
		KEPT(content_filter.rules), .example = "content.yaml",
		.text = "The file of content rules; without it the filter "
			"has nothing to find."},
	STAGE(STAGE_CONTENT_FILTER, "content-filter", "1s"),
	{"stages.virus-scan.socket", SETTING_SOCKET, KEPT(virus_scan.socket),
		.standard = "/run/sipwarden-scanner/socket",
		.text = "Where the proxy finds the scanner."},
	{"stages.virus-scan.text_limit", SETTING_SIZE,
		KEPT(virus_scan.text_limit), .standard = "4KB",
		.minimum = "0KB", .maximum = "64KB",
		.text = "Plain text up to this size, as its bytes say and "
			"not its declared type, is not scanned."},
	STAGE(STAGE_VIRUS_SCAN, "virus-scan", "5s"),

	{"unseen", SETTING_WORD, KEPT(unseen), .words = unseen_words,
		.standard = "refuse",
		.text = "What becomes of content that nobody here can look "
			"into (encrypted, of unknown encoding): refuse, or "
			"flag in the archive and let past."},

	{"limits.message", SETTING_SIZE, KEPT(limits.message_bytes),
		.standard = "64KB", .minimum = "1KB", .maximum = "1MB",
		.text = "Largest SIP message."},
	{"limits.headers", SETTING_NUMBER, KEPT(limits.headers),
		.standard = "256", .minimum = "16", .maximum = "4096",
		.text = "Most header fields in a message."},
	{"limits.line", SETTING_SIZE, KEPT(limits.line_bytes),
		.standard = "8KB", .minimum = "256B", .maximum = "64KB",
		.text = "Longest header line, its folded parts included."},
	{"limits.parameters", SETTING_NUMBER, KEPT(limits.parameters),
		.standard = "64", .minimum = "8", .maximum = "1024",
		.text = "Most parameters of a header value or URI."},
	{"limits.client_requests", SETTING_NUMBER, KEPT(limits.client_requests),
		.standard = "10", .minimum = "1", .maximum = "100000",
		.text = "Most requests of a client (a connection; over UDP "
			"an address and port) that wait for an answer; an "
			"address may have a hundred times as many."},
	{"limits.connections", SETTING_NUMBER, KEPT(limits.connections),
		.standard = "10000", .minimum = "16", .maximum = "1000000",
		.text = "Most connections that a worker accepts, and as "
			"many that it opens; fewer where the system grants "
			"fewer descriptors."},
	{"limits.address_connections", SETTING_NUMBER,
		KEPT(limits.address_connections), .standard = "1000",
		.minimum = "1", .maximum = "1000000",
		.text = "Most connections that are accepted from one "
			"address; servers and gateways may have more."},
	{"limits.transactions", SETTING_NUMBER, KEPT(limits.transactions),
		.standard = "200000", .minimum = "100", .maximum = "10000000",
		.text = "Most transactions of a worker."},
	{"limits.mime_depth", SETTING_NUMBER, KEPT(limits.mime_depth),
		.standard = "8", .minimum = "1", .maximum = "32",
		.text = "How deep body parts may be nested."},
	{"limits.mime_parts", SETTING_NUMBER, KEPT(limits.mime_parts),
		.standard = "100", .minimum = "1", .maximum = "1000",
		.text = "Most body parts in a message."},
	{"limits.non_invite", SETTING_DURATION, KEPT(limits.non_invite_ms),
		.unit = UNIT_MS, .standard = "20s", .minimum = "1s",
		.maximum = "32s",
		.text = "Life of a request other than INVITE at this "
			"server; then it is answered 504."},
	{"limits.timer_c", SETTING_DURATION, KEPT(limits.timer_c_ms),
		.unit = UNIT_MS, .standard = "181s", .minimum = "10s",
		.maximum = "1h",
		.text = "How long an INVITE may ring: RFC 3261 timer C, which "
			"is more than 3 minutes."},
	{"limits.t1", SETTING_DURATION, KEPT(limits.t1_ms), .unit = UNIT_MS,
		.standard = "500ms", .minimum = "10ms", .maximum = "4s",
		.text = "RFC 3261 T1, on which the retransmission timers "
			"are built."},

	{"registrar.default_expires", SETTING_DURATION,
		KEPT(registrar.default_expires_s), .unit = UNIT_S,
		.standard = "1h", .minimum = "1s", .maximum = "7d",
		.text = "Life of a registration that asks for none."},
	{"registrar.minimum", SETTING_DURATION,
		KEPT(registrar.minimum_expires_s), .unit = UNIT_S,
		.standard = "1m", .minimum = "1s", .maximum = "1h",
		.text = "A shorter life is refused (423)."},
	{"registrar.maximum", SETTING_DURATION,
		KEPT(registrar.maximum_expires_s), .unit = UNIT_S,
		.standard = "1d", .minimum = "1m", .maximum = "7d",
		.text = "A longer life is cut to this."},
	{"registrar.contacts", SETTING_NUMBER, KEPT(registrar.contacts),
		.standard = "10", .minimum = "1", .maximum = "100",
		.text = "Most endpoints of one user."},
	{"registrar.bindings", SETTING_NUMBER, KEPT(registrar.bindings),
		.standard = "200000", .minimum = "10", .maximum = "10000000",
		.text = "Most endpoints of all users together; then "
			"REGISTERs for more are answered 503. When half are "
			"taken, no address may have more than an eighth."},
	{"registrar.from_outside", SETTING_WORD, KEPT(registrar.from_outside),
		.words = admissions, .standard = "refuse",
		.text = "Whether somebody who is not inside may register: "
			"nobody has to prove who he is, so with allow anybody "
			"receives what is for our users."},
	{"registrar.third_party", SETTING_BOOLEAN, KEPT(registrar.third_party),
		.standard = "false",
		.text = "true: a contact with another IP address than its "
			"REGISTER came from is reached at that address, which "
			"lets whoever registers have us send there. false: it "
			"is reached where the REGISTER came from."},

	{"archive.record", SETTING_BOOLEAN, KEPT(archive.record),
		.standard = "true",
		.text = "false: nothing is recorded, whatever passes: a plain "
			"relay. A warning says so at each start."},
	{"archive.required", SETTING_BOOLEAN, KEPT(archive.required),
		.standard = "true",
		.text = "true: a message with content is on disk before it "
			"leaves. false: it is forwarded and recorded "
			"afterwards."},
	{"archive.node", SETTING_NUMBER, KEPT(archive.node), .standard = "0",
		.minimum = "0", .maximum = "4095",
		.text = "Number of this archiver, unique per site. It is "
			"part of each record number and must never change."},
	{"archive.socket", SETTING_SOCKET, KEPT(archive.socket),
		.standard = "/run/sipwarden-archiver/socket",
		.text = "Where the proxies of this machine find the "
			"archiver."},
	{"archive.journal", SETTING_FOLDER, KEPT(archive.journal),
		.standard = SETTINGS_DATA "/journal",
		.text = "The folder of the journal."},
	{"archive.gather", SETTING_DURATION, KEPT(archive.gather_us),
		.unit = UNIT_US, .standard = "500us", .minimum = "0us",
		.maximum = "100ms",
		.text = "How long the archiver gathers records at most "
			"before it writes and syncs them together."},
	{"archive.segment", SETTING_SIZE, KEPT(archive.segment_bytes),
		.standard = "64MB", .minimum = "8MB", .maximum = "4GB",
		.text = "Size of a journal segment, taken from the disk at "
			"once."},
	{"archive.hold", SETTING_DURATION, KEPT(archive.hold_ms),
		.unit = UNIT_MS, .standard = "3s", .minimum = "0s",
		.maximum = "10s",
		.text = "How long a message waits for an archiver that is "
			"away; then it is answered 503."},
	{"archive.reserve", SETTING_SIZE, KEPT(archive.reserve_bytes),
		.standard = "256MB", .minimum = "0MB", .maximum = "1TB",
		.text = "Disk that the index leaves free for the journal."},
	{"archive.kafka.brokers", SETTING_BROKERS, KEPT(kafka.brokers),
		.example = "\"127.0.0.1:9092\"",
		.text = "The Kafka brokers, host:port with commas between. "
			"Without them there is no Kafka: journal and store "
			"stand alone."},
	{"archive.kafka.topic", SETTING_TEXT, KEPT(kafka.topic),
		.standard = "sipwarden.records",
		.text = "The topic of the records."},
	{"archive.kafka.partitions", SETTING_NUMBER, KEPT(kafka.partitions),
		.standard = "12", .minimum = "1", .maximum = "10000",
		.text = "Its partitions, when it is made. The number must "
			"never change, since order is kept by partition."},
	{"archive.kafka.replication", SETTING_NUMBER, KEPT(kafka.replication),
		.standard = "1", .minimum = "1", .maximum = "10",
		.text = "How many brokers keep each record."},
	{"archive.kafka.commit", SETTING_DURATION, KEPT(kafka.commit_ms),
		.unit = UNIT_MS, .standard = "500ms", .minimum = "10ms",
		.maximum = "10s",
		.text = "How often the publisher commits a transaction."},
	{"archive.kafka.socket", SETTING_SOCKET, KEPT(kafka.socket),
		.standard = "/run/sipwarden-publisher/socket",
		.text = "Where the publisher is asked for its statistics."},

	{"store.socket", SETTING_SOCKET, KEPT(store.socket),
		.standard = "/run/sipwarden-store/socket",
		.text = "Where the store is asked."},
	{"store.index", SETTING_FOLDER, KEPT(store.index),
		.standard = SETTINGS_DATA "/index",
		.text = "The folder of the search index."},
	{"store.quiet", SETTING_DURATION, KEPT(store.quiet_s), .unit = UNIT_S,
		.standard = "30m", .minimum = "1m", .maximum = "1d",
		.text = "Silence that ends a conversation."},

	{"scanner.socket", SETTING_SOCKET, KEPT(scanner.socket),
		.standard = "/run/sipwarden-scanner/socket",
		.text = "Where the scanner listens. One of this and "
			"stages.virus-scan.socket is enough: the other "
			"follows."},
	{"scanner.signatures", SETTING_FOLDER, KEPT(scanner.signatures),
		.standard = "/var/lib/clamav",
		.text = "The folder of the virus signatures; freshclam's by "
			"default."},
	{"scanner.workers", SETTING_NUMBER, KEPT(scanner.workers),
		.standard = "0", .minimum = "0", .maximum = "256",
		.text = "Processes that scan; 0 means one per core."},
	{"scanner.queue", SETTING_NUMBER, KEPT(scanner.queue),
		.standard = "256", .minimum = "1", .maximum = "65536",
		.text = "Most jobs that wait for a worker."},
	{"scanner.time", SETTING_DURATION, KEPT(scanner.time_ms),
		.unit = UNIT_MS, .standard = "5s", .minimum = "100ms",
		.maximum = "10m",
		.text = "Longest scan; a worker that takes longer is killed "
			"and the content is unscannable."},
	{"scanner.memory", SETTING_SIZE, KEPT(scanner.memory_bytes),
		.standard = "512MB", .minimum = "64MB", .maximum = "64GB",
		.text = "Memory of one worker beyond the signatures."},
	{"scanner.file", SETTING_SIZE, KEPT(scanner.file_bytes),
		.standard = "100MB", .minimum = "64KB", .maximum = "2GB",
		.text = "Largest file that is scanned; a larger one is "
			"unscannable."},
	{"scanner.scan", SETTING_SIZE, KEPT(scanner.scan_bytes),
		.standard = "400MB", .minimum = "64KB", .maximum = "16GB",
		.text = "Most bytes that one file may unpack to."},
	{"scanner.depth", SETTING_NUMBER, KEPT(scanner.depth), .standard = "16",
		.minimum = "1", .maximum = "64",
		.text = "How deep archives may be nested."},
	{"scanner.files", SETTING_NUMBER, KEPT(scanner.files),
		.standard = "10000", .minimum = "1", .maximum = "1000000",
		.text = "Most files in one archive."},
};
const struct setting_table settings_table = {
	rows, COUNT(rows), sizeof(struct settings)};

/* NOLINTEND(bugprone-macro-parentheses,bugprone-sizeof-expression) */

static const struct {
	const char *name, *text;
} sections[] = {
	{"server", "Who this server is."},
	{"program_users", "Which user each program runs as."},
	{"stages", "How each stage does its work, before and after routing "
		   "alike."},
	{"stages.log", "Takes a snapshot of the message at that point, for "
		       "the record's trail."},
	{"stages.content-filter", "Judges all text of a message by rules."},
	{"stages.virus-scan",
		"Has everything scanned that is not short plain text."},
	{"limits", "Bounds on what one message, client or worker may take."},
	{"registrar", "How long and how often users may register."},
	{"archive", "The provable record."},
	{"archive.kafka", "Where the publisher streams the archive to."},
	{"store", "Search over the archive."},
	{"scanner", "The virus scanner's limits; over them, content is "
		    "unscannable."},
};

const char *section_text(const char *name)
{
	for (size_t i = 0; i < COUNT(sections); i++)
		if (strcmp(sections[i].name, name) == 0)
			return sections[i].text;
	return NULL;
}

const struct setting *setting_find(
	const struct setting_table *table, const char *name)
{
	for (size_t i = 0; i < table->count; i++)
		if (strcmp(table->rows[i].name, name) == 0)
			return &table->rows[i];
	return NULL;
}

const char *setting_key(const struct setting *setting)
{
	const char *dot = strrchr(setting->name, '.');

	return dot ? dot + 1 : setting->name;
}

static const char *form_of_words(
	const struct setting *setting, char form[SETTING_FORM_SIZE])
{
	size_t used = 0;

	for (const struct setting_word *word = setting->words; word->word;
		word++) {
		const char *before = word == setting->words ? ""
				     : word[1].word         ? ", "
							    : " or ";

		used += (size_t)snprintf(form + used, SETTING_FORM_SIZE - used,
			"%s%s", before, word->word);
		must(used < SETTING_FORM_SIZE);
	}
	return form;
}

const char *setting_form(
	const struct setting *setting, char form[SETTING_FORM_SIZE])
{
	static const char *const texts[SETTING_TYPES] = {
		[SETTING_BOOLEAN] = "true or false",
		[SETTING_NUMBER] = "a number",
		[SETTING_DURATION] = "a duration such as 500us, 250ms, 5s, "
				     "3m, 1h or 7d",
		[SETTING_SIZE] = "a size such as 512B, 64KB, 64MB or 1GB",
		[SETTING_TEXT] = "a word of letters, digits, dots, dashes "
				 "and underscores",
		[SETTING_HOST] = "a host name",
		[SETTING_ADVERTISED] = "a host or host:port",
		[SETTING_ADDRESS] = "an IP address and port such as "
				    "\"127.0.0.1:5060\" or \"[::1]:5060\"",
		[SETTING_PATTERN] = "user@host, where either may be *",
		[SETTING_NEXT_HOP] = "a SIP URI with an IP address such as "
				     "\"sip:127.0.0.1:5090;transport=udp\"",
		[SETTING_BROKERS] = "host:port, with commas between several",
		[SETTING_FILE] = "the path of a file that can be read",
		[SETTING_SECRET] = "the path of a file",
		[SETTING_FOLDER] = "the path of a folder",
		[SETTING_SOCKET] = "the path of a socket",
		[SETTING_HOSTS] = "a list of host names",
		[SETTING_NETWORKS] = "a list of networks such as 10.0.0.0/8",
		[SETTING_STAGES] = "a list of stages: log, content-filter, "
				   "virus-scan",
		[SETTING_LIST] = "a list of mappings",
	};

	if (setting->type == SETTING_WORD)
		return form_of_words(setting, form);
	(void)snprintf(form, SETTING_FORM_SIZE, "%s", texts[setting->type]);
	return form;
}
