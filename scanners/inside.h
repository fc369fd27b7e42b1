/* inside.h -- what parent, loader and workers say to each other.
 *
 * The parent talks to askers and never looks at content. It forks a loader
 * per generation of signatures, which loads them once, then forks workers on
 * request (sharing the signatures copy-on-write), each with a link straight to
 * the parent. The loader alone knows their process ids, so it alone kills
 * them. Frames of lib/frame; numbers in host order, since all are one program.
 */
#ifndef SCANNERS_INSIDE_H
#define SCANNERS_INSIDE_H

#include "lib/scan_protocol.h"

enum inside_frame {
	/* loader to parent */
	INSIDE_READY = 1,  /* inside_ready, then the complaints */
	INSIDE_SAME = 2,   /* the folder holds what is in use already */
	INSIDE_BROKEN = 3, /* text: why this folder cannot be used */
	INSIDE_AGAIN = 4,  /* it changed while it was read */
	/* parent to loader */
	INSIDE_WORKER = 5, /* slot; with the worker's end of its link */
	INSIDE_KILL = 6,   /* slot */
	/* parent to worker */
	INSIDE_JOB = 7, /* inside_job, then the file's name; with the file */
	/* worker to parent */
	INSIDE_AWAKE = 8,
	INSIDE_RESULT = 9 /* inside_result, then the name */
};

enum { INSIDE_PAYLOAD_BYTES = 4096, INSIDE_QUEUE_BYTES = 1024 * 1024 };

struct inside_ready {
	uint64_t generation;
	uint32_t signatures, complaints;
};

struct inside_job {
	uint32_t budget_ms;
};

struct inside_result {
	uint64_t size;
	uint32_t outcome;
	uint32_t spent; /* the worker wants to be replaced */
	uint8_t sha256[SCAN_DIGEST_BYTES];
};

#endif
