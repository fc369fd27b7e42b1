/* dump.h -- what is under way, entry by entry, for `sipwarden dump`.
 *
 * Each worker shows its own on its own loop, a piece in a turn, so that SIP
 * goes on however many there are. Addresses are shown, content and credentials
 * never.
 */
#ifndef PROXY_DUMP_H
#define PROXY_DUMP_H

#include "lib/control.h"

/* The command `dump` of the control socket; context is the proxy. {"what":
 * "bindings" | "transactions" | "connections", "limit": N (0: all)}. A row for
 * each; done: {"shown", "more": whether the limit cut it off, "silent":
 * workers that did not answer}. */
control_fn dump_answer;

#endif
