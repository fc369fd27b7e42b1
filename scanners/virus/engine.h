/* engine.h -- libclamav behind one wrapper that never fails open.
 *
 * libclamav says "clean" for much that it has not looked at. Everything that
 * is not plainly clean or plainly a virus is unscannable here: each CL_E...,
 * each limit, encryption, and a hit without a name. A few signatures of our
 * own, loaded beside the folder's, name what this libclamav cannot open.
 */
#ifndef SCANNERS_VIRUS_ENGINE_H
#define SCANNERS_VIRUS_ENGINE_H

#include "lib/scan_protocol.h"

#include <stdbool.h>

struct engine;

/* All of them greater than 0. */
struct engine_limits {
	uint64_t scan_bytes, file_bytes;
	uint32_t depth, files, time_ms;
};

struct engine_report {
	uint32_t signatures; /* the folder's */
	uint32_t complaints; /* what libclamav warned of while loading */
	char text[512];      /* the complaints, or why loading failed */
};

/* Once per process. False when libclamav does not start. */
bool engine_start(void);

/* Loads folder; needs a scratch folder to write our own signatures to. 0, or
 * EINVAL with report->text (the folder's fault) or errno (ours). */
int engine_load(const char *folder, const char *scratch,
	const struct engine_limits *limits, struct engine **engine,
	struct engine_report *report) __attribute__((warn_unused_result));
void engine_release(struct engine **engine);

/* Where unpacked members are written. False when memory is short. */
bool engine_set_scratch(struct engine *engine, const char *scratch);

struct judgement {
	enum scan_outcome outcome;
	char name[SCAN_NAME_BYTES + 1];
	bool spent; /* libclamav met an error: better take a new process */
};

/* Judges a whole file of at most limits.file_bytes. name is a hint. */
void engine_scan(struct engine *engine, int descriptor, const char *name,
	uint32_t budget_ms, struct judgement *judgement);

/* What libclamav's answer means (virus may be NULL); exported for its test. */
void engine_judge(int answer, const char *virus, struct judgement *judgement);

#endif
