/* invite.c -- text/x-msmsgsinvite: offers of files in the RTC dialect. */
#include "lib/mime/invite.h"

enum {
	INVITE_LINES_MAX = 64,
	/* Clients stop reading at a line of so many characters or fewer. */
	INVITE_SHORT = 2
};

struct invite {
	struct slice names[INVITE_LINES_MAX];
	size_t count;
};

static bool is_blank(struct slice text)
{
	return slice_empty(slice_trim(text));
}

static const char *line_cut(struct slice *rest, struct slice *line)
{
	const size_t end = slice_find(*rest, '\n');

	*line = slice_part(*rest, 0, end);
	*rest = slice_from(*rest, end == SIZE_MAX ? SIZE_MAX : end + 1);
	if (end != SIZE_MAX) {
		if (!line->size || line->at[line->size - 1] != '\r')
			return "bare LF in an invitation";
		line->size--;
	}
	if (slice_find(*line, '\r') != SIZE_MAX ||
		slice_find(*line, '\0') != SIZE_MAX)
		return "stray CR or NUL in an invitation";
	return NULL;
}

static const char *name_add(struct invite *invite, struct slice name)
{
	if (invite->count == INVITE_LINES_MAX)
		return "too many lines in an invitation";
	for (size_t i = 0; i < invite->count; i++)
		if (slice_equal_nocase(invite->names[i], name))
			return "repeated name in an invitation";
	invite->names[invite->count++] = name;
	return NULL;
}

static const char *line_read(
	struct invite *invite, struct slice line, struct slice *file_name)
{
	const size_t colon = slice_find(line, ':');
	const struct slice name = slice_trim(slice_part(line, 0, colon));

	if (line.at[0] == ' ' || line.at[0] == '\t')
		return "folded line in an invitation";
	if (colon == SIZE_MAX || slice_empty(name))
		return "line without a name in an invitation";
	if (slice_equal_nocase(name, SLICE("Application-File")))
		*file_name = slice_trim(slice_from(line, colon + 1));
	return name_add(invite, name);
}

const char *invite_read(struct slice bytes, struct slice *file_name)
{
	struct invite invite = {.count = 0};
	struct slice rest = bytes;
	const char *wrong = NULL;

	while (rest.size && !wrong) {
		struct slice line;

		wrong = line_cut(&rest, &line);
		if (wrong)
			break;
		if (line.size <= INVITE_SHORT)
			return is_blank(line) && is_blank(rest)
				       ? NULL
				       : "short line in an invitation";
		wrong = line_read(&invite, line, file_name);
	}
	return wrong;
}
