/* service.h -- answers questions at the store's socket.
 *
 * A thread for each asker, at most SERVICE_ASKERS: a slow question or a slow
 * reader delays nobody else, and the index goes on. Questions and answers are
 * those of lib/query_protocol.h.
 */
#ifndef ARCHIVER_STORE_SERVICE_H
#define ARCHIVER_STORE_SERVICE_H

#include "archiver/store/audit.h"
#include "archiver/store/index/index.h"

enum {
	SERVICE_ASKERS = 16,
	SERVICE_PATIENCE_S = 30 /* for an asker that does not read on */
};

struct service;

struct service_options {
	const char *socket, *journal; /* borrowed */
	struct index *index;          /* borrowed */
	struct audit *audit;          /* borrowed */
};

/* Listens and begins. 0 or errno. */
int service_open(const struct service_options *options,
	struct service **service) __attribute__((warn_unused_result));
/* Ends what is being answered and waits for it. */
void service_close(struct service **service);

#endif
