/* worker.c -- the process that reads hostile bytes, one job at a time. */
#include "scanners/worker.h"

#include "lib/frame.h"
#include "lib/log.h"
#include "lib/privileges/privileges.h"
#include "scanners/protocol.h"
#include "scanners/virus/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	WORKER_DESCRIPTORS = 256,
	WORKER_PAGE_MAP_BYTES = 64,
	WORKER_FILE_ROOM = 1024 * 1024 /* above what the engine unpacks */
};

static void limit(int what, rlim_t value)
{
	const struct rlimit both = {value, value};

	if (setrlimit((__rlimit_resource_t)what, &both) < 0)
		log_warn("worker goes without a limit limit=%d error=%s", what,
			strerror(errno));
}

/* Bytes of address space in use: the signatures, for the most part. */
static uint64_t address_space(void)
{
	char text[WORKER_PAGE_MAP_BYTES] = "";
	unsigned long long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	if (file && fgets(text, sizeof(text), file))
		pages = strtoull(text, NULL, 10);
	if (file)
		(void)fclose(file);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void confine(const struct settings *settings, const char *scratch)
{
	const uint64_t held = address_space();

	(void)signal(SIGXFSZ, SIG_IGN); /* EFBIG, which the engine reports */
	limit(RLIMIT_NPROC, 0);
	limit(RLIMIT_NOFILE, WORKER_DESCRIPTORS);
	limit(RLIMIT_FSIZE, settings->scanner.scan_bytes + WORKER_FILE_ROOM);
#ifndef __SANITIZE_ADDRESS__ /* whose shadow is terabytes of address space */
	if (held) {
		limit(RLIMIT_AS, held + settings->scanner.memory_bytes);
		limit(RLIMIT_DATA, held + settings->scanner.memory_bytes);
	}
#else
	(void)held;
#endif
	if (!privileges_drop_worker(settings, scratch))
		log_fatal("A worker's rights cannot be given up: %s; mend "
			  "that, or set server.sandbox: false",
			strerror(errno));
}

static void answer(struct inside_result *result,
	char verdict[SCAN_NAME_BYTES + 1], enum scan_outcome outcome,
	const char *text)
{
	result->outcome = outcome;
	verdict_name(verdict, slice_of(text));
}

/* What can still be changed could be clean now and infected when sent on. */
static bool is_sealed(int descriptor)
{
	const int wanted = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK;
	const int seals = fcntl(descriptor, F_GET_SEALS);

	return seals >= 0 && (seals & wanted) == wanted;
}

static int digest(
	int descriptor, uint64_t size, uint8_t sha256[SCAN_DIGEST_BYTES])
{
	struct hash *hash = hash_new();
	int error;

	if (!hash)
		return ENOMEM;
	error = hash_add_file(hash, descriptor, size);
	hash_finish(&hash, sha256);
	return error;
}

void worker_judge(struct engine *engine, const struct settings *settings,
	int descriptor, const char *name, uint32_t budget_ms,
	struct inside_result *result, char verdict[SCAN_NAME_BYTES + 1])
{
	struct judgement judgement = {0};
	struct stat status;

	memset(result, 0, sizeof(*result));
	if (!is_sealed(descriptor) || fstat(descriptor, &status) < 0 ||
		!S_ISREG(status.st_mode)) {
		answer(result, verdict, SCAN_FAILED, "not a sealed memfd");
		return;
	}
	result->size = (uint64_t)status.st_size;
	if (result->size > settings->scanner.file_bytes) {
		answer(result, verdict, SCAN_UNSCANNABLE, "size limit");
		return;
	}
	if (digest(descriptor, result->size, result->sha256) != 0) {
		memset(result->sha256, 0, sizeof(result->sha256));
		answer(result, verdict, SCAN_FAILED, "cannot be read");
		return;
	}
	engine_scan(engine, descriptor, name, budget_ms, &judgement);
	result->spent = judgement.spent;
	answer(result, verdict, judgement.outcome, judgement.name);
}

/* The last part of the name, harmless as part of a file name of ours. */
static void safe_name(struct slice name, char safe[SCAN_NAME_BYTES + 1])
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789.-_";
	size_t used = 0;

	for (size_t i = 0; i < name.size && used < SCAN_NAME_BYTES; i++) {
		if (name.at[i] == '/' || name.at[i] == '\\')
			used = 0;
		else if (name.at[i] && strchr(allowed, name.at[i]))
			safe[used++] = name.at[i];
		else
			safe[used++] = '_';
	}
	safe[used] = '\0';
	if (!used)
		strcpy(safe, "file");
}

static int do_job(struct frame_link *link, const struct frame *frame,
	struct engine *engine, const struct settings *settings)
{
	char name[SCAN_NAME_BYTES + 1], verdict[SCAN_NAME_BYTES + 1];
	struct inside_result result;
	struct inside_job job;

	must(frame->type == INSIDE_JOB && frame->payload.size >= sizeof(job) &&
		frame->descriptor >= 0);
	memcpy(&job, frame->payload.at, sizeof(job));
	safe_name(slice_from(frame->payload, sizeof(job)), name);
	worker_judge(engine, settings, frame->descriptor, name, job.budget_ms,
		&result, verdict);
	close(frame->descriptor);
	return frame_send_pieces(link, INSIDE_RESULT,
		(const struct slice[]){
			slice_make(&result, sizeof(result)), slice_of(verdict)},
		2, FRAME_NO_DESCRIPTOR);
}

noreturn void worker_run(int descriptor, struct engine *engine,
	const char *scratch, const struct settings *settings)
{
	struct frame_link *link = frame_link_new(descriptor,
		(struct frame_limits){.payload_bytes = INSIDE_PAYLOAD_BYTES,
			.queued_bytes = INSIDE_QUEUE_BYTES,
			.descriptors = true});
	struct frame frame;
	int error;

	if (!link || !engine_set_scratch(engine, scratch))
		_exit(1);
	confine(settings, scratch);
	error = frame_send(link, INSIDE_AWAKE, SLICE(""));
	while (!error) {
		error = frame_receive(link, &frame);
		if (!error)
			error = do_job(link, &frame, engine, settings);
	}
	/* the parent has closed: no more work */
	_exit(0);
}
