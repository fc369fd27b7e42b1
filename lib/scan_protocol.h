/* scan_protocol.h -- what the proxy and the scanner say to each other.
 *
 * Over lib/frame, numbers in network order, one connection per asker. The
 * asker sends SCAN_REQUEST with a memfd sealed against write, grow and shrink;
 * the scanner answers each with one SCAN_VERDICT, in any order, and closes the
 * descriptor. SCAN_CANCEL takes a job back (no verdict follows). Silence
 * beyond the asker's own deadline is a failed stage, never "clean".
 */
#ifndef LIB_SCAN_PROTOCOL_H
#define LIB_SCAN_PROTOCOL_H

#include <stdint.h>

enum scan_frame {
	SCAN_REQUEST = 1,
	SCAN_VERDICT = 2,
	SCAN_CANCEL = 3,
	SCAN_HELLO = 4
};

enum {
	SCAN_PAYLOAD_BYTES = 4096,
	SCAN_QUEUE_BYTES = 1024 * 1024,
	SCAN_NAME_BYTES = 255,
	SCAN_DIGEST_BYTES = 32
};

/* SCAN_REQUEST: this head, then name_size bytes of file name (UTF-8, for the
 * log and for engines that look at it; may be empty). */
struct scan_request_head {
	uint32_t job; /* chosen by the asker, unique per connection */
	uint32_t deadline_ms;
	uint32_t sender; /* hash of the sender: slots are shared out by it */
	uint32_t name_size;
} __attribute__((packed));

enum scan_outcome {
	SCAN_CLEAN = 1,
	SCAN_INFECTED = 2,
	SCAN_UNSCANNABLE = 3, /* limits, encryption, a worker that hung or
				 died on it */
	SCAN_FAILED = 4,      /* the scanner could not do its work: no
				 signatures yet, stopping */
	SCAN_BUSY = 5         /* no place for it, or its turn did not come in
				 time: it was sent faster than it is judged */
};

/* SCAN_VERDICT: this head, then name_size bytes: the threat's name, or why it
 * is unscannable or failed (UTF-8, one line). */
struct scan_verdict_head {
	uint32_t job;
	uint32_t outcome;
	uint64_t generation;               /* of the signatures that judged */
	uint64_t size;                     /* of what was read */
	uint8_t sha256[SCAN_DIGEST_BYTES]; /* of what was read */
	uint32_t name_size;
} __attribute__((packed));

/* SCAN_CANCEL: the job's number, 32 bits. */
/* SCAN_HELLO: sent by the scanner on connect and at every new generation of
 * signatures: 64 bits generation, 32 bits number of signatures. */

#endif
