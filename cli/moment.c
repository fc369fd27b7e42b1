/* moment.c -- times of the archive, as people read them. */
#include "cli/moment.h"

#include "cli/text.h"

enum { DATE_BYTES = 10, CLOCK_BYTES = 8 };

/* yyyy-mm-ddThh:mm:ss[.ffffff]Z */
static bool is_moment(struct slice text)
{
	return text.size > DATE_BYTES + 1 + CLOCK_BYTES &&
	       text.at[DATE_BYTES] == 'T' && text.at[text.size - 1] == 'Z';
}

void moment_print(const char *text)
{
	struct slice moment = slice_of(text ? text : "");

	if (!is_moment(moment)) {
		text_print(stdout, moment);
		return;
	}
	moment_print_date(text);
	(void)putchar(' ');
	moment_print_clock(text);
}

void moment_print_clock(const char *text)
{
	struct slice moment = slice_of(text ? text : "");

	if (is_moment(moment))
		moment = slice_part(moment, DATE_BYTES + 1, CLOCK_BYTES);
	text_print(stdout, moment);
	(void)putchar('Z');
}

void moment_print_date(const char *text)
{
	text_print(
		stdout, slice_part(slice_of(text ? text : ""), 0, DATE_BYTES));
}
