/* reader.h -- what the parts of the settings reader share. */
#ifndef LIB_SETTINGS_READER_H
#define LIB_SETTINGS_READER_H

#include "lib/settings/table.h"
#include "lib/settings/tree.h"

enum { SETTINGS_ROWS = 128, SETTINGS_LIST_ENTRIES = 1000 };

struct reader {
	struct arena *arena;   /* of the settings: all texts and lists */
	struct faults *faults; /* borrowed */
	const char *folder;    /* of the file: relative paths start here */
	const char *list;      /* name of the list being read, or NULL */
	struct tree *root;
	struct settings *settings;
	/* What was written for each row of settings_table, or NULL. */
	const struct tree *nodes[SETTINGS_ROWS];
};

/* What was written for this setting, or NULL. */
const struct tree *reader_node(const struct reader *reader, const char *name);
/* A fault at node: "NAME: sentence", the list's name before NAME. */
void reader_fault(struct reader *reader, const struct setting *setting,
	const struct tree *node, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* A fault for memory that is short. */
void reader_is_full(struct reader *reader, struct place place);

/* read.c: finds a node for each row, names keys that have none. */
void reader_sort_keys(struct reader *reader);
/* read.c: fills the settings from nodes and defaults, row by row. */
void reader_fill(struct reader *reader);
/* value.c: reads one value into base + setting->offset; on a fault leaves
 * the member as it was. SETTING_LIST is read.c's own. */
void setting_read(struct reader *reader, const struct setting *setting,
	const struct tree *node, void *base);
/* meaning.c: what no value shows by itself. */
void settings_check_meaning(struct reader *reader);
/* meaning.c: members that follow from others. */
void settings_complete(struct reader *reader);

/* text.c: the forms of texts. Host names are folded to lower case. */
bool host_is_valid(struct slice host);
bool word_is_valid(struct slice word);
bool advertised_is_valid(struct slice text);
bool brokers_are_valid(struct slice text);
bool pattern_is_valid(struct slice text);
bool next_hop_parse(
	const char *text, enum transport *transport, union address *address);

#endif
