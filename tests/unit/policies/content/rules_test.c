/* rules_test.c -- a rule set from its files: terms files, version, counting. */
#include "policies/content/content.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct content_fault faults[CONTENT_FAULTS];
static char folder[] = "content-rules-XXXXXX";

static void file_write(const char *name, const char *text)
{
	char path[256];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static struct content_rules *rules_read(const char *text, size_t wanted)
{
	char path[256];
	struct content_rules *rules;
	file_write("content.yaml", text);
	snprintf(path, sizeof(path), "%s/content.yaml", folder);
	size_t count = content_rules_read(path, &rules, faults);
	if (count != wanted)
		fail_msg("%zu faults: %s", count, faults[0].text);
	return rules;
}

static bool blocks(struct content_rules *rules, const char *text)
{
	static struct content_judgement judgement;
	struct content_scratch *scratch = content_scratch_new(rules);
	struct content_text one = {slice_of(text), true};
	assert_non_null(scratch);
	assert_int_equal(content_judge(rules, scratch, &one, 1, CONTENT_INBOUND,
				 &judgement),
		0);
	content_scratch_release(&scratch);
	return judgement.action == CONTENT_BLOCK;
}

/* A replacement is judged again when the message goes on. */
static void refuses_a_replacement_that_would_be_hit(void **state)
{
	static const struct {
		const char *rules, *place, *by;
	} cases[] = {
		{"  - {name: own, action: replace, terms: [falcon],\n"
		 "     with: the FALC\xC3\x93N project}\n",
			":3:12: ", "rule own"},
		{"  - {name: own, action: replace, expressions: ['x+'],\n"
		 "     with: xx}\n",
			":3:12: ", "rule own"},
		{"  - {name: first, action: replace, terms: [a], with: b}\n"
		 "  - {name: second, action: block, terms: [b]}\n",
			":2:54: ", "rule second"},
		{"  - {name: first, action: replace, terms: [a], with: b}\n"
		 "  - {name: second, action: replace, terms: [b], with: a}\n",
			":2:54: ", "rule second"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char text[512];
		snprintf(text, sizeof(text), "rules:\n%s", cases[i].rules);
		assert_null(rules_read(text, i == 3 ? 2 : 1));
		if (!strstr(faults[0].text, cases[i].place) ||
			!strstr(faults[0].text, cases[i].by))
			fail_msg("case %zu: %s", i, faults[0].text);
	}
}

/* Tags change nothing, other directions are judged by other rules, and what a
 * rule allows is no hit. */
static void takes_a_replacement_that_nothing_stops(void **state)
{
	static const char *const files[] = {
		"  - {name: a, action: replace, terms: [falcon], with: '[x]'}\n"
		"  - {name: b, action: tag, terms: [x]}\n",
		"  - {name: a, action: replace, terms: [falcon], with: x,\n"
		"     direction: inbound}\n"
		"  - {name: b, action: block, terms: [x], direction: "
		"outbound}\n",
		"  - {name: a, action: replace, terms: [falcon],\n"
		"     with: falcon heavy}\n"
		"  - {name: b, action: allow, terms: [falcon heavy]}\n",
		"  - {name: a, action: replace, terms: [falcon], with: ''}\n",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		char text[512];
		snprintf(text, sizeof(text), "rules:\n%s", files[i]);
		struct content_rules *rules = rules_read(text, 0);
		content_rules_release(&rules);
	}
}

#define LISTS                                                                  \
	"rules:\n  - {name: lists, action: block, terms_file: words.txt}\n"

static void reads_terms_beside_the_rule_file(void **state)
{
	(void)state;
	file_write("words.txt", "\xEF\xBB\xBF"
				"falcon\r\n\n# hawk\n  price   list  \n#tag\n"
				"eagle*");
	struct content_rules *rules = rules_read(LISTS, 0);
	assert_true(blocks(rules, "the Falcon"));
	assert_true(blocks(rules, "price list"));
	assert_true(blocks(rules, "see #TAG!"));
	assert_true(blocks(rules, "eagles"));
	assert_false(blocks(rules, "hawk"));
	content_rules_release(&rules);
}

static void tells_the_line_of_a_bad_term(void **state)
{
	char wanted[512];
	(void)state;
	file_write("words.txt", "falcon\n\nfal*con\nx\xFFy\n");
	rules_read(LISTS, 2);
	snprintf(wanted, sizeof(wanted),
		"%s/content.yaml:2:46: %s/words.txt, line 3: the term "
		"\"fal*con\" has a * that is not at its end",
		folder, folder);
	assert_string_equal(faults[0].text, wanted);
	assert_non_null(strstr(faults[1].text, "line 4: "));
	assert_non_null(strstr(faults[1].text, "is not UTF-8 text"));
}

static void refuses_an_empty_terms_file(void **state)
{
	(void)state;
	file_write("words.txt", "# nothing yet\n");
	rules_read(LISTS, 1);
	assert_non_null(strstr(faults[0].text, "has no terms"));
}

static void refuses_a_folder_and_a_missing_file(void **state)
{
	struct content_rules *rules;
	(void)state;
	assert_int_equal(content_rules_read(folder, &rules, faults), 1);
	assert_null(rules);
	assert_non_null(strstr(faults[0].text, "Is a directory"));
	assert_int_equal(content_rules_read("none-such", &rules, faults), 1);
	assert_string_equal(faults[0].text,
		"none-such:1:1: the rule file cannot be read: No such file or "
		"directory");
}

static void names_its_version_after_the_bytes(void **state)
{
	static const char text[] = "rules: []\n";
	unsigned char digest[32];
	char wanted[17];
	(void)state;
	SHA256((const unsigned char *)text, sizeof(text) - 1, digest);
	for (size_t i = 0; i < 8; i++)
		snprintf(wanted + 2 * i, 3, "%02x", digest[i]);
	struct content_rules *rules = rules_read(text, 0);
	assert_string_equal(content_rules_version(rules), wanted);
	assert_int_equal(content_rules_count(rules), 0);
	assert_false(blocks(rules, "anything"));
	content_rules_release(&rules);
}

static void has_another_version_when_a_terms_file_changes(void **state)
{
	char version[17];
	(void)state;
	file_write("words.txt", "falcon\n");
	struct content_rules *rules = rules_read(LISTS, 0);
	strcpy(version, content_rules_version(rules));
	content_rules_release(&rules);
	file_write("words.txt", "hawk\n");
	rules = rules_read(LISTS, 0);
	assert_string_not_equal(content_rules_version(rules), version);
	content_rules_release(&rules);
}

static void lives_until_the_last_holder_lets_go(void **state)
{
	(void)state;
	file_write("words.txt", "falcon\n");
	struct content_rules *rules = rules_read(LISTS, 0);
	struct content_rules *other = content_rules_hold(rules);
	content_rules_release(&rules);
	assert_null(rules);
	assert_true(blocks(other, "falcon"));
	content_rules_release(&other);
	content_rules_release(&other); /* NULL by now */
}

static void compiles_ten_thousand_terms(void **state)
{
	static char text[200000];
	char *at = text;
	(void)state;
	for (int i = 0; i < 10000; i++)
		at += sprintf(at, "word%dx\n", i);
	file_write("words.txt", text);
	struct content_rules *rules = rules_read(LISTS, 0);
	assert_true(blocks(rules, "a WORD9999X b"));
	assert_false(blocks(rules, "a word10000x b"));
	content_rules_release(&rules);
}

static void reads_the_file_that_is_installed(void **state)
{
	struct content_rules *rules;
	(void)state;
	if (content_rules_read(SOURCE_FOLDER "/policies/default/content.yaml",
		    &rules, faults) != 0)
		fail_msg("%s", faults[0].text);
	assert_true(content_rules_count(rules) > 0);
	content_rules_release(&rules);
}

static int folder_make(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int folder_remove(void **state)
{
	char path[256];
	(void)state;
	snprintf(path, sizeof(path), "%s/words.txt", folder);
	unlink(path);
	snprintf(path, sizeof(path), "%s/content.yaml", folder);
	unlink(path);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_a_replacement_that_would_be_hit),
		cmocka_unit_test(takes_a_replacement_that_nothing_stops),
		cmocka_unit_test(reads_terms_beside_the_rule_file),
		cmocka_unit_test(tells_the_line_of_a_bad_term),
		cmocka_unit_test(refuses_an_empty_terms_file),
		cmocka_unit_test(refuses_a_folder_and_a_missing_file),
		cmocka_unit_test(names_its_version_after_the_bytes),
		cmocka_unit_test(has_another_version_when_a_terms_file_changes),
		cmocka_unit_test(lives_until_the_last_holder_lets_go),
		cmocka_unit_test(compiles_ten_thousand_terms),
		cmocka_unit_test(reads_the_file_that_is_installed),
	};
	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
