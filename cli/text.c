/* text.c -- prints what strangers wrote, so that it cannot drive a terminal. */
#include "cli/text.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>
#include <unistd.h>

enum { SHOWN_BYTES = 16, DEFAULT_WIDTH = 80, LEAST_WIDTH = 30 };

/* One character, as it is printed. */
struct shown {
	char text[SHOWN_BYTES];
	size_t size;    /* of text */
	size_t used;    /* bytes of the source */
	unsigned width; /* columns */
	bool breaks;    /* it is a line break */
	bool space;
};

static bool is_harmless(UChar32 code)
{
	switch (u_charType(code)) {
	case U_CONTROL_CHAR:
	case U_FORMAT_CHAR: /* directions, joiners, tags */
	case U_LINE_SEPARATOR:
	case U_PARAGRAPH_SEPARATOR:
	case U_PRIVATE_USE_CHAR:
	case U_SURROGATE:
	case U_UNASSIGNED:
		return false;
	default:
		return true;
	}
}

static unsigned columns_of(UChar32 code)
{
	int kind = u_charType(code);
	int wide = u_getIntPropertyValue(code, UCHAR_EAST_ASIAN_WIDTH);

	if (kind == U_NON_SPACING_MARK || kind == U_ENCLOSING_MARK)
		return 0;
	return wide == U_EA_WIDE || wide == U_EA_FULLWIDTH ? 2 : 1;
}

static void escape(struct shown *shown, UChar32 code, unsigned char byte)
{
	int size = code < 0x80 ? snprintf(shown->text, sizeof(shown->text),
					 "\\x%02x", byte)
			       : snprintf(shown->text, sizeof(shown->text),
					 "\\u{%x}", (unsigned)code);

	shown->size = (size_t)size;
	shown->width = (unsigned)size;
}

/* text is not empty. */
static struct shown show(struct slice text)
{
	const uint8_t *bytes = (const uint8_t *)text.at;
	int32_t room = text.size > 8 ? 8 : (int32_t)text.size, used = 0;
	struct shown shown = {.size = 0};
	UChar32 code;

	U8_NEXT(bytes, used, room, code);
	shown.used = (size_t)used;
	shown.breaks = code == '\n';
	shown.space = code == ' ' || code == '\t' || code == '\n' ||
		      (code == '\r' && text.size > 1 && text.at[1] == '\n');
	if (shown.space) {
		shown.text[0] = ' ';
		shown.size = code == '\r' ? 0 : 1;
		shown.width = (unsigned)shown.size;
	} else if (code >= 0 && is_harmless(code)) {
		memcpy(shown.text, text.at, shown.used);
		shown.size = shown.used;
		shown.width = columns_of(code);
	} else {
		escape(&shown, code, *bytes);
	}
	return shown;
}

void text_print(FILE *file, struct slice text)
{
	while (text.size) {
		struct shown shown = show(text);

		(void)fwrite(shown.text, 1, shown.size, file);
		text = slice_from(text, shown.used);
	}
}

void text_print_wrapped(
	FILE *file, struct slice text, unsigned indent, unsigned width)
{
	text_print_marked(file, text, NULL, 0, indent, width, false);
}

struct printer {
	FILE *file;
	const struct text_mark *marks;
	size_t count;
	size_t character; /* place of the next one */
	unsigned indent, width, column;
	bool bold, is_bold;
};

static void switch_bold(struct printer *printer, bool on)
{
	if (!printer->bold || on == printer->is_bold)
		return;
	(void)fputs(on ? "\033[1m" : "\033[22m", printer->file);
	printer->is_bold = on;
}

static bool is_marked(struct printer *printer)
{
	while (printer->count &&
		printer->character >=
			printer->marks->start + printer->marks->size) {
		printer->marks++;
		printer->count--;
	}
	return printer->count && printer->character >= printer->marks->start;
}

static void break_line(struct printer *printer)
{
	switch_bold(printer, false);
	(void)fputc('\n', printer->file);
	printer->column = 0;
}

static void begin_line(struct printer *printer)
{
	if (printer->column)
		return;
	(void)fprintf(printer->file, "%*s", (int)printer->indent, "");
	printer->column = printer->indent;
}

static void put(struct printer *printer, const struct shown *shown)
{
	begin_line(printer);
	switch_bold(printer, is_marked(printer));
	(void)fwrite(shown->text, 1, shown->size, printer->file);
	printer->column += shown->width;
	printer->character++;
}

/* Columns of the word at the beginning, counted up to limit. */
static unsigned word_width(struct slice text, unsigned limit)
{
	unsigned width = 0;

	while (text.size && width <= limit) {
		struct shown shown = show(text);

		if (shown.space)
			break;
		width += shown.width;
		text = slice_from(text, shown.used);
	}
	return width;
}

static void put_space(
	struct printer *printer, const struct shown *shown, struct slice rest)
{
	unsigned room = printer->width > printer->column
				? printer->width - printer->column
				: 0;

	if (shown->breaks) {
		begin_line(printer);
		break_line(printer);
		printer->character++;
	} else if (printer->column > printer->indent &&
		   word_width(rest, printer->width) + 1 > room) {
		break_line(printer);
		printer->character++;
	} else {
		put(printer, shown);
	}
}

void text_print_marked(FILE *file, struct slice text,
	const struct text_mark *marks, size_t count, unsigned indent,
	unsigned width, bool bold)
{
	struct printer printer = {.file = file,
		.marks = marks,
		.count = count,
		.indent = indent,
		.width = width > indent + LEAST_WIDTH / 2
				 ? width
				 : indent + LEAST_WIDTH / 2,
		.bold = bold};

	while (text.size) {
		struct shown shown = show(text);

		text = slice_from(text, shown.used);
		if (shown.space) {
			put_space(&printer, &shown, text);
			continue;
		}
		if (printer.column + shown.width > printer.width &&
			printer.column > printer.indent)
			break_line(&printer);
		put(&printer, &shown);
	}
	if (printer.column)
		break_line(&printer);
}

unsigned text_width(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
		size.ws_col >= LEAST_WIDTH)
		return size.ws_col;
	return DEFAULT_WIDTH;
}

bool text_bold(void)
{
	const char *terminal = getenv("TERM");

	return isatty(STDOUT_FILENO) && !getenv("NO_COLOR") && terminal &&
	       strcmp(terminal, "dumb") != 0;
}
