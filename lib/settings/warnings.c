/* warnings.c -- what may be meant as it stands, but should be known. */
#include "lib/log.h"
#include "lib/settings.h"
#include "lib/settings/address.h"

#include <stdio.h>

static bool trusts_addresses(const struct settings *settings)
{
	if (settings->internal_server_count)
		return true;
	for (size_t i = 0; i < settings->server.inside_count; i++)
		if (!address_is_loopback(&settings->server.inside[i].address))
			return true;
	return false;
}

/* Loopback is exempt: the system takes no such source from outside. */
static bool can_be_deceived(const struct settings *settings,
	const struct listener_settings *listener)
{
	return listener->transport == TRANSPORT_UDP &&
	       !address_is_private(&listener->address) &&
	       (listener->treat_as_server || trusts_addresses(settings));
}

size_t settings_warnings(const struct settings *settings,
	struct settings_fault warnings[SETTINGS_FAULTS])
{
	size_t count = 0;

	if (!settings->archive.record)
		(void)snprintf(warnings[count++].text, sizeof(warnings[0].text),
			"archive.record is false: nothing that passes is "
			"recorded");
	for (size_t i = 0;
		i < settings->listener_count && count < SETTINGS_FAULTS; i++) {
		const struct listener_settings *listener =
			&settings->listeners[i];
		char address[ADDRESS_TEXT_SIZE];

		if (!can_be_deceived(settings, listener))
			continue;
		address_text(&listener->address, address);
		(void)snprintf(warnings[count++].text, sizeof(warnings[0].text),
			"the listener udp %s may be reached from anywhere, and "
			"the source of a datagram can be forged: whoever does "
			"so is taken for %s; listen on a private address, or "
			"keep such sources out with a firewall",
			address,
			listener->treat_as_server
				? "a server (treat_as_server)"
				: "one of our own (server.inside, "
				  "internal_servers)");
	}
	return count;
}

void settings_log_warnings(const struct settings *settings)
{
	struct settings_fault warnings[SETTINGS_FAULTS];
	size_t count = settings_warnings(settings, warnings);

	for (size_t i = 0; i < count; i++)
		log_warn("%s", warnings[i].text);
}
