/* meaning.c -- what is wrong with settings that are right one by one. */
#include "lib/settings/address.h"
#include "lib/settings/reader.h"

#include <string.h>

/* A setting of the file, or the whole file where it is not written. */
static struct place place_of(const struct reader *reader, const char *name)
{
	const struct tree *node = reader_node(reader, name);

	return node ? node->place : (struct place){1, 1};
}

/* An entry's key, or the whole entry. */
static struct place item_place(const struct tree *item, const char *key)
{
	const struct tree *entry =
		item->kind == TREE_MAPPING ? tree_entry(item, key) : NULL;

	return entry ? entry->place : item->place;
}

static const struct tree *first_item(
	const struct reader *reader, const char *name)
{
	const struct tree *list = reader_node(reader, name);

	return list && list->kind == TREE_SEQUENCE ? list->first : NULL;
}

static bool address_is_set(const union address *address)
{
	return address->any.sa_family != AF_UNSPEC;
}

static void check_role(struct reader *reader)
{
	const struct settings *settings = reader->settings;
	const struct tree *servers = reader_node(reader, "internal_servers");

	if (settings->server.role == ROLE_PERIMETER)
		fault_add(reader->faults, place_of(reader, "server.role"),
			"server.role: this version has no perimeter servers; "
			"write home or front-end");
	if (settings->server.role == ROLE_FRONT_END &&
		(!servers || servers->count == 0))
		fault_add(reader->faults, place_of(reader, "server.role"),
			"server.role: a front-end needs internal_servers to "
			"send to; name the home servers there");
}

static void check_transport(struct reader *reader, const struct tree *item,
	const char *list, enum transport transport)
{
	if (transport == TRANSPORT_TLS || transport == TRANSPORT_WSS)
		fault_add(reader->faults, item_place(item, "transport"),
			"%s.transport: %s is not in this version, which "
			"speaks udp and tcp",
			list, transport_word(transport));
}

static void check_unused_files(struct reader *reader, const struct tree *item)
{
	static const char *const keys[] = {"certificate", "key"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const struct tree *entry = item->kind == TREE_MAPPING
						   ? tree_entry(item, keys[i])
						   : NULL;

		if (entry)
			fault_add(reader->faults, entry->key_place,
				"listen.%s belongs to a tls or wss listener, "
				"which this version does not have; leave it "
				"out",
				keys[i]);
	}
}

static bool listener_is_twin(
	const struct listener_settings *a, const struct listener_settings *b)
{
	return address_is_set(&a->address) && a->transport == b->transport &&
	       address_equal(&a->address, &b->address);
}

static void check_listeners(struct reader *reader)
{
	const struct settings *settings = reader->settings;
	const struct tree *item = first_item(reader, "listen");

	for (size_t i = 0; item && i < settings->listener_count;
		i++, item = item->next) {
		const struct listener_settings *listener =
			&settings->listeners[i];

		check_transport(reader, item, "listen", listener->transport);
		check_unused_files(reader, item);
		for (size_t j = 0; j < i; j++) {
			if (!listener_is_twin(
				    listener, &settings->listeners[j]))
				continue;
			fault_add(reader->faults, item_place(item, "address"),
				"listen: entry %zu listens on this address "
				"with %s already",
				j + 1, transport_word(listener->transport));
			break;
		}
	}
}

static void check_authentication(struct reader *reader)
{
	const struct settings *settings = reader->settings;
	const struct tree *item = first_item(reader, "listen");

	if (reader_node(reader, "authentication"))
		return;
	for (size_t i = 0; item && i < settings->listener_count;
		i++, item = item->next) {
		const union address *address = &settings->listeners[i].address;

		if (!address_is_set(address) || address_is_loopback(address))
			continue;
		fault_add(reader->faults, item_place(item, "address"),
			"listen: others than this machine reach this "
			"listener, and nobody has to prove who he is; write "
			"`authentication: none` if that is meant");
		return;
	}
}

static void check_internal_servers(struct reader *reader)
{
	const struct settings *settings = reader->settings;
	const struct tree *item = first_item(reader, "internal_servers");

	for (size_t i = 0; item && i < settings->internal_server_count;
		i++, item = item->next) {
		const struct internal_server_settings *server =
			&settings->internal_servers[i];

		check_transport(
			reader, item, "internal_servers", server->transport);
		if (server->role == ROLE_PERIMETER)
			fault_add(reader->faults, item_place(item, "role"),
				"internal_servers.role: this version has no "
				"perimeter servers; write home or front-end");
		if (address_is_set(&server->address) &&
			address_is_wildcard(&server->address))
			fault_add(reader->faults, item_place(item, "address"),
				"internal_servers.address: nobody is reached "
				"at a wildcard; write the server's own "
				"address");
		for (size_t j = 0; server->name && j < i; j++) {
			const char *other = settings->internal_servers[j].name;

			if (!other || strcmp(server->name, other) != 0)
				continue;
			fault_add(reader->faults, item_place(item, "name"),
				"internal_servers.name: %.100s is the name "
				"of entry %zu already",
				server->name, j + 1);
			break;
		}
	}
}

static void check_order(struct reader *reader, const char *less,
	uint64_t less_value, const char *more, uint64_t more_value)
{
	const char *at = reader_node(reader, less) ? less : more;

	if (less_value > more_value)
		fault_add(reader->faults, place_of(reader, at),
			"%s is larger than %s, which must be at least as "
			"large",
			less, more);
}

static void check_bounds(struct reader *reader)
{
	const struct settings *s = reader->settings;

	check_order(reader, "registrar.minimum", s->registrar.minimum_expires_s,
		"registrar.default_expires", s->registrar.default_expires_s);
	check_order(reader, "registrar.default_expires",
		s->registrar.default_expires_s, "registrar.maximum",
		s->registrar.maximum_expires_s);
	check_order(reader, "limits.line", s->limits.line_bytes,
		"limits.message", s->limits.message_bytes);
	check_order(reader, "scanner.file", s->scanner.file_bytes,
		"scanner.scan", s->scanner.scan_bytes);
	/* Nothing may wait longer than the transaction lives. */
	check_order(reader, "archive.hold", s->archive.hold_ms,
		"limits.non_invite", s->limits.non_invite_ms);
	check_order(reader, "stages.log.deadline",
		s->stages[STAGE_LOG].deadline_ms, "limits.non_invite",
		s->limits.non_invite_ms);
	check_order(reader, "stages.content-filter.deadline",
		s->stages[STAGE_CONTENT_FILTER].deadline_ms,
		"limits.non_invite", s->limits.non_invite_ms);
	check_order(reader, "stages.virus-scan.deadline",
		s->stages[STAGE_VIRUS_SCAN].deadline_ms, "limits.non_invite",
		s->limits.non_invite_ms);
}

/* Each program listens on a socket of its own. */
static void check_sockets(struct reader *reader)
{
	const struct settings *s = reader->settings;
	const struct {
		const char *name, *path;
	} sockets[] = {
		{"archive.socket", s->archive.socket},
		{"archive.kafka.socket", s->kafka.socket},
		{"store.socket", s->store.socket},
		{"scanner.socket", s->scanner.socket},
	};

	for (size_t i = 0; i < sizeof(sockets) / sizeof(sockets[0]); i++)
		for (size_t j = 0; j < i; j++)
			if (sockets[i].path && sockets[j].path &&
				strcmp(sockets[i].path, sockets[j].path) == 0)
				fault_add(reader->faults,
					place_of(reader, sockets[i].name),
					"%s is the same as %s; each program "
					"needs a socket of its own",
					sockets[i].name, sockets[j].name);
}

void settings_check_meaning(struct reader *reader)
{
	check_role(reader);
	check_listeners(reader);
	check_authentication(reader);
	check_internal_servers(reader);
	check_bounds(reader);
	check_sockets(reader);
}

/* The proxy's and the scanner's own name for one socket: who writes one of
 * them means both. */
static void complete_scanner_socket(struct reader *reader)
{
	struct settings *settings = reader->settings;
	bool asked = reader_node(reader, "stages.virus-scan.socket");
	bool listens = reader_node(reader, "scanner.socket");

	if (asked && !listens)
		settings->scanner.socket = settings->virus_scan.socket;
	if (listens && !asked)
		settings->virus_scan.socket = settings->scanner.socket;
}

void settings_complete(struct reader *reader)
{
	struct settings *settings = reader->settings;
	const struct tree *item = first_item(reader, "listen");

	for (size_t i = 0; item && i < settings->listener_count;
		i++, item = item->next) {
		struct listener_settings *listener = &settings->listeners[i];
		const struct tree *address =
			item->kind == TREE_MAPPING ? tree_entry(item, "address")
						   : NULL;

		listener->address_text = address ? address->text : "";
		if (!listener->advertise &&
			address_is_wildcard(&listener->address))
			listener->advertise = settings->server.name;
	}
	complete_scanner_socket(reader);
	for (size_t i = 0; i < settings->route_count; i++) {
		struct route_settings *route = &settings->routes[i];

		if (route->next_hop)
			(void)next_hop_parse(route->next_hop, &route->transport,
				&route->address);
	}
}
