/* engine_test.c -- nothing but a plain answer of libclamav is clean. */
#include "scanners/virus/engine.h"

#include <clamav.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static const struct engine_limits limits = {.scan_bytes = 1 << 20,
	.file_bytes = 1 << 20,
	.depth = 10,
	.files = 100,
	.time_ms = 60000};

struct judge_case {
	int answer;
	const char *virus;
	enum scan_outcome outcome;
	const char *name; /* NULL: any but an empty one */
	bool spent;
};

static const struct judge_case judge_cases[] = {
	{CL_CLEAN, NULL, SCAN_CLEAN, "", false},
	{CL_VIRUS, "Eicar", SCAN_INFECTED, "Eicar", false},
	{CL_VIRUS, "Eicar.UNOFFICIAL", SCAN_INFECTED, "Eicar", false},
	{CL_VIRUS, NULL, SCAN_UNSCANNABLE, NULL, false},
	{CL_CLEAN, "Eicar", SCAN_INFECTED, "Eicar", false},
	{CL_VIRUS, "Heuristics.Limits.Exceeded.MaxFiles", SCAN_UNSCANNABLE,
		"Heuristics.Limits.Exceeded.MaxFiles", false},
	{CL_VIRUS, "Heuristics.Encrypted.Zip", SCAN_UNSCANNABLE,
		"Heuristics.Encrypted.Zip", false},
	{CL_VIRUS, "Heuristics.Phishing.Email.SpoofedDomain", SCAN_INFECTED,
		"Heuristics.Phishing.Email.SpoofedDomain", false},
	{CL_VIRUS, "Sipwarden.Unscannable.Rar.UNOFFICIAL", SCAN_UNSCANNABLE,
		"Rar", false},
	{CL_EMEM, NULL, SCAN_UNSCANNABLE, NULL, true},
	{CL_EMEM, "Eicar", SCAN_UNSCANNABLE, NULL, true},
	{CL_ETIMEOUT, NULL, SCAN_UNSCANNABLE, NULL, true},
	{CL_EFORMAT, NULL, SCAN_UNSCANNABLE, NULL, true},
	{CL_EMAXSIZE, NULL, SCAN_UNSCANNABLE, NULL, true},
	{CL_BREAK, NULL, SCAN_UNSCANNABLE, NULL, true},
	{CL_VERIFIED, NULL, SCAN_UNSCANNABLE, NULL, true},
	{CL_ERROR, NULL, SCAN_UNSCANNABLE, NULL, true},
	{12345, NULL, SCAN_UNSCANNABLE, NULL, true},
};

static void answers_are_judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(judge_cases) / sizeof(judge_cases[0]);
		i++) {
		const struct judge_case *at = &judge_cases[i];
		struct judgement judgement = {0};

		engine_judge(at->answer, at->virus, &judgement);
		if (judgement.outcome != at->outcome ||
			judgement.spent != at->spent ||
			(at->name ? strcmp(judgement.name, at->name) != 0
				  : judgement.name[0] == '\0'))
			fail_msg("case %zu: outcome %d name %s", i,
				(int)judgement.outcome, judgement.name);
	}
}

static int memfd_of(const void *bytes, size_t size)
{
	int descriptor = memfd_create("test", MFD_CLOEXEC);

	assert_true(descriptor >= 0);
	assert_int_equal(write(descriptor, bytes, size), size);
	return descriptor;
}

static void scan(struct engine *engine, const char *bytes, size_t size,
	struct judgement *judgement)
{
	int descriptor = memfd_of(bytes, size);

	memset(judgement, 0, sizeof(*judgement));
	engine_scan(engine, descriptor, "test", 60000, judgement);
	close(descriptor);
}

struct scratch {
	char path[64];
};

static void make_scratch(struct scratch *scratch)
{
	strcpy(scratch->path, "/tmp/sipwarden-engine-XXXXXX");
	assert_non_null(mkdtemp(scratch->path));
}

static void put_file(
	const struct scratch *scratch, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", scratch->path, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void drop_file(const struct scratch *scratch, const char *name)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", scratch->path, name);
	assert_int_equal(unlink(path), 0);
}

static void our_signatures_scan(void **state)
{
	static const char eicar[] =
		"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD"
		"-ANTIVIRUS-TEST-FILE!$H+H*";
	struct engine_report report;
	struct engine *engine;
	struct judgement judgement;
	struct scratch scratch;

	(void)state;
	make_scratch(&scratch);
	assert_int_equal(
		engine_load(SOURCE_FOLDER "/policies/default/signatures",
			scratch.path, &limits, &engine, &report),
		0);
	assert_int_equal(report.signatures, 3);
	assert_int_equal(report.complaints, 0);
	scan(engine, eicar, sizeof(eicar) - 1, &judgement);
	assert_int_equal(judgement.outcome, SCAN_INFECTED);
	assert_string_equal(judgement.name, "Eicar-Test-Signature");
	scan(engine, "lunch at noon?", 14, &judgement);
	assert_int_equal(judgement.outcome, SCAN_CLEAN);
	scan(engine, "Rar!\x1a\x07\x00 and more", 16, &judgement);
	assert_int_equal(judgement.outcome, SCAN_UNSCANNABLE);
	assert_string_equal(judgement.name, "Rar");
	engine_release(&engine);
	assert_null(engine);
	assert_int_equal(rmdir(scratch.path), 0); /* nothing is left in it */
}

struct load_case {
	const char *file, *text, *named;
};

static const struct load_case load_cases[] = {
	{"a.ndb", "Broken:0:*:zz\n", "a.ndb"},
	{"a.hdb", "abc", "a.hdb"},
	{"a.ldb", "x\n", "a.ldb"},
	{"a.txt", "no signatures", ""},
};

static void broken_folders_are_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(load_cases) / sizeof(load_cases[0]);
		i++) {
		const struct load_case *at = &load_cases[i];
		struct scratch folder, scratch;
		struct engine_report report;
		struct engine *engine;

		make_scratch(&folder);
		make_scratch(&scratch);
		put_file(&folder, at->file, at->text);
		assert_int_equal(engine_load(folder.path, scratch.path, &limits,
					 &engine, &report),
			EINVAL);
		assert_null(engine);
		assert_true(report.text[0] != '\0');
		if (!strstr(report.text, at->named))
			fail_msg("%s: %s", at->file, report.text);
		drop_file(&folder, at->file);
		assert_int_equal(rmdir(folder.path), 0);
		assert_int_equal(rmdir(scratch.path), 0);
	}
}

static void broken_yara_complains(void **state)
{
	struct scratch folder, scratch;
	struct engine_report report;
	struct engine *engine;

	(void)state;
	make_scratch(&folder);
	make_scratch(&scratch);
	put_file(&folder, "a.ndb", "Good:0:*:6d61726d616c616465\n");
	put_file(&folder, "b.yara", "rule bad { condition: $nowhere and }\n");
	assert_int_equal(engine_load(folder.path, scratch.path, &limits,
				 &engine, &report),
		0);
	assert_int_equal(report.signatures, 1);
	assert_true(report.complaints > 0);
	assert_non_null(strstr(report.text, "b.yara"));
	engine_release(&engine);
	drop_file(&folder, "a.ndb");
	drop_file(&folder, "b.yara");
	assert_int_equal(rmdir(folder.path), 0);
	assert_int_equal(rmdir(scratch.path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_judged),
		cmocka_unit_test(our_signatures_scan),
		cmocka_unit_test(broken_folders_are_named),
		cmocka_unit_test(broken_yara_complains),
	};

	if (!engine_start())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
