/* marks.c -- finds in a text what a query asked for, to highlight it. */
#include "lib/query/query.h"

#include "lib/query/words.h"

#include <stdlib.h>

enum { PHRASE_WORDS = 32, TERMS_MARKED = 64 };

/* A word of the text: its folded bytes stand in the pool. */
struct seen {
	uint32_t offset, size;
	uint32_t start, end;
	uint32_t place; /* words at one place have the same */
};

struct text_words {
	struct seen *seen;
	size_t count, room;
	char *pool;
	size_t used, pool_room;
};

struct phrase {
	struct word words[PHRASE_WORDS];
	size_t count;
	bool prefix;
};

struct found {
	struct query_mark *marks;
	size_t count;
};

static bool grow(void **items, size_t *room, size_t wanted, size_t size)
{
	size_t larger = *room * 2 > wanted ? *room * 2 : wanted + 256;
	void *moved;

	if (wanted <= *room)
		return true;
	moved = realloc(*items, larger * size);
	if (!moved)
		return false;
	*items = moved;
	*room = larger;
	return true;
}

static bool keep_word(struct text_words *text, const struct word *word)
{
	uint32_t place = 0;

	if (!grow((void **)&text->seen, &text->room, text->count + 1,
		    sizeof(*text->seen)) ||
		!grow((void **)&text->pool, &text->pool_room,
			text->used + word->size, 1))
		return false;
	if (text->count)
		place = text->seen[text->count - 1].place +
			(word->same_place ? 0 : 1);
	memcpy(text->pool + text->used, word->text, word->size);
	text->seen[text->count++] =
		(struct seen){.offset = (uint32_t)text->used,
			.size = (uint32_t)word->size,
			.start = (uint32_t)word->start,
			.end = (uint32_t)word->end,
			.place = place};
	text->used += word->size;
	return true;
}

static bool cut_text(struct slice source, struct text_words *text)
{
	struct words words;
	struct word word;

	words_start(&words, source, WORDS_OF_TEXT);
	while (words_next(&words, &word))
		if (!keep_word(text, &word))
			return false;
	return true;
}

static void cut_phrase(struct slice source, bool prefix, struct phrase *phrase)
{
	struct words words;

	words_start(&words, source, WORDS_OF_QUERY);
	phrase->count = 0;
	phrase->prefix = prefix;
	while (phrase->count < PHRASE_WORDS &&
		words_next(&words, &phrase->words[phrase->count]))
		phrase->count++;
}

static bool word_fits(const struct text_words *text, const struct seen *seen,
	const struct phrase *phrase, size_t index)
{
	const struct word *word = &phrase->words[index];
	bool prefix = phrase->prefix && index + 1 == phrase->count;

	if (prefix ? seen->size < word->size : seen->size != word->size)
		return false;
	return memcmp(text->pool + seen->offset, word->text, word->size) == 0;
}

/* The index of a word at this place that fits, or count. */
static size_t fit_at(const struct text_words *text, size_t from, uint32_t place,
	const struct phrase *phrase, size_t index)
{
	for (size_t i = from; i < text->count && text->seen[i].place <= place;
		i++)
		if (text->seen[i].place == place &&
			word_fits(text, &text->seen[i], phrase, index))
			return i;
	return text->count;
}

static bool phrase_begins(const struct text_words *text, size_t from,
	const struct phrase *phrase, struct query_mark *mark)
{
	size_t at = from;
	uint32_t end = 0;

	if (!word_fits(text, &text->seen[from], phrase, 0))
		return false;
	for (size_t i = 0; i < phrase->count; i++) {
		at = fit_at(text, at, text->seen[from].place + (uint32_t)i,
			phrase, i);
		if (at == text->count)
			return false;
		end = text->seen[at].end;
	}
	mark->start = text->seen[from].start;
	mark->size = end - mark->start;
	return true;
}

static void mark_phrase(const struct text_words *text,
	const struct phrase *phrase, struct found *found)
{
	for (size_t i = 0; i < text->count && phrase->count; i++) {
		struct query_mark mark;

		if (found->count == QUERY_MARKS)
			return;
		if (phrase_begins(text, i, phrase, &mark))
			found->marks[found->count++] = mark;
	}
}

static int by_start(const void *a, const void *b)
{
	const struct query_mark *left = a, *right = b;

	return left->start < right->start ? -1 : left->start > right->start;
}

/* Sorts, and joins what overlaps. */
static size_t tidy(struct query_mark *marks, size_t count)
{
	size_t kept = 0;

	qsort(marks, count, sizeof(*marks), by_start);
	for (size_t i = 0; i < count; i++) {
		struct query_mark *last = kept ? &marks[kept - 1] : NULL;
		size_t end = marks[i].start + marks[i].size;

		if (!last || marks[i].start >= last->start + last->size)
			marks[kept++] = marks[i];
		else if (end > last->start + last->size)
			last->size = end - last->start;
	}
	return kept;
}

static void mark_step(const struct text_words *text,
	const struct query_step *step, struct phrase *phrase,
	struct found *found)
{
	cut_phrase(step->text, step->prefix, phrase);
	mark_phrase(text, phrase, found);
	if (step->kind != QUERY_NEAR)
		return;
	cut_phrase(step->other, step->other_prefix, phrase);
	mark_phrase(text, phrase, found);
}

static bool is_marked(const struct query_step *step)
{
	return (step->kind == QUERY_WORDS || step->kind == QUERY_NEAR) &&
	       step->field == QUERY_ANY && !step->negated;
}

size_t query_marks(const struct query *query, struct slice text,
	struct query_mark marks[QUERY_MARKS])
{
	struct text_words words = {0};
	struct phrase *phrase = malloc(sizeof(*phrase));
	struct found found = {.marks = marks};
	size_t count, marked = 0;
	const struct query_step *steps = query_steps(query, &count);

	/* Short of memory, a hit is shown without marks. */
	if (!phrase ||
		!cut_text(slice_part(text, 0, QUERY_MARKED_BYTES), &words))
		goto out;
	for (size_t i = 0; i < count && marked < TERMS_MARKED; i++) {
		if (!is_marked(&steps[i]))
			continue;
		marked++;
		mark_step(&words, &steps[i], phrase, &found);
	}
out:
	free(phrase);
	free(words.seen);
	free(words.pool);
	return tidy(marks, found.count);
}
