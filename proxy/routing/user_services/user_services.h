/* user_services.h -- requests that this server itself answers. */
#ifndef PROXY_ROUTING_USER_SERVICES_USER_SERVICES_H
#define PROXY_ROUTING_USER_SERVICES_USER_SERVICES_H

#include "proxy/parse/values.h"
#include "proxy/passage.h"

#include <stdbool.h>

/* True when the request is for User Services and not to be routed on: REGISTER
 * of our domains; PUBLISH, SERVICE and SUBSCRIBE outside of a dialog for our
 * users; OPTIONS of the server itself. */
bool user_services_take(const struct passage *passage, const struct uri *uri);
/* Answers it (passage_answer), or WAITs for the writer of bindings. Called
 * again after a WAIT. */
enum progress user_services_step(struct passage *passage);
/* registrar.c */
enum progress registrar_step(struct passage *passage);
/* The passage goes away: its registration is not waited for any more. */
void registrar_forget(struct passage *passage);

#endif
