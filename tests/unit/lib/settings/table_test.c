/* table_test.c -- every setting stands in table, sample, manual, schema and
 * printed defaults, and says the same everywhere. */
#include "lib/settings/table.h"

#include "lib/settings/file.h"
#include "lib/settings/print.h"
#include "lib/settings/quantity.h"
#include "lib/settings/settings.h"
#include "lib/settings/tree.h"
#include "lib/users.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#define SAMPLE SOURCE_FOLDER "/packaging/sipwarden.yaml"
#define SAMPLE_USERS SOURCE_FOLDER "/packaging/users.yaml"
#define MANUAL SOURCE_FOLDER "/docs/man/sipwarden.yaml.5"
#define SCHEMA SOURCE_FOLDER "/docs/configuration.schema.json"

static struct settings_fault faults[SETTINGS_FAULTS];

static char *read_whole(const char *path)
{
	struct slice text;
	char *copy;

	if (file_read(path, 1 << 20, &text) != 0)
		fail_msg("%s cannot be read", path);
	copy = slice_to_string(text);
	file_forget(&text);
	assert_non_null(copy);
	return copy;
}

/* Takes the '#' off lines that hold a setting: "#key: x", "#  key: x". What
 * follows "# " is a remark. */
static void uncomment(char *text)
{
	for (char *line = text; line;) {
		if (line[0] == '#' && line[1] != '\n' &&
			(line[1] != ' ' || line[2] == ' '))
			memmove(line, line + 1, strlen(line));
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
}

static enum quantity_result quantity_of(
	const struct setting *row, const char *text, uint64_t *value)
{
	if (row->type == SETTING_DURATION)
		return duration_read(text, row->unit, value);
	if (row->type == SETTING_SIZE)
		return size_read(text, value);
	return number_read(text, value);
}

static void check_bounds(const struct setting *row)
{
	uint64_t least, most, standard;
	uint64_t room = row->size == 8 ? UINT64_MAX : UINT32_MAX;

	assert_int_equal(quantity_of(row, row->minimum, &least), QUANTITY_READ);
	assert_int_equal(quantity_of(row, row->maximum, &most), QUANTITY_READ);
	assert_int_equal(
		quantity_of(row, row->standard, &standard), QUANTITY_READ);
	assert_true(least <= standard && standard <= most && most <= room);
}

static void check_row(const struct setting_table *table, size_t index)
{
	const struct setting *row = &table->rows[index];
	size_t end = row->offset + row->size;

	assert_true(row->text && row->text[strlen(row->text) - 1] == '.');
	/* Something to show: a default, or an example, or items. */
	assert_true(row->standard || row->example || row->items);
	assert_false(row->required && row->standard);
	assert_true(end <= table->item_size);
	if (row->type == SETTING_NUMBER || row->type == SETTING_DURATION ||
		row->type == SETTING_SIZE)
		check_bounds(row);
	assert_int_equal(row->type == SETTING_WORD, row->words != NULL);
	for (size_t i = 0; i < index; i++) {
		const struct setting *other = &table->rows[i];

		assert_string_not_equal(row->name, other->name);
		/* No two settings fill the same member. */
		if (row->size && other->size)
			assert_true(end <= other->offset ||
				    row->offset >= other->offset + other->size);
	}
}

static void rows_are_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < settings_table.count; i++) {
		const struct setting *row = &settings_table.rows[i];

		check_row(&settings_table, i);
		for (size_t j = 0; row->items && j < row->items->count; j++)
			check_row(row->items, j);
	}
}

static const struct tree *find(const struct tree *root, const char *name)
{
	struct slice rest = slice_of(name), word;
	const struct tree *at = root;

	while (at && slice_cut(&rest, '.', &word)) {
		char *key = slice_to_string(word);

		assert_non_null(key);
		at = at->kind == TREE_MAPPING ? tree_entry(at, key) : NULL;
		free(key);
	}
	return at;
}

/* True when the node says what the table's default says. */
static bool says(const struct tree *node, const char *standard)
{
	char text[256] = "[";

	if (node->kind == TREE_SCALAR)
		return strcmp(node->text, standard) == 0;
	for (const struct tree *item = node->first; item; item = item->next) {
		size_t used = strlen(text);

		(void)snprintf(text + used, sizeof(text) - used, "%s%s",
			item == node->first ? "" : ", ", item->text);
	}
	return strcmp(strcat(text, "]"), standard) == 0;
}

static bool has_item(const struct tree *list, const char *key)
{
	for (const struct tree *item = list->first; item; item = item->next)
		if (tree_entry(item, key))
			return true;
	return false;
}

static void check_in_text(const char *what, char *text)
{
	struct faults found = {.file = what, .out = faults};
	struct arena *arena = arena_new(1 << 24);
	const struct tree *root;

	assert_non_null(arena);
	uncomment(text);
	root = tree_read(arena, slice_of(text), &found);
	if (!root || found.count)
		fail_msg("%s", faults[0].text);
	for (size_t i = 0; i < settings_table.count; i++) {
		const struct setting *row = &settings_table.rows[i];
		const struct tree *node = find(root, row->name);

		if (!node)
			fail_msg("%s lacks %s", what, row->name);
		if (row->standard && row->type != SETTING_LIST &&
			!says(node, row->standard))
			fail_msg("%s: %s is not at its default, %s", what,
				row->name, row->standard);
		for (size_t j = 0; row->items && j < row->items->count; j++)
			if (row->items->rows[j].size &&
				!has_item(node, row->items->rows[j].name))
				fail_msg("%s lacks %s of %s", what,
					row->items->rows[j].name, row->name);
	}
	arena_release(&arena);
}

static void sample_shows_every_setting(void **state)
{
	char *text = read_whole(SAMPLE);

	(void)state;
	check_in_text("the sample", text);
	free(text);
}

static char *printed(void (*print)(FILE *out))
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	print(out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void defaults_show_every_setting(void **state)
{
	char *text = printed(settings_print_defaults);

	(void)state;
	check_in_text("the printed defaults", text);
	free(text);
}

/* With its examples taken as written, nothing is wrong with a text but that
 * files are not there, and what the example of TLS shows. */
static void check_is_right(char *text)
{
	struct settings *settings;
	size_t count;

	uncomment(text);
	count = settings_read_memory(
		"/nowhere/x.yaml", slice_of(text), &settings, faults);
	for (size_t i = 0; i < count; i++)
		if (!strstr(faults[i].text, "No such file") &&
			!strstr(faults[i].text, "tls"))
			fail_msg("%s", faults[i].text);
	settings_release(&settings);
}

static void what_is_shown_is_right(void **state)
{
	char *sample = read_whole(SAMPLE);
	char *defaults = printed(settings_print_defaults);

	(void)state;
	check_is_right(sample);
	check_is_right(defaults);
	free(sample);
	free(defaults);
}

static void put_file(const char *folder, const char *name, const char *text)
{
	char path[128];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (!text) {
		assert_int_equal(unlink(path), 0);
		return;
	}
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* As it would be installed, with its users beside it. */
static void sample_can_be_used(void **state)
{
	char folder[] = "/tmp/table_test.XXXXXX";
	char *sample = read_whole(SAMPLE),
	     *users_text = read_whole(SAMPLE_USERS);
	char path[64];
	struct settings *settings;
	struct users *users;

	(void)state;
	assert_non_null(mkdtemp(folder));
	put_file(folder, "sipwarden.yaml", sample);
	put_file(folder, "users.yaml", users_text);
	put_file(folder, "content.yaml", "");
	(void)snprintf(path, sizeof(path), "%s/sipwarden.yaml", folder);
	if (settings_read(path, &settings, faults) != 0)
		fail_msg("%s", faults[0].text);
	if (users_read(settings->users, &users, faults) != 0 ||
		users_check(users, settings, faults) != 0)
		fail_msg("%s", faults[0].text);
	users_release(&users);
	settings_release(&settings);
	put_file(folder, "sipwarden.yaml", NULL);
	put_file(folder, "users.yaml", NULL);
	put_file(folder, "content.yaml", NULL);
	assert_int_equal(rmdir(folder), 0);
	free(sample);
	free(users_text);
}

static void manual_is_of_this_table(void **state)
{
	char *text = printed(settings_print_manual);
	char *kept = read_whole(MANUAL);

	(void)state;
	if (strcmp(text, kept) != 0)
		fail_msg("%s differs from the table: write it anew with "
			 "`sipwarden manual`",
			MANUAL);
	free(text);
	free(kept);
}

static int schema_result;

static void print_schema(FILE *out)
{
	schema_result = settings_print_schema(out);
}

static const json_t *schema_find(const json_t *schema, const char *name)
{
	struct slice rest = slice_of(name), word;

	while (schema && slice_cut(&rest, '.', &word)) {
		char *key = slice_to_string(word);

		assert_non_null(key);
		schema = json_object_get(
			json_object_get(schema, "properties"), key);
		free(key);
	}
	return schema;
}

static void schema_is_of_this_table(void **state)
{
	char *text = printed(print_schema);
	char *kept = read_whole(SCHEMA);
	json_t *schema = json_loads(text, 0, NULL);

	(void)state;
	assert_int_equal(schema_result, 0);
	if (strcmp(text, kept) != 0)
		fail_msg("%s differs from the table: write it anew with "
			 "`sipwarden schema`",
			SCHEMA);
	for (size_t i = 0; i < settings_table.count; i++) {
		const struct setting *row = &settings_table.rows[i];
		const json_t *found = schema_find(schema, row->name);
		const json_t *standard = json_object_get(found, "default");

		assert_non_null(found);
		assert_int_equal(row->standard != NULL, standard != NULL);
		if (json_is_string(standard))
			assert_string_equal(
				json_string_value(standard), row->standard);
		if (json_is_boolean(standard))
			assert_int_equal(json_is_true(standard),
				strcmp(row->standard, "true") == 0);
	}
	json_decref(schema);
	free(text);
	free(kept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_whole),
		cmocka_unit_test(sample_shows_every_setting),
		cmocka_unit_test(defaults_show_every_setting),
		cmocka_unit_test(what_is_shown_is_right),
		cmocka_unit_test(sample_can_be_used),
		cmocka_unit_test(manual_is_of_this_table),
		cmocka_unit_test(schema_is_of_this_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
