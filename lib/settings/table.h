/* table.h -- every setting: one row each, from which all else is made.
 *
 * The parser, `sipwarden check`, the printed defaults, the manual page and the
 * JSON Schema read these rows. A new setting is a new row (and a member of
 * struct settings to put it in).
 */
#ifndef LIB_SETTINGS_TABLE_H
#define LIB_SETTINGS_TABLE_H

#include <stdbool.h>
#include <stddef.h>

/* What a value is. What a type accepts and how it is kept is in value.c. */
enum setting_type {
	SETTING_BOOLEAN,
	SETTING_NUMBER,
	SETTING_DURATION,
	SETTING_SIZE,
	SETTING_WORD,
	SETTING_TEXT,
	SETTING_HOST,
	SETTING_ADVERTISED, /* host or host:port */
	SETTING_ADDRESS,
	SETTING_PATTERN, /* user@host, either may be * */
	SETTING_NEXT_HOP,
	SETTING_BROKERS,
	SETTING_FILE,   /* must be there and readable */
	SETTING_SECRET, /* must be there; one of the programs reads it */
	SETTING_FOLDER,
	SETTING_SOCKET,
	SETTING_HOSTS,
	SETTING_NETWORKS,
	SETTING_STAGES,
	SETTING_LIST /* of mappings, with a table of their own */
};
enum { SETTING_TYPES = SETTING_LIST + 1 };

/* Durations are kept in one of these units. */
enum setting_unit { UNIT_NONE, UNIT_US, UNIT_MS, UNIT_S };

struct setting_word {
	const char *word; /* NULL ends the list */
	int value;
};

struct setting_table;

struct setting {
	const char *name; /* dotted */
	enum setting_type type;
	enum setting_unit unit;
	bool required;
	size_t offset, size;           /* of the member that takes it; size 0:
					  known, but kept nowhere */
	size_t count_offset;           /* of the size_t beside a list */
	const char *standard;          /* the default; NULL: none */
	const char *minimum, *maximum; /* as they would be written */
	const struct setting_word *words;
	const struct setting_table *items; /* of SETTING_LIST */
	const char *example;               /* where there is no default */
	const char *text; /* what it does, in a sentence or two */
};

struct setting_table {
	const struct setting *rows;
	size_t count;
	size_t item_size; /* of the struct that one entry fills */
};

/* All of struct settings. */
extern const struct setting_table settings_table;

/* What a section is about: "limits" and so on; NULL for other names. */
const char *section_text(const char *name);
/* The row with this dotted name, or NULL. */
const struct setting *setting_find(
	const struct setting_table *table, const char *name);
/* The last word of a dotted name. */
const char *setting_key(const struct setting *setting);
/* What a value looks like, for messages and the manual: "a number",
 * "refuse or flag". */
enum { SETTING_FORM_SIZE = 128 };
const char *setting_form(
	const struct setting *setting, char form[SETTING_FORM_SIZE]);

/* Lists, for the two chains' default. */
#define SETTINGS_ALL_STAGES "[log, content-filter, virus-scan]"
/* A path may begin with this: the folder set as server.data. */
#define SETTINGS_DATA "${server.data}"

#endif
