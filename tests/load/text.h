/* text.h -- bytes put one after the other into a buffer of fixed size. */
#ifndef TESTS_LOAD_TEXT_H
#define TESTS_LOAD_TEXT_H

#include "lib/slice.h"

struct text {
	char *at;
	size_t size, room; /* what does not fit is a bug: abort */
};

void text_put(struct text *text, struct slice slice);
void text_word(struct text *text, const char *word);
void text_number(struct text *text, uint64_t number);
void text_hex(struct text *text, uint64_t number);
/* 16 and 32 bits, lowest byte first, as in zip files. */
void text_little16(struct text *text, uint32_t number);
void text_little32(struct text *text, uint32_t number);
void text_base64(struct text *text, struct slice bytes);

#endif
