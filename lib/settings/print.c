/* print.c -- the table as a configuration file with every default. */
#include "lib/settings/print.h"

#include <string.h>

enum { PRINT_COLUMNS = 78, PRINT_NAME_SIZE = 128 };

void print_wrapped(
	FILE *out, const char *prefix, const char *text, size_t width)
{
	size_t column = 0, left = strlen(prefix);

	while (*text) {
		size_t word = strcspn(text, " ");

		if (column && column + 1 + word > width) {
			(void)fputc('\n', out);
			column = 0;
		}
		(void)fprintf(
			out, "%s%.*s", column ? " " : prefix, (int)word, text);
		column += word + (column ? 1 : left);
		text += word;
		text += strspn(text, " ");
	}
	(void)fputc('\n', out);
}

/* True when the row lies in the section that its first size bytes name. */
static bool row_is_in(
	const struct setting *setting, const char *section, size_t size)
{
	return setting && strncmp(setting->name, section, size) == 0 &&
	       setting->name[size] == '.';
}

void settings_walk(section_fn *enter, row_fn *row, void *arg)
{
	const struct setting *before = NULL;

	for (size_t i = 0; i < settings_table.count; i++) {
		const struct setting *setting = &settings_table.rows[i];
		const char *name = setting->name;
		size_t depth = 0;

		for (const char *dot = strchr(name, '.'); dot;
			dot = strchr(dot + 1, '.'), depth++) {
			char section[PRINT_NAME_SIZE];

			if (row_is_in(before, name, (size_t)(dot - name)))
				continue;
			(void)snprintf(section, sizeof(section), "%.*s",
				(int)(dot - name), name);
			enter(arg, section, depth);
		}
		row(arg, setting, depth);
		before = setting;
	}
}

static void indent(FILE *out, size_t depth)
{
	for (size_t i = 0; i < depth; i++)
		(void)fputs("  ", out);
}

static void remark(FILE *out, size_t depth, const char *text)
{
	char prefix[16];

	(void)snprintf(prefix, sizeof(prefix), "%*s# ", (int)depth * 2, "");
	print_wrapped(out, prefix, text, PRINT_COLUMNS);
}

static void print_section(void *arg, const char *name, size_t depth)
{
	FILE *out = arg;
	const char *text = section_text(name);
	const char *dot = strrchr(name, '.');

	(void)fputc('\n', out);
	if (text)
		remark(out, depth, text);
	indent(out, depth);
	(void)fprintf(out, "%s:\n", dot ? dot + 1 : name);
}

/* The entries of a list cannot stand at a default: an example shows them. */
static void print_items(FILE *out, const struct setting *setting)
{
	const struct setting_table *items = setting->items;

	(void)fprintf(out, "#%s:\n", setting->name);
	for (size_t i = 0; i < items->count; i++) {
		const struct setting *item = &items->rows[i];

		if (item->size == 0)
			continue;
		(void)fprintf(out, "#  %s %s: %s\n", i ? " " : "-", item->name,
			item->standard ? item->standard : item->example);
	}
}

static void print_row(void *arg, const struct setting *setting, size_t depth)
{
	FILE *out = arg;

	if (depth == 0)
		(void)fputc('\n', out);
	remark(out, depth, setting->text);
	if (setting->type == SETTING_LIST) {
		print_items(out, setting);
		return;
	}
	if (!setting->standard)
		(void)fputc('#', out);
	indent(out, depth);
	(void)fprintf(out, "%s: %s\n", setting_key(setting),
		setting->standard ? setting->standard : setting->example);
}

void settings_print_defaults(FILE *out)
{
	(void)fprintf(out, "# Every setting of sipwarden at its default. What "
			   "has none stands behind a #\n"
			   "# with an example; server.name, server.domains and "
			   "listen must be written.\n");
	settings_walk(print_section, print_row, out);
}
