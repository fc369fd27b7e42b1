/* settings_test.c -- configurations that are right, and what is said of those
 * that are not. */
#include "lib/settings/settings.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* The least that is right: two lines, so that cases begin with line 3. */
#define LEAST                                                                  \
	"server: {name: home1.example.com, domains: [example.com]}\n"          \
	"listen: [{transport: udp, address: \"127.0.0.1:5060\"}]\n"

static struct settings_fault faults[SETTINGS_FAULTS];

static size_t read_text(const char *text, struct settings **settings)
{
	return settings_read_memory(
		"/nowhere/x.yaml", slice_of(text), settings, faults);
}

static void takes_the_defaults(void **state)
{
	struct settings *s;

	(void)state;
	assert_int_equal(read_text(LEAST, &s), 0);
	assert_string_equal(s->server.name, "home1.example.com");
	assert_int_equal(s->server.role, ROLE_HOME);
	assert_int_equal(s->server.domain_count, 1);
	assert_string_equal(s->server.domains[0], "example.com");
	assert_string_equal(s->server.data, "/var/lib/sipwarden");
	assert_int_equal(s->listener_count, 1);
	assert_string_equal(s->listeners[0].address_text, "127.0.0.1:5060");
	assert_null(s->listeners[0].advertise);
	assert_false(s->authentication_written);
	assert_null(s->users);
	assert_int_equal(s->before_routing_count, 3);
	assert_int_equal(s->before_routing[0], STAGE_LOG);
	assert_int_equal(s->before_routing[1], STAGE_CONTENT_FILTER);
	assert_int_equal(s->before_routing[2], STAGE_VIRUS_SCAN);
	assert_int_equal(s->after_routing_count, 3);
	assert_int_equal(
		s->stages[STAGE_VIRUS_SCAN].on_failure, ON_FAILURE_REFUSE);
	assert_int_equal(s->stages[STAGE_VIRUS_SCAN].deadline_ms, 5000);
	assert_int_equal(s->stages[STAGE_CONTENT_FILTER].deadline_ms, 1000);
	assert_int_equal(s->virus_scan.text_limit, 4096);
	assert_int_equal(s->unseen, UNSEEN_REFUSE);
	assert_int_equal(s->limits.message_bytes, 65536);
	assert_int_equal(s->limits.non_invite_ms, 20000);
	assert_int_equal(s->limits.timer_c_ms, 181000);
	assert_int_equal(s->registrar.default_expires_s, 3600);
	assert_int_equal(s->registrar.minimum_expires_s, 60);
	assert_int_equal(s->registrar.maximum_expires_s, 86400);
	assert_true(s->archive.record);
	assert_true(s->archive.required);
	assert_int_equal(s->archive.gather_us, 500);
	assert_int_equal(s->archive.segment_bytes, 64 * 1024 * 1024);
	assert_int_equal(s->archive.hold_ms, 3000);
	assert_string_equal(s->archive.journal, "/var/lib/sipwarden/journal");
	assert_string_equal(s->store.index, "/var/lib/sipwarden/index");
	assert_int_equal(s->store.quiet_s, 1800);
	assert_null(s->kafka.brokers);
	assert_string_equal(s->kafka.topic, "sipwarden.records");
	assert_int_equal(s->kafka.commit_ms, 500);
	assert_int_equal(s->scanner.file_bytes, 100 * 1024 * 1024);
	assert_string_equal(s->scanner.socket, s->virus_scan.socket);
	settings_release(&s);
	assert_null(s);
}

static void takes_what_is_written(void **state)
{
	struct settings *s;

	(void)state;
	assert_int_equal(
		read_text("server:\n"
			  "  name: FE1.Example.com\n"
			  "  role: front-end\n"
			  "  domains: [Example.com, b.example]\n"
			  "  data: data\n"
			  "  inside: [10.0.0.0/8, \"fd00::/8\"]\n"
			  "listen:\n"
			  "  - {transport: tcp, address: \"[::]:5060\"}\n"
			  "  - {transport: udp, address: \"10.0.0.1:5070\",\n"
			  "     advertise: \"sip.example.com:5071\",\n"
			  "     treat_as_server: true}\n"
			  "authentication: none\n"
			  "internal_servers:\n"
			  "  - {name: Home1.example.com, address: "
			  "\"10.0.0.2:5061\"}\n"
			  "routes:\n"
			  "  - {to: \"*@pstn.example.com\", next_hop: "
			  "\"sip:127.0.0.1:5090;transport=tcp\"}\n"
			  "before_routing: []\n"
			  "after_routing: [virus-scan, log]\n"
			  "stages: {virus-scan: {on_failure: continue, "
			  "critical: true}}\n"
			  "unseen: flag\n"
			  "archive:\n"
			  "  required: false\n"
			  "  node: 4095\n"
			  "  segment: 2GB\n"
			  "  journal: ${server.data}/j\n"
			  "  kafka: {brokers: \"a:1,b:2\"}\n"
			  "scanner: {socket: scan.sock}\n",
			&s),
		0);
	assert_string_equal(s->server.name, "fe1.example.com");
	assert_int_equal(s->server.role, ROLE_FRONT_END);
	assert_string_equal(s->server.domains[0], "example.com");
	assert_string_equal(s->server.data, "/nowhere/data");
	assert_int_equal(s->server.inside_count, 2);
	assert_int_equal(s->server.inside[1].prefix_bits, 8);
	/* A wildcard address cannot be written into a Via. */
	assert_string_equal(s->listeners[0].advertise, "fe1.example.com");
	assert_int_equal(s->listeners[0].transport, TRANSPORT_TCP);
	assert_int_equal(s->listeners[0].address.any.sa_family, AF_INET6);
	assert_string_equal(s->listeners[1].advertise, "sip.example.com:5071");
	assert_true(s->listeners[1].treat_as_server);
	assert_true(s->authentication_written);
	assert_string_equal(s->internal_servers[0].name, "home1.example.com");
	assert_int_equal(s->internal_servers[0].transport, TRANSPORT_TCP);
	assert_int_equal(s->internal_servers[0].role, ROLE_HOME);
	assert_int_equal(s->routes[0].transport, TRANSPORT_TCP);
	assert_int_equal(ntohs(s->routes[0].address.v4.sin_port), 5090);
	assert_int_equal(s->before_routing_count, 0);
	assert_int_equal(s->after_routing_count, 2);
	assert_int_equal(s->after_routing[0], STAGE_VIRUS_SCAN);
	assert_int_equal(
		s->stages[STAGE_VIRUS_SCAN].on_failure, ON_FAILURE_CONTINUE);
	assert_true(s->stages[STAGE_VIRUS_SCAN].critical);
	assert_int_equal(s->unseen, UNSEEN_FLAG);
	assert_false(s->archive.required);
	assert_int_equal(s->archive.node, 4095);
	assert_true(s->archive.segment_bytes == UINT64_C(2) << 30);
	assert_string_equal(s->archive.journal, "/nowhere/data/j");
	assert_string_equal(s->kafka.brokers, "a:1,b:2");
	/* Who names one end of the scanner's socket means both. */
	assert_string_equal(s->virus_scan.socket, "/nowhere/scan.sock");
	settings_release(&s);
}

struct fault_case {
	const char *name;
	const char *text;
	const char *faults[6]; /* without the path and its colon */
};

static const struct fault_case fault_cases[] = {
	{"an empty file lacks what must be written", "",
		{"1:1: server.name is missing; write a host name",
			"1:1: server.domains is missing; write a list of host "
			"names",
			"1:1: listen is missing; write a list of mappings"}},
	{"unknown key, nearest known one", LEAST "listne: []\n",
		{"3:1: listne is not known; did you mean listen?"}},
	{"known key in the wrong place", LEAST "journal: /x\n",
		{"3:1: journal is not known; did you mean archive.journal?"}},
	{"unknown key like no other", LEAST "frobnicate: 1\n",
		{"3:1: frobnicate is not known; `sipwarden defaults` lists "
		 "what is"}},
	{"unknown key in a section", LEAST "archive:\n  nodes: 1\n",
		{"4:3: nodes is not known in archive; did you mean node?"}},
	{"unknown key in a list",
		LEAST "routes:\n  - {to: \"*@a\", next_hop: "
		      "\"sip:1.2.3.4\", nexthop: x}\n",
		{"4:42: nexthop is not known in routes; did you mean "
		 "next_hop?"}},
	{"key written twice", LEAST "unseen: flag\nunseen: flag\n",
		{"4:1: unseen is written twice; it stands in line 3 already"}},
	{"duration without unit", LEAST "archive: {hold: 3}\n",
		{"3:17: archive.hold: 3 has no unit; write a duration such as "
		 "500us, 250ms, 5s, 3m, 1h or 7d"}},
	{"size without unit", LEAST "limits: {message: 64000}\n",
		{"3:19: limits.message: 64000 has no unit; write a size such "
		 "as 512B, 64KB, 64MB or 1GB"}},
	{"unknown unit", LEAST "archive: {hold: 3 seconds}\n",
		{"3:17: archive.hold: \"3 seconds\" is not a duration such as "
		 "500us, 250ms, 5s, 3m, 1h or 7d"}},
	{"finer than it is kept", LEAST "limits: {t1: 10500us}\n",
		{"3:14: limits.t1: 10500us is no whole number of "
		 "milliseconds"}},
	{"over the most", LEAST "archive: {node: 4096}\n",
		{"3:17: archive.node: 4096 is out of bounds: from 0 to 4095"}},
	{"under the least", LEAST "limits: {mime_depth: 0}\n",
		{"3:22: limits.mime_depth: 0 is out of bounds: from 1 to "
		 "32"}},
	{"negative", LEAST "archive: {node: -1}\n",
		{"3:17: archive.node: \"-1\" is not a number"}},
	{"yes for true", LEAST "archive: {required: yes}\n",
		{"3:21: archive.required: \"yes\" is not true or false"}},
	{"no value", LEAST "unseen:\n",
		{"3:1: unseen: has no value; write refuse or flag, or "
		 "leave the line out"}},
	{"list for a word", LEAST "unseen: [refuse]\n",
		{"3:9: unseen: must be refuse or flag, not a list"}},
	{"word for a list", LEAST "before_routing: log\n",
		{"3:17: before_routing: \"log\" is not a list of stages: log, "
		 "content-filter, virus-scan"}},
	{"word for a section", LEAST "archive: true\n",
		{"3:10: archive: must be a mapping of settings"}},
	{"empty section", LEAST "archive:\nunseen: flag\n",
		{"3:1: archive: must be a mapping of settings; leave an empty "
		 "one out"}},
	{"unknown word", LEAST "unseen: refused\n",
		{"3:9: unseen: \"refused\" is unknown; did you mean refuse?"}},
	{"stage named twice", LEAST "before_routing: [log, log]\n",
		{"3:23: before_routing: stage log is named twice"}},
	{"stage unknown", LEAST "after_routing: [virusscan]\n",
		{"3:17: after_routing: stage \"virusscan\" is unknown; did you "
		 "mean virus-scan?"}},
	{"front-end without servers",
		"server: {name: a, domains: [b], role: front-end}\n"
		"listen: [{transport: udp, address: \"127.0.0.1:5060\"}]\n",
		{"1:39: server.role: a front-end needs internal_servers to "
		 "send to; name the home servers there"}},
	{"perimeter",
		"server: {name: a, domains: [b], role: perimeter}\n"
		"listen: [{transport: udp, address: \"127.0.0.1:5060\"}]\n",
		{"1:39: server.role: this version has no perimeter servers; "
		 "write home or front-end"}},
	{"no domain",
		"server: {name: a, domains: []}\n"
		"listen: [{transport: udp, address: \"127.0.0.1:5060\"}]\n",
		{"1:28: server.domains: the list is empty; name at least "
		 "one"}},
	{"no listener", "server: {name: a, domains: [b]}\nlisten: []\n",
		{"2:9: listen: must be a list of mappings, one at least"}},
	{"listener beyond loopback",
		"server: {name: a, domains: [b]}\n"
		"listen: [{transport: udp, address: \"10.0.0.1:5060\"}]\n",
		{"2:36: listen: others than this machine reach this listener, "
		 "and nobody has to prove who he is; write `authentication: "
		 "none` if that is meant"}},
	{"authentication of another kind", LEAST "authentication: digest\n",
		{"3:17: authentication: \"digest\" is unknown; write none"}},
	{"tls and wss",
		"server: {name: a, domains: [b]}\n"
		"listen:\n"
		"- {transport: tls, address: \"127.0.0.1:5061\"}\n"
		"- {transport: wss, address: \"[::1]:443\"}\n",
		{"3:15: listen.transport: tls is not in this version, which "
		 "speaks udp and tcp",
			"4:15: listen.transport: wss is not in this version, "
			"which speaks udp and tcp"}},
	{"listener without its two keys",
		"server: {name: a, domains: [b]}\nlisten: [{advertise: c}]\n",
		{"2:10: listen.transport is missing; write udp, tcp, tls or "
		 "wss",
			"2:10: listen.address is missing; write an IP address "
			"and port such as \"127.0.0.1:5060\" or "
			"\"[::1]:5060\""}},
	{"twin listeners",
		"server: {name: a, domains: [b]}\n"
		"listen:\n"
		"- {transport: udp, address: \"127.0.0.1:5060\"}\n"
		"- {transport: tcp, address: \"127.0.0.1:5060\"}\n"
		"- {transport: udp, address: \"127.0.0.1:5060\"}\n",
		{"5:29: listen: entry 1 listens on this address with udp "
		 "already"}},
	{"address without port",
		LEAST "internal_servers: [{name: x, address: 10.0.0.2}]\n",
		{"3:39: internal_servers.address: \"10.0.0.2\" is not an IP "
		 "address and port such as \"127.0.0.1:5060\" or "
		 "\"[::1]:5060\""}},
	{"twin names",
		LEAST "internal_servers:\n"
		      "- {name: x, address: \"10.0.0.2:1\"}\n"
		      "- {name: X, address: \"10.0.0.3:1\"}\n",
		{"5:10: internal_servers.name: x is the name of entry 1 "
		 "already"}},
	{"networks",
		"server: {name: a, domains: [b], inside: [10.0.0.1/8, "
		"1.2.3/8, 10.0.0.0/33]}\n"
		"listen: [{transport: udp, address: \"127.0.0.1:1\"}]\n",
		{"1:42: server.inside: 10.0.0.1/8 has bits beyond its prefix "
		 "of 8",
			"1:54: server.inside: \"1.2.3/8\" is not a network "
			"such as 10.0.0.0/8 or fd00::/8",
			"1:63: server.inside: \"10.0.0.0/33\" is not a "
			"network such as 10.0.0.0/8 or fd00::/8"}},
	{"route to two stars",
		LEAST "routes: [{to: \"a*@b\", next_hop: \"sip:host\"}]\n",
		{"3:15: routes.to: \"a*@b\" is not user@host, where either "
		 "may be *",
			"3:33: routes.next_hop: \"sip:host\" is not a SIP URI "
			"with an IP address such as "
			"\"sip:127.0.0.1:5090;transport=udp\""}},
	{"files that are not there",
		LEAST "users: users.yaml\n"
		      "stages: {content-filter: {rules: /}}\n",
		{"3:8: users: /nowhere/users.yaml: No such file or directory; "
		 "make the file or correct the path",
			"4:34: stages.content-filter.rules: / is no file"}},
	{"unknown substitution", LEAST "store: {index: \"${data}/x\"}\n",
		{"3:16: store.index: \"${data}/x\": only ${server.data}/ is "
		 "known at the start of a path"}},
	{"sockets that are one",
		LEAST "archive: {socket: /run/x}\nstore: {socket: /run/x}\n",
		{"4:17: store.socket is the same as archive.socket; each "
		 "program needs a socket of its own"}},
	{"bounds that cross", LEAST "registrar: {minimum: 1h, maximum: 30m}\n",
		{"3:35: registrar.default_expires is larger than "
		 "registrar.maximum, which must be at least as large"}},
	{"wait beyond the transaction's life",
		LEAST "limits: {non_invite: 2s}\narchive: {hold: 3s}\n"
		      "stages: {virus-scan: {deadline: 1s}}\n",
		{"4:17: archive.hold is larger than limits.non_invite, which "
		 "must be at least as large"}},
	{"anchor and alias", LEAST "unseen: &a flag\nusers: *a\n",
		{"3:12: anchors (&), aliases (*) and tags (!) are not used "
		 "here; put a value that begins so in quotes",
			"4:9: anchors (&), aliases (*) and tags (!) are not "
			"used here; put a value that begins so in quotes"}},
	{"not YAML", LEAST "unseen: [refuse\n",
		{"4:1: not YAML: flow sequence without a closing bracket"}},
	{"not a mapping", "- a\n",
		{"1:1: a configuration is a mapping that begins with "
		 "`server:`"}},
	{"five kinds at once",
		LEAST "unsen: flag\n"
		      "archive: {node: many, hold: 3, gather: 1h}\n"
		      "unseen: maybe\n",
		{"3:1: unsen is not known; did you mean unseen?",
			"4:17: archive.node: \"many\" is not a number",
			"4:29: archive.hold: 3 has no unit; write a duration "
			"such as 500us, 250ms, 5s, 3m, 1h or 7d",
			"4:40: archive.gather: 1h is out of bounds: from 0us "
			"to 100ms",
			"5:9: unseen: \"maybe\" is unknown; write "
			"refuse or flag"}},
};

static void names_every_fault(void **state)
{
	size_t bad = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(fault_cases) / sizeof(fault_cases[0]);
		i++) {
		const struct fault_case *c = &fault_cases[i];
		struct settings *settings;
		size_t count = read_text(c->text, &settings);

		assert_null(settings);
		for (size_t j = 0; j <= count; j++) {
			const char *wanted = c->faults[j];
			const char *found =
				j < count ? strchr(faults[j].text, ':') + 1
					  : NULL;

			if (!wanted == !found &&
				(!wanted || strcmp(wanted, found) == 0))
				continue;
			print_error("%s: wanted \"%s\", found \"%s\"\n",
				c->name, wanted ? wanted : "nothing",
				found ? found : "nothing");
			bad++;
		}
	}
	assert_int_equal(bad, 0);
}

static void stops_at_the_most_faults(void **state)
{
	char text[4096] = LEAST;
	struct settings *settings;

	(void)state;
	for (int i = 0; i < 100; i++) {
		size_t used = strlen(text);

		(void)snprintf(text + used, sizeof(text) - used,
			"frobnicate%d: 1\n", i);
	}
	assert_int_equal(read_text(text, &settings), SETTINGS_FAULTS);
	assert_null(settings);
	assert_non_null(strstr(faults[0].text, ":3:1: frobnicate0 "));
	assert_non_null(
		strstr(faults[SETTINGS_FAULTS - 1].text, "frobnicate63 "));
}

static void hides_control_characters(void **state)
{
	struct settings *settings;

	(void)state;
	assert_int_equal(
		read_text(LEAST "unseen: \"\\e[2Jrefuse\"\n", &settings), 1);
	assert_string_equal(faults[0].text,
		"/nowhere/x.yaml:3:9: a control character (0x1b) has no place "
		"here");
	assert_int_equal(
		read_text(LEAST "\"a\\e[2J\": refuse\n", &settings), 2);
	assert_null(strchr(faults[0].text, 0x1b));
	assert_non_null(strstr(faults[1].text, ":3:1: a?[2J is not known"));
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void reads_files_beside_the_configuration(void **state)
{
	char folder[] = "/tmp/settings_test.XXXXXX";
	char path[64], users[64];
	struct settings *settings;

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/x.yaml", folder);
	(void)snprintf(users, sizeof(users), "%s/users.yaml", folder);
	write_file(path, LEAST "users: users.yaml\n");
	write_file(users, "users: []\n");
	assert_int_equal(settings_read(path, &settings, faults), 0);
	assert_string_equal(settings->file, path);
	assert_string_equal(settings->users, users);
	settings_release(&settings);
	/* A program may change its folder; the paths stay right. */
	assert_int_equal(chdir(folder), 0);
	assert_int_equal(settings_read("x.yaml", &settings, faults), 0);
	assert_string_equal(settings->users, users);
	settings_release(&settings);
	assert_int_equal(chdir("/tmp"), 0);
	(void)snprintf(path, sizeof(path), "%s/x.yaml", strchr(folder, 's'));
	assert_int_equal(settings_read(path, &settings, faults), 0);
	assert_string_equal(settings->users, users);
	settings_release(&settings);
	assert_int_equal(unlink(users), 0);
	assert_int_equal(settings_read(path, &settings, faults), 1);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(settings_read(path, &settings, faults), 1);
	assert_non_null(strstr(faults[0].text,
		"x.yaml:1:1: the configuration cannot be read: No such file"));
	assert_int_equal(rmdir(folder), 0);
}

static void knows_the_file_by_its_digest(void **state)
{
	unsigned char one[32], other[32];
	struct settings *a, *b;

	(void)state;
	assert_int_equal(read_text(LEAST, &a), 0);
	assert_int_equal(read_text(LEAST " ", &b), 0);
	assert_int_equal(settings_digest(a, one), 0);
	assert_int_equal(settings_digest(b, other), 0);
	assert_memory_not_equal(one, other, sizeof(one));
	settings_release(&b);
	assert_int_equal(read_text(LEAST, &b), 0);
	assert_int_equal(settings_digest(b, other), 0);
	assert_memory_equal(one, other, sizeof(one));
	settings_release(&a);
	settings_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_defaults),
		cmocka_unit_test(takes_what_is_written),
		cmocka_unit_test(names_every_fault),
		cmocka_unit_test(stops_at_the_most_faults),
		cmocka_unit_test(hides_control_characters),
		cmocka_unit_test(reads_files_beside_the_configuration),
		cmocka_unit_test(knows_the_file_by_its_digest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
