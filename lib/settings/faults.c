/* faults.c -- what is wrong with a file, gathered and kept by position. */
#include "lib/settings/faults.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A longer path shows its end: the sentence must have room. */
enum { FAULT_PATH_BYTES = 160 };

static bool place_is_after(struct place a, struct place b)
{
	return a.line > b.line || (a.line == b.line && a.column > b.column);
}

/* The index that a fault at this place gets, those behind it moved down;
 * SETTINGS_FAULTS when there is no room for it. */
static size_t make_room(struct faults *faults, struct place place)
{
	size_t at = faults->count;
	size_t last;

	while (at && place_is_after(faults->places[at - 1], place))
		at--;
	if (at == SETTINGS_FAULTS)
		return at;
	last = faults->count < SETTINGS_FAULTS ? faults->count
					       : SETTINGS_FAULTS - 1;
	memmove(faults->out + at + 1, faults->out + at,
		(last - at) * sizeof(*faults->out));
	memmove(faults->places + at + 1, faults->places + at,
		(last - at) * sizeof(*faults->places));
	faults->count = last + 1;
	return at;
}

static void make_printable(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

void fault_add(
	struct faults *faults, struct place place, const char *format, ...)
{
	size_t at = make_room(faults, place);
	size_t path_size = strlen(faults->file);
	char sentence[sizeof(faults->out[0].text)];
	struct settings_fault *fault;
	va_list arguments;

	if (at == SETTINGS_FAULTS)
		return;
	va_start(arguments, format);
	/* va_start is right above. */
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
	(void)vsnprintf(sentence, sizeof(sentence), format, arguments);
	va_end(arguments);
	fault = &faults->out[at];
	faults->places[at] = place;
	(void)snprintf(fault->text, sizeof(fault->text), "%s%s:%u:%u: %.*s",
		path_size > FAULT_PATH_BYTES ? "..." : "",
		path_size > FAULT_PATH_BYTES
			? faults->file + path_size - FAULT_PATH_BYTES
			: faults->file,
		place.line, place.column, 300, sentence);
	make_printable(fault->text);
}
