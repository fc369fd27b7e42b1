/* intake_protocol.h -- what record makers and the archiver say to each other.
 *
 * Over lib/frame, numbers in network order; one connection per worker. The
 * maker says INTAKE_HELLO with its boot and worker; the archiver answers
 * INTAKE_WELCOME with the last durable sequence of that pair (0: none). Then
 * the maker sends INTAKE_RECORD frames (a Record without `intake`, sequences
 * rising by one) and the archiver acknowledges cumulatively: everything up to
 * `sequence` is on disk. After a reconnect the maker sends again what was not
 * acknowledged; repeats are dropped and acknowledged. INTAKE_REFUSED says that
 * a record cannot be taken, with a reason; the connection goes on, the
 * sequence counts as settled.
 */
#ifndef LIB_INTAKE_PROTOCOL_H
#define LIB_INTAKE_PROTOCOL_H

#include <stdint.h>

enum intake_frame {
	INTAKE_HELLO = 1,
	INTAKE_WELCOME = 2,
	INTAKE_RECORD = 3,
	INTAKE_DURABLE = 4,
	INTAKE_REFUSED = 5
};

enum {
	INTAKE_BOOT_BYTES = 16,
	INTAKE_RECORD_BYTES = 4 * 1024 * 1024, /* one record, whole */
	INTAKE_QUEUE_BYTES = 64 * 1024 * 1024,
	INTAKE_REASON_BYTES = 255
};

/* program_size bytes of the maker's name follow ("proxy home1.example.com",
 * "store"). */
struct intake_hello {
	uint8_t boot[INTAKE_BOOT_BYTES];
	uint32_t worker;
	uint32_t program_size;
} __attribute__((packed));

struct intake_welcome {
	uint64_t sequence;
} __attribute__((packed));

/* number: record number of the record with this sequence, 0 if not known. */
struct intake_durable {
	uint64_t sequence;
	uint64_t number;
} __attribute__((packed));

/* The reason follows to the end of the frame. */
struct intake_refused {
	uint64_t sequence;
} __attribute__((packed));

#endif
