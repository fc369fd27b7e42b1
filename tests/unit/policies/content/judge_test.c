/* judge_test.c -- what the rules say of texts: hits, precedence, offsets. */
#include "policies/content/content.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <unicode/utf8.h>

static struct content_fault faults[CONTENT_FAULTS];
static struct content_judgement judgement;

static struct content_rules *rules_make(const char *file)
{
	struct content_rules *rules;
	if (content_rules_parse("r.yaml", slice_of(file), &rules, faults) != 0)
		fail_msg("%s", faults[0].text);
	return rules;
}

static void judge_texts(struct content_rules *rules,
	const struct content_text *texts, size_t count,
	enum content_direction direction)
{
	struct content_scratch *scratch = content_scratch_new(rules);
	assert_non_null(scratch);
	assert_int_equal(content_judge(rules, scratch, texts, count, direction,
				 &judgement),
		0);
	content_scratch_release(&scratch);
}

static void judge(const char *file, const char *text)
{
	struct content_rules *rules = rules_make(file);
	struct content_text one = {slice_of(text), true};
	judge_texts(rules, &one, 1, CONTENT_INBOUND);
	/* names outlive the scratch, not the rules */
	judgement.rule = NULL;
	content_rules_release(&rules);
}

/* What stands after all replacements, as the proxy would do them. */
static const char *replaced(const char *text)
{
	static char out[4096];
	size_t size = 0, at = 0;
	for (size_t i = 0; i < judgement.hit_count; i++) {
		const struct content_hit *hit = judgement.hits + i;
		if (hit->action != CONTENT_REPLACE)
			continue;
		assert_true(hit->at >= at);
		memcpy(out + size, text + at, hit->at - at);
		size += hit->at - at;
		memcpy(out + size, hit->replacement.at, hit->replacement.size);
		size += hit->replacement.size;
		at = hit->at + hit->size;
	}
	strcpy(out + size, text + at);
	return out;
}

#define BLOCK "rules:\n  - name: secret\n    action: block\n    "
#define TERMS BLOCK "terms: [falcon, 'price list', 'hawk*', 'c++', 'нефть']\n"

static const struct {
	const char *what, *file, *text;
	const char *hit; /* the bytes that hit; NULL: none */
} evasions[] = {
	{"plain", TERMS, "the falcon flies", "falcon"},
	{"mixed case", TERMS, "FaLcOn", "FaLcOn"},
	{"full width", TERMS, "ｆａｌｃｏｎ", "ｆａｌｃｏｎ"},
	{"ligature", BLOCK "terms: [final, office]", "a ﬁnal", "ﬁnal"},
	{"mathematical letters", TERMS, "x 𝓯𝓪𝓵𝓬𝓸𝓷 y", "𝓯𝓪𝓵𝓬𝓸𝓷"},
	{"squared letters", TERMS, "🅵🅰🅻🅲🅾🅽", "🅵🅰🅻🅲🅾🅽"},
	{"zero-width space", TERMS, "fal\u200Bcon", "fal\u200Bcon"},
	{"zero-width joiner", TERMS, "f\u200Dalcon", "f\u200Dalcon"},
	{"soft hyphen", TERMS, "fal\u00ADcon!", "fal\u00ADcon"},
	{"direction override", TERMS, "fal\u202Dcon!", "fal\u202Dcon"},
	{"control character", TERMS,
		"fal\x02"
		"con!",
		"fal\x02"
		"con"},
	{"combining marks", TERMS, "f\u0336a\u0336l\u0336con\u0301 x",
		"f\u0336a\u0336l\u0336con\u0301"},
	{"accents", TERMS, "fälcøn", "fälcøn"},
	{"Cyrillic letters", TERMS, "fаlсоn", "fаlсоn"},
	{"Latin in Cyrillic", TERMS, "нeфтьx нeфть", "нeфть"},
	{"Greek letters", TERMS, "fαlcοn", "fαlcοn"},
	{"no-break space", TERMS, "price\u00A0list", "price\u00A0list"},
	{"line break", TERMS, "a price\r\n\t list", "price\r\n\t list"},
	{"many spaces", TERMS, "price     list", "price     list"},
	{"no space", TERMS, "pricelist", NULL},
	{"longer word", TERMS, "falconer", NULL},
	{"longer word before", TERMS, "gyrfalcon", NULL},
	{"digits go on", TERMS, "falcon9", NULL},
	{"possessive", TERMS, "falcon's", "falcon"},
	{"underlined", TERMS, "_falcon_", "falcon"},
	{"in an address", TERMS, "sip:falcon@x", "falcon"},
	{"prefix alone", TERMS, "hawk.", "hawk"},
	{"prefix goes on", TERMS, "hawkishly so", "hawkishly"},
	{"prefix, accented", TERMS, "hawkïsh so", "hawkïsh"},
	{"prefix inside", TERMS, "mohawk", NULL},
	{"signs at the end", TERMS, "C++14 is", "C++"},
	{"Chinese inside", BLOCK "terms: [秘密]", "我的秘密文件", "秘密"},
	{"Chinese beside Latin", TERMS, "这是falcon文件", "falcon"},
	{"Japanese half width", BLOCK "terms: [ガラス]", "あｶﾞﾗｽの", "ｶﾞﾗｽ"},
	{"Japanese other kana", BLOCK "terms: [ハス]", "バス", NULL},
	{"Korean particle", BLOCK "terms: [스파이]", "스파이는", "스파이"},
	{"Korean in letters", BLOCK "terms: [한]", "x\u1112\u1161\u11ABy",
		"\u1112\u1161\u11AB"},
	{"Korean other syllable", BLOCK "terms: [하]", "한", NULL},
	{"Thai inside", BLOCK "terms: [ลับ]", "ความลับนี้", "ลับ"},
	{"Greek capitals", BLOCK "terms: [νέα υγεία]", "ΝΈΑ ΥΓΕΊΑ",
		"ΝΈΑ ΥΓΕΊΑ"},
	{"Greek small", BLOCK "terms: [ΝΕΑ]", "νέα", "νέα"},
	{"term with marks", BLOCK "terms: ['fａ\u200bLcöN']", "falcon",
		"falcon"},
	{"expression, capitals", BLOCK "expressions: ['AB-\\d{3}']", "x aB-123",
		"aB-123"},
	{"expression, look-alike", BLOCK "expressions: ['falcon\\d+']",
		"fаlсоn42", "fаlсоn42"},
	{"expression, other digits", BLOCK "expressions: ['\\d{4}']", "４٤११",
		"４٤११"},
	{"expression, script", BLOCK "expressions: ['[а-я]{5}']", "НЕФТЬ",
		"НЕФТЬ"},
	{"expression, line break", BLOCK "expressions: ['price list']",
		"price\nlist", "price\nlist"},
	{"expression inside", BLOCK "expressions: ['alc']", "falcon", "alc"},
};

static void sees_through_spellings(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(evasions) / sizeof(*evasions); i++) {
		const char *text = evasions[i].text;
		judge(evasions[i].file, text);
		struct slice hit = {0};
		if (judgement.hit_count > 0)
			hit = slice_part(slice_of(text), judgement.hits[0].at,
				judgement.hits[0].size);
		if (judgement.hit_count != (evasions[i].hit ? 1 : 0) ||
			!slice_equal(hit, slice_of(evasions[i].hit)))
			fail_msg("%s: %zu hits, \"%.*s\"", evasions[i].what,
				judgement.hit_count, SLICE_ARGS(hit));
		assert_int_equal(judgement.action,
			evasions[i].hit ? CONTENT_BLOCK : CONTENT_PASS);
	}
}

#define REPLACE                                                                \
	"rules:\n  - name: r\n    action: replace\n    with: '[x]'\n    "

static const struct {
	const char *file, *text, *out;
} replacements[] = {
	{REPLACE "terms: [falcon]", "a falcon, a Falcon", "a [x], a [x]"},
	{REPLACE "terms: [falcon]", "falcon", "[x]"},
	{REPLACE "terms: [falcon, falcon heavy]", "a falcon heavy b",
		"a [x] b"},
	{REPLACE "terms: [price list, list of names]", "price list of names",
		"[x] of names"},
	{REPLACE "expressions: ['\\b(?:\\d[ -]?){12,15}\\d\\b']",
		"card 4111 1111 1111 1111.", "card [x]."},
	{REPLACE "expressions: ['\\d{3}']", "1234567", "[x][x]7"},
	{REPLACE "expressions: ['a+']", "baaab a", "b[x]b [x]"},
	/* both halves of a ligature are one character of the original */
	{REPLACE "expressions: ['f', 'i']", "ﬁne", "[x]ne"},
	/* marks go with their letter, also those before the next one */
	{REPLACE "terms: [cafe]", "the cafe\u0301\u0302 x", "the [x] x"},
	{REPLACE "terms: [falcon]", "𝓯𝓪𝓵𝓬𝓸𝓷é fä 𝓯𝓪𝓵𝓬𝓸𝓷", "𝓯𝓪𝓵𝓬𝓸𝓷é fä [x]"},
	{REPLACE "terms: [秘密]", "我的秘密文件秘密", "我的[x]文件[x]"},
	{"rules:\n  - {name: r, action: replace, with: '', terms: [b]}\n",
		"a b c", "a  c"},
	{"rules:\n  - {name: r, action: replace, with: 'ü', terms: [b]}\n"
	 "  - {name: s, action: replace, with: '2', terms: [b c]}\n",
		"a b c b", "a 2 ü"},
	/* of two rules for one run the first in the file */
	{"rules:\n  - {name: r, action: replace, with: '1', terms: [b]}\n"
	 "  - {name: s, action: replace, with: '2', terms: [b]}\n",
		"a b", "a 1"},
	/* what is allowed stays */
	{"rules:\n  - {name: r, action: replace, with: '1', terms: [b]}\n"
	 "  - {name: s, action: allow, terms: [a b]}\n",
		"a b b", "a b 1"},
};

static void replaces_on_the_bytes_of_the_original(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(replacements) / sizeof(*replacements);
		i++) {
		/* replaced() reads what the rules own */
		struct content_rules *rules = rules_make(replacements[i].file);
		struct content_text one = {
			slice_of(replacements[i].text), true};
		judge_texts(rules, &one, 1, CONTENT_INBOUND);
		assert_int_equal(judgement.action, CONTENT_REPLACE);
		assert_string_equal(
			replaced(replacements[i].text), replacements[i].out);
		content_rules_release(&rules);
	}
}

#define MIXED                                                                  \
	"rules:\n"                                                             \
	"  - {name: t, action: tag, terms: [tag, all]}\n"                      \
	"  - {name: r, action: replace, with: x, terms: [replace, all]}\n"     \
	"  - {name: b2, action: block, status: 488, reason: No,"               \
	" terms: [two, all]}\n"                                                \
	"  - {name: b1, action: block, terms: [one, two]}\n"                   \
	"  - {name: ok, action: allow, terms: [fine, 'two stones',"            \
	" 'all of you']}\n"

static const struct {
	const char *text;
	enum content_action action;
	const char *rule;
	unsigned status;
	size_t hits;
} precedences[] = {
	{"nothing", CONTENT_PASS, NULL, 0, 0},
	{"", CONTENT_PASS, NULL, 0, 0},
	{"fine", CONTENT_ALLOW, "ok", 0, 1},
	{"fine tag", CONTENT_TAG, "t", 0, 2},
	{"tag replace", CONTENT_REPLACE, "r", 0, 2},
	{"replace one tag", CONTENT_BLOCK, "b1", 403, 3},
	{"one two", CONTENT_BLOCK, "b2", 488, 3}, /* two: both rules */
	{"one fine", CONTENT_BLOCK, "b1", 403, 2},
	{"all", CONTENT_BLOCK, "b2", 488, 3},
	{"two stones", CONTENT_ALLOW, "ok", 0, 1},
	{"two  stones two", CONTENT_BLOCK, "b2", 488, 3},
	{"all of you", CONTENT_ALLOW, "ok", 0, 1},
	{"all of yours", CONTENT_BLOCK, "b2", 488, 3},
};

static void lets_the_strongest_action_win(void **state)
{
	struct content_rules *rules = rules_make(MIXED);
	(void)state;
	for (size_t i = 0; i < sizeof(precedences) / sizeof(*precedences);
		i++) {
		struct content_text one = {slice_of(precedences[i].text), true};
		judge_texts(rules, &one, 1, CONTENT_INBOUND);
		if (judgement.action != precedences[i].action ||
			judgement.status != precedences[i].status ||
			judgement.hit_count != precedences[i].hits)
			fail_msg("%s: action %d status %u hits %zu",
				precedences[i].text, judgement.action,
				judgement.status, judgement.hit_count);
		if (precedences[i].rule)
			assert_string_equal(
				judgement.rule, precedences[i].rule);
		else
			assert_null(judgement.rule);
		assert_true((judgement.reason != NULL) ==
			    (judgement.action == CONTENT_BLOCK));
	}
	content_rules_release(&rules);
}

/* Covered only by one allowed span in whole. */
static void covers_only_what_an_allow_rule_holds_in_whole(void **state)
{
	static const struct {
		const char *text;
		size_t blocks;
	} cases[] = {{"x falcon heavy y", 0}, {"falcon falcon heavy", 1},
		{"falcon heavy load", 1}, {"big falcon", 0},
		{"big falcon heavy", 0}, {"ｂｉｇ fal\u200Bcon", 0}};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t blocks = 0;
		judge("rules:\n  - {name: b, action: block, terms: [falcon, "
		      "heavy load]}\n"
		      "  - {name: a, action: allow, terms: [falcon heavy], "
		      "expressions: ['big f[a-z]+']}\n",
			cases[i].text);
		for (size_t j = 0; j < judgement.hit_count; j++)
			blocks += judgement.hits[j].action == CONTENT_BLOCK;
		if (blocks != cases[i].blocks)
			fail_msg("%s: %zu", cases[i].text, blocks);
	}
}

static void minds_the_direction(void **state)
{
	static const enum content_direction all[] = {CONTENT_INTERNAL,
		CONTENT_INBOUND, CONTENT_OUTBOUND, CONTENT_TRANSIT};
	struct content_rules *rules = rules_make(
		"rules:\n"
		"  - {name: o, action: block, terms: [falcon, 'x*'], "
		"direction: [outbound, transit]}\n"
		"  - {name: a, action: allow, terms: [falcon], direction: "
		"transit}\n"
		"  - {name: e, action: tag, expressions: ['\\d+'], direction: "
		"internal}\n");
	const struct content_text texts[] = {
		{SLICE("falcon"), true}, {SLICE("12"), true}};
	static const enum content_action wanted[] = {
		CONTENT_TAG, CONTENT_PASS, CONTENT_BLOCK, CONTENT_ALLOW};
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		judge_texts(rules, texts, 2, all[i]);
		assert_int_equal(judgement.action, wanted[i]);
	}
	content_rules_release(&rules);
}

static void judges_all_texts_of_a_message(void **state)
{
	struct content_rules *rules = rules_make(MIXED);
	const struct content_text texts[] = {{SLICE("tag and replace"), true},
		{SLICE(""), false}, {{NULL, 0}, true}, {SLICE("a tag"), false},
		{SLICE("fine, one tag"), false}};
	static const struct content_hit wanted[] = {
		{.rule = "t", .text = 0, .at = 0, .size = 3},
		{.rule = "r", .text = 0, .at = 8, .size = 7},
		{.rule = "t", .text = 3, .at = 2, .size = 3},
		{.rule = "ok", .text = 4, .at = 0, .size = 4},
		{.rule = "b1", .text = 4, .at = 6, .size = 3},
		{.rule = "t", .text = 4, .at = 10, .size = 3},
	};
	(void)state;
	judge_texts(rules, texts, 5, CONTENT_INBOUND);
	assert_int_equal(judgement.hit_count, 6);
	for (size_t i = 0; i < 6; i++) {
		assert_string_equal(judgement.hits[i].rule, wanted[i].rule);
		assert_int_equal(judgement.hits[i].text, wanted[i].text);
		assert_int_equal(judgement.hits[i].at, wanted[i].at);
		assert_int_equal(judgement.hits[i].size, wanted[i].size);
	}
	assert_string_equal(judgement.rule, "b1");
	judge_texts(rules, texts, 4, CONTENT_INBOUND);
	assert_int_equal(judgement.action, CONTENT_REPLACE);
	content_rules_release(&rules);
}

static void blocks_what_it_cannot_replace(void **state)
{
	struct content_rules *rules = rules_make(
		"rules:\n"
		"  - {name: first, action: replace, with: x, terms: [a]}\n"
		"  - {name: fixed, action: replace, with: x, terms: [b], "
		"status: 488, reason: Not so}\n");
	const struct content_text texts[] = {
		{SLICE("a b"), true}, {SLICE("b"), false}};
	(void)state;
	judge_texts(rules, texts, 1, CONTENT_INBOUND);
	assert_int_equal(judgement.action, CONTENT_REPLACE);
	assert_string_equal(judgement.rule, "first");
	judge_texts(rules, texts, 2, CONTENT_INBOUND);
	assert_int_equal(judgement.action, CONTENT_BLOCK);
	assert_string_equal(judgement.rule, "fixed");
	assert_int_equal(judgement.status, 488);
	assert_string_equal(judgement.reason, "Not so");
	content_rules_release(&rules);
}

static const char *repeat(const char *piece, size_t times, const char *end)
{
	static char text[70000];
	text[0] = 0;
	size_t size = strlen(piece);
	for (size_t i = 0; i < times; i++)
		memcpy(text + i * size, piece, size + 1);
	strcat(text, end);
	return text;
}

/* Floods neither hide what comes behind them nor leave a half-made edit. */
static void keeps_its_bounds_in_a_flood(void **state)
{
	static const struct {
		const char *piece;
		size_t times;
		const char *end;
		enum content_action action;
		bool more;
	} floods[] = {
		{"tag ", 64, "", CONTENT_TAG, false},
		{"tag ", 65, "", CONTENT_TAG, true},
		{"tag ", 64, "replace", CONTENT_REPLACE, true},
		{"tag ", 16000, "two", CONTENT_BLOCK, true},
		{"fine ", 13000, "two", CONTENT_BLOCK, true},
		{"two stones ", 6000, "", CONTENT_ALLOW, true},
		{"two stones ", 6000, "two", CONTENT_BLOCK, true},
		{"replace ", 64, "", CONTENT_REPLACE, false},
		{"replace ", 65, "", CONTENT_BLOCK, true},
		{"replace ", 1030, "", CONTENT_BLOCK, true},
		{"tag ", 2000, "replace", CONTENT_BLOCK, true},
	};
	struct content_rules *rules = rules_make(MIXED);
	(void)state;
	for (size_t i = 0; i < sizeof(floods) / sizeof(*floods); i++) {
		struct content_text one = {
			slice_of(repeat(floods[i].piece, floods[i].times,
				floods[i].end)),
			true};
		judge_texts(rules, &one, 1, CONTENT_INBOUND);
		if (judgement.action != floods[i].action ||
			judgement.more_hits != floods[i].more ||
			judgement.hit_count > CONTENT_HITS)
			fail_msg("%s×%zu %s: action %d", floods[i].piece,
				floods[i].times, floods[i].end,
				judgement.action);
	}
	content_rules_release(&rules);
}

/* The strong hits stand in the list even when weak ones filled it. */
static void tells_stronger_hits_rather_than_weaker(void **state)
{
	struct content_rules *rules = rules_make(MIXED);
	const struct content_text texts[] = {
		{slice_of(repeat("tag ", 70, "")), true},
		{SLICE("one replace"), true}};
	(void)state;
	judge_texts(rules, texts, 2, CONTENT_INBOUND);
	assert_int_equal(judgement.hit_count, CONTENT_HITS);
	assert_string_equal(judgement.hits[61].rule, "t");
	assert_string_equal(judgement.hits[62].rule, "b1");
	assert_string_equal(judgement.hits[63].rule, "r");
	assert_int_equal(judgement.hits[63].text, 1);
	content_rules_release(&rules);
}

/* The longest of the hits that an expression has from one place; each in an
 * original of sound UTF-8. */
static void reports_one_hit_for_growing_matches(void **state)
{
	(void)state;
	judge(BLOCK "expressions: ['a.*']", "xa bcé a");
	assert_int_equal(judgement.hit_count, 1);
	assert_int_equal(judgement.hits[0].at, 1);
	assert_int_equal(judgement.hits[0].size, 8);
}

static void takes_any_bytes(void **state)
{
	(void)state;
	judge(TERMS, "\xFF\xC3 falcon \xE2\x82");
	assert_int_equal(judgement.hit_count, 1);
	assert_int_equal(judgement.hits[0].at, 3);
}

static void uses_a_scratch_again(void **state)
{
	struct content_rules *rules = rules_make(MIXED);
	struct content_scratch *scratch = content_scratch_new(rules);
	static const char *const texts[] = {
		"two stones", "two", "", "fine", "one all of you", "tag"};
	static const enum content_action wanted[] = {CONTENT_ALLOW,
		CONTENT_BLOCK, CONTENT_PASS, CONTENT_ALLOW, CONTENT_BLOCK,
		CONTENT_TAG};
	(void)state;
	for (size_t i = 0; i < 60; i++) {
		struct content_text one = {slice_of(texts[i % 6]), true};
		assert_int_equal(content_judge(rules, scratch, &one, 1,
					 CONTENT_INBOUND, &judgement),
			0);
		assert_int_equal(judgement.action, wanted[i % 6]);
	}
	content_scratch_release(&scratch);
	content_rules_release(&rules);
}

static void passes_all_without_rules(void **state)
{
	(void)state;
	judge("rules: []\n", "falcon");
	assert_int_equal(judgement.action, CONTENT_PASS);
	assert_int_equal(judgement.hit_count, 0);
}

static void finds_a_phrase_once_in_several_spellings(void **state)
{
	(void)state;
	judge(BLOCK "terms: [falcon, FALCON, 'falcon*', fàlcon]",
		"falcons falcon");
	assert_int_equal(judgement.hit_count, 2);
	assert_int_equal(judgement.hits[0].size, 7);
	assert_int_equal(judgement.hits[1].size, 6);
	judge(BLOCK "terms: [falcon]\n    expressions: [falcon]", "a falcon");
	assert_int_equal(judgement.hit_count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sees_through_spellings),
		cmocka_unit_test(replaces_on_the_bytes_of_the_original),
		cmocka_unit_test(lets_the_strongest_action_win),
		cmocka_unit_test(covers_only_what_an_allow_rule_holds_in_whole),
		cmocka_unit_test(minds_the_direction),
		cmocka_unit_test(judges_all_texts_of_a_message),
		cmocka_unit_test(blocks_what_it_cannot_replace),
		cmocka_unit_test(keeps_its_bounds_in_a_flood),
		cmocka_unit_test(tells_stronger_hits_rather_than_weaker),
		cmocka_unit_test(reports_one_hit_for_growing_matches),
		cmocka_unit_test(takes_any_bytes),
		cmocka_unit_test(uses_a_scratch_again),
		cmocka_unit_test(passes_all_without_rules),
		cmocka_unit_test(finds_a_phrase_once_in_several_spellings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
