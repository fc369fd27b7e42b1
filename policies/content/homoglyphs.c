/* homoglyphs.c -- letters of other alphabets that look like Latin ones. */
#include "policies/content/homoglyphs.h"

#include <stddef.h>
#include <stdint.h>

struct homoglyph {
	uint32_t point;
	char latin;
};

/* By code point. Unicode's own table of confusables also makes "rn" of m and
 * o of 0, which would make other words of plain English. */
static const struct homoglyph table[HOMOGLYPHS] = {
	{0x00F8, 'o'}, /* o with stroke */
	{0x0111, 'd'}, /* d with stroke */
	{0x0127, 'h'}, /* h with stroke */
	{0x0131, 'i'}, /* dotless i */
	{0x0142, 'l'}, /* l with stroke */
	{0x0167, 't'}, /* t with stroke */
	{0x0180, 'b'}, /* b with stroke */
	{0x0192, 'f'}, /* f with hook */
	{0x01C0, 'l'}, /* dental click */
	{0x0251, 'a'}, /* alpha */
	{0x0261, 'g'}, /* script g */
	{0x0262, 'g'}, /* small capital g */
	{0x0269, 'i'}, /* iota */
	{0x026A, 'i'}, /* small capital i */
	{0x0274, 'n'}, /* small capital n */
	{0x0280, 'r'}, /* small capital r */
	{0x028B, 'u'}, /* v with hook */
	{0x028F, 'y'}, /* small capital y */
	{0x0299, 'b'}, /* small capital b */
	{0x029C, 'h'}, /* small capital h */
	{0x029F, 'l'}, /* small capital l */
	{0x0397, 'h'}, /* Greek capital eta */
	{0x039D, 'n'}, /* Greek capital nu */
	{0x03A5, 'y'}, /* Greek capital upsilon */
	{0x03B1, 'a'}, /* Greek alpha */
	{0x03B2, 'b'}, /* Greek beta */
	{0x03B3, 'y'}, /* Greek gamma */
	{0x03B5, 'e'}, /* Greek epsilon */
	{0x03B6, 'z'}, /* Greek zeta */
	{0x03B7, 'n'}, /* Greek eta */
	{0x03B9, 'i'}, /* Greek iota */
	{0x03BA, 'k'}, /* Greek kappa */
	{0x03BC, 'm'}, /* Greek mu: the capital; the small one is no letter */
	{0x03BD, 'v'}, /* Greek nu */
	{0x03BF, 'o'}, /* Greek omicron */
	{0x03C1, 'p'}, /* Greek rho */
	{0x03C3, 'o'}, /* Greek sigma */
	{0x03C4, 't'}, /* Greek tau */
	{0x03C5, 'u'}, /* Greek upsilon */
	{0x03C7, 'x'}, /* Greek chi */
	{0x03C9, 'w'}, /* Greek omega */
	{0x03F2, 'c'}, /* Greek lunate sigma */
	{0x03F3, 'j'}, /* Greek yot */
	{0x0430, 'a'}, /* Cyrillic a */
	{0x0432, 'b'}, /* Cyrillic ve: the capital */
	{0x0433, 'r'}, /* Cyrillic ghe */
	{0x0435, 'e'}, /* Cyrillic ie */
	{0x043A, 'k'}, /* Cyrillic ka */
	{0x043C, 'm'}, /* Cyrillic em */
	{0x043D, 'h'}, /* Cyrillic en: the capital */
	{0x043E, 'o'}, /* Cyrillic o */
	{0x0440, 'p'}, /* Cyrillic er */
	{0x0441, 'c'}, /* Cyrillic es */
	{0x0442, 't'}, /* Cyrillic te */
	{0x0443, 'y'}, /* Cyrillic u */
	{0x0445, 'x'}, /* Cyrillic ha */
	{0x0455, 's'}, /* Cyrillic dze */
	{0x0456, 'i'}, /* Cyrillic i */
	{0x0458, 'j'}, /* Cyrillic je */
	{0x0461, 'w'}, /* Cyrillic omega */
	{0x0475, 'v'}, /* Cyrillic izhitsa */
	{0x04AF, 'y'}, /* Cyrillic straight u */
	{0x04BB, 'h'}, /* Cyrillic shha */
	{0x04CF, 'l'}, /* Cyrillic palochka */
	{0x0501, 'd'}, /* Cyrillic komi de */
	{0x050D, 'g'}, /* Cyrillic komi sje */
	{0x051B, 'q'}, /* Cyrillic qa */
	{0x051D, 'w'}, /* Cyrillic we */
	{0x0561, 'w'}, /* Armenian ayb */
	{0x0563, 'q'}, /* Armenian gim */
	{0x0566, 'q'}, /* Armenian za */
	{0x0570, 'h'}, /* Armenian ho */
	{0x0578, 'n'}, /* Armenian vo */
	{0x057C, 'n'}, /* Armenian ra */
	{0x057D, 'u'}, /* Armenian seh */
	{0x0581, 'g'}, /* Armenian co */
	{0x0584, 'f'}, /* Armenian keh */
	{0x0585, 'o'}, /* Armenian oh */
	{0x1D00, 'a'}, /* small capitals */
	{0x1D04, 'c'},
	{0x1D05, 'd'},
	{0x1D07, 'e'},
	{0x1D0A, 'j'},
	{0x1D0B, 'k'},
	{0x1D0D, 'm'},
	{0x1D0F, 'o'},
	{0x1D18, 'p'},
	{0x1D1B, 't'},
	{0x1D1C, 'u'},
	{0x1D20, 'v'},
	{0x1D21, 'w'},
	{0x1D22, 'z'},
	{0xA730, 'f'},
	{0xA731, 's'},
};

/* Runs of twenty-six letters that compatibility folding leaves alone. */
static const uint32_t alphabets[] = {
	0x1F150, /* negative circled */
	0x1F170, /* negative squared */
	0x1F1E6, /* regional indicators */
};

UChar32 homoglyph_of(UChar32 point)
{
	for (size_t i = 0; i < sizeof(alphabets) / sizeof(*alphabets); i++) {
		uint32_t letter = (uint32_t)point - alphabets[i];
		if (letter < 26)
			return (UChar32)('a' + letter);
	}
	size_t low = 0, high = HOMOGLYPHS;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (table[middle].point == (uint32_t)point)
			return table[middle].latin;
		if (table[middle].point < (uint32_t)point)
			low = middle + 1;
		else
			high = middle;
	}
	return point;
}
