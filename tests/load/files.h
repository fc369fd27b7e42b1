/* files.h -- small real files to send: archives, documents, a test virus. */
#ifndef TESTS_LOAD_FILES_H
#define TESTS_LOAD_FILES_H

#include "tests/load/text.h"

enum { FILE_MOST = 16 * 1024 };

/* A zip archive or a PDF document of 2 to 8 KB; random decides which. */
void file_put(struct text *text, uint64_t random);
/* "report.zip" or "report.pdf", for the same random. */
const char *file_name(uint64_t random);
/* A zip archive with the harmless test file that every scanner knows. */
void file_put_infected(struct text *text, uint64_t random);

#endif
