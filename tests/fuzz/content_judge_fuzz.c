/* content_judge_fuzz.c -- any text before rules of every kind: hits stay in
 * bounds, cut no character in two, and say the same twice. */
#include "policies/content/content.h"

#include <stdlib.h>
#include <unicode/utf8.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char file[] =
	"rules:\n"
	"  - {name: words, action: tag, terms: [falcon, a, 'b*', 秘密, 한, "
	"'νέα', ลับ, price list]}\n"
	"  - {name: out, action: replace, with: '[x]', terms: [hawk, 'e*', "
	"falcon nine], expressions: ['\\d{3,5}', 'f', '[а-я]+z']}\n"
	"  - {name: no, action: block, terms: [block], expressions: "
	"['x.{3,9}y', '(?:ab)+c']}\n"
	"  - {name: fine, action: allow, terms: [falcon heavy, 'c*'], "
	"expressions: ['d[a-z ]*e']}\n";

static struct content_rules *rules_once(void)
{
	static struct content_fault faults[CONTENT_FAULTS];
	static struct content_rules *rules;
	if (!rules && content_rules_parse(
			      "fuzz.yaml", slice_of(file), &rules, faults) != 0)
		abort();
	return rules;
}

static bool is_sound(struct slice text)
{
	const uint8_t *bytes = (const uint8_t *)text.at;
	for (size_t i = 0; i < text.size;) {
		UChar32 point;
		U8_NEXT(bytes, i, text.size, point);
		if (point < 0)
			return false;
	}
	return true;
}

static void check_hits(
	const struct content_judgement *judgement, struct slice text)
{
	bool sound = is_sound(text);
	size_t replaced = 0;
	for (size_t i = 0; i < judgement->hit_count; i++) {
		const struct content_hit *hit = judgement->hits + i;
		if (hit->text != 0 || hit->size == 0 ||
			hit->at + hit->size > text.size ||
			(i > 0 && hit->at < hit[-1].at))
			abort();
		if (sound && !is_sound(slice_part(text, hit->at, hit->size)))
			abort();
		if (hit->action != CONTENT_REPLACE)
			continue;
		if (hit->at < replaced)
			abort();
		replaced = hit->at + hit->size;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct content_judgement first, second;
	static struct content_scratch *scratch;
	struct content_rules *rules = rules_once();
	struct content_text text = {slice_make(data, size), true};
	if (!scratch)
		scratch = content_scratch_new(rules);
	if (!scratch || content_judge(rules, scratch, &text, 1, CONTENT_INBOUND,
				&first) != 0)
		abort();
	check_hits(&first, text.text);
	if (content_judge(rules, scratch, &text, 1, CONTENT_INBOUND, &second) !=
			0 ||
		first.action != second.action || first.rule != second.rule ||
		first.hit_count != second.hit_count)
		abort();
	return 0;
}
