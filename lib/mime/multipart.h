/* multipart.h -- the parts between boundaries (RFC 2046 5.1). */
#ifndef LIB_MIME_MULTIPART_H
#define LIB_MIME_MULTIPART_H

#include "lib/slice.h"

#include <stdbool.h>

enum { MULTIPART_BOUNDARY_MAX = 70 };

struct multipart {
	struct slice bytes;
	size_t at;  /* behind the last delimiter */
	bool ended; /* it was the closing one */
	char delimiter[MULTIPART_BOUNDARY_MAX + 2];
	size_t delimiter_size;
};

enum multipart_step { MULTIPART_PART, MULTIPART_END, MULTIPART_WRONG };

/* Finds the first delimiter. Returns NULL, or the phrase of what is wrong: a
 * boundary that is none, text in front of the first part. Borrows bytes. */
const char *multipart_start(struct multipart *multipart, struct slice bytes,
	struct slice boundary) __attribute__((warn_unused_result));
/* The next part with its head, or the end, or the phrase of what is wrong: no
 * end, text behind it, lines that only some readers take for delimiters. */
enum multipart_step multipart_next(
	struct multipart *multipart, struct slice *part, const char **wrong)
	__attribute__((warn_unused_result));

#endif
