/* reading.h -- what the load generator reads of a SIP message: the few headers
 * that it needs, trusting the servers under test to write them properly. */
#ifndef TESTS_LOAD_READING_H
#define TESTS_LOAD_READING_H

#include "lib/slice.h"

struct incoming {
	unsigned status;     /* 0: a request */
	struct slice method; /* of the request, or of CSeq */
	struct slice head;   /* header lines, without the start line */
	struct slice branch; /* of the topmost Via */
	struct slice from, to, call_id, contact; /* whole values */
	uint32_t cseq;
	struct slice body;
};

/* False when it is no SIP message. */
bool incoming_read(struct slice bytes, struct incoming *incoming);
/* The next header line of head from *at on; name and value without spaces. */
bool header_next(struct slice head, size_t *at, struct slice *line,
	struct slice *name, struct slice *value);
bool header_is(struct slice name, const char *word, char letter);
/* Size of the first whole message of a stream, 0 when more must come. Skips
 * no empty lines. */
size_t incoming_size(struct slice stream);

#endif
