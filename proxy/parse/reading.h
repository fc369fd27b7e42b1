/* reading.h -- the state of one pass over a message; private to this folder. */
#ifndef PROXY_PARSE_READING_H
#define PROXY_PARSE_READING_H

#include "proxy/parse/message.h"

struct reading {
	struct message *message; /* owned until the pass has ended */
	const struct message_limits *limits;
	struct message_fault fault; /* the first one */
	bool faulty;
	bool unanswerable; /* what an answer needs cannot be copied */
	bool has_content_length;
	uint64_t content_length;
	size_t room;   /* of message->headers */
	size_t values; /* of Via, Contact, Route … in all */
	bool seen[HEADER_IDS];
	struct slice cseq_method; /* of the CSeq header */
};

/* Keeps the first fault alone. */
void reading_fault(struct reading *reading, unsigned status, const char *reason,
	size_t offset);
void reading_start_line(struct reading *reading, struct slice line);
/* A header was found. dirty: it holds a stray CR, LF or NUL. */
void reading_header(
	struct reading *reading, const struct header *header, bool dirty);
/* What can be checked only when all is read. */
void reading_finish(struct reading *reading);
bool reading_can_be_answered(const struct reading *reading);

#endif
