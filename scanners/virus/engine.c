/* engine.c -- libclamav behind one wrapper that never fails open. */
#include "scanners/virus/engine.h"

#include "lib/log.h"
#include "scanners/protocol.h"
#include "scanners/virus/zip.h"

#include <clamav.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct engine {
	struct cl_engine *clam; /* owned */
	struct engine_limits limits;
};

/* libclamav fails above 2 GiB - 3 whatever MAX_FILESIZE says. */
#define ENGINE_FILE_BYTES ((uint64_t)0x7fffffff - 3)
/* What MAX_FILESIZE lies above MAX_SCANSIZE. */
#define ENGINE_ROOM_BYTES ((uint64_t)64 * 1024)

#define OWN_PREFIX "Sipwarden.Unscannable."

/* What would pass unseen: encrypted Office documents (an OLE2 directory entry
 * EncryptedPackage: UTF-16 name, its size, type stream), RAR (Debian's
 * libclamav has no unrar), Zstandard, and zip members with methods that
 * libclamav does not inflate (zstd 20 and 93, LZMA 14, MP3 94, XZ 95, JPEG 96,
 * WavPack 97, PPMd 98), by local header or by central directory. */
static const char own_signatures[] = OWN_PREFIX
	"EncryptedOle2:0:*:"
	"45006e0063007200790070007400650064005000610063006b006100"
	"670065000000{30}220002\n" OWN_PREFIX
	"Rar:0:*:526172211a0700\n" OWN_PREFIX
	"Rar5:0:*:526172211a070100\n" OWN_PREFIX
	"Zstandard:0:0:28b52ffd\n" OWN_PREFIX "ZipMethod:0:*:504b0304????????"
	"(0e|14|5d|5e|5f|60|61|62)00\n" OWN_PREFIX
	"ZipMethod:0:*:504b0102????????????"
	"(0e|14|5d|5e|5f|60|61|62)00\n";

/* libclamav's message callback has no context while it loads. Set only during
 * engine_load, which one thread runs. */
static struct engine_report *loading;

static void hear(
	enum cl_msg severity, const char *full, const char *text, void *context)
{
	size_t used;

	(void)full;
	(void)context;
	/* "***" frames the notice that signatures are old. */
	if (!loading || severity < CL_MSG_WARN || strncmp(text, "***", 3) == 0)
		return;
	used = strlen(loading->text);
	loading->complaints++;
	(void)snprintf(loading->text + used, sizeof(loading->text) - used,
		"%s%.*s", used ? "; " : "", (int)strcspn(text, "\n"), text);
}

/* What one scan finds out beside libclamav. */
struct finding {
	const char *fault; /* a literal; NULL: none */
};

/* Called for the file and for each member of it, once unpacked to a file; the
 * rare member that stays in its container's is seen with that. */
static cl_error_t look_at_layer(int descriptor, const char *type, void *context)
{
	struct finding *finding = context;
	struct stat status;

	(void)type;
	if (finding->fault)
		return CL_CLEAN;
	finding->fault =
		fstat(descriptor, &status) == 0
			? zip_fault(descriptor, (uint64_t)status.st_size)
			: "member cannot be seen";
	return CL_CLEAN; /* go on */
}

bool engine_start(void)
{
	cl_set_clcb_msg(hear);
	return cl_init(CL_INIT_DEFAULT) == CL_SUCCESS;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* A member larger than MAX_FILESIZE is cut to it and the rest passes unseen,
 * without a word. So it is larger than all that may be unpacked, which is
 * reported; how large a whole file may be is checked before. */
static bool set_limits(
	struct cl_engine *clam, const struct engine_limits *limits)
{
	const uint64_t scan = smaller(
		limits->scan_bytes, ENGINE_FILE_BYTES - ENGINE_ROOM_BYTES);
	const uint64_t file = scan + ENGINE_ROOM_BYTES;
	const struct {
		enum cl_engine_field field;
		uint64_t value;
	} numbers[] = {
		/* keyed by MD5: an infected twin would pass as known clean */
		{CL_ENGINE_DISABLE_CACHE, 1},
		/* no memory is written and run (lib/privileges) */
		{CL_ENGINE_BYTECODE_MODE, CL_BYTECODE_MODE_INTERPRETER},
		{CL_ENGINE_MAX_SCANSIZE, scan},
		{CL_ENGINE_MAX_FILESIZE, file},
		{CL_ENGINE_MAX_RECURSION, limits->depth},
		{CL_ENGINE_MAX_FILES, limits->files},
		{CL_ENGINE_MAX_SCANTIME, limits->time_ms},
		/* these skip larger files without a word */
		{CL_ENGINE_PCRE_MAX_FILESIZE, file},
		{CL_ENGINE_MAX_HTMLNORMALIZE, file},
		{CL_ENGINE_MAX_HTMLNOTAGS, file},
		{CL_ENGINE_MAX_SCRIPTNORMALIZE, file},
		{CL_ENGINE_MAX_EMBEDDEDPE, file},
		{CL_ENGINE_MAX_ZIPTYPERCG, file},
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		must(numbers[i].value > 0);
		if (cl_engine_set_num(clam, numbers[i].field,
			    (long long)numbers[i].value) != CL_SUCCESS)
			return false;
	}
	return true;
}

static int load_own(struct cl_engine *clam, const char *scratch)
{
	char path[4096];
	unsigned count = 0;
	FILE *file;
	int error = 0;

	if (snprintf(path, sizeof(path), "%s/sipwarden.ndb", scratch) >=
		(int)sizeof(path))
		return ENAMETOOLONG;
	file = fopen(path, "we");
	if (!file)
		return errno;
	if (fputs(own_signatures, file) < 0)
		error = EIO;
	if (fclose(file) != 0)
		error = errno;
	if (!error && cl_load(path, clam, &count, CL_DB_STDOPT) != CL_SUCCESS)
		error = EIO;
	unlink(path);
	return error;
}

static int fail_load(struct engine_report *report, cl_error_t error)
{
	if (!report->text[0])
		(void)snprintf(report->text, sizeof(report->text), "%s",
			cl_strerror(error));
	return EINVAL;
}

static int load_all(struct engine *engine, const char *folder,
	const char *scratch, struct engine_report *report)
{
	unsigned count = 0;
	cl_error_t failed;
	int error;

	if (!set_limits(engine->clam, &engine->limits) ||
		!engine_set_scratch(engine, scratch))
		return ENOMEM;
	failed = cl_load(folder, engine->clam, &count, CL_DB_STDOPT);
	if (failed)
		return fail_load(report, failed);
	report->signatures = count;
	if (count == 0) {
		(void)snprintf(report->text, sizeof(report->text),
			"no signatures in it");
		return EINVAL;
	}
	cl_engine_set_clcb_pre_cache(engine->clam, look_at_layer);
	error = load_own(engine->clam, scratch);
	if (error)
		return error;
	failed = cl_engine_compile(engine->clam);
	return failed ? fail_load(report, failed) : 0;
}

int engine_load(const char *folder, const char *scratch,
	const struct engine_limits *limits, struct engine **engine,
	struct engine_report *report)
{
	struct engine *made = calloc(1, sizeof(*made));
	int error;

	memset(report, 0, sizeof(*report));
	if (!made)
		return ENOMEM;
	made->limits = *limits;
	made->clam = cl_engine_new();
	loading = report;
	error = made->clam ? load_all(made, folder, scratch, report) : ENOMEM;
	loading = NULL;
	if (error)
		engine_release(&made);
	*engine = made;
	return error;
}

void engine_release(struct engine **engine)
{
	if (!*engine)
		return;
	if ((*engine)->clam)
		cl_engine_free((*engine)->clam);
	free(*engine);
	*engine = NULL;
}

bool engine_set_scratch(struct engine *engine, const char *scratch)
{
	return cl_engine_set_str(engine->clam, CL_ENGINE_TMPDIR, scratch) ==
	       CL_SUCCESS;
}

static bool begins(const char *text, const char *beginning)
{
	return strncmp(text, beginning, strlen(beginning)) == 0;
}

/* Names of signatures that are not the vendor's come with this ending. */
static struct slice without_unofficial(const char *virus)
{
	const struct slice ending = SLICE(".UNOFFICIAL");
	struct slice name = slice_of(virus);

	if (slice_ends_nocase(name, ending))
		name.size -= ending.size;
	return name;
}

static void judge(struct judgement *judgement, enum scan_outcome outcome,
	struct slice name)
{
	judgement->outcome = outcome;
	verdict_name(judgement->name, name);
}

void engine_judge(int answer, const char *virus, struct judgement *judgement)
{
	judgement->spent = answer != CL_CLEAN && answer != CL_VIRUS;
	if (answer == CL_CLEAN && !virus) {
		judge(judgement, SCAN_CLEAN, SLICE(""));
	} else if (answer != CL_VIRUS && answer != CL_CLEAN) {
		judge(judgement, SCAN_UNSCANNABLE,
			slice_of(cl_strerror((cl_error_t)answer)));
	} else if (!virus) {
		judge(judgement, SCAN_UNSCANNABLE, SLICE("limit exceeded"));
	} else if (begins(virus, OWN_PREFIX)) {
		judge(judgement, SCAN_UNSCANNABLE,
			slice_from(without_unofficial(virus),
				sizeof(OWN_PREFIX) - 1));
	} else if (begins(virus, "Heuristics.Limits.") ||
		   begins(virus, "Heuristics.Encrypted.")) {
		judge(judgement, SCAN_UNSCANNABLE, slice_of(virus));
	} else {
		judge(judgement, SCAN_INFECTED, without_unofficial(virus));
	}
}

void engine_scan(struct engine *engine, int descriptor, const char *name,
	uint32_t budget_ms, struct judgement *judgement)
{
	struct cl_scan_options options = {
		.general = CL_SCAN_GENERAL_HEURISTICS,
		.parse = ~0u,
		.heuristic = CL_SCAN_HEURISTIC_EXCEEDS_MAX |
			     CL_SCAN_HEURISTIC_ENCRYPTED_ARCHIVE |
			     CL_SCAN_HEURISTIC_ENCRYPTED_DOC,
	};
	struct finding finding = {0};
	const char *virus = NULL;
	unsigned long scanned = 0;
	cl_error_t answer;

	/* 0 would be no limit at all */
	if (cl_engine_set_num(engine->clam, CL_ENGINE_MAX_SCANTIME,
		    budget_ms ? budget_ms : 1) != CL_SUCCESS) {
		judge(judgement, SCAN_FAILED, SLICE("time limit not set"));
		judgement->spent = true;
		return;
	}
	answer = cl_scandesc_callback(descriptor, name, &virus, &scanned,
		engine->clam, &options, &finding);
	engine_judge((int)answer, virus, judgement);
	if (judgement->outcome == SCAN_CLEAN && finding.fault)
		judge(judgement, SCAN_UNSCANNABLE, slice_of(finding.fault));
}
