/* homoglyphs.h -- letters of other alphabets that look like Latin ones. */
#ifndef POLICIES_CONTENT_HOMOGLYPHS_H
#define POLICIES_CONTENT_HOMOGLYPHS_H

#include <unicode/utypes.h>

/* Entries of the table; the alphabets beyond U+FFFF are not counted. */
enum { HOMOGLYPHS = 94 };

/* The Latin letter that a letter looks like; itself when it looks like none.
 * Small letters, but for those capitals (Greek Eta, Nu, Upsilon) that look
 * like another letter than their small form does. */
UChar32 homoglyph_of(UChar32 point);

#endif
