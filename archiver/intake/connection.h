/* connection.h -- one record maker: what it said, what it is still owed.
 *
 * hello -> welcome -> records; see lib/intake_protocol.h. A connection is read
 * only while it is owed nothing but acknowledgements: a welcome and a refusal
 * wait for the commit of what came before them, and hold the reading back.
 */
#ifndef ARCHIVER_INTAKE_CONNECTION_H
#define ARCHIVER_INTAKE_CONNECTION_H

#include "archiver/journal/writer.h"
#include "lib/frame.h"
#include "lib/intake_protocol.h"

enum {
	CONNECTION_TURN_FRAMES = 64, /* read at most, before others' turn */
	CONNECTION_PROGRAM_BYTES = 128
};

struct connection {
	struct frame_link *link; /* owned; NULL: the place is free */
	bool greeted;
	bool more; /* the turn ended before the bytes did */
	uint8_t boot[INTAKE_BOOT_BYTES];
	uint32_t worker;
	char program[CONNECTION_PROGRAM_BYTES];
	uint64_t last;   /* sequence: taken or refused */
	uint64_t taken;  /* sequence of the last that was taken */
	uint64_t number; /* its record number, 0: not known */
	bool begun;      /* a record has come */
	bool welcome_due, durable_due;
	const char *refusal; /* reason for `last`; NULL: none due */
	uint64_t refused;    /* how many */
	uint64_t records;    /* how many were taken */
};

/* Takes the descriptor over. 0 or ENOMEM. */
int connection_open(struct connection *connection, int descriptor)
	__attribute__((warn_unused_result));
void maker_close(struct connection *connection);
bool connection_is_open(const struct connection *connection);
bool connection_may_be_read(const struct connection *connection);

/* Reads one turn's frames and takes their records. NULL, or why the connection
 * must end ("": the maker hung up). */
const char *connection_read(
	struct connection *connection, struct journal_writer *writer);
/* All that was taken is durable: says so, and gives what else is owed. False
 * when the link is broken. */
bool connection_settle(struct connection *connection);

#endif
