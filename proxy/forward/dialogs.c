/* dialogs.c -- INVITEs whose 2xx went upstream. */
#include "proxy/forward/dialogs.h"

#include "lib/map.h"

#include <stdlib.h>

struct dialog {
	UT_hash_handle hh;
	struct passage *invite; /* borrowed */
	unsigned size;
	char name[]; /* Call-ID NUL From tag */
};

struct dialogs {
	struct dialog *all; /* owned, by name */
};

struct dialogs *dialogs_new(void)
{
	return calloc(1, sizeof(struct dialogs));
}

void dialogs_release(struct dialogs **dialogs)
{
	struct dialog *dialog, *next;

	if (!*dialogs)
		return;
	HASH_ITER (hh, (*dialogs)->all, dialog, next) {
		HASH_DEL((*dialogs)->all, dialog);
		free(dialog);
	}
	free(*dialogs);
	*dialogs = NULL;
}

static struct dialog *dialog_named(const struct message *message)
{
	size_t size = message->call_id.size + 1 + message->from_tag.size;
	struct dialog *dialog = calloc(1, sizeof(*dialog) + size + 1);

	if (!dialog)
		return NULL;
	memcpy(dialog->name, message->call_id.at, message->call_id.size);
	if (message->from_tag.size)
		memcpy(dialog->name + message->call_id.size + 1,
			message->from_tag.at, message->from_tag.size);
	dialog->size = (unsigned)size;
	return dialog;
}

void dialog_begin(struct dialogs *dialogs, struct passage *invite)
{
	struct dialog *dialog, *old;

	if (invite->dialog)
		return;
	dialog = dialog_named(invite->versions[0].message);
	if (!dialog)
		return;
	dialog->invite = invite;
	HASH_FIND(hh, dialogs->all, dialog->name, dialog->size, old);
	if (old) { /* a re-INVITE: the newer one knows the dialog better */
		old->invite->dialog = NULL;
		HASH_DEL(dialogs->all, old);
		free(old);
	}
	HASH_ADD_KEYPTR(hh, dialogs->all, dialog->name, dialog->size, dialog);
	invite->dialog = dialog;
}

void dialog_end(struct dialogs *dialogs, struct passage *invite)
{
	struct dialog *dialog = invite->dialog;

	if (!dialog)
		return;
	HASH_DEL(dialogs->all, dialog);
	free(dialog);
	invite->dialog = NULL;
}

struct passage *dialog_find(
	const struct dialogs *dialogs, const struct message *ack)
{
	struct dialog *wanted = dialog_named(ack), *found;

	if (!wanted)
		return NULL;
	HASH_FIND(hh, dialogs->all, wanted->name, wanted->size, found);
	free(wanted);
	return found ? found->invite : NULL;
}
