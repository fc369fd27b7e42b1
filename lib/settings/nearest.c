/* nearest.c -- which known word was meant. */
#include "lib/settings/nearest.h"

#include <stdint.h>
#include <string.h>

enum { NEAREST_WORD_BYTES = 64 };

static size_t least(size_t a, size_t b, size_t c)
{
	size_t smaller = a < b ? a : b;

	return smaller < c ? smaller : c;
}

/* Restricted Damerau-Levenshtein: a swap of neighbours is one slip. Three
 * rows do, since a swap looks two rows back. */
size_t edit_distance(const char *a, const char *b)
{
	size_t rows[3][NEAREST_WORD_BYTES];
	size_t a_size = strlen(a), b_size = strlen(b);

	if (a_size >= NEAREST_WORD_BYTES || b_size >= NEAREST_WORD_BYTES)
		return SIZE_MAX;
	for (size_t j = 0; j <= b_size; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_size; i++) {
		size_t *row = rows[i % 3], *above = rows[(i - 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= b_size; j++) {
			row[j] = least(above[j] + 1, row[j - 1] + 1,
				above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
				a[i - 2] == b[j - 1] &&
				rows[(i - 2) % 3][j - 2] + 1 < row[j])
				row[j] = rows[(i - 2) % 3][j - 2] + 1;
		}
	}
	return rows[a_size % 3][b_size];
}

void nearest_try(
	struct nearest *nearest, const char *wanted, const char *candidate)
{
	size_t distance = edit_distance(wanted, candidate);

	if (distance > 1 + strlen(wanted) / 3)
		return;
	if (nearest->word && nearest->distance <= distance)
		return;
	nearest->word = candidate;
	nearest->distance = distance;
}
