/* outage.c -- whether Kafka is away, and what has been said about it. */
#include "archiver/publisher/outage.h"

#include "lib/log.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>

void outage_begin(struct outage *outage, const char *reason)
{
	if (outage->away)
		return;
	outage->away = true;
	log_warn("Kafka does not take records; the journal keeps them, and it "
		 "is tried again event=broker-away reason=\"%s\"",
		reason);
}

bool outage_end(struct outage *outage)
{
	bool was_away = outage->away;

	if (was_away)
		memset(outage, 0, sizeof(*outage));
	return was_away;
}

static bool said_before(struct outage *outage, const char *kind)
{
	for (int i = 0; i < outage->kinds; i++)
		if (strncmp(outage->said[i], kind, OUTAGE_KIND_SIZE - 1) == 0)
			return true;
	return false;
}

void outage_hear(
	struct outage *outage, int level, const char *kind, const char *text)
{
	if (level >= LOG_NOTICE || said_before(outage, kind) ||
		outage->kinds == OUTAGE_KINDS)
		return;
	(void)snprintf(
		outage->said[outage->kinds++], OUTAGE_KIND_SIZE, "%s", kind);
	log_warn("Kafka's client says kind=%s text=\"%s\"", kind, text);
}
