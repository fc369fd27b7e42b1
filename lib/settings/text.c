/* text.c -- the forms that texts in the configuration must have. */
#include "lib/settings/address.h"
#include "lib/settings/reader.h"

#include <string.h>

enum { HOST_BYTES = 253, LABEL_BYTES = 63, WORD_BYTES = 249 };

static bool is_letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

static bool label_is_valid(struct slice label)
{
	if (label.size == 0 || label.size > LABEL_BYTES || label.at[0] == '-' ||
		label.at[label.size - 1] == '-')
		return false;
	for (size_t i = 0; i < label.size; i++)
		if (!is_letter_or_digit(label.at[i]) && label.at[i] != '-')
			return false;
	return true;
}

/* RFC 3261 25.1 hostname and IPv4address; without the dot at the end. */
bool host_is_valid(struct slice host)
{
	struct slice rest = host, label;

	if (host.size == 0 || host.size > HOST_BYTES)
		return false;
	while (slice_cut(&rest, '.', &label))
		if (!label_is_valid(label))
			return false;
	return true;
}

/* What Kafka takes as the name of a topic. */
bool word_is_valid(struct slice word)
{
	if (word.size == 0 || word.size > WORD_BYTES)
		return false;
	for (size_t i = 0; i < word.size; i++)
		if (!is_letter_or_digit(word.at[i]) && word.at[i] != '.' &&
			word.at[i] != '_' && word.at[i] != '-')
			return false;
	return true;
}

static bool host_or_reference_is_valid(struct slice host)
{
	union address address;

	if (host.size > 2 && host.at[0] == '[' && host.at[host.size - 1] == ']')
		return host_address_parse(
			       slice_part(host, 1, host.size - 2), &address) &&
		       address.any.sa_family == AF_INET6;
	return host_is_valid(host);
}

bool advertised_is_valid(struct slice text)
{
	struct slice host;
	uint16_t port;

	return host_or_reference_is_valid(text) ||
	       (host_port_split(text, &host, &port) &&
		       host_or_reference_is_valid(host));
}

bool brokers_are_valid(struct slice text)
{
	struct slice broker, host;
	uint16_t port;

	while (slice_cut(&text, ',', &broker))
		if (!host_port_split(slice_trim(broker), &host, &port) ||
			!host_or_reference_is_valid(host))
			return false;
	return true;
}

static bool is_star(struct slice part)
{
	return slice_equal(part, SLICE("*"));
}

bool pattern_is_valid(struct slice text)
{
	struct slice user, host = text;

	if (!slice_cut(&host, '@', &user) || !host.at || !user.size)
		return false;
	if (!is_star(user) && slice_find(user, '*') != SIZE_MAX)
		return false;
	return is_star(host) || host_is_valid(host);
}

static bool transport_parse(struct slice word, enum transport *transport)
{
	static const enum transport spoken[] = {TRANSPORT_UDP, TRANSPORT_TCP};

	for (size_t i = 0; i < sizeof(spoken) / sizeof(spoken[0]); i++) {
		if (!slice_equal_nocase(
			    word, slice_of(transport_word(spoken[i]))))
			continue;
		*transport = spoken[i];
		return true;
	}
	return false;
}

/* sip:127.0.0.1:5090;transport=udp;lr -- of SIP URIs only what names an
 * address; RFC 3261 19.1.2: without transport it is udp, without port 5060. */
bool next_hop_parse(
	const char *text, enum transport *transport, union address *address)
{
	char with_port[ADDRESS_TEXT_SIZE];
	struct slice rest = slice_of(text), place, parameter;

	*transport = TRANSPORT_UDP;
	if (!slice_starts_nocase(rest, SLICE("sip:")))
		return false;
	rest = slice_from(rest, 4);
	if (!slice_cut(&rest, ';', &place) ||
		place.size + sizeof(":5060") > sizeof(with_port))
		return false;
	memcpy(with_port, place.at, place.size);
	with_port[place.size] = '\0';
	if (!address_parse(with_port, address)) {
		memcpy(with_port + place.size, ":5060", sizeof(":5060"));
		if (!address_parse(with_port, address))
			return false;
	}
	while (slice_cut(&rest, ';', &parameter)) {
		if (slice_starts_nocase(parameter, SLICE("transport="))) {
			if (!transport_parse(
				    slice_from(parameter, 10), transport))
				return false;
		} else if (!slice_equal_nocase(parameter, SLICE("lr"))) {
			return false;
		}
	}
	return true;
}
