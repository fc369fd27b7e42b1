/* manual.c -- the table as the manual page sipwarden.yaml(5). */
#include "lib/settings/print.h"

#include <string.h>

/* Text for troff: a backslash, a dash and a dot at the start of a line have
 * meanings there. */
static void put_text(FILE *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		(void)fputs("\\&", out);
	for (; *text; text++) {
		if (*text == '\\')
			(void)fputs("\\e", out);
		else if (*text == '-')
			(void)fputs("\\-", out);
		else
			(void)fputc(*text, out);
	}
}

static void put_row(FILE *out, const struct setting *setting)
{
	char form[SETTING_FORM_SIZE];

	(void)fputs(".TP\n.B ", out);
	put_text(out, setting->name);
	(void)fputc('\n', out);
	put_text(out, setting->text);
	(void)fputs("\n.br\nValue: ", out);
	put_text(out, setting_form(setting, form));
	if (setting->minimum) {
		(void)fputs(", from ", out);
		put_text(out, setting->minimum);
		(void)fputs(" to ", out);
		put_text(out, setting->maximum);
	}
	(void)fputs(".\n.br\n", out);
	if (setting->standard) {
		(void)fputs("Default: ", out);
		put_text(out, setting->standard);
	} else if (setting->required) {
		(void)fputs("Must be written", out);
	} else {
		(void)fputs("Default: none", out);
	}
	if (setting->example) {
		(void)fputs("; for example ", out);
		put_text(out, setting->example);
	}
	(void)fputs(".\n", out);
}

static void put_section(void *arg, const char *name, size_t depth)
{
	FILE *out = arg;

	(void)depth;
	(void)fputs(".SS ", out);
	put_text(out, name);
	(void)fputc('\n', out);
	if (section_text(name)) {
		put_text(out, section_text(name));
		(void)fputc('\n', out);
	}
}

static void put_any(void *arg, const struct setting *setting, size_t depth)
{
	FILE *out = arg;

	if (depth == 0) {
		(void)fputs(".SS ", out);
		put_text(out, setting->name);
		(void)fputc('\n', out);
	}
	put_row(out, setting);
	if (setting->type != SETTING_LIST)
		return;
	(void)fputs(".RS\n", out);
	for (size_t i = 0; i < setting->items->count; i++)
		put_row(out, &setting->items->rows[i]);
	(void)fputs(".RE\n", out);
}

static const char manual_head[] =
	".\\\" Made from lib/settings/table.c by `sipwarden manual`.\n"
	".TH SIPWARDEN.YAML 5\n"
	".SH NAME\n"
	"sipwarden.yaml \\- configuration of sipwarden\n"
	".SH DESCRIPTION\n"
	"All programs of sipwarden read one file, "
	"/etc/sipwarden/sipwarden.yaml, written in YAML 1.2.\n"
	"Each setting has a type and bounds; a key that is unknown or written "
	"twice, a value of a wrong type and settings that do not fit each "
	"other are faults, and all of them are named at once with line and "
	"column.\n"
	"Nothing starts on a faulty configuration.\n"
	".B sipwarden check\n"
	".I FILE\n"
	"tells whether one is right, and\n"
	".B sipwarden defaults\n"
	"prints every setting.\n"
	".PP\n"
	"A duration is a number and one of us, ms, s, m, h, d; a size is a "
	"number and one of B, KB, MB, GB, TB, in multiples of 1024.\n"
	"Neither may stand without its unit.\n"
	"A path that does not begin at the root is taken from the folder of "
	"the configuration file; ${server.data} at its start stands for the "
	"folder set as server.data.\n"
	"A dot in a name below says that the setting is written in a mapping: "
	"archive.kafka.topic is topic in kafka in archive.\n"
	".SH SETTINGS\n";

static const char manual_foot[] =
	".SH FILES\n"
	".TP\n"
	".I /etc/sipwarden/sipwarden.yaml\n"
	"The configuration.\n"
	".SH EXIT STATUS\n"
	"Programs that find faults in it exit with 78.\n";

void settings_print_manual(FILE *out)
{
	(void)fputs(manual_head, out);
	settings_walk(put_section, put_any, out);
	(void)fputs(manual_foot, out);
}
