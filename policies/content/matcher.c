/* matcher.c -- many terms and expressions, looked for at once. */
#include "policies/content/matcher.h"

#include "lib/log.h"
#include "policies/content/word.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

/* Without HS_FLAG_CASELESS: folding has settled the case of both sides, and
 * matching with it needs far larger automata. Without HS_FLAG_UCP, in which
 * vectorscan knows no \b: \w and \b know ASCII only. */
static const unsigned expression_flags = HS_FLAG_UTF8 | HS_FLAG_SOM_LEFTMOST;

/* What a compile call of vectorscan takes, side by side. */
struct source {
	const char **texts;
	size_t *sizes;
	unsigned *flags, *ids;
	const struct expression **expressions;
	unsigned count;
};

static bool source_make(struct source *source, size_t room)
{
	*source = (struct source){
		.texts = calloc(room + 1, sizeof(*source->texts)),
		.sizes = calloc(room + 1, sizeof(*source->sizes)),
		.flags = calloc(room + 1, sizeof(*source->flags)),
		.ids = calloc(room + 1, sizeof(*source->ids)),
		.expressions = calloc(room + 1, sizeof(*source->expressions)),
	};
	return source->texts && source->sizes && source->flags && source->ids &&
	       source->expressions;
}

static void source_free(struct source *source)
{
	free(source->texts);
	free(source->sizes);
	free(source->flags);
	free(source->ids);
	free(source->expressions);
}

static bool wanted(const struct rule_list *list, uint32_t rule, bool allow)
{
	return (list->rules[rule].action == CONTENT_ALLOW) == allow;
}

static int term_order(const void *a, const void *b)
{
	const struct term *left = a, *right = b;
	int order = slice_compare(left->folded, right->folded);
	if (order == 0)
		order = (left->rule > right->rule) - (left->rule < right->rule);
	/* A prefix hits whatever the whole word hits: it goes first. */
	return order ? order : (int)right->prefix - (int)left->prefix;
}

/* A sorted copy without repeats, owned by the caller. */
static struct term *terms_sorted(
	const struct rule_list *list, bool allow, size_t *count)
{
	struct term *terms = calloc(list->term_count + 1, sizeof(*terms));
	size_t picked = 0;
	if (!terms)
		return NULL;
	for (size_t i = 0; i < list->term_count; i++)
		if (wanted(list, list->terms[i].rule, allow))
			terms[picked++] = list->terms[i];
	qsort(terms, picked, sizeof(*terms), term_order);
	*count = 0;
	for (size_t i = 0; i < picked; i++) {
		const struct term *last = terms + *count - 1;
		if (*count == 0 || last->rule != terms[i].rule ||
			!slice_equal(last->folded, terms[i].folded))
			terms[(*count)++] = terms[i];
	}
	return terms;
}

static void literal_add(
	struct matcher *matcher, struct source *source, const struct term *term)
{
	struct literal *literal =
		matcher->literal_table + matcher->literal_count;
	*literal = (struct literal){.rule = term->rule,
		.size = (uint32_t)term->folded.size,
		.prefix = term->prefix};
	source->texts[source->count] = term->folded.at;
	source->sizes[source->count] = term->folded.size;
	source->ids[source->count++] = (unsigned)matcher->literal_count++;
}

static int compile_error(hs_error_t code, hs_compile_error_t *error)
{
	hs_free_compile_error(error);
	return code == HS_NOMEM ? ENOMEM : EIO;
}

static int compile_terms(
	struct matcher *matcher, const struct rule_list *list, bool allow)
{
	size_t count = 0;
	struct term *terms = terms_sorted(list, allow, &count);
	struct source source = {0};
	int result = ENOMEM;
	if (!terms || !source_make(&source, count))
		goto out;
	matcher->literal_table = calloc(count + 1, sizeof(struct literal));
	if (!matcher->literal_table)
		goto out;
	for (size_t i = 0; i < count; i++)
		literal_add(matcher, &source, terms + i);
	result = 0;
	if (count > 0) {
		hs_compile_error_t *error = NULL;
		hs_error_t code = hs_compile_lit_multi(source.texts,
			source.flags, source.ids, source.sizes, source.count,
			HS_MODE_BLOCK, NULL, &matcher->literals, &error);
		if (code != HS_SUCCESS)
			result = compile_error(code, error);
	}
out:
	free(terms);
	source_free(&source);
	return result;
}

/* vectorscan names the first bad expression only: each is tried alone. */
static void blame_each(const struct source *source, struct faults *faults)
{
	for (unsigned i = 0; i < source->count; i++) {
		hs_database_t *database = NULL;
		hs_compile_error_t *error = NULL;
		if (hs_compile(source->texts[i], source->flags[i],
			    HS_MODE_BLOCK, NULL, &database,
			    &error) == HS_SUCCESS) {
			hs_free_database(database);
			continue;
		}
		fault_add(faults, source->expressions[i]->place,
			"the expression cannot be compiled: %s",
			error->message);
		hs_free_compile_error(error);
	}
}

static int compile_source(struct matcher *matcher, const struct source *source,
	struct faults *faults)
{
	hs_compile_error_t *error = NULL;
	hs_error_t code = hs_compile_multi(source->texts, source->flags,
		source->ids, source->count, HS_MODE_BLOCK, NULL,
		&matcher->expressions, &error);
	if (code == HS_SUCCESS)
		return 0;
	size_t before = faults->count;
	blame_each(source, faults);
	if (faults->count == before)
		fault_add(faults, source->expressions[0]->place,
			"the expressions cannot be compiled together: %s",
			error->message);
	hs_free_compile_error(error);
	return EINVAL;
}

static int compile_expressions(struct matcher *matcher,
	const struct rule_list *list, bool allow, struct faults *faults)
{
	struct source source = {0};
	int result = ENOMEM;
	if (!source_make(&source, list->expression_count))
		goto out;
	matcher->expression_rules =
		calloc(list->expression_count + 1, sizeof(uint32_t));
	if (!matcher->expression_rules)
		goto out;
	for (size_t i = 0; i < list->expression_count; i++) {
		const struct expression *one = list->expressions + i;
		if (!wanted(list, one->rule, allow))
			continue;
		matcher->expression_rules[source.count] = one->rule;
		source.texts[source.count] = one->folded.at;
		source.flags[source.count] = expression_flags;
		source.ids[source.count] = source.count;
		source.expressions[source.count++] = one;
	}
	matcher->expression_count = source.count;
	result = source.count ? compile_source(matcher, &source, faults) : 0;
out:
	source_free(&source);
	return result;
}

int matcher_compile(struct matcher *matcher, const struct rule_list *list,
	bool allow_rules, struct faults *faults)
{
	*matcher = (struct matcher){0};
	int error = compile_terms(matcher, list, allow_rules);
	if (!error)
		error = compile_expressions(matcher, list, allow_rules, faults);
	if (error)
		matcher_clear(matcher);
	return error;
}

void matcher_clear(struct matcher *matcher)
{
	hs_free_database(matcher->literals);
	hs_free_database(matcher->expressions);
	free(matcher->literal_table);
	free(matcher->expression_rules);
	*matcher = (struct matcher){0};
}

struct scan {
	const struct matcher *matcher;
	struct slice folded;
	struct open_hits *open;
	hit_handler *handler;
	void *argument;
};

static int on_literal(unsigned id, unsigned long long from,
	unsigned long long to, unsigned flags, void *argument)
{
	struct scan *scan = argument;
	const struct literal *literal = scan->matcher->literal_table + id;
	(void)from; /* zero: the start is not asked for, it is known */
	(void)flags;
	size_t start = (size_t)to - literal->size, end = (size_t)to;
	if (!word_border(scan->folded, start))
		return 0;
	if (literal->prefix)
		end = word_end(scan->folded, end);
	else if (!word_border(scan->folded, end))
		return 0;
	scan->handler(literal->rule, start, end, scan->argument);
	return 0;
}

static void open_hit_close(struct scan *scan, uint32_t id)
{
	struct open_hit *hit = scan->open->hits + id;
	scan->handler(scan->matcher->expression_rules[id], hit->from, hit->to,
		scan->argument);
}

static int on_expression(unsigned id, unsigned long long from,
	unsigned long long to, unsigned flags, void *argument)
{
	struct scan *scan = argument;
	struct open_hit *hit = scan->open->hits + id;
	(void)flags;
	if (to <= from)
		return 0;
	if (hit->to == 0) {
		scan->open->touched[scan->open->touched_count++] = id;
	} else if (hit->from == from) {
		if (to > hit->to)
			hit->to = (size_t)to;
		return 0;
	} else {
		open_hit_close(scan, id);
	}
	*hit = (struct open_hit){(size_t)from, (size_t)to};
	return 0;
}

static int scan_error(hs_error_t code)
{
	must(code != HS_SCRATCH_IN_USE && code != HS_INVALID);
	return code == HS_SUCCESS ? 0 : code == HS_NOMEM ? ENOMEM : EIO;
}

int matcher_scan(const struct matcher *matcher, struct slice folded,
	hs_scratch_t *scratch, struct open_hits *open, hit_handler *handler,
	void *argument)
{
	struct scan scan = {matcher, folded, open, handler, argument};
	unsigned size = (unsigned)folded.size;
	must(folded.size <= UINT_MAX);
	int error = 0;
	if (matcher->literals)
		error = scan_error(hs_scan(matcher->literals, folded.at, size,
			0, scratch, on_literal, &scan));
	if (matcher->expressions && !error)
		error = scan_error(hs_scan(matcher->expressions, folded.at,
			size, 0, scratch, on_expression, &scan));
	for (size_t i = 0; i < open->touched_count; i++) {
		if (!error)
			open_hit_close(&scan, open->touched[i]);
		open->hits[open->touched[i]].to = 0;
	}
	open->touched_count = 0;
	return error;
}
