/* arrivals.h -- a message has come: is it new, and to what does it belong. */
#ifndef PROXY_ARRIVALS_H
#define PROXY_ARRIVALS_H

#include "proxy/parse/message.h"
#include "proxy/transports/transports.h"

/* For transports_host; context is the worker. */
void arrivals_take(void *worker, struct message *message,
	const struct arrival *arrival, const struct message_fault *fault);

#endif
