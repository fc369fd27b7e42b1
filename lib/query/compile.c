/* compile.c -- makes the plan for the index from the steps of a query.
 *
 * FTS5 knows no lone NOT, and dates are no words. So each value on the stack
 * is a conjunction: words that must be there, words that must not, a range of
 * record numbers, and SQL for what fits in none of these. Negation moves to
 * the top by De Morgan's laws; only where dates stand under OR or NOT does the
 * value become SQL over sub-selects. Strings of one operator are chained
 * without parentheses, since both parsers' stacks are short.
 */
#include "lib/query/query.h"

#include "lib/log.h"
#include "lib/query/words.h"
#include "lib/query_protocol.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* From loose to tight. */
enum binding { BIND_OR, BIND_AND, BIND_NOT, BIND_WHOLE };

struct expression {
	char *text; /* owned; NULL: absent */
	enum binding binding;
};

struct value {
	struct expression with, without, sql;
	uint64_t low, high;
};

struct compile {
	struct value *stack;
	size_t depth;
	struct query_plan *plan;
	bool failed; /* memory */
};

static bool ranged(const struct value *value)
{
	return value->low > 0 || value->high < INT64_MAX;
}

static bool words_only(const struct value *value)
{
	return !ranged(value) && !value->sql.text;
}

__attribute__((format(printf, 2, 3))) static char *make(
	struct compile *compile, const char *format, ...)
{
	va_list arguments;
	char *text;
	int size;

	va_start(arguments, format);
	size = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (size >= 0)
		return text;
	compile->failed = true;
	return NULL;
}

static void drop(struct expression *expression)
{
	free(expression->text);
	expression->text = NULL;
}

/* left OP right; consumes both. Either may be absent. */
static struct expression join(struct compile *compile, struct expression left,
	struct expression right, enum binding binding)
{
	static const char *const words[] = {"OR", "AND", "NOT"};
	struct expression joined = {.binding = binding};
	/* a NOT b NOT c is (a NOT b) NOT c; the right side never chains. */
	bool wrap_left = left.binding < binding;
	bool wrap_right = right.binding < binding ||
			  (binding == BIND_NOT && right.binding == BIND_NOT);

	if (!left.text || !right.text)
		return left.text ? left : right;
	joined.text = make(compile, "%s%s%s %s %s%s%s", wrap_left ? "(" : "",
		left.text, wrap_left ? ")" : "", words[binding],
		wrap_right ? "(" : "", right.text, wrap_right ? ")" : "");
	drop(&left);
	drop(&right);
	return joined;
}

static size_t copy_quoted(struct slice text, char *out)
{
	size_t used = 0;

	out[used++] = '"';
	for (size_t i = 0; i < text.size; i++) {
		char c = text.at[i];

		if (c == '"')
			out[used++] = '"';
		/* our marks and the end of the string are no text */
		out[used++] =
			(char)(c == '\0' || c == QUERY_ATOM || c == QUERY_BREAK
					? ' '
					: c);
	}
	out[used++] = '"';
	out[used] = '\0';
	return used;
}

/* A phrase as FTS5 wants it; the caller frees it. */
static char *quoted(struct compile *compile, struct slice text)
{
	char *out = malloc(text.size * 2 + 3);

	if (out)
		copy_quoted(text, out);
	else
		compile->failed = true;
	return out;
}

/* The same for an atom, which begins with our mark. */
static char *quoted_atom(
	struct compile *compile, struct slice name, struct slice value)
{
	enum { ROOM = QUERY_TEXT_BYTES + 64 };
	char *atom = malloc(ROOM), *phrase, *marked;
	size_t size;

	if (!atom) {
		compile->failed = true;
		return NULL;
	}
	size = query_atom(name, value, atom, ROOM);
	phrase = quoted(compile, slice_make(atom + 1, size - 1));
	marked =
		phrase ? make(compile, "\"%c%s", QUERY_ATOM, phrase + 1) : NULL;
	free(atom);
	free(phrase);
	return marked;
}

static const char *columns_of(enum query_field field)
{
	switch (field) {
	case QUERY_FROM:
		return "sender";
	case QUERY_TO:
		return "recipient";
	case QUERY_PARTICIPANTS:
		return "{sender recipient}";
	case QUERY_FILENAME:
		return "files";
	case QUERY_ANY:
		return "{text files}";
	default:
		return "facts";
	}
}

static const char *fact_of(enum query_field field)
{
	switch (field) {
	case QUERY_KIND:
		return "kind";
	case QUERY_DIRECTION:
		return "direction";
	case QUERY_VERDICT:
		return "verdict";
	case QUERY_RULE:
		return "rule";
	case QUERY_METHOD:
		return "method";
	case QUERY_NODE:
		return "node";
	default:
		return "has";
	}
}

static struct slice without_scheme(struct slice address)
{
	static const char *const schemes[] = {"sip:", "sips:", "tel:"};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (slice_starts_nocase(address, slice_of(schemes[i])))
			return slice_from(address, strlen(schemes[i]));
	return address;
}

/* An address, its user, its domain, or words of the display name. */
static char *address_words(struct compile *compile, const char *columns,
	struct slice value, const char *star)
{
	struct slice address = without_scheme(value);
	char *whole = quoted_atom(compile, SLICE(""), address);
	char *domain = quoted_atom(compile, SLICE("@"), address);
	char *name = words_any(value) ? quoted(compile, value) : NULL;
	char *text =
		whole && domain
			? make(compile, "%s : (%s%s OR %s%s%s%s%s)", columns,
				  whole, star, domain, star, name ? " OR " : "",
				  name ? name : "", name ? star : "")
			: NULL;

	free(whole);
	free(domain);
	free(name);
	return text;
}

static char *words_of(struct compile *compile, const struct query_step *step)
{
	const char *star = step->prefix ? " *" : "";
	const char *columns = columns_of(step->field);
	char *phrase, *text;

	switch (step->field) {
	case QUERY_FROM:
	case QUERY_TO:
	case QUERY_PARTICIPANTS:
		return address_words(compile, columns, step->text, star);
	case QUERY_ANY:
	case QUERY_FILENAME:
		phrase = quoted(compile, step->text);
		break;
	default:
		phrase = quoted_atom(
			compile, slice_of(fact_of(step->field)), step->text);
	}
	text = phrase ? make(compile, "%s : %s%s", columns, phrase, star)
		      : NULL;
	free(phrase);
	return text;
}

static char *near_of(struct compile *compile, const struct query_step *step)
{
	char *left = quoted(compile, step->text);
	char *right = quoted(compile, step->other);
	char *text = left && right ? make(compile, "%s : NEAR(%s%s %s%s, %u)",
					     columns_of(step->field), left,
					     step->prefix ? " *" : "", right,
					     step->other_prefix ? " *" : "",
					     step->distance)
				   : NULL;

	free(left);
	free(right);
	return text;
}

static void push(struct compile *compile, struct value value)
{
	compile->stack[compile->depth++] = value;
}

static struct value pop(struct compile *compile)
{
	must(compile->depth > 0);
	return compile->stack[--compile->depth];
}

static struct value empty_value(void)
{
	return (struct value){.low = 0, .high = INT64_MAX};
}

/* All words of a value as one expression: with NOT without. */
static struct expression both_words(
	struct compile *compile, struct value *value)
{
	struct expression joined =
		join(compile, value->with, value->without, BIND_NOT);

	value->with.text = value->without.text = NULL;
	return joined;
}

/* Words become a sub-select over a bound FTS5 expression. */
static struct expression select_words(
	struct compile *compile, struct value *value)
{
	struct query_plan *plan = compile->plan;
	bool only_without = !value->with.text;
	struct expression words = both_words(compile, value);
	size_t number = plan->argument_count;

	if (!words.text)
		return words;
	plan->arguments[plan->argument_count++] = words.text;
	return (struct expression){.binding = BIND_WHOLE,
		.text = make(compile,
			"m.number %sIN (SELECT rowid FROM words "
			"WHERE words MATCH ?%zu)",
			only_without ? "NOT " : "",
			QUERY_FIRST_ARGUMENT + number)};
}

/* Everything that a value says, as SQL; consumes it. */
static struct expression to_sql(struct compile *compile, struct value *value)
{
	struct expression words = select_words(compile, value);
	struct expression range = {.binding = BIND_AND};

	if (ranged(value))
		range.text =
			make(compile, "m.number >= %llu AND m.number <= %llu",
				(unsigned long long)value->low,
				(unsigned long long)value->high);
	words = join(compile, words, range, BIND_AND);
	return join(compile, words, value->sql, BIND_AND);
}

static void apply_and(struct compile *compile)
{
	struct value right = pop(compile), left = pop(compile);

	left.with = join(compile, left.with, right.with, BIND_AND);
	left.without = join(compile, left.without, right.without, BIND_OR);
	left.sql = join(compile, left.sql, right.sql, BIND_AND);
	if (right.low > left.low)
		left.low = right.low;
	if (right.high < left.high)
		left.high = right.high;
	push(compile, left);
}

static void or_words(
	struct compile *compile, struct value left, struct value right)
{
	struct value either = empty_value();

	if (left.with.text && right.with.text) {
		struct expression a = both_words(compile, &left);
		struct expression b = both_words(compile, &right);

		either.with = join(compile, a, b, BIND_OR);
	} else if (!left.with.text && !right.with.text) {
		/* not a, or not b: not both */
		either.without =
			join(compile, left.without, right.without, BIND_AND);
	} else {
		/* a, or not b: not (b without a) */
		struct value *has = left.with.text ? &left : &right;
		struct value *lacks = left.with.text ? &right : &left;
		struct expression a = both_words(compile, has);

		either.without = join(compile, lacks->without, a, BIND_NOT);
	}
	push(compile, either);
}

static void apply_or(struct compile *compile)
{
	struct value right = pop(compile), left = pop(compile);
	struct value either = empty_value();

	if (words_only(&left) && words_only(&right)) {
		or_words(compile, left, right);
		return;
	}
	struct expression a = to_sql(compile, &left);
	struct expression b = to_sql(compile, &right);

	either.sql = join(compile, a, b, BIND_OR);
	push(compile, either);
}

static void apply_not(struct compile *compile)
{
	struct value value = pop(compile), turned = empty_value();

	if (words_only(&value)) {
		if (value.with.text)
			turned.without = both_words(compile, &value);
		else
			turned.with = value.without;
	} else {
		struct expression inner = to_sql(compile, &value);

		turned.sql.binding = BIND_WHOLE;
		turned.sql.text =
			inner.text ? make(compile, "NOT (%s)", inner.text)
				   : NULL;
		drop(&inner);
	}
	push(compile, turned);
}

static void apply(struct compile *compile, const struct query_step *step)
{
	struct value value = empty_value();

	switch (step->kind) {
	case QUERY_AND:
		apply_and(compile);
		return;
	case QUERY_OR:
		apply_or(compile);
		return;
	case QUERY_NOT:
		apply_not(compile);
		return;
	case QUERY_RANGE:
		/* high below low finds nothing and must stay a range */
		value.low = step->low;
		value.high = step->high;
		break;
	case QUERY_NEAR:
		value.with.text = near_of(compile, step);
		break;
	case QUERY_WORDS:
		value.with.text = words_of(compile, step);
		break;
	}
	value.with.binding = BIND_WHOLE;
	push(compile, value);
}

static void finish(struct compile *compile)
{
	struct query_plan *plan = compile->plan;
	struct value value = pop(compile);
	struct expression lacking = {.binding = BIND_WHOLE};

	must(compile->depth == 0);
	plan->low = value.low;
	plan->high = value.high;
	if (!value.with.text)
		lacking = select_words(compile, &value);
	else
		plan->match = both_words(compile, &value).text;
	plan->condition = join(compile, lacking, value.sql, BIND_AND).text;
}

static void discard_stack(struct compile *compile)
{
	while (compile->depth) {
		struct value value = pop(compile);

		drop(&value.with);
		drop(&value.without);
		drop(&value.sql);
	}
}

int query_compile(const struct query *query, struct query_plan *plan)
{
	size_t count;
	const struct query_step *steps = query_steps(query, &count);
	struct compile compile = {.plan = plan};

	*plan = (struct query_plan){0};
	compile.stack = calloc(count + 1, sizeof(*compile.stack));
	plan->arguments = calloc(count + 1, sizeof(*plan->arguments));
	compile.failed = !compile.stack || !plan->arguments;
	for (size_t i = 0; i < count && !compile.failed; i++)
		apply(&compile, &steps[i]);
	if (!compile.failed)
		finish(&compile);
	if (compile.stack)
		discard_stack(&compile);
	free(compile.stack);
	if (!compile.failed)
		return 0;
	query_plan_clear(plan);
	return ENOMEM;
}

void query_plan_clear(struct query_plan *plan)
{
	free(plan->match);
	free(plan->condition);
	for (size_t i = 0; i < plan->argument_count; i++)
		free(plan->arguments[i]);
	free(plan->arguments);
	*plan = (struct query_plan){0};
}

size_t query_atom(struct slice name, struct slice value, char *out, size_t room)
{
	bool fact = name.size > 0 && *name.at != '@';
	size_t used = 0;

	must(room > name.size + 3);
	out[used++] = QUERY_ATOM;
	memcpy(out + used, name.at, name.size);
	used += name.size;
	if (fact)
		out[used++] = '=';
	for (size_t i = 0; i < value.size && used + 1 < room; i++) {
		unsigned char c = (unsigned char)value.at[i];

		out[used++] = (char)(c <= ' ' || c == 0x7f ? '_' : c);
	}
	out[used] = '\0';
	return used;
}
