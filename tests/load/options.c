/* options.c -- what the load generator is told on its command line. */
#include "tests/load/options.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const kind_names[KINDS] = {"message", "dialog", "presence",
	"attachment", "infected", "forbidden", "options"};

static const char usage[] =
	"usage: sipwarden-load --server ADDR:PORT [--server ...] OPTIONS\n"
	"\n"
	"  --server ADDR:PORT       receivers register there, in turn\n"
	"  --door ADDR:PORT         senders send there, in turn (the servers)\n"
	"  --transport udp|tcp      (udp)\n"
	"  --senders N              s0, s1, ... each with a socket (10)\n"
	"  --receivers N            r0, r1, ... each with a socket (10)\n"
	"  --sender-address ADDR    own addresses, in turn (127.0.0.1)\n"
	"  --receiver-address ADDR  the same for receivers\n"
	"  --domain NAME            of the users (example.com)\n"
	"  --sender-domain NAME     of the senders (that of the users)\n"
	"  --rate R                 exchanges a second, whatever comes back\n"
	"  --seconds S              how long (10)\n"
	"  --drain-seconds S        then wait so long for answers (5)\n"
	"  --seed N                 decides every byte that is sent (1)\n"
	"  --mix KIND:WEIGHT,...    message, dialog, presence, attachment,\n"
	"                           infected, forbidden, options (message:1)\n"
	"  --forbidden-word WORD    what a rule refuses (falcon)\n"
	"  --text-file FILE         words to write texts with\n"
	"  --text-bytes N           size of a text (120)\n"
	"  --retransmit yes|no      as RFC 3261 says over UDP (yes)\n"
	"  --register-seconds S     receivers register again (30)\n"
	"  --register yes|no        (yes)\n"
	"  --receiver-port N        receivers listen there, and on the ports\n"
	"                           behind it (any)\n"
	"  --log FILE               a line for each event\n"
	"\n"
	"A table goes to stderr, one JSON line to stdout.\n";

enum choice {
	OPTION_SERVER = 1,
	OPTION_DOOR,
	OPTION_TRANSPORT,
	OPTION_SENDERS,
	OPTION_RECEIVERS,
	OPTION_SENDER_ADDRESS,
	OPTION_RECEIVER_ADDRESS,
	OPTION_DOMAIN,
	OPTION_SENDER_DOMAIN,
	OPTION_RATE,
	OPTION_SECONDS,
	OPTION_DRAIN,
	OPTION_SEED,
	OPTION_MIX,
	OPTION_FORBIDDEN,
	OPTION_TEXT_FILE,
	OPTION_TEXT_BYTES,
	OPTION_RETRANSMIT,
	OPTION_REGISTER,
	OPTION_LOG,
	OPTION_REGISTERS,
	OPTION_RECEIVER_PORT,
	OPTION_HELP
};

static const struct option_name {
	const char *name;
	int value;
} names[] = {{"server", OPTION_SERVER}, {"door", OPTION_DOOR},
	{"transport", OPTION_TRANSPORT}, {"senders", OPTION_SENDERS},
	{"receivers", OPTION_RECEIVERS},
	{"sender-address", OPTION_SENDER_ADDRESS},
	{"receiver-address", OPTION_RECEIVER_ADDRESS},
	{"domain", OPTION_DOMAIN}, {"sender-domain", OPTION_SENDER_DOMAIN},
	{"rate", OPTION_RATE}, {"seconds", OPTION_SECONDS},
	{"drain-seconds", OPTION_DRAIN}, {"seed", OPTION_SEED},
	{"mix", OPTION_MIX}, {"forbidden-word", OPTION_FORBIDDEN},
	{"text-file", OPTION_TEXT_FILE}, {"text-bytes", OPTION_TEXT_BYTES},
	{"retransmit", OPTION_RETRANSMIT},
	{"register-seconds", OPTION_REGISTER}, {"log", OPTION_LOG},
	{"register", OPTION_REGISTERS}, {"receiver-port", OPTION_RECEIVER_PORT},
	{"help", OPTION_HELP}};
enum { NAMES = sizeof(names) / sizeof(names[0]) };

static double number(
	const char *name, const char *text, double least, double most)
{
	char *end;
	double value;

	errno = 0;
	value = strtod(text, &end);
	if (errno || end == text || *end || !(value >= least) || value > most)
		errx(2, "--%s: not \"%s\" but a number from %g to %g", name,
			text, least, most);
	return value;
}

static bool yes_or_no(
	const char *name, const char *text, const char *yes, const char *no)
{
	if (strcmp(text, yes) != 0 && strcmp(text, no) != 0)
		errx(2, "--%s: not \"%s\" but %s or %s", name, text, yes, no);
	return strcmp(text, yes) == 0;
}

bool endpoint_read(const char *text, bool with_port, struct endpoint *endpoint)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&endpoint->address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&endpoint->address;
	const char *colon = with_port ? strrchr(text, ':') : NULL;
	size_t size = colon ? (size_t)(colon - text) : strlen(text);
	char host[64];
	long port = colon ? strtol(colon + 1, NULL, 10) : 0;

	memset(endpoint, 0, sizeof(*endpoint));
	if (with_port && (!colon || port < 1 || port > 65535))
		return false;
	if (size > 1 && text[0] == '[' && text[size - 1] == ']') {
		text++;
		size -= 2;
	}
	if (size >= sizeof(host))
		return false;
	memcpy(host, text, size);
	host[size] = 0;
	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		endpoint->size = sizeof(*v4);
	} else if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
		endpoint->size = sizeof(*v6);
	}
	return endpoint->size > 0;
}

void endpoint_set_port(struct endpoint *endpoint, unsigned port)
{
	if (endpoint->address.ss_family == AF_INET)
		((struct sockaddr_in *)&endpoint->address)->sin_port =
			htons((uint16_t)port);
	else
		((struct sockaddr_in6 *)&endpoint->address)->sin6_port =
			htons((uint16_t)port);
}

static void add_endpoint(const char *name, struct endpoints *endpoints,
	const char *text, bool with_port)
{
	if (endpoints->count == OPTIONS_ADDRESSES)
		errx(2, "--%s: more than %d", name, OPTIONS_ADDRESSES);
	if (!endpoint_read(text, with_port, &endpoints->list[endpoints->count]))
		errx(2, "--%s: not \"%s\" but an IP address%s", name, text,
			with_port ? " and a port" : "");
	endpoints->count++;
}

static void read_mix(struct options *options, char *text)
{
	memset(options->mix, 0, sizeof(options->mix));
	options->mix_sum = 0;
	for (char *item = strtok(text, ","); item; item = strtok(NULL, ",")) {
		char *colon = strchr(item, ':');
		size_t kind = 0;

		if (colon)
			*colon = 0;
		while (kind < KINDS && strcmp(kind_names[kind], item) != 0)
			kind++;
		if (kind == KINDS || !colon)
			errx(2, "--mix: \"%s\" is no KIND:WEIGHT", item);
		options->mix[kind] =
			(unsigned)number("mix", colon + 1, 0, 1000000);
		options->mix_sum += options->mix[kind];
	}
	if (!options->mix_sum)
		errx(2, "--mix: nothing to send");
}

/* White space parts words; what is not a word of letters stands apart. */
static void read_words(struct words *words, const char *path)
{
	FILE *file = fopen(path, "r");
	long size;

	if (!file || fseek(file, 0, SEEK_END) != 0 ||
		(size = ftell(file)) < 0 || fseek(file, 0, SEEK_SET) != 0)
		err(2, "%s", path);
	words->text = calloc(1, (size_t)size + 1);
	words->list = calloc((size_t)size / 2 + 1, sizeof(*words->list));
	if (!words->text || !words->list)
		err(2, "%s", path);
	if (fread(words->text, 1, (size_t)size, file) != (size_t)size)
		err(2, "%s", path);
	fclose(file);
	for (char *word = strtok(words->text, " \t\r\n"); word;
		word = strtok(NULL, " \t\r\n"))
		words->list[words->count++] = word;
	if (!words->count)
		errx(2, "%s: no word in it", path);
}

static void set_option(struct options *o, int option, char *value)
{
	const char *name = option ? names[option - 1].name : "";

	switch (option) {
	case OPTION_SERVER:
		add_endpoint(name, &o->servers, value, true);
		break;
	case OPTION_DOOR:
		add_endpoint(name, &o->doors, value, true);
		break;
	case OPTION_SENDER_ADDRESS:
		add_endpoint(name, &o->senders, value, false);
		break;
	case OPTION_RECEIVER_ADDRESS:
		add_endpoint(name, &o->receivers, value, false);
		break;
	case OPTION_TRANSPORT:
		o->tcp = yes_or_no(name, value, "tcp", "udp");
		break;
	case OPTION_RETRANSMIT:
		o->retransmit = yes_or_no(name, value, "yes", "no");
		break;
	case OPTION_SENDERS:
		o->sender_count = (unsigned)number(name, value, 1, 20000);
		break;
	case OPTION_RECEIVERS:
		o->receiver_count = (unsigned)number(name, value, 1, 20000);
		break;
	case OPTION_RATE:
		o->rate = number(name, value, 0.1, 1000000);
		break;
	case OPTION_SECONDS:
		o->seconds = number(name, value, 0, 1000000);
		break;
	case OPTION_DRAIN:
		o->drain_seconds = number(name, value, 0, 1000);
		break;
	case OPTION_REGISTER:
		o->register_seconds = number(name, value, 1, 100000);
		break;
	case OPTION_SEED:
		o->seed = (uint64_t)number(name, value, 0, 4294967295.0);
		break;
	case OPTION_REGISTERS:
		o->registers = yes_or_no(name, value, "yes", "no");
		break;
	case OPTION_RECEIVER_PORT:
		o->receiver_port = (unsigned)number(name, value, 1, 65535);
		break;
	case OPTION_TEXT_BYTES:
		o->text_bytes = (unsigned)number(name, value, 1, 16000);
		break;
	case OPTION_MIX:
		read_mix(o, value);
		break;
	case OPTION_DOMAIN:
		o->domain = value;
		break;
	case OPTION_SENDER_DOMAIN:
		o->sender_domain = value;
		break;
	case OPTION_FORBIDDEN:
		o->forbidden_word = value;
		break;
	case OPTION_TEXT_FILE:
		read_words(&o->words, value);
		break;
	case OPTION_LOG:
		o->log = value;
		break;
	case OPTION_HELP:
		fputs(usage, stdout);
		exit(0);
	default:
		fputs(usage, stderr);
		exit(2);
	}
}

static void complete(struct options *options)
{
	if (!options->servers.count || options->rate <= 0)
		errx(2, "--server and --rate must be given; --help says more");
	if (!options->doors.count)
		options->doors = options->servers;
	if (!options->senders.count)
		add_endpoint("sender-address", &options->senders, "127.0.0.1",
			false);
	if (!options->receivers.count)
		add_endpoint("receiver-address", &options->receivers,
			"127.0.0.1", false);
	if (!options->sender_domain)
		options->sender_domain = options->domain;
}

void options_read(struct options *options, int count, char **arguments)
{
	struct option list[NAMES + 1] = {{0}};
	int option;

	*options = (struct options){.sender_count = 10,
		.receiver_count = 10,
		.domain = "example.com",
		.forbidden_word = "falcon",
		.seconds = 10,
		.drain_seconds = 5,
		.register_seconds = 30,
		.seed = 1,
		.text_bytes = 120,
		.mix = {[KIND_MESSAGE] = 1},
		.mix_sum = 1,
		.retransmit = true,
		.registers = true};
	for (size_t i = 0; i < NAMES; i++)
		list[i] = (struct option){names[i].name,
			names[i].value == OPTION_HELP ? no_argument
						      : required_argument,
			NULL, names[i].value};
	while ((option = getopt_long(count, arguments, "", list, NULL)) != -1)
		set_option(options, option, optarg);
	if (optind < count)
		errx(2, "\"%s\" belongs to no option", arguments[optind]);
	complete(options);
}

void options_release(struct options *options)
{
	free(options->words.list);
	free(options->words.text);
}
