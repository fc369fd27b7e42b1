/* heard.h -- what the code under test logs, for tests that ask for it. */
#ifndef TESTS_UNIT_ARCHIVER_PUBLISHER_HEARD_H
#define TESTS_UNIT_ARCHIVER_PUBLISHER_HEARD_H

#include "tests/unit/archiver/journal/sample.h"

struct heard {
	FILE *file;
	int before; /* standard error, as it was */
};

/* From here to heard_end log lines go to a file. */
static inline struct heard heard_begin(void)
{
	struct heard heard = {.file = tmpfile(), .before = dup(2)};

	assert_non_null(heard.file);
	assert_true(heard.before >= 0);
	(void)fflush(stderr);
	assert_true(dup2(fileno(heard.file), 2) == 2);
	return heard;
}

static inline void heard_end(struct heard *heard)
{
	(void)fflush(stderr);
	assert_true(dup2(heard->before, 2) == 2);
	close(heard->before);
	(void)fclose(heard->file);
}

/* How often these words were logged so far. */
static inline unsigned heard_count(const struct heard *heard, const char *words)
{
	static char text[256 * 1024];
	unsigned count = 0;
	ssize_t size = pread(fileno(heard->file), text, sizeof(text) - 1, 0);

	if (size < 0)
		return 0;
	text[size] = '\0';
	for (const char *at = text; (at = strstr(at, words)); at++)
		count++;
	return count;
}

#endif
