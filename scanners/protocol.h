/* protocol.h -- reads what askers send and writes what they are told. */
#ifndef SCANNERS_PROTOCOL_H
#define SCANNERS_PROTOCOL_H

#include "lib/frame.h"
#include "lib/scan_protocol.h"

struct scan_request {
	uint32_t job, deadline_ms, sender;
	struct slice name; /* borrowed from the payload */
};

struct verdict {
	enum scan_outcome outcome;
	uint64_t generation, size;
	uint8_t sha256[SCAN_DIGEST_BYTES];
	char name[SCAN_NAME_BYTES + 1];
};

/* False when the payload is not exactly one SCAN_REQUEST. */
bool scan_request_read(struct slice payload, struct scan_request *request);
/* False when the payload is not exactly one SCAN_CANCEL. */
bool scan_cancel_read(struct slice payload, uint32_t *job);
/* False when the payload is not exactly one SCAN_VERDICT. */
bool scan_verdict_read(
	struct slice payload, uint32_t *job, struct verdict *verdict);

/* Errors as frame_send_pieces. */
int scan_request_send(struct frame_link *link,
	const struct scan_request *request, int descriptor)
	__attribute__((warn_unused_result));
int scan_verdict_send(struct frame_link *link, uint32_t job,
	const struct verdict *verdict) __attribute__((warn_unused_result));
int scan_hello_send(struct frame_link *link, uint64_t generation,
	uint32_t signatures) __attribute__((warn_unused_result));

/* Copies text into name: clipped, all but printable ASCII as '?'. */
void verdict_name(char name[SCAN_NAME_BYTES + 1], struct slice text);

#endif
