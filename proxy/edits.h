/* edits.h -- what is to change in a message before it leaves: splices.
 *
 * A splice takes bytes out at an offset of the unedited message and puts others
 * there. Splices are collected, checked (sorted, none overlapping) and applied
 * all or none, so unknown headers, order, spelling and signatures stay exact.
 */
#ifndef PROXY_EDITS_H
#define PROXY_EDITS_H

#include "lib/arena.h"
#include "lib/slice.h"
#include "proxy/parse/message.h"

#include <stdbool.h>
#include <stddef.h>

struct splice {
	size_t offset;
	size_t removed;
	struct slice inserted; /* borrowed: lives until the edits are applied */
};

/* Zero it before use; no release: its memory is the arena's. */
struct edits {
	struct arena *arena; /* borrowed */
	struct splice *splices;
	size_t count;
	size_t room;
};

void edits_start(struct edits *edits, struct arena *arena);
/* All return false when the arena is spent or an offset is out of range.
 * Inserts at one offset keep the order in which they were wanted, and stand
 * before what is removed or replaced there. The same run of bytes replaced
 * again: the later one holds. */
bool edits_replace(struct edits *edits, size_t offset, size_t removed,
	struct slice inserted) __attribute__((warn_unused_result));
/* A header line of our own in front of the first header of this id, or behind
 * the last Via where there is none. line ends in CRLF. */
bool edits_insert_before(struct edits *edits, const struct message *message,
	enum header_id id, struct slice line)
	__attribute__((warn_unused_result));
bool edits_append_header(struct edits *edits, const struct message *message,
	struct slice line) __attribute__((warn_unused_result));
bool edits_remove_header(struct edits *edits, const struct message *message,
	const struct header *header) __attribute__((warn_unused_result));
/* Replaces a value (or removes it, with its comma; the line when none is left,
 * also when all of a header's values are removed one by one). value must come
 * from header_next_value over a header of the message, unfolded or not; false
 * when it does not. */
bool edits_replace_value(struct edits *edits, const struct message *message,
	struct slice value, struct slice with)
	__attribute__((warn_unused_result));
bool edits_remove_value(struct edits *edits, const struct message *message,
	struct slice value) __attribute__((warn_unused_result));
bool edits_set_request_uri(struct edits *edits, const struct message *message,
	struct slice uri) __attribute__((warn_unused_result));
/* Max-Forwards: less by one, or 70 when there was none (RFC 3261 16.6.3). False
 * when it is 0: nothing may go on. */
bool edits_lower_max_forwards(struct edits *edits,
	const struct message *message) __attribute__((warn_unused_result));
/* The top Via gains received= when its host is another or rport is asked for,
 * and then rport=port (RFC 3261 18.2.1, RFC 3581 4). What the sender wrote
 * there himself is replaced. address: without brackets. */
bool edits_mark_received(struct edits *edits, const struct message *message,
	struct slice address, uint16_t port)
	__attribute__((warn_unused_result));
/* The body becomes another; Content-Length follows. */
bool edits_set_body(struct edits *edits, const struct message *message,
	struct slice body) __attribute__((warn_unused_result));

/* The edited bytes on the arena; absent when splices overlap (a bug of the
 * caller: a stage's edits are dropped then) or the arena is spent. */
struct slice edits_apply(const struct edits *edits, struct arena *arena,
	const struct message *message) __attribute__((warn_unused_result));
/* The same for one run of the message's bytes; splices elsewhere are left out,
 * ones that reach over its ends make it absent. */
struct slice edits_apply_part(const struct edits *edits, struct arena *arena,
	const struct message *message, struct slice part)
	__attribute__((warn_unused_result));

#endif
