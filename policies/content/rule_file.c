/* rule_file.c -- reads a rule file: YAML, each fault with its place. */
#include "policies/content/rule_file.h"

#include "lib/settings/nearest.h"
#include "lib/settings/tree.h"
#include "policies/content/expression.h"
#include "policies/content/terms.h"

#include <hs/hs.h>
#include <stdlib.h>

struct reader {
	struct rule_list *list;
	struct faults *faults;
	EVP_MD_CTX *digest;
	struct arena *arena; /* of the tree: goes when the file is read */
	struct folded work;
	uint32_t rule; /* index of the one being read */
	bool short_of_memory;
};

typedef void key_reader(struct reader *reader, const struct tree *value);

static struct rule *rule_of(struct reader *reader)
{
	return reader->list->rules + reader->rule;
}

static bool is_scalar(
	struct reader *reader, const struct tree *value, const char *wanted)
{
	if (value->kind == TREE_SCALAR && !value->spoiled)
		return true;
	if (!value->spoiled)
		fault_add(reader->faults, value->place, "%s must be %s",
			value->key ? value->key : "this", wanted);
	return false;
}

static const char *keep(struct reader *reader, const char *text)
{
	struct slice copy = arena_copy(reader->list->arena, slice_of(text));
	if (!copy.at)
		reader->short_of_memory = true;
	return copy.at;
}

static bool name_is_taken(const struct reader *reader, const char *name)
{
	for (size_t i = 0; i < reader->rule; i++) {
		const char *other = reader->list->rules[i].name;
		if (other && strcmp(other, name) == 0)
			return true;
	}
	return false;
}

static void read_name(struct reader *reader, const struct tree *value)
{
	if (!is_scalar(reader, value, "a word"))
		return;
	size_t size = strlen(value->text);
	if (size == 0 || size > RULE_NAME_SIZE ||
		strspn(value->text, "abcdefghijklmnopqrstuvwxyz0123456789-") !=
			size)
		fault_add(reader->faults, value->place,
			"a name is 1 to %d of the signs a-z, 0-9 and -, not "
			"\"%.80s\"",
			RULE_NAME_SIZE, value->text);
	else if (name_is_taken(reader, value->text))
		fault_add(reader->faults, value->place,
			"another rule is named %s already", value->text);
	else
		rule_of(reader)->name = keep(reader, value->text);
}

/* Says that a word is none of those known; `nearest` may be of help. */
static void word_fault(struct reader *reader, struct place place,
	const char *what, const char *word, const char *const *known)
{
	struct nearest nearest = {0};
	for (; *known; known++)
		nearest_try(&nearest, word, *known);
	if (nearest.word)
		fault_add(reader->faults, place,
			"there is no %s %.60s; did you mean %s?", what, word,
			nearest.word);
	else
		fault_add(reader->faults, place, "there is no %s %.60s", what,
			word);
}

static const char *const action_words[] = {
	"allow", "tag", "replace", "block", NULL};
static const enum content_action actions[] = {
	CONTENT_ALLOW, CONTENT_TAG, CONTENT_REPLACE, CONTENT_BLOCK};

static void read_action(struct reader *reader, const struct tree *value)
{
	if (!is_scalar(reader, value, "allow, tag, replace or block"))
		return;
	for (size_t i = 0; action_words[i]; i++) {
		if (strcmp(action_words[i], value->text) == 0) {
			rule_of(reader)->action = actions[i];
			return;
		}
	}
	word_fault(reader, value->place, "action", value->text, action_words);
}

static const char *const direction_words[] = {
	"internal", "inbound", "outbound", "transit", "any", NULL};
static const unsigned directions[] = {CONTENT_INTERNAL, CONTENT_INBOUND,
	CONTENT_OUTBOUND, CONTENT_TRANSIT, CONTENT_ANY};

static void read_one_direction(struct reader *reader, const struct tree *value)
{
	if (!is_scalar(reader, value, "a word or a list of words"))
		return;
	for (size_t i = 0; direction_words[i]; i++) {
		if (strcmp(direction_words[i], value->text) == 0) {
			rule_of(reader)->directions |= directions[i];
			return;
		}
	}
	word_fault(reader, value->place, "direction", value->text,
		direction_words);
}

/* A list; an empty one is a fault, since it can only be a slip. */
static bool is_list(
	struct reader *reader, const struct tree *value, const char *what)
{
	if (value->spoiled)
		return false;
	if (value->kind == TREE_SEQUENCE && value->first)
		return true;
	fault_add(reader->faults, value->place, "%s must be a list of %s",
		value->key, what);
	return false;
}

static void read_direction(struct reader *reader, const struct tree *value)
{
	if (value->kind == TREE_SCALAR)
		read_one_direction(reader, value);
	else if (is_list(reader, value, "directions"))
		for (value = value->first; value; value = value->next)
			read_one_direction(reader, value);
}

static void read_status(struct reader *reader, const struct tree *value)
{
	uint64_t status;
	if (!is_scalar(reader, value, "a number from 400 to 699"))
		return;
	if (slice_to_number(slice_of(value->text), 699, &status) &&
		status >= 400)
		rule_of(reader)->status = (unsigned)status;
	else
		fault_add(reader->faults, value->place,
			"status must be a number from 400 to 699, not %.20s",
			value->text);
}

static void read_reason(struct reader *reader, const struct tree *value)
{
	if (!is_scalar(reader, value, "one line of text"))
		return;
	size_t size = strlen(value->text);
	bool plain = size > 0 && size <= RULE_REASON_SIZE;
	for (size_t i = 0; i < size; i++)
		plain = plain && value->text[i] >= 0x20 &&
			value->text[i] < 0x7F;
	if (plain)
		rule_of(reader)->reason = keep(reader, value->text);
	else
		fault_add(reader->faults, value->place,
			"reason must be one line of 1 to %d ASCII characters",
			RULE_REASON_SIZE);
}

static void read_with(struct reader *reader, const struct tree *value)
{
	if (!is_scalar(reader, value, "a text"))
		return;
	if (strlen(value->text) > RULE_REPLACEMENT_SIZE) {
		fault_add(reader->faults, value->place,
			"with is longer than %d bytes", RULE_REPLACEMENT_SIZE);
		return;
	}
	const char *text = keep(reader, value->text);
	if (!text)
		return;
	rule_of(reader)->replacement = slice_of(text);
	rule_of(reader)->replacement_place = value->place;
}

static struct term_source term_source(
	struct reader *reader, const struct tree *value)
{
	return (struct term_source){.list = reader->list,
		.rule = reader->rule,
		.work = &reader->work,
		.faults = reader->faults,
		.place = value->place};
}

static void read_terms(struct reader *reader, const struct tree *value)
{
	if (!is_list(reader, value, "words and phrases"))
		return;
	for (value = value->first; value; value = value->next) {
		struct term_source source = term_source(reader, value);
		if (is_scalar(reader, value, "a word or a phrase") &&
			!term_add(&source, slice_of(value->text)))
			reader->short_of_memory = true;
	}
}

/* A relative path starts at the folder of the rule file. */
static const char *beside(struct reader *reader, const char *path)
{
	const char *slash = strrchr(reader->faults->file, '/');
	if (path[0] == '/' || !slash)
		return path;
	return arena_format(reader->arena, "%.*s%s",
		(int)(slash + 1 - reader->faults->file), reader->faults->file,
		path)
		.at;
}

static void read_terms_file(struct reader *reader, const struct tree *value)
{
	if (!is_scalar(reader, value, "the path of a file"))
		return;
	if (!*value->text) {
		fault_add(reader->faults, value->place,
			"terms_file must be the path of a file");
		return;
	}
	struct term_source source = term_source(reader, value);
	source.file = beside(reader, value->text);
	if (!source.file || !terms_file_add(&source, reader->digest))
		reader->short_of_memory = true;
}

static void expression_add(
	struct reader *reader, struct place place, struct slice folded)
{
	struct rule_list *list = reader->list;
	if (!list_grow((void **)&list->expressions, list->expression_count,
		    &list->expression_room, sizeof(*list->expressions))) {
		reader->short_of_memory = true;
		return;
	}
	list->expressions[list->expression_count++] = (struct expression){
		.rule = reader->rule, .folded = folded, .place = place};
}

/* What vectorscan's parser has against an expression; compiling may find more
 * later. */
static void read_expression(struct reader *reader, const struct tree *value)
{
	struct slice folded;
	const char *why = NULL;
	hs_expr_info_t *info = NULL;
	hs_compile_error_t *error = NULL;
	if (!is_scalar(reader, value, "a regular expression"))
		return;
	if (!*value->text || strlen(value->text) > RULE_EXPRESSION_SIZE) {
		fault_add(reader->faults, value->place,
			"an expression has 1 to %d bytes",
			RULE_EXPRESSION_SIZE);
		return;
	}
	if (!expression_fold(slice_of(value->text), reader->list->arena,
		    &folded, &why)) {
		fault_add(reader->faults, value->place, "%s", why);
		return;
	}
	if (hs_expression_info(folded.at, HS_FLAG_UTF8 | HS_FLAG_SOM_LEFTMOST,
		    &info, &error) == HS_SUCCESS) {
		free(info);
		expression_add(reader, value->place, folded);
		return;
	}
	fault_add(reader->faults, value->place, "no regular expression: %s",
		error->message);
	hs_free_compile_error(error);
}

static void read_expressions(struct reader *reader, const struct tree *value)
{
	if (!is_list(reader, value, "regular expressions"))
		return;
	for (value = value->first; value; value = value->next) {
		if (reader->list->expression_count >= RULE_EXPRESSIONS) {
			fault_add(reader->faults, value->place,
				"there are more than %d expressions",
				RULE_EXPRESSIONS);
			return;
		}
		read_expression(reader, value);
	}
}

static const char *const keys[] = {"name", "terms", "expressions", "terms_file",
	"direction", "action", "status", "reason", "with", NULL};
static key_reader *const key_readers[] = {read_name, read_terms,
	read_expressions, read_terms_file, read_direction, read_action,
	read_status, read_reason, read_with};

static void read_entry(struct reader *reader, const struct tree *entry)
{
	for (size_t i = 0; keys[i]; i++) {
		if (strcmp(keys[i], entry->key) == 0) {
			key_readers[i](reader, entry);
			return;
		}
	}
	word_fault(reader, entry->key_place, "key", entry->key, keys);
}

/* Faults of a key that the rule's action has no use for. */
static void refuse_useless(struct reader *reader, const struct tree *mapping,
	const char *key, bool useful, const char *useful_for)
{
	const struct tree *entry = tree_entry(mapping, key);
	if (entry && !useful)
		fault_add(reader->faults, entry->key_place,
			"%s is of use only where the action is %s", key,
			useful_for);
}

static void require(
	struct reader *reader, const struct tree *mapping, const char *key)
{
	if (!tree_entry(mapping, key))
		fault_add(reader->faults, mapping->place, "this rule has no %s",
			key);
}

static void check_whole(struct reader *reader, const struct tree *mapping)
{
	struct rule *rule = rule_of(reader);
	require(reader, mapping, "name");
	require(reader, mapping, "action");
	if (!tree_entry(mapping, "terms") &&
		!tree_entry(mapping, "expressions") &&
		!tree_entry(mapping, "terms_file"))
		fault_add(reader->faults, mapping->place,
			"this rule has no terms, no terms_file and no "
			"expressions: it can hit nothing");
	if (rule->action == CONTENT_PASS)
		return; /* said already */
	bool answers = rule->action == CONTENT_BLOCK ||
		       rule->action == CONTENT_REPLACE;
	refuse_useless(reader, mapping, "status", answers, "block or replace");
	refuse_useless(reader, mapping, "reason", answers, "block or replace");
	refuse_useless(reader, mapping, "with", rule->action == CONTENT_REPLACE,
		"replace");
	if (rule->action == CONTENT_REPLACE)
		require(reader, mapping, "with");
	if (rule->directions == 0)
		rule->directions = CONTENT_ANY;
}

static void read_rule(struct reader *reader, const struct tree *mapping)
{
	struct rule_list *list = reader->list;
	if (mapping->kind != TREE_MAPPING) {
		if (!mapping->spoiled)
			fault_add(reader->faults, mapping->place,
				"a rule is a mapping that begins with its "
				"name");
		return;
	}
	if (!list_grow((void **)&list->rules, list->rule_count,
		    &list->rule_room, sizeof(*list->rules))) {
		reader->short_of_memory = true;
		return;
	}
	reader->rule = (uint32_t)list->rule_count;
	list->rules[list->rule_count++] = (struct rule){.status = 403,
		.reason = "Blocked by content rule",
		.replacement = SLICE("")};
	for (const struct tree *entry = mapping->first; entry;
		entry = entry->next)
		read_entry(reader, entry);
	check_whole(reader, mapping);
}

static void read_rules(struct reader *reader, const struct tree *value)
{
	size_t count = 0;
	if (value->spoiled)
		return;
	if (value->kind != TREE_SEQUENCE) {
		fault_add(reader->faults, value->place,
			"rules must be a list; write [] for none");
		return;
	}
	for (value = value->first; value; value = value->next) {
		if (++count > RULE_MOST) {
			fault_add(reader->faults, value->place,
				"there are more than %d rules", RULE_MOST);
			return;
		}
		read_rule(reader, value);
	}
}

static void read_root(struct reader *reader, const struct tree *root)
{
	static const char *const known[] = {"rules", NULL};
	const struct tree *rules = NULL;
	if (root->kind != TREE_MAPPING) {
		fault_add(reader->faults, root->place,
			"a rule file begins with rules:");
		return;
	}
	for (const struct tree *entry = root->first; entry;
		entry = entry->next) {
		if (strcmp(entry->key, "rules") != 0)
			word_fault(reader, entry->key_place, "key", entry->key,
				known);
		else
			rules = entry;
	}
	if (rules)
		read_rules(reader, rules);
	else
		fault_add(reader->faults, root->place,
			"the file has no rules:; write rules: [] for none");
}

bool rule_file_read(struct slice bytes, EVP_MD_CTX *digest,
	struct rule_list *list, struct faults *faults)
{
	struct reader reader = {
		.list = list, .faults = faults, .digest = digest};
	reader.arena = arena_new(RULE_ARENA_SIZE);
	if (!reader.arena)
		return false;
	const struct tree *root = tree_read(reader.arena, bytes, faults);
	if (root)
		read_root(&reader, root);
	folded_clear(&reader.work);
	arena_release(&reader.arena);
	return !reader.short_of_memory && !arena_spent(list->arena);
}
