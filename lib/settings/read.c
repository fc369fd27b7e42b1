/* read.c -- lays what is written beside the table, row by row. */
#include "lib/settings/nearest.h"
#include "lib/settings/reader.h"

#include "lib/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { NAME_SIZE = 128 };

const struct tree *reader_node(const struct reader *reader, const char *name)
{
	const struct setting *setting = setting_find(&settings_table, name);

	must(setting);
	return reader->nodes[setting - settings_table.rows];
}

void reader_fault(struct reader *reader, const struct setting *setting,
	const struct tree *node, const char *format, ...)
{
	char sentence[400];
	va_list arguments;

	va_start(arguments, format);
	/* va_start is right above. */
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
	(void)vsnprintf(sentence, sizeof(sentence), format, arguments);
	va_end(arguments);
	fault_add(reader->faults, node->place, "%s%s%s: %s",
		reader->list ? reader->list : "", reader->list ? "." : "",
		setting->name, sentence);
}

void reader_is_full(struct reader *reader, struct place place)
{
	fault_add(reader->faults, place,
		"the file is larger than memory allows for it");
}

/* The dotted name of an entry below the root; cut off when too long to be a
 * known one. */
static void name_of(const struct tree *entry, char name[NAME_SIZE])
{
	const char *keys[TREE_DEPTH + 1];
	size_t depth = 0, used = 0;

	for (; entry && entry->key; entry = entry->parent) {
		must(depth < TREE_DEPTH + 1);
		keys[depth++] = entry->key;
	}
	name[0] = '\0';
	while (depth && used < NAME_SIZE)
		used += (size_t)snprintf(name + used, NAME_SIZE - used, "%s%s",
			used ? "." : "", keys[--depth]);
}

/* The part of a row's name that stands right below the section; NULL when
 * the row is elsewhere. key takes the part. */
static const char *part_below(
	const struct setting *setting, const char *section, char key[NAME_SIZE])
{
	size_t size = strlen(section);
	const char *rest = setting->name;

	if (size) {
		if (strncmp(rest, section, size) != 0 || rest[size] != '.')
			return NULL;
		rest += size + 1;
	}
	(void)snprintf(key, NAME_SIZE, "%.*s", (int)strcspn(rest, "."), rest);
	return key;
}

static bool is_section(const char *name)
{
	char key[NAME_SIZE];

	for (size_t i = 0; i < settings_table.count; i++)
		if (part_below(&settings_table.rows[i], name, key))
			return true;
	return false;
}

/* Says which known key of the section is the nearest, or where else such a
 * key has its place. */
static void fault_of_unknown(
	struct reader *reader, const struct tree *entry, const char *section)
{
	struct nearest nearest = {NULL, 0};
	char keys[SETTINGS_ROWS][NAME_SIZE];
	const struct setting *elsewhere = NULL;

	for (size_t i = 0; i < settings_table.count; i++) {
		const struct setting *row = &settings_table.rows[i];

		if (part_below(row, section, keys[i]))
			nearest_try(&nearest, entry->key, keys[i]);
		if (!elsewhere && strcmp(setting_key(row), entry->key) == 0)
			elsewhere = row;
	}
	if (nearest.word)
		fault_add(reader->faults, entry->key_place,
			"%.60s is not known%s%s; did you mean %s?", entry->key,
			*section ? " in " : "", section, nearest.word);
	else if (elsewhere)
		fault_add(reader->faults, entry->key_place,
			"%.60s is not known%s%s; did you mean %s?", entry->key,
			*section ? " in " : "", section, elsewhere->name);
	else
		fault_add(reader->faults, entry->key_place,
			"%.60s is not known%s%s; `sipwarden defaults` lists "
			"what is",
			entry->key, *section ? " in " : "", section);
}

/* Settles one entry; true when it is a section to go into. */
static bool sort_key(struct reader *reader, const struct tree *entry)
{
	const struct setting *setting;
	char name[NAME_SIZE], section[NAME_SIZE];

	name_of(entry, name);
	setting = setting_find(&settings_table, name);
	if (setting) {
		if (!reader->nodes[setting - settings_table.rows])
			reader->nodes[setting - settings_table.rows] = entry;
		return false;
	}
	if (!is_section(name)) {
		name_of(entry->parent, section);
		fault_of_unknown(reader, entry, section);
		return false;
	}
	if (entry->kind == TREE_MAPPING)
		return true;
	if (!entry->spoiled)
		fault_add(reader->faults, entry->place,
			"%s: must be a mapping of settings%s", name,
			tree_is_nothing(entry) ? "; leave an empty one out"
					       : "");
	return false;
}

void reader_sort_keys(struct reader *reader)
{
	const struct tree *entry = reader->root->first;

	must(settings_table.count <= SETTINGS_ROWS);
	while (entry) {
		if (sort_key(reader, entry) && entry->first) {
			entry = entry->first;
			continue;
		}
		while (entry && !entry->next)
			entry = entry->parent;
		entry = entry ? entry->next : NULL;
	}
}

/* A node that says what the table's default says. */
static struct tree *standard_node(
	struct reader *reader, const struct setting *setting)
{
	static const struct tree absent;
	struct slice text = slice_of(setting->standard), word;
	struct tree *node = arena_take(reader->arena, sizeof(*node));
	struct tree **end;

	if (!node)
		return NULL;
	*node = absent;
	node->place = (struct place){1, 1};
	node->text = setting->standard;
	if (text.at[0] != '[')
		return node;
	node->kind = TREE_SEQUENCE;
	node->text = "";
	end = &node->first;
	text = slice_part(text, 1, text.size - 2);
	while (text.size && slice_cut(&text, ',', &word)) {
		struct slice copy = arena_copy(reader->arena, slice_trim(word));
		struct tree *entry = arena_take(reader->arena, sizeof(*entry));

		if (!entry || !copy.at)
			return NULL;
		entry->text = copy.at;
		*end = entry;
		end = &entry->next;
		node->count++;
	}
	return node;
}

static void read_list(struct reader *reader, const struct setting *setting,
	const struct tree *node);

static void fault_of_missing(struct reader *reader,
	const struct setting *setting, const struct tree *missing_from)
{
	char form[SETTING_FORM_SIZE];

	fault_add(reader->faults,
		missing_from->key ? missing_from->key_place
				  : missing_from->place,
		"%s%s%s is missing; write %s", reader->list ? reader->list : "",
		reader->list ? "." : "", setting->name,
		setting_form(setting, form));
}

static void read_any(struct reader *reader, const struct setting *setting,
	const struct tree *node, void *base)
{
	if (setting->type == SETTING_LIST)
		read_list(reader, setting, node);
	else
		setting_read(reader, setting, node, base);
}

/* Reads what is written for the row, or its default. A list's own rows are
 * no lists, so this goes one level deep at most. */
static void fill_row(struct reader *reader, const struct setting *setting,
	const struct tree *node, void *base, const struct tree *missing_from)
{
	const struct tree *standard;

	if (!node && setting->required) {
		fault_of_missing(reader, setting, missing_from);
		return;
	}
	/* The default first: a faulty value must not make others look wrong. */
	if (setting->standard) {
		standard = standard_node(reader, setting);
		if (standard)
			read_any(reader, setting, standard, base);
		else
			reader_is_full(reader, missing_from->place);
	}
	if (node)
		read_any(reader, setting, node, base);
}

static void sort_item_keys(struct reader *reader,
	const struct setting_table *table, const struct tree *item)
{
	for (const struct tree *entry = item->first; entry;
		entry = entry->next) {
		struct nearest nearest = {NULL, 0};

		if (setting_find(table, entry->key))
			continue;
		for (size_t i = 0; i < table->count; i++)
			nearest_try(&nearest, entry->key, table->rows[i].name);
		if (nearest.word)
			fault_add(reader->faults, entry->key_place,
				"%.60s is not known in %s; did you mean %s?",
				entry->key, reader->list, nearest.word);
		else
			fault_add(reader->faults, entry->key_place,
				"%.60s is not known in %s", entry->key,
				reader->list);
	}
}

static void read_item(struct reader *reader, const struct setting_table *table,
	const struct tree *item, void *base)
{
	if (item->kind != TREE_MAPPING) {
		if (!item->spoiled)
			fault_add(reader->faults, item->place,
				"%s: each entry is a mapping such as "
				"{%s: %s, ...}",
				reader->list, table->rows[0].name,
				table->rows[0].example);
		return;
	}
	sort_item_keys(reader, table, item);
	for (size_t i = 0; i < table->count; i++)
		fill_row(reader, &table->rows[i],
			tree_entry(item, table->rows[i].name), base, item);
}

static void read_list(struct reader *reader, const struct setting *setting,
	const struct tree *node)
{
	char *base = (char *)reader->settings;
	size_t size = setting->items->item_size, count = 0;
	char *items;

	if (node->spoiled)
		return;
	if (node->kind != TREE_SEQUENCE ||
		node->count > SETTINGS_LIST_ENTRIES ||
		(setting->required && node->count == 0)) {
		reader_fault(reader, setting, node,
			"must be a list of mappings, %s",
			setting->required ? "one at least" : "or left out");
		return;
	}
	items = arena_take_array(reader->arena, node->count + 1, size);
	if (!items) {
		reader_is_full(reader, node->place);
		return;
	}
	reader->list = setting->name;
	for (const struct tree *item = node->first; item; item = item->next)
		read_item(reader, setting->items, item, items + count++ * size);
	reader->list = NULL;
	memcpy(base + setting->offset, &items, sizeof(items));
	memcpy(base + setting->count_offset, &count, sizeof(count));
}

/* The section that the row is missing from, or the root. */
static const struct tree *section_of(
	const struct reader *reader, const struct setting *setting)
{
	const struct tree *section = reader->root;
	const char *rest = setting->name;
	char key[NAME_SIZE];

	for (const char *dot; (dot = strchr(rest, '.')); rest = dot + 1) {
		const struct tree *entry;

		(void)snprintf(
			key, sizeof(key), "%.*s", (int)(dot - rest), rest);
		entry = section->kind == TREE_MAPPING ? tree_entry(section, key)
						      : NULL;
		if (!entry)
			break;
		section = entry;
	}
	return section;
}

void reader_fill(struct reader *reader)
{
	for (size_t i = 0; i < settings_table.count; i++) {
		const struct setting *row = &settings_table.rows[i];

		fill_row(reader, row, reader->nodes[i], reader->settings,
			section_of(reader, row));
	}
}
