/* peers.h -- who is at the other end of a local socket, and whether he may be.
 *
 * The kernel says whose process it is (SO_PEERCRED: whoever connected, or, for
 * him who connects, whoever listens). Both sides ask: a program believes only
 * the users that the settings name for those it expects there, and its own.
 */
#ifndef LIB_PEERS_H
#define LIB_PEERS_H

#include "lib/privileges/privileges.h"

#include <stdbool.h>
#include <stdint.h>

/* Bits of those who may be there. */
#define PEER(program) (1u << (program))
/* Who may ask: root and members of the group sipwarden; none of them a user
 * that one of our programs runs as. */
#define PEER_PEOPLE (1u << PROGRAMS)

enum { PEER_TEXT_BYTES = 64 };

/* Looks up the users that the settings name; before it, and for a name that
 * this machine does not know, our own user alone is expected. Call it once, at
 * start. */
void peers_know(const struct settings *settings);

/* True when one of those is at the other end; who says who is, for the log:
 * "user=1000 process=42". */
bool peer_is(int descriptor, unsigned expected, char who[PEER_TEXT_BYTES])
	__attribute__((warn_unused_result));

/* Lines about strangers: at most one each ten seconds for a socket. */
struct strangers {
	uint64_t said_ms; /* 0: never */
	unsigned unsaid;
};
/* Says that he was turned away, or counts him for the next line. */
void strangers_say(struct strangers *strangers, const char *who);

#endif
