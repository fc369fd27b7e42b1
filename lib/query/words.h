/* words.h -- cuts text into the words that are indexed and looked for.
 *
 * A word is a run of letters, digits and marks, folded: NFKC with case folding,
 * without diacritics and invisible characters ("Straße" and "STRASSE" are one
 * word, "fal<ZWSP>con" is "falcon"). Scripts that are written without spaces
 * (Chinese, Japanese, Korean, Thai …) are cut into single characters and, at
 * the same place, overlapping pairs; a query of two or more of them is a
 * phrase of pairs. A symbol (emoji, currency) is a word of its own.
 *
 * Two bytes that never stand in text (the index replaces them) are marks of
 * ours: QUERY_ATOM begins a word that goes on to the next control byte or
 * space, whatever it holds (addresses, facts); QUERY_BREAK is a word of its
 * own, so that no phrase runs over it.
 */
#ifndef LIB_QUERY_WORDS_H
#define LIB_QUERY_WORDS_H

#include "lib/slice.h"

#include <stdbool.h>
#include <stddef.h>

#define QUERY_ATOM '\x01'
#define QUERY_BREAK '\x03'

enum {
	WORD_BYTES = 96 /* longer runs are cut, alike in text and query */
};

enum words_mode {
	WORDS_OF_TEXT, /* single characters and pairs */
	WORDS_OF_QUERY /* pairs, or the one character */
};

struct word {
	char text[WORD_BYTES * 2]; /* folded; not terminated */
	size_t size;
	size_t start, end; /* bytes of the source it was made of */
	bool same_place;   /* stands where the word before it stands */
};

/* Walks over source, which is borrowed; any bytes are taken. */
struct words {
	struct slice source;
	size_t at;
	enum words_mode mode;
	struct word held; /* comes after the one given out last */
	bool holds;
	bool run_goes_on; /* the character before at was of the same run */
};

void words_start(
	struct words *words, struct slice source, enum words_mode mode);
/* False at the end. */
bool words_next(struct words *words, struct word *word);
/* True when there is anything in it that could be found. */
bool words_any(struct slice source);

#endif
