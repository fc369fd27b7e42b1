/* audit.c -- who asked what, on record before the answer. */
#include "archiver/store/audit.h"

#include "lib/clock.h"
#include "lib/intake_client.h"

#include <errno.h>
#include <pthread.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>

enum { WAIT_MS = 3000, PASSWORD_BYTES = 16 * 1024 };

struct audit {
	pthread_mutex_t lock; /* around the client */
	struct intake_client *client;
	char *socket, *node; /* owned */
};

struct audit *audit_new(const char *socket, const char *node)
{
	struct audit *audit = calloc(1, sizeof(*audit));

	if (!audit)
		return NULL;
	pthread_mutex_init(&audit->lock, NULL);
	audit->client = intake_client_new(socket, "store");
	audit->socket = strdup(socket);
	audit->node = strdup(node);
	if (!audit->client || !audit->socket || !audit->node)
		audit_release(&audit);
	return audit;
}

void audit_release(struct audit **audit)
{
	struct audit *old = *audit;

	if (!old)
		return;
	intake_client_close(&old->client);
	pthread_mutex_destroy(&old->lock);
	free(old->socket);
	free(old->node);
	free(old);
	*audit = NULL;
}

void audit_actor(uid_t uid, char name[AUDIT_ACTOR_BYTES])
{
	struct passwd person, *found = NULL;
	char room[PASSWORD_BYTES];

	if (getpwuid_r(uid, &person, room, sizeof(room), &found) == 0 && found)
		(void)snprintf(name, AUDIT_ACTOR_BYTES, "%s", person.pw_name);
	else
		(void)snprintf(
			name, AUDIT_ACTOR_BYTES, "uid %lu", (unsigned long)uid);
}

static int submit(struct audit *audit, struct slice packed, uint64_t *number)
{
	Sipwarden__Record__Record record = SIPWARDEN__RECORD__RECORD__INIT;
	Sipwarden__Record__Part part = SIPWARDEN__RECORD__PART__INIT;
	struct record_part_room room;
	int error = record_part_make(packed, &room, &part);

	if (error)
		return error;
	record.kind = SIPWARDEN__RECORD__KIND__KIND_AUDIT;
	record.node = audit->node;
	record.observed_us = clock_wall_us();
	record.metadata = &part;
	pthread_mutex_lock(&audit->lock);
	error = intake_client_submit(audit->client, &record, WAIT_MS, number);
	pthread_mutex_unlock(&audit->lock);
	return error;
}

static void explain(const struct audit *audit, int error, char *sentence)
{
	if (error == ETIMEDOUT)
		(void)snprintf(sentence, AUDIT_SENTENCE_BYTES,
			"Nothing is answered that cannot be recorded, and the "
			"archiver does not answer at %s: start "
			"sipwarden-archiver and ask again.",
			audit->socket);
	else
		(void)snprintf(sentence, AUDIT_SENTENCE_BYTES,
			"Nothing is answered that cannot be recorded, and the "
			"record could not be made: %s.",
			strerror(error));
}

int audit_write(struct audit *audit, const struct audit_event *event,
	uint64_t *number, char sentence[AUDIT_SENTENCE_BYTES])
{
	Sipwarden__Record__Audit entry = SIPWARDEN__RECORD__AUDIT__INIT;
	char *detail = slice_to_string(event->detail);
	uint8_t *packed;
	size_t size;
	int error = ENOMEM;

	entry.actor = (char *)(uintptr_t)event->actor;
	entry.action = (char *)(uintptr_t)event->action;
	entry.uid = event->uid;
	entry.detail = detail;
	size = sipwarden__record__audit__get_packed_size(&entry);
	packed = malloc(size + 1);
	if (detail && packed) {
		sipwarden__record__audit__pack(&entry, packed);
		error = submit(audit, slice_make(packed, size), number);
	}
	if (error)
		explain(audit, error, sentence);
	free(packed);
	free(detail);
	return error;
}
