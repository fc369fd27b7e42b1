/* tree.c -- a YAML text as a tree that remembers where each thing stood. */
#include "lib/settings/tree.h"

#include "lib/log.h"

#include <libfyaml.h>
#include <stdio.h>
#include <string.h>
#include <unicode/utf8.h>

struct builder {
	struct arena *arena;
	struct faults *faults;
	struct tree *root;
	struct tree *open; /* the mapping or sequence being filled */
	const char *key;   /* of the entry whose value comes next */
	struct place key_place;
	unsigned depth;
	unsigned documents;
};

/* A value that is left out has no mark: its key stands for it. */
static struct place event_place(
	const struct builder *builder, struct fy_event *event)
{
	const struct fy_mark *mark = fy_event_start_mark(event);

	if (!mark)
		return builder->key ? builder->key_place : (struct place){1, 1};
	return (struct place){
		(unsigned)mark->line + 1, (unsigned)mark->column + 1};
}

struct tree *tree_entry(const struct tree *mapping, const char *key)
{
	struct tree *entry = mapping->first;

	while (entry && strcmp(entry->key, key) != 0)
		entry = entry->next;
	return entry;
}

bool tree_is_nothing(const struct tree *node)
{
	return node->kind == TREE_SCALAR && !node->quoted &&
	       (!*node->text || strcmp(node->text, "~") == 0 ||
		       strcmp(node->text, "null") == 0);
}

static bool memory_is_short(struct builder *builder, struct place place)
{
	fault_add(builder->faults, place,
		"the file is larger than memory allows for it");
	return false;
}

/* True when a fault was added: what a terminal or a log would obey. */
static bool has_control_character(
	struct builder *builder, struct slice text, struct place place)
{
	for (size_t i = 0; i < text.size; i++) {
		unsigned char byte = (unsigned char)text.at[i];

		if (byte >= 0x20 && byte != 0x7f)
			continue;
		if (byte == '\n')
			fault_add(builder->faults, place,
				"a value of several lines has no place here");
		else
			fault_add(builder->faults, place,
				"a control character (0x%02x) has no place "
				"here",
				byte);
		return true;
	}
	return false;
}

/* A scalar that stands where a mapping wants a key. */
static bool take_key(
	struct builder *builder, const char *text, struct place place)
{
	struct tree *twin = tree_entry(builder->open, text);

	if (builder->open->count >= TREE_KEYS) {
		fault_add(builder->faults, place,
			"more than %d keys in one mapping", TREE_KEYS);
		return false;
	}
	if (twin)
		fault_add(builder->faults, place,
			"%.60s is written twice; it stands in line %u already",
			text, twin->key_place.line);
	builder->key = text;
	builder->key_place = place;
	return true;
}

static struct tree *add_node(
	struct builder *builder, enum tree_kind kind, struct place place)
{
	struct tree *node = arena_take(builder->arena, sizeof(*node));
	struct tree *parent = builder->open;

	if (!node) {
		memory_is_short(builder, place);
		return NULL;
	}
	node->kind = kind;
	node->place = place;
	node->text = "";
	node->key = builder->key;
	node->key_place = builder->key_place;
	node->parent = parent;
	builder->key = NULL;
	if (!parent) {
		builder->root = node;
		return node;
	}
	if (parent->last)
		parent->last->next = node;
	else
		parent->first = node;
	parent->last = node;
	parent->count++;
	return node;
}

static bool key_is_due(const struct builder *builder)
{
	return builder->open && builder->open->kind == TREE_MAPPING &&
	       !builder->key;
}

static bool is_in_quotes(struct fy_event *event)
{
	enum fy_scalar_style style = FYSS_PLAIN;

	if (event->scalar.value)
		style = fy_token_scalar_style(event->scalar.value);
	return style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
}

static bool take_scalar(struct builder *builder, struct fy_event *event)
{
	struct place place = event_place(builder, event);
	struct slice text = {"", 0};
	const char *at = fy_token_get_text(event->scalar.value, &text.size);
	struct tree *node;
	bool spoiled;

	if (at)
		text.at = at;
	if (is_in_quotes(event) && place.column > 1)
		place.column--; /* the mark stands behind the quote */
	spoiled = has_control_character(builder, text, place);
	text = arena_copy(builder->arena, text);
	if (!text.at)
		return memory_is_short(builder, place);
	if (key_is_due(builder))
		return take_key(builder, text.at, place);
	node = add_node(builder, TREE_SCALAR, place);
	if (!node)
		return false;
	node->text = text.at;
	node->spoiled = spoiled;
	node->quoted = is_in_quotes(event);
	return true;
}

/* *name: the fault is there already; a node keeps the keys in step. */
static bool take_alias(struct builder *builder, struct place place)
{
	struct tree *node;

	if (key_is_due(builder))
		return false;
	node = add_node(builder, TREE_SCALAR, place);
	if (node)
		node->spoiled = true;
	return node != NULL;
}

static bool open_node(
	struct builder *builder, enum tree_kind kind, struct place place)
{
	if (key_is_due(builder)) {
		fault_add(builder->faults, place,
			"a key must be a plain word, not a list or a mapping");
		return false;
	}
	if (++builder->depth > TREE_DEPTH) {
		fault_add(builder->faults, place,
			"nested deeper than %d levels", TREE_DEPTH);
		return false;
	}
	builder->open = add_node(builder, kind, place);
	return builder->open != NULL;
}

static bool close_node(struct builder *builder)
{
	must(builder->open); /* the parser pairs them */
	builder->open = builder->open->parent;
	builder->depth--;
	return true;
}

/* &name, *name and !tag, which every kind of node may carry. */
static void refuse_adornment(struct builder *builder, struct fy_event *event)
{
	if (event->type == FYET_ALIAS || fy_event_get_anchor_token(event) ||
		fy_event_get_tag_token(event))
		fault_add(builder->faults, event_place(builder, event),
			"anchors (&), aliases (*) and tags (!) are not used "
			"here; put a value that begins so in quotes");
}

/* False when there is no sense in reading on; a fault says why. */
static bool take_event(struct builder *builder, struct fy_event *event)
{
	struct place place = event_place(builder, event);

	switch (event->type) {
	case FYET_DOCUMENT_START:
		if (builder->documents++ == 0)
			return true;
		fault_add(builder->faults, place,
			"a second document begins here; only one is read");
		return false;
	case FYET_MAPPING_START:
		refuse_adornment(builder, event);
		return open_node(builder, TREE_MAPPING, place);
	case FYET_SEQUENCE_START:
		refuse_adornment(builder, event);
		return open_node(builder, TREE_SEQUENCE, place);
	case FYET_MAPPING_END:
	case FYET_SEQUENCE_END:
		return close_node(builder);
	case FYET_SCALAR:
		refuse_adornment(builder, event);
		return take_scalar(builder, event);
	case FYET_ALIAS:
		refuse_adornment(builder, event);
		return take_alias(builder, place);
	default:
		return true;
	}
}

/* What libfyaml found wrong, in its words. */
static void add_syntax_faults(struct builder *builder, struct fy_diag *diag)
{
	struct fy_diag_error *error;
	void *state = NULL;
	size_t before = builder->faults->count;

	while ((error = fy_diag_errors_iterate(diag, &state))) {
		struct place place = {1, 1};

		if (error->line > 0)
			place.line = (unsigned)error->line;
		if (error->column > 0)
			place.column = (unsigned)error->column;
		fault_add(builder->faults, place, "not YAML: %s", error->msg);
	}
	if (builder->faults->count == before)
		fault_add(builder->faults, (struct place){1, 1},
			"not YAML that can be read");
}

static void swallow(
	struct fy_diag *diag, void *user, const char *text, size_t size)
{
	(void)diag;
	(void)user;
	(void)text;
	(void)size;
}

static bool build(
	struct builder *builder, struct fy_parser *parser, struct fy_diag *diag)
{
	struct fy_event *event;
	bool goes_on = true;

	while (goes_on && (event = fy_parser_parse(parser))) {
		goes_on = take_event(builder, event);
		fy_parser_event_free(parser, event);
	}
	if (goes_on && (fy_parser_get_stream_error(parser) ||
			       fy_diag_got_error(diag))) {
		add_syntax_faults(builder, diag);
		return false;
	}
	return goes_on;
}

/* libfyaml passes over what is not UTF-8; nothing may be passed over. */
static bool is_text(struct slice text, struct faults *faults)
{
	const uint8_t *bytes = (const uint8_t *)text.at;
	struct place place = {1, 1};
	UChar32 c = 0;

	for (size_t i = 0; i < text.size; place.column++) {
		U8_NEXT(bytes, i, text.size, c);
		if (c <= 0)
			break;
		if (c == '\n')
			place = (struct place){place.line + 1, 0};
	}
	if (text.size && c <= 0)
		fault_add(faults, place,
			"a byte that is not UTF-8 text: save the file in "
			"that encoding");
	return !text.size || c > 0;
}

struct tree *tree_read(
	struct arena *arena, struct slice text, struct faults *faults)
{
	struct fy_diag_cfg diag_cfg;
	struct fy_parse_cfg parse_cfg = {
		.flags = FYPCF_QUIET | FYPCF_DEFAULT_VERSION_1_2 |
			 FYPCF_JSON_NONE | FYPCF_DISABLE_MMAP_OPT};
	struct builder builder = {.arena = arena, .faults = faults};
	struct fy_parser *parser = NULL;
	bool whole = false;

	if (!is_text(text, faults))
		return NULL;
	fy_diag_cfg_default(&diag_cfg);
	diag_cfg.fp = NULL;
	diag_cfg.output_fn = swallow;
	parse_cfg.diag = fy_diag_create(&diag_cfg);
	if (parse_cfg.diag) {
		fy_diag_set_collect_errors(parse_cfg.diag, true);
		parser = fy_parser_create(&parse_cfg);
	}
	if (!parser || fy_parser_set_string(parser, text.at, text.size) != 0)
		memory_is_short(&builder, (struct place){1, 1});
	else if ((whole = build(&builder, parser, parse_cfg.diag)) &&
		 !builder.root)
		whole = open_node(&builder, TREE_MAPPING, (struct place){1, 1});
	if (parser)
		fy_parser_destroy(parser);
	if (parse_cfg.diag)
		fy_diag_destroy(parse_cfg.diag);
	return whole ? builder.root : NULL;
}
