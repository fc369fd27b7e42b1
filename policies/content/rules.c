/* rules.c -- a rule set: read, compiled, counted. */
#include "policies/content/rules.h"

#include "lib/log.h"
#include "policies/content/fold.h"
#include "policies/content/rule_file.h"
#include "policies/content/terms.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

_Static_assert(
	(int)CONTENT_FAULTS == (int)SETTINGS_FAULTS, "faults are copied over");
_Static_assert(sizeof(struct content_fault) == sizeof(struct settings_fault),
	"faults are copied over");

static void content_rules_free(struct content_rules *rules)
{
	matcher_clear(&rules->allowing);
	matcher_clear(&rules->hitting);
	rule_list_clear(&rules->list);
	free(rules);
}

struct content_rules *content_rules_hold(struct content_rules *rules)
{
	must(atomic_fetch_add(&rules->holders, 1) > 0);
	return rules;
}

void content_rules_release(struct content_rules **rules)
{
	if (*rules && atomic_fetch_sub(&(*rules)->holders, 1) == 1)
		content_rules_free(*rules);
	*rules = NULL;
}

const char *content_rules_version(const struct content_rules *rules)
{
	return rules->version;
}

size_t content_rules_count(const struct content_rules *rules)
{
	return rules->list.rule_count;
}

static int compile(struct content_rules *rules, struct faults *faults)
{
	int error =
		matcher_compile(&rules->allowing, &rules->list, true, faults);
	if (error && error != EINVAL)
		return error;
	/* The expressions of both are tried, so that all faults are told. */
	int other =
		matcher_compile(&rules->hitting, &rules->list, false, faults);
	return other ? other : error;
}

/* The rule that would stop text in which this replacement stands already, when
 * what an edit made is judged again; NULL: none. *error is 0 or errno. */
static const char *stopped_by(const struct content_rules *rules,
	struct content_scratch *scratch, const struct rule *rule, int *error)
{
	const struct content_text text = {rule->replacement, true};
	struct content_judgement judgement;
	*error = 0;
	for (unsigned way = CONTENT_INTERNAL; way <= CONTENT_TRANSIT;
		way *= 2) {
		if (!(rule->directions & way))
			continue;
		*error = content_judge(rules, scratch, &text, 1,
			(enum content_direction)way, &judgement);
		if (*error)
			return NULL;
		if (judgement.action >= CONTENT_REPLACE)
			return judgement.rule;
	}
	return NULL;
}

/* Such a rule would block what it is there to mend. */
static int check_replacements(
	const struct content_rules *rules, struct faults *faults)
{
	struct content_scratch *scratch = content_scratch_new(rules);
	int error = scratch ? 0 : ENOMEM;
	for (size_t i = 0; !error && i < rules->list.rule_count; i++) {
		const struct rule *rule = &rules->list.rules[i];
		if (rule->action != CONTENT_REPLACE)
			continue;
		const char *by = stopped_by(rules, scratch, rule, &error);
		if (by)
			fault_add(faults, rule->replacement_place,
				"this replacement would itself be hit by the "
				"rule %.60s, and the message refused; choose "
				"other words",
				by);
	}
	content_scratch_release(&scratch);
	return error ? error : faults->count ? EINVAL : 0;
}

static bool version_make(struct content_rules *rules, EVP_MD_CTX *digest)
{
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned size;
	if (EVP_DigestFinal_ex(digest, bytes, &size) != 1)
		return false;
	for (size_t i = 0; i < 8; i++)
		(void)snprintf(rules->version + 2 * i, 3, "%02x", bytes[i]);
	return true;
}

/* 0, or errno; EINVAL when faults say why. */
static int content_rules_fill(struct content_rules *rules, struct slice bytes,
	EVP_MD_CTX *digest, struct faults *faults)
{
	rules->list.arena = arena_new(RULE_ARENA_SIZE);
	int error = fold_prepare();
	if (error)
		return error;
	if (!rules->list.arena || !digest ||
		EVP_DigestInit_ex(digest, EVP_sha256(), NULL) != 1 ||
		EVP_DigestUpdate(digest, bytes.at, bytes.size) != 1 ||
		!rule_file_read(bytes, digest, &rules->list, faults))
		return ENOMEM;
	if (faults->count > 0)
		return EINVAL;
	if (!version_make(rules, digest))
		return ENOMEM;
	error = compile(rules, faults);
	return error ? error : check_replacements(rules, faults);
}

static struct content_rules *content_rules_make(
	struct slice bytes, struct faults *faults)
{
	struct content_rules *rules = calloc(1, sizeof(*rules));
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	int error = ENOMEM;
	if (rules) {
		atomic_init(&rules->holders, 1);
		error = content_rules_fill(rules, bytes, digest, faults);
	}
	EVP_MD_CTX_free(digest);
	if (!error)
		return rules;
	if (rules)
		content_rules_free(rules);
	if (faults->count == 0)
		fault_add(faults, (struct place){1, 1},
			"the rules cannot be compiled: %s", strerror(error));
	return NULL;
}

size_t content_rules_parse(const char *path, struct slice bytes,
	struct content_rules **rules,
	struct content_fault faults[CONTENT_FAULTS])
{
	struct settings_fault found[SETTINGS_FAULTS];
	struct faults list = {.file = path, .out = found};
	*rules = content_rules_make(bytes, &list);
	for (size_t i = 0; i < list.count; i++)
		memcpy(faults[i].text, found[i].text, sizeof(found[i].text));
	return list.count;
}

size_t content_rules_read(const char *path, struct content_rules **rules,
	struct content_fault faults[CONTENT_FAULTS])
{
	struct slice bytes;
	int error = rule_file_load(path, &bytes);
	*rules = NULL;
	if (error) {
		(void)snprintf(faults[0].text, sizeof(faults[0].text),
			"%.300s:1:1: the rule file cannot be read: %s", path,
			error == EINVAL ? "it is no plain file"
					: strerror(error));
		return 1;
	}
	size_t count = content_rules_parse(path, bytes, rules, faults);
	free((void *)(uintptr_t)bytes.at);
	return count;
}
