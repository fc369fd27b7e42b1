/* rule_file_test.c -- each fault of a rule file is told, with its place. */
#include "policies/content/content.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define RULE "rules:\n  - name: a\n    action: block\n    "

static const struct {
	const char *file, *fault; /* beginning of the only fault; NULL: none */
} files[] = {
	{"rules: []\n", NULL},
	{RULE "terms: [x]", NULL},
	{RULE "terms: [x]\n    direction: inbound", NULL},
	{RULE "terms: [x]\n    direction: [inbound, transit]", NULL},
	{RULE "terms: ['*']\n", "a.yaml:4:13: the term \"*\" has no beginning"},
	{RULE "terms: ['a * b']\n", "a.yaml:4:13: the term \"a * b\" has a *"},
	{RULE "terms: ['a *']\n", "a.yaml:4:13: the term \"a *\" has no begin"},
	{RULE "terms: [\"\\u200b\"]\n",
		"a.yaml:4:13: the term \"\u200b\" has no letter"},
	{RULE "terms: []\n", "a.yaml:4:12: terms must be a list"},
	{RULE "terms: x\n", "a.yaml:4:12: terms must be a list"},
	{RULE "terms: [[x]]\n", "a.yaml:4:13: this must be a word"},
	{RULE "expressions: ['(']\n", "a.yaml:4:19: no regular expression: "},
	{RULE "expressions: ['(a)\\1']\n",
		"a.yaml:4:19: no regular expression: Back-references"},
	{RULE "expressions: ['a*']\n",
		"a.yaml:4:19: the expression cannot be compiled: "},
	{RULE "expressions: ['']\n", "a.yaml:4:19: an expression has 1 to"},
	{RULE "terms_file: none-such.txt\n",
		"a.yaml:4:17: the terms file none-such.txt cannot be read: "
		"No such file"},
	{RULE "terms_file: ''\n", "a.yaml:4:17: terms_file must be the path"},
	{RULE "terms_file: /dev/zero\n",
		"a.yaml:4:17: the terms file /dev/zero cannot be read: it is "
		"no plain file"},
	{RULE "terms: [x]\n    status: 399\n", "a.yaml:5:13: status must"},
	{RULE "terms: [x]\n    status: 700\n", "a.yaml:5:13: status must"},
	{RULE "terms: [x]\n    status: 699\n", NULL},
	{RULE "terms: [x]\n    reason: \"a\\r\\nVia: b\"\n", "a.yaml:5:13: "},
	{RULE "terms: [x]\n    reason: schön\n", "a.yaml:5:13: reason must"},
	{RULE "terms: [x]\n    with: y\n",
		"a.yaml:5:5: with is of use only where the action is replace"},
	{RULE "terms: [x]\n    drection: any\n",
		"a.yaml:5:5: there is no key drection; did you mean "
		"direction?"},
	{RULE "terms: [x]\n    direction: outbond\n",
		"a.yaml:5:16: there is no direction outbond; did you mean "
		"outbound?"},
	{RULE "terms: [x]\n    terms: [y]\n", "a.yaml:5:5: terms is written "},
	{"rules:\n  - name: a\n    terms: [x]\n    action: blok\n",
		"a.yaml:4:13: there is no action blok; did you mean block?"},
	{"rules:\n  - name: a\n    terms: [x]\n",
		"a.yaml:2:5: this rule has no action"},
	{"rules:\n  - terms: [x]\n    action: tag\n",
		"a.yaml:2:5: this rule has no name"},
	{"rules:\n  - name: a\n    action: tag\n",
		"a.yaml:2:5: this rule has no terms, no terms_file"},
	{"rules:\n  - {name: a, terms: [x], action: replace}\n",
		"a.yaml:2:5: this rule has no with"},
	{"rules:\n  - {name: Big, terms: [x], action: tag}\n",
		"a.yaml:2:12: a name is 1 to 64"},
	{"rules:\n  - {name: a, terms: [x], action: tag, status: 403}\n",
		"a.yaml:2:40: status is of use only"},
	{"rules:\n  - {name: a, terms: [x], action: tag}\n"
	 "  - {name: a, terms: [y], action: tag}\n",
		"a.yaml:3:12: another rule is named a already"},
	{"rules:\n  - x\n", "a.yaml:2:5: a rule is a mapping"},
	{"rules: x\n", "a.yaml:1:8: rules must be a list"},
	{"- x\n", "a.yaml:1:1: a rule file begins with rules:"},
	{"", "a.yaml:1:1: the file has no rules:"},
	{"rules: []\nrule: []\n",
		"a.yaml:2:1: there is no key rule; did you mean rules?"},
	{"rules: [\n", "a.yaml:2:1: not YAML: "},
	{"rules: []\xFF\n", "a.yaml:1:10: a byte that is not UTF-8"},
	{"rules: &a []\n", "a.yaml:1:"},
};

static void tells_each_fault_with_its_place(void **state)
{
	static struct content_fault faults[CONTENT_FAULTS];
	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		struct content_rules *rules = NULL;
		size_t count = content_rules_parse(
			"a.yaml", slice_of(files[i].file), &rules, faults);
		const char *fault = files[i].fault;
		if (count != (fault ? 1 : 0) ||
			(fault && strncmp(faults[0].text, fault,
					  strlen(fault)) != 0))
			fail_msg("%s: %zu faults: %s", files[i].file, count,
				count ? faults[0].text : "");
		assert_true((rules == NULL) == (fault != NULL));
		content_rules_release(&rules);
	}
}

static const char many[] = "rules:\n"                                  /* 1 */
			   "  - name: Falcon Names\n"                  /* 2 */
			   "    terms: [falcon, 'a*b']\n"              /* 3 */
			   "    acton: block\n"                        /* 4 */
			   "  - name: cards\n"                         /* 5 */
			   "    expressions: ['[', '(?=x)', 'fine']\n" /* 6 */
			   "    direction: [inbound, sideways]\n"      /* 7 */
			   "    action: replace\n"                     /* 8 */
			   "    status: 200\n"                         /* 9 */
			   "  - name: cards\n"                         /* 10 */
			   "    terms_file: none-such.txt\n"           /* 11 */
			   "    action: erase\n"                       /* 12 */
			   "    reason: \"\"\n";                       /* 13 */

static const char *const many_faults[] = {"2:5: this rule has no action",
	"2:11: a name is", "3:21: the term \"a*b\" has a *",
	"4:5: there is no key acton; did you mean action?",
	"5:5: this rule has no with", "6:19: no regular expression",
	"6:24: no regular expression: Zero-width assertions",
	"7:26: there is no direction sideways", "9:13: status must be",
	"10:11: another rule is named cards already",
	"11:17: the terms file none-such.txt cannot be read",
	"12:13: there is no action erase", "13:13: reason must be"};

static void tells_all_faults_at_once(void **state)
{
	static struct content_fault faults[CONTENT_FAULTS];
	struct content_rules *rules;
	(void)state;
	size_t count =
		content_rules_parse("b.yaml", slice_of(many), &rules, faults);
	assert_null(rules);
	for (size_t i = 0; i < sizeof(many_faults) / sizeof(*many_faults);
		i++) {
		char wanted[128] = "b.yaml:";
		bool found = false;
		strcat(wanted, many_faults[i]);
		for (size_t j = 0; j < count; j++)
			found = found || strncmp(faults[j].text, wanted,
						 strlen(wanted)) == 0;
		if (!found)
			fail_msg("not told: %s", wanted);
	}
	assert_int_equal(count, sizeof(many_faults) / sizeof(*many_faults));
}

/* More faults than are kept. */
static void keeps_no_more_faults_than_fit(void **state)
{
	static struct content_fault faults[CONTENT_FAULTS];
	static char file[8192] = "rules:\n";
	struct content_rules *rules;
	(void)state;
	for (size_t i = 0; i < 200; i++)
		strcat(file, "  - {action: tag, terms: [x]}\n");
	assert_int_equal(
		content_rules_parse("c.yaml", slice_of(file), &rules, faults),
		CONTENT_FAULTS);
	assert_null(rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_each_fault_with_its_place),
		cmocka_unit_test(tells_all_faults_at_once),
		cmocka_unit_test(keeps_no_more_faults_than_fit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
