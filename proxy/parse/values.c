/* values.c -- single header values, read on demand. */
#include "proxy/parse/values.h"

#include "proxy/parse/message.h"
#include "proxy/parse/scan.h"

#include <arpa/inet.h>

enum { VALUE_BYTES_MOST = 8192, VALUE_PARAMETERS_MOST = 64 };

/* Nothing that is to be read here is longer, and no NUL, CR or LF is in it:
 * message.c refuses them, but values also come from elsewhere. */
static bool is_readable(struct slice text)
{
	if (text.size == 0 || text.size > VALUE_BYTES_MOST)
		return false;
	for (size_t i = 0; i < text.size; i++)
		if (scan_is(text.at[i], SCAN_CONTROL) &&
			(i == 0 || text.at[i - 1] != '\\' ||
				scan_is(text.at[i], SCAN_SPACE) ||
				text.at[i] == '\0'))
			return false;
	return true;
}

bool name_address_read(
	struct arena *arena, struct slice text, struct name_address *address)
{
	struct address_parts parts;

	*address = (struct name_address){0};
	text = slice_trim(text);
	if (!is_readable(text))
		return false;
	if (slice_equal(text, SLICE("*"))) {
		address->star = true;
		return true;
	}
	if (scan_address(text, VALUE_PARAMETERS_MOST, &parts))
		return false;
	address->display_name = parts.name;
	address->parameters = parts.parameters;
	if (parts.quoted)
		address->display_name = value_unescape(arena, parts.name);
	if (parts.name.at && !address->display_name.at)
		return false;
	return uri_read(arena, parts.uri, &address->uri);
}

struct slice value_unescape(struct arena *arena, struct slice text)
{
	size_t size = 0;
	char *copy;

	if (slice_find(text, '\\') == SIZE_MAX)
		return text;
	copy = arena_take(arena, text.size + 1);
	if (!copy)
		return (struct slice){NULL, 0};
	for (size_t i = 0; i < text.size; i++) {
		if (text.at[i] == '\\' && i + 1 < text.size)
			i++;
		copy[size++] = text.at[i];
	}
	return slice_make(copy, size);
}

bool parameter_find(struct arena *arena, struct slice parameters,
	struct slice name, struct slice *value)
{
	struct parameter parameter;

	*value = (struct slice){NULL, 0};
	for (size_t i = 0; i < VALUE_PARAMETERS_MOST; i++) {
		if (scan_parameter(&parameters, &parameter) != SCAN_ITEM)
			return false;
		if (!slice_equal_nocase(parameter.name, name))
			continue;
		*value = parameter.value;
		if (value->size && value->at[0] == '"')
			*value = value_unescape(
				arena, slice_part(*value, 1, value->size - 2));
		return true;
	}
	return false;
}

/* CR and LF stand in folds alone (a Via is read as it stands in the bytes). */
static bool folds_are_sound(struct slice text)
{
	for (size_t i = 0; i < text.size; i++) {
		if (text.at[i] != '\r' && text.at[i] != '\n')
			continue;
		if (i + 2 >= text.size || text.at[i] != '\r' ||
			text.at[i + 1] != '\n' ||
			!scan_is(text.at[i + 2], SCAN_SPACE) ||
			scan_is(text.at[i + 2], SCAN_CONTROL))
			return false;
		i++;
	}
	return true;
}

bool via_read(struct arena *arena, struct slice text, struct via *via)
{
	struct via_parts parts;

	(void)arena;
	*via = (struct via){0};
	text = slice_trim(text);
	if (text.size == 0 || text.size > VALUE_BYTES_MOST ||
		!folds_are_sound(text) ||
		scan_via(text, VALUE_PARAMETERS_MOST, &parts))
		return false;
	*via = (struct via){.transport = parts.transport,
		.host = parts.host,
		.branch = parts.branch,
		.received = parts.received,
		.maddr = parts.maddr,
		.port = parts.port,
		.rport = parts.rport,
		.has_rport = parts.has_rport,
		.sent_by = parts.sent_by};
	return true;
}

bool address_of_host(struct slice host, uint16_t port, union address *address)
{
	char text[INET6_ADDRSTRLEN];

	memset(address, 0, sizeof(*address));
	if (host.size == 0 || host.size >= sizeof(text))
		return false;
	memcpy(text, host.at, host.size);
	text[host.size] = '\0';
	if (strlen(text) != host.size)
		return false;
	if (inet_pton(AF_INET, text, &address->v4.sin_addr) == 1) {
		address->v4.sin_family = AF_INET;
		address->v4.sin_port = htons(port);
		return true;
	}
	if (inet_pton(AF_INET6, text, &address->v6.sin6_addr) == 1) {
		address->v6.sin6_family = AF_INET6;
		address->v6.sin6_port = htons(port);
		return true;
	}
	return false;
}
