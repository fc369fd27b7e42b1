/* reload.h -- reads rules and users anew and gives them to the workers.
 *
 * The new set is read and compiled by the thread that was asked to. Each worker
 * takes it between two turns of its loop, and only when all have it is it said
 * to be in use. A message that is under way keeps the verdicts it has; they are
 * bound to the rule set, so a stage after routing judges it again by the new
 * one. A faulty file changes nothing.
 */
#ifndef PROXY_RELOAD_H
#define PROXY_RELOAD_H

#include "lib/control.h"
#include "proxy/worker.h"

/* The command `reload` of the control socket; context is the proxy. Rows:
 * {"fault": "file:line:column: sentence"}, {"restart": setting}. Done:
 * {"rules", "version", "users"}. */
control_fn reload_answer;
/* The same for a SIGHUP: says in the log what came of it. */
void reload_asked(struct proxy *proxy);

#endif
