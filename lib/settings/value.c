/* value.c -- one value of each type, read into the member that takes it. */
#include "lib/settings/address.h"
#include "lib/settings/nearest.h"
#include "lib/settings/quantity.h"
#include "lib/settings/reader.h"

#include "lib/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

typedef void value_fn(struct reader *reader, const struct setting *setting,
	const struct tree *node, void *base);

/* Writes number into a member of one, four or eight bytes. */
static void keep_number(
	const struct setting *setting, void *base, uint64_t number)
{
	char *member = (char *)base + setting->offset;
	uint8_t one = (uint8_t)number;
	uint32_t four = (uint32_t)number;

	switch (setting->size) {
	case sizeof(one):
		memcpy(member, &one, sizeof(one));
		break;
	case sizeof(four):
		must(number <= UINT32_MAX);
		memcpy(member, &four, sizeof(four));
		break;
	default:
		must(setting->size == sizeof(number));
		memcpy(member, &number, sizeof(number));
	}
}

static void keep_text(
	const struct setting *setting, void *base, const char *text)
{
	if (setting->size == 0)
		return;
	must(setting->size == sizeof(text));
	memcpy((char *)base + setting->offset, &text, sizeof(text));
}

static void keep_list(
	const struct setting *setting, void *base, void *list, size_t count)
{
	must(setting->size == sizeof(list));
	memcpy((char *)base + setting->offset, &list, sizeof(list));
	memcpy((char *)base + setting->count_offset, &count, sizeof(count));
}

static void fault_of_type(struct reader *reader, const struct setting *setting,
	const struct tree *node)
{
	char form[SETTING_FORM_SIZE];

	if (tree_is_nothing(node))
		reader_fault(reader, setting, node,
			"has no value; write %s, or leave the line out",
			setting_form(setting, form));
	else if (node->kind == TREE_SCALAR)
		reader_fault(reader, setting, node, "\"%.60s\" is not %s",
			node->text, setting_form(setting, form));
	else
		reader_fault(reader, setting, node, "must be %s, not a %s",
			setting_form(setting, form),
			node->kind == TREE_MAPPING ? "mapping" : "list");
}

static void read_boolean(struct reader *reader, const struct setting *setting,
	const struct tree *node, void *base)
{
	bool yes = strcmp(node->text, "true") == 0;

	if (!yes && strcmp(node->text, "false") != 0)
		fault_of_type(reader, setting, node);
	else
		keep_number(setting, base, yes);
}

static enum quantity_result quantity_of(
	const struct setting *setting, const char *text, uint64_t *value)
{
	if (setting->type == SETTING_DURATION)
		return duration_read(text, setting->unit, value);
	if (setting->type == SETTING_SIZE)
		return size_read(text, value);
	return number_read(text, value);
}

static uint64_t bound_of(const struct setting *setting, const char *text)
{
	uint64_t value = 0;

	must(quantity_of(setting, text, &value) == QUANTITY_READ);
	return value;
}

static void read_quantity(struct reader *reader, const struct setting *setting,
	const struct tree *node, void *base)
{
	static const char *const smallest[] = {[UNIT_NONE] = "",
		[UNIT_US] = "microsecond",
		[UNIT_MS] = "millisecond",
		[UNIT_S] = "second"};
	char form[SETTING_FORM_SIZE];
	uint64_t value = 0;

	switch (quantity_of(setting, node->text, &value)) {
	case QUANTITY_BARE:
		reader_fault(reader, setting, node,
			"%.20s has no unit; write %s", node->text,
			setting_form(setting, form));
		return;
	case QUANTITY_TOO_FINE:
		reader_fault(reader, setting, node,
			"%.20s is no whole number of %ss", node->text,
			smallest[setting->unit]);
		return;
	case QUANTITY_WRONG:
		fault_of_type(reader, setting, node);
		return;
	case QUANTITY_READ:
		break;
	}
	if (value < bound_of(setting, setting->minimum) ||
		value > bound_of(setting, setting->maximum))
		reader_fault(reader, setting, node,
			"%.20s is out of bounds: from %s to %s", node->text,
			setting->minimum, setting->maximum);
	else
		keep_number(setting, base, value);
}

static void read_word(struct reader *reader, const struct setting *setting,
	const struct tree *node, void *base)
{
	struct nearest nearest = {NULL, 0};
	char form[SETTING_FORM_SIZE];

	for (const struct setting_word *word = setting->words; word->word;
		word++) {
		if (strcmp(word->word, node->text) == 0) {
			keep_number(setting, base, (uint64_t)word->value);
			return;
		}
		nearest_try(&nearest, node->text, word->word);
	}
	if (nearest.word)
		reader_fault(reader, setting, node,
			"\"%.60s\" is unknown; did you mean %s?", node->text,
			nearest.word);
	else
		reader_fault(reader, setting, node,
			"\"%.60s\" is unknown; write %s", node->text,
			setting_form(setting, form));
}

/* Names are compared without case: they are kept in lower case. */
static const char *lower_copy(struct reader *reader, const struct tree *node)
{
	struct slice copy = arena_copy(reader->arena, slice_of(node->text));

	if (!copy.at)
		reader_is_full(reader, node->place);
	for (char *c = (char *)(uintptr_t)copy.at; c && *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c + ('a' - 'A'));
	return copy.at;
}

static bool text_is_valid(const struct setting *setting, struct slice text)
{
	enum transport transport;
	union address address;

	switch (setting->type) {
	case SETTING_TEXT:
		return word_is_valid(text);
	case SETTING_ADVERTISED:
		return advertised_is_valid(text);
	case SETTING_BROKERS:
		return brokers_are_valid(text);
	case SETTING_PATTERN:
		return pattern_is_valid(text);
	case SETTING_NEXT_HOP:
		return next_hop_parse(text.at, &transport, &address);
	default:
		return host_is_valid(text);
	}
}

static void read_text(struct reader *reader, const struct setting *setting,
	const struct tree *node, void *base)
{
	if (!text_is_valid(setting, slice_of(node->text)))
		fault_of_type(reader, setting, node);
	else if (setting->type == SETTING_HOST)
		keep_text(setting, base, lower_copy(reader, node));
	else
		keep_text(setting, base, node->text);
}

static void read_address(struct reader *reader, const struct setting *setting,
	const struct tree *node, void *base)
{
	union address address;

	must(setting->size == sizeof(address));
	if (address_parse(node->text, &address))
		memcpy((char *)base + setting->offset, &address,
			sizeof(address));
	else
		fault_of_type(reader, setting, node);
}

/* The path from the root; NULL with a fault. */
static const char *whole_path(struct reader *reader,
	const struct setting *setting, const struct tree *node)
{
	const char *text = node->text;
	struct slice path;

	if (tree_is_nothing(node) || !*text) {
		fault_of_type(reader, setting, node);
		return NULL;
	}
	if (strncmp(text, SETTINGS_DATA "/", strlen(SETTINGS_DATA "/")) == 0 &&
		reader->settings->server.data)
		path = arena_format(reader->arena, "%s%s",
			reader->settings->server.data,
			text + strlen(SETTINGS_DATA));
	else if (strncmp(text, "${", 2) == 0) {
		reader_fault(reader, setting, node,
			"\"%.60s\": only " SETTINGS_DATA "/ is known at the "
			"start of a path",
			text);
		return NULL;
	} else if (*text == '/')
		path = slice_of(text);
	else
		path = arena_format(
			reader->arena, "%s/%s", reader->folder, text);
	if (!path.at)
		reader_is_full(reader, node->place);
	return path.at;
}

/* What keeps this process from reading the file: 0 or errno. */
static int file_refuses(const char *path)
{
	struct stat found;

	if (stat(path, &found) != 0)
		return errno;
	if (!S_ISREG(found.st_mode))
		return EISDIR;
	return access(path, R_OK) == 0 ? 0 : errno;
}

static void read_file(struct reader *reader, const struct setting *setting,
	const struct tree *node, void *base)
{
	const char *path = whole_path(reader, setting, node);
	int error = path ? file_refuses(path) : 0;

	if (!path)
		return;
	if (error == EISDIR)
		reader_fault(reader, setting, node, "%.120s is no file", path);
	else if (error == EACCES && setting->type != SETTING_SECRET)
		reader_fault(reader, setting, node,
			"%.120s may not be read by this user; let group "
			"sipwarden read it",
			path);
	else if (error && error != EACCES)
		reader_fault(reader, setting, node,
			"%.120s: %s; make the file or correct the path", path,
			strerror(error));
	else
		keep_text(setting, base, path);
}

static void read_path(struct reader *reader, const struct setting *setting,
	const struct tree *node, void *base)
{
	const char *path = whole_path(reader, setting, node);
	size_t most = sizeof(((struct sockaddr_un *)0)->sun_path) - 1;

	if (!path)
		return;
	if (setting->type == SETTING_SOCKET && strlen(path) > most)
		reader_fault(reader, setting, node,
			"the path is %zu bytes long; a socket's may have %zu",
			strlen(path), most);
	else
		keep_text(setting, base, path);
}

static bool entry_is_scalar(struct reader *reader,
	const struct setting *setting, const struct tree *entry)
{
	char form[SETTING_FORM_SIZE];

	if (entry->kind == TREE_SCALAR && !tree_is_nothing(entry))
		return !entry->spoiled;
	reader_fault(reader, setting, entry, "each entry of %s is one word",
		setting_form(setting, form));
	return false;
}

static void read_hosts(struct reader *reader, const struct setting *setting,
	const struct tree *node, void *base)
{
	const char **hosts = arena_take_array(
		reader->arena, node->count + 1, sizeof(*hosts));
	size_t count = 0;

	if (!hosts) {
		reader_is_full(reader, node->place);
		return;
	}
	for (const struct tree *entry = node->first; entry;
		entry = entry->next) {
		if (!entry_is_scalar(reader, setting, entry))
			continue;
		if (host_is_valid(slice_of(entry->text)))
			hosts[count++] = lower_copy(reader, entry);
		else
			reader_fault(reader, setting, entry,
				"\"%.60s\" is not a host name", entry->text);
	}
	if (setting->required && node->count == 0)
		reader_fault(reader, setting, node,
			"the list is empty; name at least one");
	keep_list(setting, base, hosts, count);
}

static void read_networks(struct reader *reader, const struct setting *setting,
	const struct tree *node, void *base)
{
	struct network *networks = arena_take_array(
		reader->arena, node->count + 1, sizeof(*networks));
	size_t count = 0;

	if (!networks) {
		reader_is_full(reader, node->place);
		return;
	}
	for (const struct tree *entry = node->first; entry;
		entry = entry->next) {
		if (!entry_is_scalar(reader, setting, entry))
			continue;
		if (!network_parse(entry->text, &networks[count]))
			reader_fault(reader, setting, entry,
				"\"%.60s\" is not a network such as "
				"10.0.0.0/8 or fd00::/8",
				entry->text);
		else if (network_has_host_bits(&networks[count]))
			reader_fault(reader, setting, entry,
				"%.60s has bits beyond its prefix of %u",
				entry->text, networks[count].prefix_bits);
		else
			count++;
	}
	keep_list(setting, base, networks, count);
}

static bool stage_of(const char *word, enum stage_name *stage)
{
	for (int i = 0; i < STAGE_NAMES; i++) {
		*stage = (enum stage_name)i;
		if (strcmp(stage_word(*stage), word) == 0)
			return true;
	}
	return false;
}

static void fault_of_stage(struct reader *reader, const struct setting *setting,
	const struct tree *entry)
{
	struct nearest nearest = {NULL, 0};

	for (int i = 0; i < STAGE_NAMES; i++)
		nearest_try(
			&nearest, entry->text, stage_word((enum stage_name)i));
	if (nearest.word)
		reader_fault(reader, setting, entry,
			"stage \"%.60s\" is unknown; did you mean %s?",
			entry->text, nearest.word);
	else
		reader_fault(reader, setting, entry,
			"stage \"%.60s\" is unknown; known are: log, "
			"content-filter, virus-scan",
			entry->text);
}

/* The chains stand in the settings themselves: each stage at most once. */
static void read_stages(struct reader *reader, const struct setting *setting,
	const struct tree *node, void *base)
{
	enum stage_name chain[STAGE_NAMES] = {STAGE_LOG};
	bool taken[STAGE_NAMES] = {false};
	enum stage_name stage;
	size_t count = 0;

	for (const struct tree *entry = node->first; entry;
		entry = entry->next) {
		if (!entry_is_scalar(reader, setting, entry))
			continue;
		if (!stage_of(entry->text, &stage)) {
			fault_of_stage(reader, setting, entry);
		} else if (taken[stage]) {
			reader_fault(reader, setting, entry,
				"stage %s is named twice", entry->text);
		} else {
			taken[stage] = true;
			chain[count++] = stage;
		}
	}
	must(setting->size == sizeof(chain));
	memcpy((char *)base + setting->offset, chain, sizeof(chain));
	memcpy((char *)base + setting->count_offset, &count, sizeof(count));
}

static const struct {
	enum tree_kind kind;
	value_fn *read;
} readers[SETTING_TYPES] = {
	[SETTING_BOOLEAN] = {TREE_SCALAR, read_boolean},
	[SETTING_NUMBER] = {TREE_SCALAR, read_quantity},
	[SETTING_DURATION] = {TREE_SCALAR, read_quantity},
	[SETTING_SIZE] = {TREE_SCALAR, read_quantity},
	[SETTING_WORD] = {TREE_SCALAR, read_word},
	[SETTING_TEXT] = {TREE_SCALAR, read_text},
	[SETTING_HOST] = {TREE_SCALAR, read_text},
	[SETTING_ADVERTISED] = {TREE_SCALAR, read_text},
	[SETTING_ADDRESS] = {TREE_SCALAR, read_address},
	[SETTING_PATTERN] = {TREE_SCALAR, read_text},
	[SETTING_NEXT_HOP] = {TREE_SCALAR, read_text},
	[SETTING_BROKERS] = {TREE_SCALAR, read_text},
	[SETTING_FILE] = {TREE_SCALAR, read_file},
	[SETTING_SECRET] = {TREE_SCALAR, read_file},
	[SETTING_FOLDER] = {TREE_SCALAR, read_path},
	[SETTING_SOCKET] = {TREE_SCALAR, read_path},
	[SETTING_HOSTS] = {TREE_SEQUENCE, read_hosts},
	[SETTING_NETWORKS] = {TREE_SEQUENCE, read_networks},
	[SETTING_STAGES] = {TREE_SEQUENCE, read_stages},
};

void setting_read(struct reader *reader, const struct setting *setting,
	const struct tree *node, void *base)
{
	must(readers[setting->type].read);
	if (node->spoiled)
		return;
	if (node->kind != readers[setting->type].kind || tree_is_nothing(node))
		fault_of_type(reader, setting, node);
	else if (node->count > SETTINGS_LIST_ENTRIES)
		reader_fault(reader, setting, node,
			"the list has more than %d entries",
			SETTINGS_LIST_ENTRIES);
	else
		readers[setting->type].read(reader, setting, node, base);
}
