/* content_bench.c -- what judging a message by content rules costs: one line
 * of JSON. */
#include "policies/content/content.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MESSAGES = 64, MESSAGE_SIZE = 500, ROUNDS = 200 };

static const char *const syllables[] = {"ba", "ce", "di", "fo", "gu", "ha",
	"je", "ki", "lo", "mu", "na", "pe", "ri", "so", "tu", "va"};

static uint64_t now_ns(void)
{
	struct timespec time;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static size_t word_put(char *out, uint64_t *seed, size_t least)
{
	size_t size = 0;
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	size_t count = least + (*seed >> 60) % 3;
	for (size_t i = 0; i < count; i++) {
		const char *syllable = syllables[*seed >> (20 + 4 * i) & 15];
		out[size++] = syllable[0];
		out[size++] = syllable[1];
	}
	return size;
}

/* A word of three to five syllables with a letter that the messages lack, in
 * any place: near hits are frequent, hits are none. */
static size_t term_put(char *out, uint64_t *seed)
{
	size_t size = word_put(out, seed, 3);
	size_t place = (*seed >> 40) % (size + 1);
	memmove(out + place + 1, out + place, size - place);
	out[place] = 'x';
	return size + 1;
}

/* A rule file of that many terms, from malloc. */
static char *rule_file_make(size_t terms, size_t *size)
{
	char *file = malloc(terms * 32 + 256);
	uint64_t seed = 7;
	if (!file)
		abort();
	*size = (size_t)sprintf(file, "rules:\n  - name: bench\n"
				      "    action: block\n    terms:\n");
	for (size_t i = 0; i < terms; i++) {
		*size += (size_t)sprintf(file + *size, "      - ");
		*size += term_put(file + *size, &seed);
		file[(*size)++] = '\n';
	}
	file[*size] = 0;
	return file;
}

struct message {
	char text[2 * MESSAGE_SIZE];
	size_t size;
};

/* Words like those of the rules. wide: every ninth letter is Cyrillic. */
static void message_make(struct message *message, uint64_t *seed, bool wide)
{
	message->size = 0;
	while (message->size < MESSAGE_SIZE - 16) {
		message->size +=
			word_put(message->text + message->size, seed, 1);
		if (wide) {
			message->text[message->size++] = '\xD0';
			message->text[message->size++] = '\xB6';
		}
		message->text[message->size++] = ' ';
	}
}

static double message_us(struct content_rules *rules, bool wide)
{
	static struct message messages[MESSAGES];
	static struct content_judgement judgement;
	struct content_scratch *scratch = content_scratch_new(rules);
	uint64_t seed = 99, best = UINT64_MAX;
	if (!scratch)
		abort();
	for (size_t i = 0; i < MESSAGES; i++)
		message_make(messages + i, &seed, wide);
	for (size_t round = 0; round < ROUNDS; round++) {
		uint64_t start = now_ns();
		for (size_t i = 0; i < MESSAGES; i++) {
			struct content_text text = {
				slice_make(messages[i].text, messages[i].size),
				false};
			if (content_judge(rules, scratch, &text, 1,
				    CONTENT_INBOUND, &judgement) != 0 ||
				judgement.action != CONTENT_PASS)
				abort();
		}
		uint64_t took = now_ns() - start;
		best = took < best ? took : best;
	}
	content_scratch_release(&scratch);
	return (double)best / MESSAGES / 1e3;
}

static struct content_rules *rules_make(size_t terms, double *compile_ms)
{
	static struct content_fault faults[CONTENT_FAULTS];
	struct content_rules *rules;
	size_t size;
	char *file = rule_file_make(terms, &size);
	uint64_t start = now_ns();
	if (content_rules_parse(
		    "bench.yaml", slice_make(file, size), &rules, faults) > 0)
		abort();
	*compile_ms = (double)(now_ns() - start) / 1e6;
	free(file);
	return rules;
}

/* 64 KB of something that makes hits or near hits everywhere. */
static double worst_us(struct content_rules *rules, const char *piece)
{
	static char text[65536];
	static struct content_judgement judgement;
	struct content_scratch *scratch = content_scratch_new(rules);
	struct content_text one = {slice_make(text, sizeof(text)), true};
	size_t size = strlen(piece);
	uint64_t best = UINT64_MAX;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = piece[i % size];
	for (int round = 0; round < 10; round++) {
		uint64_t start = now_ns();
		if (content_judge(rules, scratch, &one, 1, CONTENT_INBOUND,
			    &judgement) != 0)
			abort();
		uint64_t took = now_ns() - start;
		best = took < best ? took : best;
	}
	content_scratch_release(&scratch);
	return (double)best / 1e3;
}

/* Rules that hit at every place of a hostile text. */
static void hostile_print(void)
{
	static const char file[] =
		"rules:\n  - {name: a, action: tag, terms: [a, 'b*', aa]}\n"
		"  - {name: b, action: allow, terms: [b a]}\n"
		"  - {name: c, action: tag, expressions: ['a.*z', "
		"'[a-z ]{50}', '\\b(?:\\d[ -]?){13,16}\\b']}\n";
	static const char *const pieces[] = {
		"a", "a ", "b a ", "1 ", "\xD0\xB0", "\xEF\xB7\xBA"};
	static struct content_fault faults[CONTENT_FAULTS];
	struct content_rules *rules;
	if (content_rules_parse(
		    "hostile.yaml", slice_of(file), &rules, faults) > 0)
		abort();
	printf("\"hostile_64k_us\": [");
	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++)
		printf("%s%.0f", i ? ", " : "", worst_us(rules, pieces[i]));
	printf("]");
	content_rules_release(&rules);
}

int main(void)
{
	static const size_t sizes[] = {100, 1000, 10000};
	printf("{\"bench\": \"content\", \"message_bytes\": %d, \"rules\": [",
		MESSAGE_SIZE);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		double compile_ms;
		struct content_rules *rules = rules_make(sizes[i], &compile_ms);
		printf("%s{\"terms\": %zu, \"compile_ms\": %.1f, "
		       "\"ascii_us\": %.2f, \"mixed_us\": %.2f, "
		       "\"64k_letters_us\": %.0f, \"64k_words_us\": %.0f}",
			i ? ", " : "", sizes[i], compile_ms,
			message_us(rules, false), message_us(rules, true),
			worst_us(rules, "baxce"), worst_us(rules, "baxce "));
		content_rules_release(&rules);
	}
	printf("], ");
	hostile_print();
	printf("}\n");
	return 0;
}
