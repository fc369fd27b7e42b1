/* dialogs.h -- INVITEs whose 2xx went upstream, to end them where a stage
 * refuses their ACK. */
#ifndef PROXY_FORWARD_DIALOGS_H
#define PROXY_FORWARD_DIALOGS_H

#include "proxy/passage.h"

struct dialogs;

struct dialogs *dialogs_new(void) __attribute__((warn_unused_result));
void dialogs_release(struct dialogs **dialogs);
/* Notes the INVITE's passage under Call-ID and From tag; kept until it ends. */
void dialog_begin(struct dialogs *dialogs, struct passage *invite);
void dialog_end(struct dialogs *dialogs, struct passage *invite);
/* The INVITE that an ACK belongs to; NULL when it is over. */
struct passage *dialog_find(
	const struct dialogs *dialogs, const struct message *ack);

#endif
