/* schema.c -- the table as a JSON Schema for editors. */
#include "lib/settings/print.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { SCHEMA_NAME_SIZE = 128 };

static const char *pattern_of(const struct setting *setting)
{
	switch (setting->type) {
	case SETTING_DURATION:
		return "^[0-9]+(us|ms|s|m|h|d)$";
	case SETTING_SIZE:
		return "^[0-9]+(B|KB|MB|GB|TB)$";
	case SETTING_ADDRESS:
		return "^([0-9.]+|\\[[0-9A-Fa-f:.]+\\]):[0-9]+$";
	case SETTING_PATTERN:
		return "^(\\*|[^*@]+)@(\\*|[^*@]+)$";
	case SETTING_NEXT_HOP:
		return "^[Ss][Ii][Pp]:";
	case SETTING_HOST:
		return "^[A-Za-z0-9.-]+$";
	default:
		return NULL;
	}
}

static json_t *schema_of_object(const char *text)
{
	return json_pack("{s:s, s:s*, s:b, s:{}}", "type", "object",
		"description", text, "additionalProperties", 0, "properties");
}

static json_t *schema_of_words(const struct setting *setting)
{
	json_t *words = json_array();

	for (const struct setting_word *word = setting->words;
		words && word->word; word++)
		if (json_array_append_new(words, json_string(word->word)) != 0)
			return json_decref(words), NULL;
	return json_pack("{s:o}", "enum", words);
}

static json_t *schema_of_value(const struct setting *setting);

/* What one entry of a list is: a mapping with a table of its own. */
static json_t *schema_of_items(const struct setting_table *items)
{
	json_t *schema = schema_of_object(NULL);
	json_t *required = json_array();

	if (!schema || !required)
		goto fail;
	for (size_t i = 0; i < items->count; i++) {
		const struct setting *row = &items->rows[i];

		if (json_object_set_new(json_object_get(schema, "properties"),
			    row->name, schema_of_value(row)) != 0)
			goto fail;
		if (row->required && json_array_append_new(required,
					     json_string(row->name)) != 0)
			goto fail;
	}
	if (json_object_set(schema, "required", required) != 0)
		goto fail;
	json_decref(required);
	return schema;
fail:
	json_decref(schema);
	json_decref(required);
	return NULL;
}

static json_t *schema_of_list(const struct setting *setting)
{
	const char *stages = "log", *filter = "content-filter",
		   *scan = "virus-scan";

	if (setting->type == SETTING_LIST)
		return json_pack("{s:s, s:o}", "type", "array", "items",
			schema_of_items(setting->items));
	if (setting->type == SETTING_STAGES)
		return json_pack("{s:s, s:b, s:{s:[s,s,s]}}", "type", "array",
			"uniqueItems", 1, "items", "enum", stages, filter,
			scan);
	return json_pack(
		"{s:s, s:{s:s}}", "type", "array", "items", "type", "string");
}

static json_t *schema_of_type(const struct setting *setting)
{
	switch (setting->type) {
	case SETTING_BOOLEAN:
		return json_pack("{s:s}", "type", "boolean");
	case SETTING_NUMBER:
		return json_pack("{s:s, s:I, s:I}", "type", "integer",
			"minimum",
			(json_int_t)strtoll(setting->minimum, NULL, 10),
			"maximum",
			(json_int_t)strtoll(setting->maximum, NULL, 10));
	case SETTING_WORD:
		return schema_of_words(setting);
	case SETTING_HOSTS:
	case SETTING_NETWORKS:
	case SETTING_STAGES:
	case SETTING_LIST:
		return schema_of_list(setting);
	default:
		return json_pack("{s:s, s:s*}", "type", "string", "pattern",
			pattern_of(setting));
	}
}

/* The default in the type that the schema gives the value. */
static json_t *standard_of(const struct setting *setting)
{
	const char *text = setting->standard;
	json_t *list;

	if (setting->type == SETTING_BOOLEAN)
		return json_boolean(strcmp(text, "true") == 0);
	if (setting->type == SETTING_NUMBER)
		return json_integer(strtoll(text, NULL, 10));
	if (*text != '[')
		return json_string(text);
	list = json_array();
	for (text++; list && *text && *text != ']';) {
		size_t size = strcspn(text, ",]");

		if (json_array_append_new(list, json_stringn(text, size)) != 0)
			return json_decref(list), NULL;
		text += size;
		text += strspn(text, ", ");
	}
	return list;
}

static json_t *schema_of_value(const struct setting *setting)
{
	json_t *schema = schema_of_type(setting);

	if (!schema ||
		json_object_set_new(schema, "description",
			json_string(setting->text)) != 0 ||
		(setting->standard && json_object_set_new(schema, "default",
					      standard_of(setting)) != 0)) {
		json_decref(schema);
		return NULL;
	}
	return schema;
}

struct writer {
	json_t *root;
	bool failed;
};

/* The section's object: made by enter before its rows come. */
static json_t *section_at(const struct writer *writer, const char *name)
{
	json_t *at = writer->root;
	char key[SCHEMA_NAME_SIZE];

	for (const char *dot; (dot = strchr(name, '.')); name = dot + 1) {
		(void)snprintf(
			key, sizeof(key), "%.*s", (int)(dot - name), name);
		at = json_object_get(json_object_get(at, "properties"), key);
	}
	return at;
}

static void add_property(
	struct writer *writer, const char *name, json_t *schema)
{
	json_t *section = section_at(writer, name);
	const char *dot = strrchr(name, '.');

	if (json_object_set_new(json_object_get(section, "properties"),
		    dot ? dot + 1 : name, schema) != 0)
		writer->failed = true;
}

static void add_section(void *arg, const char *name, size_t depth)
{
	(void)depth;
	add_property(arg, name, schema_of_object(section_text(name)));
}

static void add_required(json_t *section, const char *key)
{
	json_t *required = json_object_get(section, "required");

	if (!required) {
		(void)json_object_set_new(section, "required", json_array());
		required = json_object_get(section, "required");
	}
	(void)json_array_append_new(required, json_string(key));
}

static void add_row(void *arg, const struct setting *setting, size_t depth)
{
	struct writer *writer = arg;

	(void)depth;
	add_property(writer, setting->name, schema_of_value(setting));
	if (setting->required)
		add_required(section_at(writer, setting->name),
			setting_key(setting));
}

int settings_print_schema(FILE *out)
{
	struct writer writer = {schema_of_object(NULL), false};
	int error = ENOMEM;

	if (!writer.root)
		return error;
	(void)json_object_set_new(writer.root, "$schema",
		json_string("https://json-schema.org/draft/2020-12/schema"));
	(void)json_object_set_new(writer.root, "title",
		json_string("Configuration of sipwarden"));
	settings_walk(add_section, add_row, &writer);
	/* `server` holds what must be written, so it must be there too. */
	add_required(writer.root, "server");
	if (!writer.failed &&
		json_dumpf(writer.root, out,
			JSON_INDENT(2) | JSON_PRESERVE_ORDER) == 0)
		error = 0;
	(void)fputc('\n', out);
	json_decref(writer.root);
	return error;
}
